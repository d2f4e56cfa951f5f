/**
 * Sinks, and whatever else accepts something, that are paused after failures.
 *
 * @module
 */
import type { Statements } from "../sql.ts";
import { pausedUntil } from "./due.ts";

/**
 * Pauses for a while, longer with each failure in a row.
 *
 * @param pauseMs how long, given how often in a row it failed
 * @param now milliseconds UTC
 */
export function pause(
  sql: Statements,
  sink: string,
  reason: string,
  pauseMs: (failures: number) => number,
  now: number,
): void {
  const before = sql("SELECT failures FROM sink_pause WHERE sink = ?").get(sink);
  const failures = Number(before?.failures ?? 0) + 1;
  // A pause that was asked for is kept, also where a later failure asks for a shorter one.
  const until = Math.max(now + Math.round(pauseMs(failures)), pausedUntil(sql, sink, now));
  sql(
    `INSERT INTO sink_pause (sink, failures, until, reason, since, set_at)
     VALUES (:sink, :failures, :until, :reason, :now, :now)
     ON CONFLICT DO UPDATE SET failures = excluded.failures, until = excluded.until,
       reason = excluded.reason, set_at = excluded.set_at`,
  ).run({ sink, failures, until, reason, now });
}

/**
 * Says that something was accepted: the next failure is the first again. It ends the pause unless the
 * request was under way when the pause was set: a pause that the other side asked for would not last.
 *
 * @param startedAt when that request was sent, milliseconds UTC
 * @param now a pause that was set later than that is dated by a clock that was set back since
 */
export function endPause(sql: Statements, sink: string, startedAt: number, now: number): void {
  sql("DELETE FROM sink_pause WHERE sink = ? AND (set_at < ? OR set_at > ?)")
    .run(sink, startedAt, now);
  sql("UPDATE sink_pause SET failures = 0 WHERE sink = ?").run(sink);
}
