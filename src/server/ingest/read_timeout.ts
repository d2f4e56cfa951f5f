/**
 * How long the service waits for senders. A timer for each body would take longer than to read it, so
 * that all share one.
 *
 * @module
 */

/** A wait for one sender. */
export interface Wait {
  /** Milliseconds, of `performance.now()`. */
  readonly endsAt: number;
  readonly onTimeout: () => void;
}

/** All waits, which have the same length. */
export class ReadTimeout implements Disposable {
  /** Milliseconds. */
  readonly ms: number;
  /** In the order in which they began, which is the order of their ends. */
  readonly #waits = new Set<Wait>();
  /** It is not cleared with the last wait, since most waits end at once and another one follows. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param ms milliseconds */
  constructor(ms: number) {
    this.ms = ms;
  }

  /** @param onTimeout is called when the time is over, unless {@link end} comes first */
  begin(onTimeout: () => void): Wait {
    const wait = { endsAt: performance.now() + this.ms, onTimeout };
    this.#waits.add(wait);
    this.#timer ??= setTimeout(this.#rejectLate, this.ms);
    return wait;
  }

  /** Ends a wait; one that is over already is not changed. */
  end(wait: Wait): void {
    this.#waits.delete(wait);
  }

  readonly #rejectLate = () => {
    const now = performance.now();
    for (const wait of this.#waits) {
      if (wait.endsAt > now) break;
      this.#waits.delete(wait);
      wait.onTimeout();
    }
    const [next] = this.#waits;
    this.#timer = next && setTimeout(this.#rejectLate, next.endsAt - now);
  };

  /** Ends all waits; no `onTimeout` is called. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#waits.clear();
  }
}
