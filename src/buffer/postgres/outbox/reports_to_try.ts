/**
 * The reports that are tried next, with all that their sinks need.
 *
 * @module
 */
import type { Report, SinkName } from "../../../model.ts";
import { reportOf, sightingOf } from "../../rows/report.ts";
import type { Row } from "../trip.ts";
import { all, one, type Sql } from "../sql.ts";
import { LATEST, pausedUntil } from "./due.ts";

const REPORT =
  `SELECT r.uuid, r.sink, r.source_ip, r.event_uuid, r.attempts, r.snapshot_at, r.tries,
    r.next_try_at, b.body,
    r.tries = 0 AND r.ended_at IS NOT NULL AND r.next_try_at > r.snapshot_at AS has_failed,
    EXISTS (SELECT 1 FROM delivery d WHERE d.event_uuid = r.event_uuid AND d.sink = r.sink) AS known,
    (SELECT last_published FROM delivery d WHERE d.event_uuid = r.event_uuid AND d.sink = r.sink
      AND d.source_ip = r.source_ip) AS last_published
  FROM report r LEFT JOIN report_body b ON b.uuid = r.uuid AND b.sink = r.sink
  WHERE r.state = 'pending' AND r.sink = $1`;

/** The pending reports whose time has come, oldest first. @param at milliseconds UTC; Infinity: all */
export async function reportsToTry(
  sql: Sql,
  sinks: readonly SinkName[],
  most: number,
  at: number,
): Promise<readonly Report[]> {
  const now = Math.min(at, LATEST);
  const found: Row[] = [];
  for (const sink of sinks) {
    if (await pausedUntil(sql, sink, now) > now) continue;
    found.push(
      ...await all(
        sql,
        `${REPORT} AND r.next_try_at <= $2 ORDER BY r.next_try_at, r.uuid LIMIT $3`,
        ...[sink, now, most],
      ),
      // Dated by a clock that was set back since: due at once.
      ...await all(
        sql,
        `${REPORT} AND r.dated_at > $2 AND r.next_try_at > $2 ORDER BY r.dated_at LIMIT $3`,
        ...[sink, now, most],
      ),
    );
  }
  const rows = found.sort((one, other) => Number(one.next_try_at) - Number(other.next_try_at))
    .slice(0, most);
  const reports: Report[] = [];
  const newest = new Map<string, string>();
  for (const row of rows) {
    const sightings = await all(
      sql,
      `SELECT uuid, attribute_uuid, source, kind, seen_at FROM sighting
       WHERE event_uuid = $1 AND sink = $2 AND source_ip = $3 ORDER BY seen_at, uuid`,
      ...[String(row.event_uuid), String(row.sink), String(row.source_ip)],
    );
    reports.push({
      ...reportOf(row, sightings.map(sightingOf)),
      ...await newestOf(sql, row, newest),
    });
  }
  return reports;
}

/** Sources that share an event share what its newest delivery left: it is read once for all of them. */
async function newestOf(
  sql: Sql,
  row: Row,
  read: Map<string, string>,
): Promise<Pick<Report, "eventLastPublished">> {
  if (row.known !== true) return {};
  const key = `${row.event_uuid} ${row.sink}`;
  const eventLastPublished = read.get(key) ?? String(
    (await one(
      sql,
      `SELECT last_published FROM delivery WHERE event_uuid = $1 AND sink = $2
       ORDER BY delivered_at DESC LIMIT 1`,
      String(row.event_uuid),
      String(row.sink),
    ))?.last_published ?? "",
  );
  read.set(key, eventLastPublished);
  return { eventLastPublished };
}
