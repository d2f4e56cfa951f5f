/**
 * The minutes of a batch, into the table.
 *
 * @module
 */
import type { Minutes } from "../../batch/minutes.ts";
import type { Statements } from "../sql.ts";
import { type Upsert, writeRows } from "../upsert.ts";

const MINUTES: Upsert = {
  into: "INSERT INTO minute (minute, alerts, sshd, pam_error, pam, connect)",
  columns: 6,
  onConflict: `ON CONFLICT DO UPDATE SET alerts = alerts + excluded.alerts,
    sshd = sshd + excluded.sshd, pam_error = pam_error + excluded.pam_error,
    pam = pam + excluded.pam, connect = connect + excluded.connect`,
};

/** Merges minutes into the table. @param now milliseconds UTC */
export function writeMinutes(sql: Statements, minutes: Minutes, now: number): void {
  writeRows(sql, MINUTES, minutes.rows(now).flat());
}
