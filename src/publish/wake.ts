/**
 * Wakes a publisher when something falls due: a round each minute alone would leave what fell due just
 * after it waiting for the next one.
 *
 * @module
 */
import type { PublisherParts } from "./publisher.ts";
import { messageOf } from "../errors.ts";

/** How often is looked, milliseconds: a look is one question to the buffer's indexes. */
const LOOK_MS = 5_000;

/** What wakes. */
export interface WakeParts extends Pick<PublisherParts, "buffer" | "due" | "now" | "log"> {
  /** One round of publishing. It logs its own failures. */
  readonly publish: () => Promise<void>;
  /** Does something every so many milliseconds until it is stopped; `setInterval()` by default. */
  readonly repeat?: PublisherParts["repeat"];
}

/** What looks until it is stopped. */
export interface Waking extends Disposable {
  /** Looks no more; resolves when a round that goes on is over. */
  end(): Promise<void>;
}

/** Publishes within seconds after something is due, one round at a time. */
export function wakeWhenDue(parts: WakeParts): Waking {
  const { repeat = repeatInTime } = parts;
  let looking: Promise<void> | undefined;
  const looks = repeat(() => {
    looking ??= publishIfDue(parts).finally(() => looking = undefined);
  }, LOOK_MS);
  return {
    end: async () => {
      looks.stop();
      await looking;
    },
    [Symbol.dispose]: () => looks.stop(),
  };
}

async function publishIfDue({ buffer, due, now, log, publish }: WakeParts): Promise<void> {
  try {
    const next = await buffer.outbox.nextDueAt(due, now());
    if (next !== undefined && next <= now()) await publish();
  } catch (error) {
    log("error", `publishing: ${messageOf(error)}`);
  }
}

function repeatInTime(work: () => void, milliseconds: number) {
  const timer = setInterval(work, milliseconds);
  return { stop: () => clearInterval(timer) };
}
