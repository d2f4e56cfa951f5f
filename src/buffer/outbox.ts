/**
 * The reports on their way: which to try, and what became of them.
 *
 * @module
 */
import { count, type Statements } from "./accept.ts";
import { forgetAlerts } from "./alert_ids.ts";
import { KNOWN_SOURCES } from "./freezing.ts";
import type { DueRules, Keep, Lease, Report, Sighting, SinkName } from "./buffer.ts";
import { Damage } from "./trouble.ts";
import type { ReportKey } from "./report_desk.ts";
import { settleAll } from "./settling.ts";

/**
 * Nothing waits longer for its sink, or was touched later than that, milliseconds: a time further
 * ahead is of a clock that was set back since, and must not keep anything waiting until it comes.
 */
export const FAR_AHEAD_MS = 60 * 60_000;

/** Later than any clock, and room above it in a number of SQLite. */
const LATEST = Number.MAX_SAFE_INTEGER;

/** When a report may be tried: at once if the clock that said when was set back since. */
const TRY_AT = `iif(max(r.frozen_at, coalesce(r.ended_at, 0)) > :now, 0, r.next_try_at)`;
const PAUSED_UNTIL = `iif(coalesce(p.until, 0) > :now + ${FAR_AHEAD_MS}, 0, coalesce(p.until, 0))`;

/** The pending reports whose time has come, oldest first. */
export function reportsToTry(
  sql: Statements,
  sinks: readonly SinkName[],
  most: number,
  at: number,
): readonly Report[] {
  const rows = sql(
    `SELECT r.uuid, r.sink, r.source_ip, r.event_uuid, r.body, r.attempts, r.frozen_at, r.tries,
       json_valid(r.body) AS is_whole,
       EXISTS (SELECT 1 FROM delivered_home d WHERE d.event_uuid = r.event_uuid
         AND d.sink = r.sink) AS known,
       (SELECT told FROM delivered_home d WHERE d.event_uuid = r.event_uuid AND d.sink = r.sink
         AND d.source_ip = r.source_ip) AS told
     FROM report r LEFT JOIN sink_pause p ON p.sink = r.sink
     WHERE r.state = 'pending' AND max(${TRY_AT}, ${PAUSED_UNTIL}) <= :now
       AND r.sink IN (SELECT value FROM json_each(:sinks))
     ORDER BY r.next_try_at LIMIT :most`,
  ).all({ now: Math.min(at, LATEST), sinks: JSON.stringify(sinks), most });
  // Pages of a long text can be lost without SQLite's noticing: no sink could ever take it.
  if (rows.some((row) => row.is_whole !== 1)) throw new Damage("a report is not JSON");
  return rows.map((row) => ({
    uuid: String(row.uuid),
    sink: row.sink as SinkName,
    sourceIp: String(row.source_ip),
    eventUuid: String(row.event_uuid),
    body: String(row.body),
    attempts: Number(row.attempts),
    frozenAt: Number(row.frozen_at),
    tries: Number(row.tries),
    isKnownThere: Number(row.known) === 1,
    told: String(row.told ?? ""),
    sightings: sightingsOf(sql, String(row.event_uuid), String(row.sink), String(row.source_ip)),
  }));
}

function sightingsOf(
  sql: Statements,
  eventUuid: string,
  sink: string,
  sourceIp: string,
): readonly Sighting[] {
  return sql(
    `SELECT uuid, attribute_uuid, source, kind, seen_at FROM sighting
     WHERE event_uuid = ? AND sink = ? AND source_ip = ? ORDER BY seen_at, uuid`,
  ).all(eventUuid, sink, sourceIp).map((row) => ({
    uuid: String(row.uuid),
    attributeUuid: String(row.attribute_uuid),
    source: String(row.source),
    kind: row.kind as Sighting["kind"],
    seenAt: Number(row.seen_at),
  }));
}

/** The number of pending reports. */
export function countWaiting(sql: Statements, sinks: readonly SinkName[]): number {
  const row = sql(
    `SELECT count(*) AS n FROM report
     WHERE state = 'pending' AND sink IN (SELECT value FROM json_each(?))`,
  ).get(JSON.stringify(sinks));
  return Number(row?.n ?? 0);
}

/** Counter of when a sink took something last, milliseconds UTC, before the sink's name. */
export const LAST_DELIVERED = "last_delivered.";

/** What only the holder of the lease may write. */
const IF_LEASED = `AND state = 'pending'
  AND EXISTS (SELECT 1 FROM lease WHERE name = ? AND fence = ?)`;

/** The sink has it, read back and compared: the body is forgotten. */
export function markDelivered(
  sql: Statements,
  lease: Lease,
  report: Report,
  told: string,
  now: number,
): void {
  const changed = sql(
    `UPDATE report SET state = 'delivered', body = '', ended_at = ?, last_error = NULL,
       tries = tries + 1 WHERE uuid = ? AND sink = ? ${IF_LEASED}`,
  ).run(now, report.uuid, report.sink, lease.name, lease.fence).changes;
  if (Number(changed) === 0) return;
  sql(
    `INSERT INTO delivered_home (event_uuid, sink, source_ip, delivered_at, told)
     VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET delivered_at = excluded.delivered_at, told = excluded.told`,
  ).run(report.eventUuid, report.sink, report.sourceIp, now, told);
  sql(
    `INSERT INTO counter (name, value) VALUES (?, ?)
     ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`,
  ).run(`${LAST_DELIVERED}${report.sink}`, now);
  sql("DELETE FROM sighting WHERE event_uuid = ? AND sink = ? AND source_ip = ?")
    .run(report.eventUuid, report.sink, report.sourceIp);
  sql("DELETE FROM sink_pause WHERE sink = ?").run(report.sink);
}

/**
 * Leaves a sink alone for a while; the failures in a row are counted. The report that met the trouble
 * goes behind the others, or one that MISP never answers would keep all of them waiting.
 */
export function pauseSink(
  sql: Statements,
  lease: Lease,
  report: ReportKey,
  reason: string,
  pauseMs: (failures: number) => number,
  now: number,
): void {
  const held = sql("SELECT 1 FROM lease WHERE name = ? AND fence = ?").get(lease.name, lease.fence);
  if (held === undefined) return;
  const { sink } = report;
  // What a clock said that was set back since is forgotten: from now on this time counts as touched.
  sql(
    `UPDATE report SET ended_at = ?, next_try_at = max(?,
       iif(max(frozen_at, coalesce(ended_at, 0)) > ?, 0, next_try_at)) WHERE uuid = ? AND sink = ?`,
  ).run(now, now + 1, now, report.uuid, sink);
  pause(sql, sink, reason, pauseMs, now);
}

/** Leaves whatever takes something alone for a while; the failures in a row are counted. */
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

/** It could not be delivered now. */
export function markRetry(
  sql: Statements,
  lease: Lease,
  report: Report,
  error: string,
  nextTryAt: number,
  now: number,
): void {
  sql(
    `UPDATE report SET tries = tries + 1, last_error = ?, ended_at = ?, next_try_at = ?
     WHERE uuid = ? AND sink = ? ${IF_LEASED}`,
  ).run(error, now, nextTryAt, report.uuid, report.sink, lease.name, lease.fence);
}

/** The sink will never take it as it is. */
export function markRefused(
  sql: Statements,
  lease: Lease,
  report: Report,
  error: string,
  now: number,
): void {
  sql(
    `UPDATE report SET state = 'refused', tries = tries + 1, last_error = ?, ended_at = ?
     WHERE uuid = ? AND sink = ? ${IF_LEASED}`,
  ).run(error, now, report.uuid, report.sink, lease.name, lease.fence);
}

/**
 * When the next attack or report falls due, milliseconds UTC.
 *
 * @param now what a clock said that was set back since is due at once
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

/** Alert ids forgotten in one transaction, so that writers need not wait long. */
const PRUNE_AT_ONCE = 50_000;

const DAY = 24 * 60 * 60 * 1000;

/** How long a delivered report stays to be looked at. */
const KEEP_DELIVERED_MS = 7 * DAY;

/** A day's chart, and an hour for clocks that are changed. */
const KEEP_MINUTES_MS = DAY + 60 * 60_000;

/**
 * Forgets what is older than its keep.
 *
 * @returns whether there may be more alert ids to forget
 */
export function prune(
  sql: Statements,
  keep: Keep,
  now: number,
): boolean {
  const forgotten = forgetAlerts(sql, now - keep.seenMs, PRUNE_AT_ONCE);
  const gone = Number(
    sql("DELETE FROM report WHERE state = 'delivered' AND ended_at < ?")
      .run(now - KEEP_DELIVERED_MS).changes,
  );
  if (gone > 0) {
    sql(
      `INSERT INTO counter (name, value) VALUES ('delivered_forgotten', ?)
       ON CONFLICT DO UPDATE SET value = value + excluded.value`,
    ).run(gone);
  }
  settleAll(sql, now - keep.connectionMs);
  const old = now - keep.homeMs;
  // An attack that is open, since nobody published for so long, belongs to its home all the same.
  const isOver = "frozen_at < ? AND source_ip NOT IN (SELECT source_ip FROM attack)";
  for (const table of ["delivered_home", "sighting"]) {
    sql(
      `DELETE FROM ${table} WHERE (event_uuid, source_ip) IN
         (SELECT event_uuid, source_ip FROM home_event WHERE ${isOver})`,
    ).run(old);
  }
  const homes = Number(sql(`DELETE FROM home_event WHERE ${isOver}`).run(old).changes);
  if (homes > 0) count(sql, KNOWN_SOURCES, -homes);
  sql("DELETE FROM sensor WHERE last_seen < ?").run(old);
  sql("DELETE FROM minute WHERE minute < ?").run(Math.floor((now - KEEP_MINUTES_MS) / 60_000));
  sql(
    `DELETE FROM delivered_home WHERE source_ip LIKE 'day %' AND event_uuid IN
       (SELECT event_uuid FROM day_event WHERE is_closed = 1 AND ends_at < ?)`,
  ).run(old);
  sql("DELETE FROM day_event WHERE is_closed = 1 AND ends_at < ?").run(old);
  return forgotten >= PRUNE_AT_ONCE;
}
