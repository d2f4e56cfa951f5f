/**
 * How many attempts each minute had, by when they were made: the chart of a day.
 *
 * @module
 */
import type { SQLInputValue } from "node:sqlite";
import type { Attempt, EvidenceClass } from "../../../model.ts";
import type { Statements } from "../sql.ts";
import { type Upsert, writeRows } from "../upsert.ts";
import { DAY, HOUR, MINUTE } from "../../../clock.ts";

/** A day's chart, and an hour for clocks that are changed. Older minutes are not kept. */
export const KEPT_MINUTES_MS = DAY + HOUR;

const MINUTES: Upsert = {
  into: "INSERT INTO minute (minute, alerts, sshd, pam_error, pam, connect)",
  columns: 6,
  onConflict: `ON CONFLICT DO UPDATE SET alerts = alerts + excluded.alerts,
    sshd = sshd + excluded.sshd, pam_error = pam_error + excluded.pam_error,
    pam = pam + excluded.pam, connect = connect + excluded.connect`,
};

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

  /** Merges them into the table. @param now milliseconds UTC */
  write(sql: Statements, now: number): void {
    const oldest = Math.floor((now - KEPT_MINUTES_MS) / MINUTE);
    const values: SQLInputValue[] = [];
    for (const { minute, alerts, byEvidence } of this.#minutes.values()) {
      if (minute < oldest) continue;
      values.push(
        ...[minute, alerts, byEvidence.sshd],
        ...[Math.max(byEvidence.keyboard, byEvidence["pam-error"]), byEvidence.pam],
        byEvidence.connect + byEvidence.refused,
      );
    }
    writeRows(sql, MINUTES, values);
  }
}
