/**
 * How much one sender may ask for: requests under way, and requests a minute. Pure; time comes in.
 *
 * @module
 */
import { MINUTE } from "../../clock.ts";

/** What a sender may do; 0 is no limit. */
export interface LimitRules {
  readonly maxParallel: number;
  readonly maxPerMinute: number;
}

/** Let in, to be told when it is over; or how many seconds to stay away. */
export type Admission = { readonly leave: () => void } | { readonly retryAfterSeconds: number };

interface Standing {
  parallel: number;
  /** Requests that may still come, of a bucket that fills up within a minute. */
  left: number;
  filledAt: number;
}

/** Names that are kept; senders are few, and addresses of strangers must not fill the memory. */
const MOST_NAMES = 10_000;

/** Counts the requests of each name. */
export class Limits {
  readonly #rules: LimitRules;
  readonly #standings = new Map<string, Standing>();

  constructor(rules: LimitRules) {
    this.#rules = rules;
  }

  /** @param now milliseconds */
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
