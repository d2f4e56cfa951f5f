/**
 * The reports that are tried next, with all that their sinks need.
 *
 * @module
 */
import type { Report, Sighting, SinkName } from "../../../model.ts";
import { reportOf, sightingOf } from "../../rows/report.ts";
import { Damage } from "../errors.ts";
import type { Statements } from "../sql.ts";
import { LATEST, pausedUntil } from "./due.ts";
import { newestOf } from "./newest_delivery.ts";

const REPORT =
  `SELECT r.uuid, r.sink, r.source_ip, r.event_uuid, r.attempts, r.snapshot_at, r.tries,
    r.next_try_at, b.body,
    r.tries = 0 AND r.ended_at IS NOT NULL AND r.next_try_at > r.snapshot_at AS has_failed, json_valid(b.body) AS is_whole,
    EXISTS (SELECT 1 FROM delivery d WHERE d.event_uuid = r.event_uuid AND d.sink = r.sink) AS known,
    (SELECT last_published FROM delivery d WHERE d.event_uuid = r.event_uuid AND d.sink = r.sink
      AND d.source_ip = r.source_ip) AS last_published
  FROM report r LEFT JOIN report_body b ON b.uuid = r.uuid AND b.sink = r.sink
  WHERE r.state = 'pending' AND r.sink = ?`;

/**
 * The pending reports whose time has come, oldest first.
 *
 * @param at milliseconds UTC; Infinity: all
 * @throws {Damage} a report is not JSON
 */
export function reportsToTry(
  sql: Statements,
  sinks: readonly SinkName[],
  most: number,
  at: number,
): readonly Report[] {
  const now = Math.min(at, LATEST);
  const rows = sinks.filter((sink) => pausedUntil(sql, sink, now) <= now).flatMap((sink) => [
    ...sql(`${REPORT} AND r.next_try_at <= ? ORDER BY r.next_try_at LIMIT ?`).all(sink, now, most),
    // Dated by a clock that was set back since: due at once.
    ...sql(`${REPORT} AND r.dated_at > ? AND r.next_try_at > ? ORDER BY r.dated_at LIMIT ?`)
      .all(sink, now, now, most),
  ]).sort((one, other) => Number(one.next_try_at) - Number(other.next_try_at)).slice(0, most);
  // Pages of a long text can be lost without SQLite's noticing: no sink could ever accept it.
  if (rows.some((row) => row.is_whole !== 1)) throw new Damage("a report is not JSON");
  const newest = new Map<string, string>();
  return rows.map((row) => ({
    ...reportOf(
      row,
      sightingsOf(sql, String(row.event_uuid), String(row.sink), String(row.source_ip)),
    ),
    ...newestOf(sql, row, newest),
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
  ).all(eventUuid, sink, sourceIp).map(sightingOf);
}
