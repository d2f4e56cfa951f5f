/**
 * Alerts of requests that come within milliseconds share a commit: what a commit costs is the disk's
 * answer, however little it holds. Each request is answered after that commit, as before.
 *
 * @module
 */
import type { Accepted } from "../../buffer/intake.ts";
import type { Decision } from "../../model.ts";

/** How long the first of a group waits for others, milliseconds. */
const BATCH_MS = 1;
/** With so many alerts a group waits for no more. */
const ENOUGH = 1000;

/** Stores the alerts of several requests at once, and says what became of each request's. */
export type AcceptTogether = (
  groups: readonly (readonly Decision[])[],
) => Promise<readonly Accepted[]>;

interface Waiting {
  readonly decisions: readonly Decision[];
  readonly done: PromiseWithResolvers<Accepted>;
}

/** Makes of it what stores the alerts of one request. */
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
    if (alerts >= ENOUGH) store();
    else timer ??= setTimeout(store, BATCH_MS);
    return done.promise;
  };
}

async function storeGroup(
  acceptTogether: AcceptTogether,
  group: readonly Waiting[],
): Promise<void> {
  try {
    const accepted = await acceptTogether(group.map(({ decisions }) => decisions));
    for (const [at, { done }] of group.entries()) done.resolve(accepted[at]!);
  } catch (error) {
    if (group.length === 1) return group[0]!.done.reject(error);
    // What one request holds must not keep the others from being stored.
    for (const one of group) await storeGroup(acceptTogether, [one]);
  }
}
