/**
 * One decided alert on its way into the tables.
 *
 * @module
 */
import type { StatementSync } from "node:sqlite";
import type { Attempt, Decision, IgnoreReason } from "../types.ts";
import type { AlertIds } from "./alert_ids.ts";
import type { Batch } from "./batch.ts";
import type { Spooling } from "./spool.ts";

/** Gives the prepared statement of a text. */
export type Statements = (text: string) => StatementSync;

/** Adds to a counter that `status` shows. */
export function count(sql: Statements, name: string, by: number): void {
  sql(
    `INSERT INTO counter (name, value) VALUES (?, ?)
     ON CONFLICT DO UPDATE SET value = value + excluded.value`,
  ).run(name, by);
}

type Attempts = Extract<Decision, { kind: "attempts" }>;

/**
 * Takes an alert's attempts into a batch, or the alert itself into the spool.
 *
 * An alert that only tells of a session's end makes no attack of its own: it is told as ignored when
 * its source has none.
 */
export function acceptDecision(
  sql: Statements,
  batch: Batch,
  spooling: Spooling,
  ids: AlertIds,
  decision: Attempts,
  now: number,
): "accepted" | "duplicate" | IgnoreReason {
  const { key, attempts, text } = decision;
  if (!ids.remember(key, now)) return "duplicate";
  if (text !== undefined) {
    // Whether the end of a session belongs to an attack is known there only.
    spooling.add(text, now);
    return "accepted";
  }
  let accepted: Attempt[] | undefined;
  for (const attempt of attempts) {
    if (attempt.guesses === 0 && !attempt.isCompromise) continue;
    const isFirstOfSource = accepted?.every((one) => one.sourceIp !== attempt.sourceIp) ?? true;
    batch.add(attempt, isFirstOfSource ? 1 : 0);
    (accepted ??= []).push(attempt);
  }
  if (accepted !== undefined) return "accepted";
  const extended = attempts.map((attempt) => batch.extend(attempt) || extend(sql, attempt, now));
  return extended.some(Boolean) ? "accepted" : "not_an_attempt";
}

function extend(sql: Statements, attempt: Attempt, now: number): boolean {
  const changed = sql(
    `UPDATE attack SET last_seen = max(last_seen, ?), touched_at = max(touched_at, ?)
     WHERE source_ip = ?`,
  ).run(attempt.at, now, attempt.sourceIp).changes;
  return Number(changed) > 0;
}
