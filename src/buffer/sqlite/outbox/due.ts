/**
 * What is due, and when: the statements that take a clock that was set back into account.
 *
 * @module
 */
import { RESTS_UNTIL } from "../../rows/names.ts";
import { isFarAhead } from "../../../clock.ts";
import type { SinkName } from "../../../model.ts";
import type { DueRules } from "../../outbox.ts";
import type { Statements } from "../sql.ts";

/** Later than any clock, and small enough to add to in SQLite. */
export const LATEST = Number.MAX_SAFE_INTEGER;

/**
 * When a report falls due that waits for a sink, milliseconds UTC; undefined: none waits. A try that is
 * dated by a clock that was set back since is due at once.
 *
 * It looks at one row of each of two indexes, however many reports wait.
 */
function reportDueAt(sql: Statements, sink: SinkName, now: number): number | undefined {
  const next = sql(
    "SELECT min(next_try_at) AS at FROM report WHERE state = 'pending' AND sink = ?",
  ).get(sink)?.at;
  if (next === null || next === undefined) return undefined;
  const dated = sql(
    "SELECT max(dated_at) AS at FROM report WHERE state = 'pending' AND sink = ?",
  ).get(sink)?.at;
  return Math.max(Number(dated) > now ? 0 : Number(next), pausedUntil(sql, sink, now));
}

/** Until when a sink is paused or rests, milliseconds UTC; 0: it does not. */
export function pausedUntil(sql: Statements, sink: string, now: number): number {
  const times = [
    sql("SELECT until FROM sink_pause WHERE sink = ?").get(sink)?.until,
    sql("SELECT value FROM counter WHERE name = ?").get(`${RESTS_UNTIL}${sink}`)?.value,
  ].map((until) => Number(until ?? 0));
  return Math.max(...times.map((until) => isFarAhead(until, now) ? 0 : until));
}

/**
 * When the next attack or report falls due, milliseconds UTC.
 *
 * @param now what is dated by a clock that was set back since is due at once
 */
export function nextDueAt(sql: Statements, rules: DueRules, now = LATEST): number | undefined {
  const row = sql(
    `SELECT (SELECT min(touched_at) FROM attack) AS touched,
       (SELECT max(touched_at) FROM attack) AS latest,
       (SELECT min(opened_at) FROM attack) AS opened,
       (SELECT min(ends_at) FROM day_event WHERE is_closed = 0) AS ended`,
  ).get()!;
  const after = (at: unknown, milliseconds: number) =>
    at === null ? [] : [Number(at) + milliseconds];
  const times = [
    ...after(row.touched, rules.periodMs),
    ...after(row.opened, rules.maxHoldMs),
    ...after(row.ended, rules.maxHoldMs),
    ...(row.latest !== null && isFarAhead(Number(row.latest), now) ? [0] : []),
    ...rules.sinks.map((sink) => reportDueAt(sql, sink, now)).filter((at) => at !== undefined),
  ];
  return times.length === 0 ? undefined : Math.min(...times);
}
