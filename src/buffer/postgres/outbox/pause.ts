/**
 * Sinks that are paused after failures.
 *
 * @module
 */
import { one, type Sql } from "../sql.ts";
import { pausedUntil } from "./due.ts";

/**
 * Pauses for a while, longer with each failure in a row.
 *
 * @param pauseMs how long, given how often in a row it failed
 * @param now milliseconds UTC
 */
export async function pause(
  sql: Sql,
  sink: string,
  reason: string,
  pauseMs: (failures: number) => number,
  now: number,
): Promise<void> {
  const before = await one(sql, "SELECT failures FROM sink_pause WHERE sink = $1", sink);
  const failures = Number(before?.failures ?? 0) + 1;
  // A pause that was asked for is kept, also where a later failure asks for a shorter one.
  const until = Math.max(now + Math.round(pauseMs(failures)), await pausedUntil(sql, sink, now));
  await sql(
    `INSERT INTO sink_pause (sink, failures, until, reason, since, set_at)
     VALUES ($1, $2, $3, $4, $5, $5)
     ON CONFLICT (sink) DO UPDATE SET failures = excluded.failures, until = excluded.until,
       reason = excluded.reason, set_at = excluded.set_at`,
    ...[sink, failures, until, reason, now],
  );
}

/**
 * Says that something was accepted: the next failure is the first again. It ends the pause unless the
 * request was under way when the pause was set: a pause that the other side asked for would not last.
 *
 * @param startedAt when that request was sent, milliseconds UTC
 * @param now a pause that was set later than that is dated by a clock that was set back since
 */
export async function endPause(
  sql: Sql,
  sink: string,
  startedAt: number,
  now: number,
): Promise<void> {
  await sql(
    "DELETE FROM sink_pause WHERE sink = $1 AND (set_at < $2 OR set_at > $3)",
    ...[sink, startedAt, now],
  );
  await sql("UPDATE sink_pause SET failures = 0 WHERE sink = $1 AND failures <> 0", sink);
}
