/**
 * Limits of one sender: parallel requests, and requests per minute. Pure; the time is an argument.
 *
 * @module
 */
import { MINUTE } from "../../clock.ts";

/** The limits of a sender; 0: no limit. */
export interface LimitRules {
  readonly maxParallel: number;
  readonly maxPerMinute: number;
}

/** Admitted: call `leave` when the request is over. Otherwise: when to try again. */
export type Admission = { readonly leave: () => void } | { readonly retryAfterSeconds: number };

interface Standing {
  parallel: number;
  /** Remaining requests of a bucket that fills up within a minute. */
  left: number;
  filledAt: number;
}

/** How many names are kept, so that many senders cannot fill the memory. */
const MOST_NAMES = 10_000;

/** Counts the requests of each name. */
export class Limits {
  readonly #rules: LimitRules;
  readonly #standings = new Map<string, Standing>();

  constructor(rules: LimitRules) {
    this.#rules = rules;
  }

  /** @param now milliseconds UTC */
  admit(name: string, now: number): Admission {
    const { maxParallel, maxPerMinute } = this.#rules;
    const standing = this.#standingOf(name, now);
    if (maxPerMinute > 0) {
      const since = Math.max(0, now - standing.filledAt);
      standing.left = Math.min(maxPerMinute, standing.left + since * maxPerMinute / MINUTE);
      standing.filledAt = now;
      if (standing.left < 1) {
        return { retryAfterSeconds: Math.ceil((1 - standing.left) * 60 / maxPerMinute) };
      }
    }
    if (maxParallel > 0 && standing.parallel >= maxParallel) return { retryAfterSeconds: 1 };
    standing.left--;
    standing.parallel++;
    let isOver = false;
    return {
      leave: () => {
        if (!isOver) standing.parallel--;
        isOver = true;
      },
    };
  }

  #standingOf(name: string, now: number): Standing {
    const known = this.#standings.get(name);
    if (known !== undefined) return known;
    if (this.#standings.size >= MOST_NAMES) {
      for (const [other, { parallel }] of this.#standings) {
        if (parallel === 0) this.#standings.delete(other);
      }
    }
    const standing = { parallel: 0, left: this.#rules.maxPerMinute, filledAt: now };
    this.#standings.set(name, standing);
    return standing;
  }
}
