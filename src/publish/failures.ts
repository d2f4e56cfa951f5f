/**
 * Whose fault it is that reports failed: theirs, or that of the sink. Pure.
 *
 * @module
 */
import type { Report } from "../model.ts";
import type { Outcome } from "../sink.ts";

/** Events that fail in a row: then the sink is at fault, whatever it took before. */
const MOST_IN_A_ROW = 3;
/** Batches in a row of which nothing is delivered: then a round of everything ends, too. */
const MOST_FRUITLESS = 3;

/** A report that failed at a sink that may answer to others. */
export interface Failed {
  readonly report: Report;
  readonly kind: "failed" | "unanswered";
  readonly reason: string;
}

/** Whether a report has failed before, whether or not that try counts. */
export const hasFailed = ({ tries, hasFailed }: Report): boolean => tries > 0 || hasFailed === true;

/** What a round has seen of a sink so far. */
export class SinkRound {
  /** Those that failed since the last one was delivered. */
  #failed: Failed[] = [];
  #hasDelivered = false;
  #fruitless = 0;
  #isFruitless = true;

  /** Counts an outcome. @returns those before it that are at fault themselves, since this one is not */
  add(report: Report, outcome: Outcome): readonly Failed[] {
    const { kind } = outcome;
    if (kind === "failed" || kind === "unanswered") {
      this.#failed.push({ report, kind, reason: outcome.reason });
    }
    if (kind !== "delivered") return [];
    this.#hasDelivered = true;
    this.#isFruitless = false;
    return this.#failed.splice(0);
  }

  /** A batch has ended. */
  endBatch(): void {
    this.#fruitless = this.#isFruitless ? this.#fruitless + 1 : 0;
    this.#isFruitless = true;
  }

  /** Whether a round of everything need not go on. */
  get isHopeless(): boolean {
    return this.#fruitless >= MOST_FRUITLESS && this.#failed.length > 0;
  }

  /** Takes those that failed since the last one was delivered. */
  takeFailed(): readonly Failed[] {
    return this.#failed.splice(0);
  }

  /**
   * Whether those that failed may be at fault themselves, and not the sink: it has taken others a moment
   * ago, or it answers to other requests, or these have failed before.
   *
   * @param everything whether the round tries everything: then it is the sink's only once it is hopeless
   * @param isPaused whether the sink was paused, and has not taken anything since
   */
  mayBeTheirs(failed: readonly Failed[], everything: boolean, isPaused: boolean): boolean {
    const events = new Set(failed.map(({ report }) => report.eventUuid)).size;
    if (this.#hasDelivered && everything) return !this.isHopeless;
    if (events >= MOST_IN_A_ROW) return false;
    if (this.#hasDelivered) return true;
    if (isPaused) return false;
    return failed.every(({ report }) => hasFailed(report)) ||
      events === 1 && failed.every(({ kind }) => kind === "failed");
  }
}
