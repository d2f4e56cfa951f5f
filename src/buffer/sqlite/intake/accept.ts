/**
 * Decided alerts on their way into the tables.
 *
 * @module
 */
import type { Attempt, Decision } from "../../../model.ts";
import { addUp, keysOf } from "../../batch/add_up.ts";
import type { SessionBatch } from "../../batch/session_batch.ts";
import type { SessionLimits } from "../../../session_evidence.ts";
import type { Accepted, Limits } from "../../intake.ts";
import { count, type Statements } from "../sql.ts";
import { AlertIds } from "./alert_ids.ts";
import { writeLogins } from "./logins.ts";
import { writeMinutes } from "./minutes.ts";
import { Spooling } from "./spool_append.ts";
import { writeBatch } from "./write_batch.ts";

/** What alerts say of sessions, and what writes it: most batches need neither. */
export interface SessionWriting {
  readonly batch: SessionBatch;
  readonly write: (
    sql: Statements,
    batch: SessionBatch,
    limits: SessionLimits | undefined,
    now: number,
  ) => void;
}

/**
 * Stores batches, in the transaction that is open.
 *
 * @param sessions undefined: no alert is of a session
 * @returns what became of each
 */
export function acceptAll(
  sql: Statements,
  batches: readonly (readonly Decision[])[],
  { maxUsernames, maxBytes, sessions: sessionLimits }: Limits,
  now: number,
  sessions?: SessionWriting,
): readonly Accepted[] {
  const spooling = new Spooling(sql);
  const ids = new AlertIds(sql);
  const areNew = ids.addAll(keysOf(batches), now);
  const { outcomes, batch, logins, minutes, accepted, counters } = addUp(batches, {
    isDuplicate: (key) => !areNew && !ids.add(key, now),
    extend: (attempt) => extend(sql, attempt, now),
    spool: (text) => spooling.add(text, now),
  }, sessions?.batch);
  writeBatch(sql, batch, maxUsernames, now);
  sessions?.write(sql, sessions.batch, sessionLimits, now);
  writeLogins(sql, logins, batch.addresses, now);
  spooling.end(maxBytes);
  if (accepted > 0) {
    sql(`INSERT INTO counter (name, value) VALUES ('last_accepted_at', ?)
         ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`).run(now);
    writeMinutes(sql, minutes, now);
  }
  for (const [name, by] of counters) count(sql, name, by);
  return outcomes;
}

function extend(sql: Statements, attempt: Attempt, now: number): boolean {
  const changed = sql(
    `UPDATE attack SET last_seen = max(last_seen, ?), touched_at = max(touched_at, ?)
     WHERE source_ip = ?`,
  ).run(attempt.at, now, attempt.sourceIp).changes;
  return Number(changed) > 0;
}
