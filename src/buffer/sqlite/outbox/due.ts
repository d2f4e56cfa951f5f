/**
 * What is due, and when: the statements that take a clock that was set back into account.
 *
 * @module
 */
import type { DueRules } from "../../outbox.ts";
import type { Statements } from "../sql.ts";

/**
 * Nothing waits longer for its sink, or was touched later than that, milliseconds: a time further
 * ahead is dated by a clock that was set back since, and must not keep anything waiting until it comes.
 */
export const FAR_AHEAD_MS = 60 * 60_000;

/** Later than any clock, and small enough to add to in SQLite. */
export const LATEST = Number.MAX_SAFE_INTEGER;

/** When a report `r` may be tried: at once if the clock that said when was set back since. */
export const TRY_AT = `iif(max(r.snapshot_at, coalesce(r.ended_at, 0)) > :now, 0, r.next_try_at)`;
/** Until when the sink of a report is paused, by the row `p` of its pause. */
export const PAUSED_UNTIL =
  `iif(coalesce(p.until, 0) > :now + ${FAR_AHEAD_MS}, 0, coalesce(p.until, 0))`;

/**
 * When the next attack or report falls due, milliseconds UTC.
 *
 * @param now what is dated by a clock that was set back since is due at once
 */
export function nextDueAt(sql: Statements, rules: DueRules, now = LATEST): number | undefined {
  const row = sql(
    `SELECT min(at) AS at FROM (
       SELECT min(touched_at) + :period AS at FROM attack
       UNION ALL SELECT min(opened_at) + :hold FROM attack
       UNION ALL SELECT 0 WHERE EXISTS (
         SELECT 1 FROM attack WHERE touched_at > :now + ${FAR_AHEAD_MS})
       UNION ALL SELECT min(max(${TRY_AT}, ${PAUSED_UNTIL})) FROM report r
         LEFT JOIN sink_pause p ON p.sink = r.sink
         WHERE r.state = 'pending' AND r.sink IN (SELECT value FROM json_each(:sinks))
       UNION ALL SELECT min(ends_at) + :hold FROM day_event WHERE is_closed = 0)`,
  ).get({
    period: rules.periodMs,
    hold: rules.maxHoldMs,
    now,
    sinks: JSON.stringify(rules.sinks),
  });
  return row?.at === null || row?.at === undefined ? undefined : Number(row.at);
}
