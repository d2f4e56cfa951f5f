/**
 * The work on one body: when it may go on, and when it must end.
 *
 * @module
 */
import { BodyError, ENDED_EARLY } from "./body.ts";
import type { Turns } from "./turns.ts";

/** Short bodies, of which most requests consist, never wait for a turn. */
const FREE_STEPS = 8;
/** Bytes for which the time to work is given once more. */
const PAID_BYTES = 64 * 1024;

/** What the work depends on. */
export interface WorkParts {
  readonly turns: Turns;
  readonly sender: string;
  /** Is aborted when the sender disconnects. */
  readonly signal: () => AbortSignal;
  /** Time to work for each further {@link PAID_BYTES} bytes that arrive, milliseconds. */
  readonly ms: number;
}

/** Counts the steps and the time of the work on one body. */
export class Work {
  readonly #parts: WorkParts;
  #signal: AbortSignal | undefined;
  readonly #begunAt: number;
  #steps = 0;
  #received = 0;
  #spent = 0;
  #since: number | undefined;

  constructor(parts: WorkParts) {
    this.#parts = parts;
    this.#begunAt = parts.turns.now();
  }

  /** Bytes have arrived, packed or not. */
  readonly receive = (bytes: number): void => {
    this.#received += bytes;
  };

  /**
   * Is called before each small step.
   *
   * @returns nothing where the step may begin at once
   * @throws {BodyError} the sender has disconnected, or its time is over
   */
  step(): Promise<void> | undefined {
    if (++this.#steps <= FREE_STEPS) return undefined;
    const { turns, sender } = this.#parts;
    this.#check(turns.now());
    return turns.take(sender)?.then(() => this.#check(turns.now(), true));
  }

  /** Alerts that are stored at once. */
  get storeSize(): number {
    const { turns } = this.#parts;
    return turns.storeSize.sizeFor(this.#begunAt, turns.now());
  }

  /** Measures a store. */
  async timed(alerts: number, store: () => Promise<void>): Promise<void> {
    const { turns } = this.#parts;
    const start = turns.now();
    await store();
    turns.storeSize.stored(alerts, turns.now() - start);
  }

  /** Until the next step the service waits for the sender or for the disk. */
  pause(): void {
    if (this.#since !== undefined) this.#spent += this.#parts.turns.now() - this.#since;
    this.#since = undefined;
  }

  #check(now: number, hasWaited = false): void {
    if (this.#since !== undefined && !hasWaited) this.#spent += now - this.#since;
    this.#since = now;
    this.#signal ??= this.#parts.signal();
    if (this.#signal.aborted) throw new BodyError(400, ENDED_EARLY);
    if (this.#spent <= this.#parts.ms * (1 + Math.floor(this.#received / PAID_BYTES))) return;
    throw new BodyError(408, "the body takes too long to read; send fewer alerts in a body");
  }
}
