/**
 * Sinks, and whatever else accepts something, that are paused after failures.
 *
 * @module
 */
import type { Statements } from "../sql.ts";

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
  sql(
    `INSERT INTO sink_pause (sink, failures, until, reason, since) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET failures = excluded.failures, until = excluded.until,
       reason = excluded.reason`,
  ).run(sink, failures, now + Math.round(pauseMs(failures)), reason, now);
}

/** Ends a pause: the next failure is the first again. */
export function endPause(sql: Statements, sink: string): void {
  sql("DELETE FROM sink_pause WHERE sink = ?").run(sink);
}
