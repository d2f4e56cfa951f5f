/**
 * How many alerts of a long body are stored at once: many while nobody else is there, since each commit
 * has a cost of its own, and few while others wait for their answers.
 *
 * @module
 */

const MOST = 1000;
const FEWEST = 50;
/** Longest time that a store should take while others wait, milliseconds. */
const TARGET_MS = 8;
/** How long a request counts as another sender's wait, milliseconds. */
const WAIT_MS = 1000;

/** Shared by all bodies. */
export class StoreSize {
  #visitedAt = -Infinity;
  #few = 200;

  /** A request has come; times are milliseconds of one clock. */
  visit(now: number): void {
    this.#visitedAt = now;
  }

  /** @param since when the body began that asks */
  sizeFor(since: number, now: number): number {
    const hasOthers = this.#visitedAt > since && now - this.#visitedAt < WAIT_MS;
    return hasOthers ? this.#few : MOST;
  }

  /** So many alerts took so many milliseconds. */
  stored(alerts: number, ms: number): void {
    if (alerts < FEWEST) return;
    const next = Math.floor(alerts * TARGET_MS / Math.max(ms, 0.1));
    this.#few = Math.min(MOST, Math.max(FEWEST, next));
  }
}
