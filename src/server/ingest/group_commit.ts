/**
 * Group commit: requests that arrive within a millisecond share a transaction, since a commit costs one
 * sync of the disk however little it holds. Each request is answered after that commit.
 *
 * @module
 */
import type { Accepted } from "../../buffer/intake.ts";
import type { Decision } from "../../model.ts";

/** How long the first request of a group waits for others, milliseconds. */
const WAIT_MS = 1;
/** A group of so many alerts is stored at once. */
const FULL_GROUP = 1000;

/** Stores the alerts of several requests in one transaction; the results are in their order. */
export type AcceptTogether = (
  groups: readonly (readonly Decision[])[],
) => Promise<readonly Accepted[]>;

interface Waiting {
  readonly decisions: readonly Decision[];
  readonly done: PromiseWithResolvers<Accepted>;
}

/** Returns a function that stores the alerts of one request, in a group with others. */
export function inGroups(
  acceptTogether: AcceptTogether,
): (decisions: readonly Decision[]) => Promise<Accepted> {
  let waiting: Waiting[] = [];
  let alerts = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const store = () => {
    clearTimeout(timer);
    timer = undefined;
    const group = waiting;
    waiting = [];
    alerts = 0;
    void storeGroup(acceptTogether, group);
  };
  return (decisions) => {
    const done = Promise.withResolvers<Accepted>();
    waiting.push({ decisions, done });
    alerts += decisions.length;
    if (alerts >= FULL_GROUP) store();
    else timer ??= setTimeout(store, WAIT_MS);
    return done.promise;
  };
}

async function storeGroup(
  acceptTogether: AcceptTogether,
  group: readonly Waiting[],
): Promise<void> {
  try {
    const accepted = await acceptTogether(group.map(({ decisions }) => decisions));
    for (const [index, { done }] of group.entries()) done.resolve(accepted[index]!);
  } catch (error) {
    if (group.length === 1 || isOfBuffer(error)) {
      for (const { done } of group) done.reject(error);
      return;
    }
    // Alerts that cannot be stored must not fail the other requests.
    for (const one of group) await storeGroup(acceptTogether, [one]);
  }
}

/** A lock, a full disk: each request by itself would meet it again, and wait for a lock again. */
const isOfBuffer = (error: unknown) => error instanceof Error && error.name === "BufferError";
