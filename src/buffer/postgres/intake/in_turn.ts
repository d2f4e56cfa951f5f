/**
 * One transaction of alerts at a time: what comes meanwhile is stored together by the next. Several at a
 * time would wait for one another's rows, and for one more commit each.
 *
 * @module
 */
import type { Decision } from "../../../model.ts";
import type { Accepted, Limits } from "../../intake.ts";

/** Batches of one caller. */
export interface Batches {
  readonly batches: readonly (readonly Decision[])[];
  readonly limits: Limits;
  /** Milliseconds UTC. */
  readonly now: number;
}

/** Stores batches in one transaction. @returns what became of each */
export type Store = (given: Batches) => Promise<readonly Accepted[]>;

/** So many alerts at most are stored together, but the batches of one caller at least. */
const MOST_ALERTS = 4_000;

interface Waiting extends Batches {
  readonly alerts: number;
  readonly done: PromiseWithResolvers<readonly Accepted[]>;
}

/** Stores in turn. */
export class InTurn {
  readonly #store: Store;
  readonly #isOfDatabase: (error: unknown) => boolean;
  readonly #isLocked: (error: unknown) => boolean;
  #waiting: Waiting[] = [];
  #isStoring = false;

  /**
   * @param isOfDatabase whether an error has nothing to do with the alerts
   * @param isLocked whether it came after a wait for a lock, which is waited for once for all
   */
  constructor(
    store: Store,
    isOfDatabase: (error: unknown) => boolean,
    isLocked: (error: unknown) => boolean,
  ) {
    this.#store = store;
    this.#isOfDatabase = isOfDatabase;
    this.#isLocked = isLocked;
  }

  /** @returns what became of each batch, once all are committed */
  add(given: Batches): Promise<readonly Accepted[]> {
    const alerts = given.batches.reduce((sum, { length }) => sum + length, 0);
    const waiting = { ...given, alerts, done: Promise.withResolvers<readonly Accepted[]>() };
    this.#waiting.push(waiting);
    if (!this.#isStoring) void this.#run();
    return waiting.done.promise;
  }

  async #run(): Promise<void> {
    this.#isStoring = true;
    while (this.#waiting.length > 0) await this.#storeAll(this.#take());
    this.#isStoring = false;
  }

  #take(): readonly Waiting[] {
    let alerts = 0;
    const end = this.#waiting.findIndex((one, index) =>
      index > 0 && (alerts += one.alerts) > MOST_ALERTS
    );
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  async #storeAll(some: readonly Waiting[]): Promise<void> {
    const [first] = some;
    try {
      const outcomes = await this.#store({
        batches: some.flatMap(({ batches }) => batches),
        limits: first!.limits,
        now: first!.now,
      });
      let at = 0;
      for (const { batches, done } of some) done.resolve(outcomes.slice(at, at += batches.length));
    } catch (error) {
      if (some.length === 1 || this.#isOfDatabase(error)) {
        const others = this.#isLocked(error) ? this.#waiting.splice(0) : [];
        for (const { done } of [...some, ...others]) done.reject(error);
        return;
      }
      // Alerts that cannot be stored must not fail the other callers.
      for (const one of some) await this.#storeAll([one]);
    }
  }
}
