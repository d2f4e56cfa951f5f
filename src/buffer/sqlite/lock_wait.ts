/**
 * Waiting for another process's lock beside the event loop. SQLite's own waiting stops the whole process:
 * each request that waits would stop all others for as long.
 *
 * @module
 */
import { isBusy, isOfFile } from "./errors.ts";

/** Pause between two tries, milliseconds; random, so that processes do not try in step. */
const SHORTEST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 50;

/** How one connection of a long-running process waits. */
export class LockWait {
  /** How long a transaction waits, its turn included; milliseconds. */
  readonly timeoutMs: number;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  /**
   * Does work that writes. Only one such work of this connection asks for the lock at a time.
   *
   * @throws what the last try threw
   */
  inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const deadline = performance.now() + this.timeoutMs;
    const done = this.#turn.then(() => untilUnlocked(work, deadline));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /**
   * Does work that only reads: it waits for nobody but a process that repairs or closes the log.
   *
   * @throws what the last try threw
   */
  beside<T>(work: () => T | Promise<T>): Promise<T> {
    return untilUnlocked(work, performance.now() + this.timeoutMs);
  }
}

async function untilUnlocked<T>(work: () => T | Promise<T>, deadline: number): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isOfFile(error) || !isBusy(error) || performance.now() >= deadline) throw error;
    }
    const left = Math.max(0, deadline - performance.now());
    const pause = SHORTEST_PAUSE_MS + Math.random() * (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS);
    await new Promise((resolve) => setTimeout(resolve, Math.min(pause, left)));
  }
}
