/**
 * How long senders are waited for. A timer for each body would take longer than to read it, so one
 * serves all.
 *
 * @module
 */

/** Somebody who is waited for. */
export interface Wait {
  /** Milliseconds, of `performance.now()`. */
  readonly endsAt: number;
  readonly giveUp: () => void;
}

/** Waits of one length. */
export class ReadTimeout implements Disposable {
  readonly #ms: number;
  /** In the order in which they began, in which they end, too. */
  readonly #waits = new Set<Wait>();
  /** Goes on to its end when nobody is waited for any more: most waits are over at once. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param ms milliseconds */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** @param giveUp is called when the time is over, unless {@link end} is called before */
  begin(giveUp: () => void): Wait {
    const wait = { endsAt: performance.now() + this.#ms, giveUp };
    this.#waits.add(wait);
    this.#timer ??= setTimeout(this.#rejectLate, this.#ms);
    return wait;
  }

  /** Also of a wait that is over already. */
  end(wait: Wait): void {
    this.#waits.delete(wait);
  }

  readonly #rejectLate = () => {
    const now = performance.now();
    for (const wait of this.#waits) {
      if (wait.endsAt > now) break;
      this.#waits.delete(wait);
      wait.giveUp();
    }
    const [next] = this.#waits;
    this.#timer = next && setTimeout(this.#rejectLate, next.endsAt - now);
  };

  /** Nobody is given up any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#waits.clear();
  }
}
