/**
 * What is due, and when: the statements that take a clock that was set back into account.
 *
 * @module
 */
import { RESTS_UNTIL } from "../../rows/names.ts";
import { FAR_AHEAD_MS, isFarAhead } from "../../../clock.ts";
import type { SinkName } from "../../../model.ts";
import type { DueRules } from "../../outbox.ts";
import { all, one, optional, type Sql } from "../sql.ts";

/** Later than any clock, and small enough to add to in a bigint. */
export const LATEST = Number.MAX_SAFE_INTEGER;

/**
 * When a report falls due that waits for a sink, milliseconds UTC; undefined: none waits. A try that is
 * dated by a clock that was set back since is due at once.
 */
async function reportDueAt(sql: Sql, sink: SinkName, now: number): Promise<number | undefined> {
  const row = await one(
    sql,
    `SELECT min(next_try_at) AS next, max(dated_at) AS dated FROM
       ((SELECT next_try_at, NULL::bigint AS dated_at FROM report
         WHERE state = 'pending' AND sink = $1 ORDER BY next_try_at LIMIT 1)
       UNION ALL (SELECT NULL, dated_at FROM report
         WHERE state = 'pending' AND sink = $1 ORDER BY dated_at DESC LIMIT 1)) AS r`,
    sink,
  );
  const next = optional(row?.next);
  if (next === undefined) return undefined;
  return Math.max(Number(row!.dated) > now ? 0 : next, await pausedUntil(sql, sink, now));
}

/** Until when a sink is paused or rests, milliseconds UTC; 0: it does not. */
export async function pausedUntil(sql: Sql, sink: string, now: number): Promise<number> {
  const row = await one(
    sql,
    `SELECT (SELECT until FROM sink_pause WHERE sink = $1) AS paused,
       (SELECT max(at) FROM last_time WHERE name = $2) AS rests`,
    ...[sink, `${RESTS_UNTIL}${sink}`],
  );
  const times = [row?.paused, row?.rests].map((until) => Number(until ?? 0));
  return Math.max(...times.map((until) => isFarAhead(until, now) ? 0 : until));
}

/**
 * When the next attack or report falls due, milliseconds UTC.
 *
 * @param now what is dated by a clock that was set back since is due at once
 */
export async function nextDueAt(
  sql: Sql,
  rules: DueRules,
  now = LATEST,
): Promise<number | undefined> {
  const row = (await one(
    sql,
    `SELECT (SELECT min(touched_at) FROM attack) AS touched,
       (SELECT max(touched_at) FROM attack) AS latest,
       (SELECT min(opened_at) FROM attack) AS opened,
       (SELECT min(ends_at) FROM day_event WHERE NOT is_closed) AS ended`,
  ))!;
  const after = (at: unknown, milliseconds: number) =>
    at === null ? [] : [Number(at) + milliseconds];
  const times = [
    ...after(row.touched, rules.periodMs),
    ...after(row.opened, rules.maxHoldMs),
    ...after(row.ended, rules.maxHoldMs),
    ...(row.latest !== null && isFarAhead(Number(row.latest), now) ? [0] : []),
  ];
  for (const sink of rules.sinks) {
    const at = await reportDueAt(sql, sink, now);
    if (at !== undefined) times.push(at);
  }
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Whether anything waits that falls due by a time. */
export async function isDueBy(sql: Sql, rules: DueRules, until: number): Promise<boolean> {
  const next = await nextDueAt(sql, rules, until);
  return next !== undefined && next <= until;
}

/** Which attacks are due, by `$1` to `$3` of {@link dueValues}. */
export const IS_DUE = "(touched_at <= $1 OR opened_at <= $2 OR touched_at > $3)";

/** The times of {@link IS_DUE}. */
export function dueValues({ periodMs, maxHoldMs }: DueRules, now: number): readonly number[] {
  return [now - periodMs, now - maxHoldMs, now + FAR_AHEAD_MS];
}

/** Addresses of due attacks, the longest open first. */
export async function dueSources(
  sql: Sql,
  rules: DueRules,
  most: number,
  now: number,
): Promise<readonly string[]> {
  const rows = await all(
    sql,
    `SELECT source_ip FROM attack WHERE ${IS_DUE} ORDER BY opened_at, source_ip LIMIT $4`,
    ...dueValues(rules, now),
    most,
  );
  return rows.map((row) => String(row.source_ip));
}
