/**
 * How many attempts each minute had, by when they were made: the chart of a day.
 *
 * @module
 */
import type { Attempt, EvidenceClass } from "../../model.ts";
import { DAY, HOUR, MINUTE } from "../../clock.ts";

/** A day's chart, and an hour for clocks that are changed. Older minutes are not kept. */
export const KEPT_MINUTES_MS = DAY + HOUR;

/** What one minute had, in the order of the columns. */
export type MinuteCounts = readonly [
  minute: number,
  alerts: number,
  sshd: number,
  pamError: number,
  pam: number,
  connect: number,
];

interface Minute {
  readonly minute: number;
  alerts: number;
  readonly byEvidence: Record<EvidenceClass, number>;
}

/** Adds up the alerts of a batch by minute. */
export class Minutes {
  readonly #minutes = new Map<number, Minute>();
  /** Nearly all alerts of a batch are of one minute. */
  #last: Minute | undefined;

  /** Adds one accepted alert. @param at when it was written, milliseconds UTC */
  add(at: number, attempts: readonly Attempt[]): void {
    const minute = this.#minuteOf(Math.floor(at / MINUTE));
    minute.alerts++;
    for (const { evidence, count } of attempts) minute.byEvidence[evidence] += count;
  }

  #minuteOf(at: number): Minute {
    if (this.#last?.minute === at) return this.#last;
    let minute = this.#minutes.get(at);
    if (minute === undefined) {
      minute = {
        minute: at,
        alerts: 0,
        byEvidence: {
          ...{ sshd: 0, keyboard: 0, "pam-error": 0, pam: 0, connect: 0, refused: 0 },
          "session-end": 0,
        },
      };
      this.#minutes.set(at, minute);
    }
    this.#last = minute;
    return minute;
  }

  /** What is kept of them, the oldest minute first. @param now milliseconds UTC */
  rows(now: number): readonly MinuteCounts[] {
    const oldest = Math.floor((now - KEPT_MINUTES_MS) / MINUTE);
    return [...this.#minutes.values()].filter(({ minute }) => minute >= oldest)
      .sort((one, other) => one.minute - other.minute)
      .map(({ minute, alerts, byEvidence }) => [
        ...[minute, alerts, byEvidence.sshd] as const,
        ...[Math.max(byEvidence.keyboard, byEvidence["pam-error"]), byEvidence.pam] as const,
        byEvidence.connect + byEvidence.refused,
      ]);
  }
}
