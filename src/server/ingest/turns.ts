/**
 * Turns of the event loop: the work of long bodies is done in short pieces, between which everybody else
 * is answered. A few kilobytes can unpack to minutes of work.
 *
 * @module
 */
import { StoreSize } from "./store_size.ts";

/** How long all long bodies together may work before the event loop turns, milliseconds. */
export const TURN_MS = 5;

/** What a test replaces. */
export interface TurnParts {
  /** Milliseconds, as `performance.now()` has them. */
  readonly now?: () => number;
  /** Calls back after the event loop has looked at sockets and timers. */
  readonly later?: (work: () => void) => void;
}

/**
 * Hands out the processor, one body at a time: senders take turns, and so do the bodies of one sender.
 * A sender with many long bodies delays another one by one turn.
 */
export class Turns {
  readonly #now: () => number;
  readonly #later: (work: () => void) => void;
  /** Those that wait, by sender; the first sender is the next one. */
  readonly #waiting = new Map<string, (() => void)[]>();
  /** How much is stored at once. */
  readonly storeSize = new StoreSize();
  #startedAt = 0;
  #isTurnOpen = false;

  constructor(parts: TurnParts = {}) {
    this.#now = parts.now ?? (() => performance.now());
    // The runtime looks at sockets only once in 61 turns while some work is ready, such as that of
    // setImmediate(): it must have nothing to do for a moment.
    this.#later = parts.later ?? ((work) => void setTimeout(work, 1));
  }

  /** Milliseconds, as the turns measure them. */
  now(): number {
    return this.#now();
  }

  /** @returns nothing where the sender may go on at once, or a promise of its turn */
  take(sender: string): Promise<void> | undefined {
    if (this.#waiting.size === 0) {
      if (!this.#isTurnOpen) this.#open();
      if (this.#now() - this.#startedAt < TURN_MS) return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const others = this.#waiting.get(sender);
    if (others === undefined) this.#waiting.set(sender, [resolve]);
    else others.push(resolve);
    return promise;
  }

  #open(): void {
    this.#isTurnOpen = true;
    this.#startedAt = this.#now();
    this.#later(() => {
      this.#isTurnOpen = false;
      const next = this.#next();
      if (next === undefined) return;
      this.#open();
      next();
    });
  }

  #next(): (() => void) | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const [sender, bodies] = first;
    const body = bodies.shift();
    // The sender goes to the end of the queue.
    this.#waiting.delete(sender);
    if (bodies.length > 0) this.#waiting.set(sender, bodies);
    return body;
  }
}
