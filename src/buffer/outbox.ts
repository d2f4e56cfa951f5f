/**
 * The reports on their way: which to try, and what became of them.
 *
 * @module
 */
import { count, type Statements } from "./accept.ts";
import { forgetAlerts } from "./alert_ids.ts";
import { KNOWN_SOURCES } from "./freezing.ts";
import type { DueRules, Keep, Lease, Report, Sighting, SinkName } from "./buffer.ts";
import type { ReportKey } from "./report_desk.ts";

/** The pending reports whose time has come, oldest first. */
export function reportsToTry(
  sql: Statements,
  sinks: readonly SinkName[],
  most: number,
  at: number,
): readonly Report[] {
  const rows = sql(
    `SELECT r.uuid, r.sink, r.source_ip, r.event_uuid, r.body, r.attempts, r.frozen_at, r.tries,
       EXISTS (SELECT 1 FROM delivered_home d WHERE d.event_uuid = r.event_uuid
         AND d.sink = r.sink) AS known,
       (SELECT told FROM delivered_home d WHERE d.event_uuid = r.event_uuid AND d.sink = r.sink
         AND d.source_ip = r.source_ip) AS told
     FROM report r LEFT JOIN sink_pause p ON p.sink = r.sink
     WHERE r.state = 'pending' AND max(r.next_try_at, coalesce(p.until, 0)) <= ?
       AND r.sink IN (SELECT value FROM json_each(?))
     ORDER BY r.next_try_at LIMIT ?`,
  ).all(Math.min(at, Number.MAX_SAFE_INTEGER), JSON.stringify(sinks), most);
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
  sql("UPDATE report SET next_try_at = max(next_try_at, ?) WHERE uuid = ? AND sink = ?")
    .run(now + 1, report.uuid, sink);
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

/** When the next attack or report falls due, milliseconds UTC. */
export function nextDueAt(sql: Statements, rules: DueRules): number | undefined {
  const row = sql(
    `SELECT min(at) AS at FROM (
       SELECT min(touched_at) + ? AS at FROM attack
       UNION ALL SELECT min(opened_at) + ? FROM attack
       UNION ALL SELECT min(max(r.next_try_at, coalesce(p.until, 0))) FROM report r
         LEFT JOIN sink_pause p ON p.sink = r.sink
         WHERE r.state = 'pending' AND r.sink IN (SELECT value FROM json_each(?))
       UNION ALL SELECT min(ends_at) + ? FROM day_event WHERE is_closed = 0)`,
  ).get(rules.periodMs, rules.maxHoldMs, JSON.stringify(rules.sinks), rules.maxHoldMs);
  return row?.at === null || row?.at === undefined ? undefined : Number(row.at);
}

/** Alert ids forgotten in one transaction, so that writers need not wait long. */
const PRUNE_AT_ONCE = 50_000;

const DAY = 24 * 60 * 60 * 1000;

/** How long a delivered report stays to be looked at. */
const KEEP_DELIVERED_MS = 7 * DAY;

/** A day's chart, and an hour for clocks that are changed. */
const KEEP_MINUTES_MS = DAY + 60 * 60_000;

/** Forgets what is older than its keep. */
export function prune(
  sql: Statements,
  keep: Keep,
  now: number,
): void {
  forgetAlerts(sql, now - keep.seenMs, PRUNE_AT_ONCE);
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
  settle(sql, now - keep.connectionMs);
  const old = now - keep.homeMs;
  for (const table of ["delivered_home", "sighting"]) {
    sql(
      `DELETE FROM ${table} WHERE (event_uuid, source_ip) IN
         (SELECT event_uuid, source_ip FROM home_event WHERE frozen_at < ?)`,
    ).run(old);
  }
  const homes = Number(sql("DELETE FROM home_event WHERE frozen_at < ?").run(old).changes);
  if (homes > 0) count(sql, KNOWN_SOURCES, -homes);
  sql("DELETE FROM sensor WHERE last_seen < ?").run(old);
  sql("DELETE FROM minute WHERE minute < ?").run(Math.floor((now - KEEP_MINUTES_MS) / 60_000));
  sql(
    `DELETE FROM delivered_home WHERE source_ip LIKE 'day %' AND event_uuid IN
       (SELECT event_uuid FROM day_event WHERE is_closed = 1 AND ends_at < ?)`,
  ).run(old);
  sql("DELETE FROM day_event WHERE is_closed = 1 AND ends_at < ?").run(old);
}

/** The connections, of sources with nothing open, that nobody has heard of since a time. */
const OVER = `SELECT source_ip, sensor, pid, max(max(sshd), max(pam_error)) AS guesses,
    max(pam) AS pam, max(connect) AS connect
  FROM attack_connection WHERE source_ip NOT IN (SELECT source_ip FROM attack)
  GROUP BY source_ip, sensor, pid HAVING max(touched_at) < ?`;

/** Adds connections that are over to the totals of their homes, so that they need no rows. */
function settle(sql: Statements, before: number): void {
  sql(
    `UPDATE home_event SET pam = home_event.pam + over.pam,
       guesses = home_event.guesses + over.guesses, connect = home_event.connect + over.connect
     FROM (SELECT source_ip, sum(guesses) AS guesses, sum(pam) AS pam, sum(connect) AS connect
       FROM (${OVER}) GROUP BY source_ip) AS over
     WHERE over.source_ip = home_event.source_ip`,
  ).run(before);
  sql(
    `DELETE FROM attack_connection WHERE (source_ip, sensor, pid) IN
       (SELECT source_ip, sensor, pid FROM (${OVER}))`,
  ).run(before);
}
