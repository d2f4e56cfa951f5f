/**
 * Files and URLs that expire after silence: which, and when the next one does.
 *
 * @module
 */
import type { NewReport, Snapshot, SourceRecord } from "../../../model.ts";
import { endItems, REST_MS, silences, storedRecord } from "../../rows/expiry.ts";
import { EXPIRED_ITEMS } from "../../rows/names.ts";
import { all, count, one, type Sql } from "../sql.ts";
import { writeLeft } from "./left_event.ts";
import { hasSource, readRecord, writeReport, writeReports } from "./snapshot.ts";

/** What an open attack brings may be what is silent: its snapshot says so. */
const IS_QUIET = `NOT EXISTS (SELECT 1 FROM attack_session_item a
  WHERE a.source_ip = r.source_ip AND a.kind IN (3, 4))`;

/** So many of the longest silent are looked at for when the next one expires. */
const MOST_LOOKED_AT = 100;

/**
 * Sources of which something has been silent for long enough, unless they were reported just now and not
 * seen for long after it; and those of a sensor whose clock is ahead: then this machine's counts.
 */
const IS_SILENT = `${IS_QUIET} AND (items_silent_from <= $1
    AND (snapshot_at <= $2 OR last_seen >= items_silent_from + ${REST_MS})
  OR items_silent_from > $3 AND snapshot_at <= $4)`;

/** Sources of which files or URLs have been silent for so long, the longest first. */
export async function silentItems(
  sql: Sql,
  silentMs: number,
  most: number,
  now: number,
): Promise<readonly string[]> {
  const rows = await all(
    sql,
    `SELECT source_ip FROM source_record r WHERE ${IS_SILENT} ORDER BY items_silent_from LIMIT $5`,
    ...silences(silentMs, now).flat(),
    most,
  );
  return rows.map((row) => String(row.source_ip));
}

/** Ends what is silent of a source. @returns how many files and URLs */
export async function expireItems(
  sql: Sql,
  sourceIp: string,
  silentMs: number,
  now: number,
  build: (record: SourceRecord) => Snapshot,
): Promise<number> {
  const row = await one(
    sql,
    `SELECT snapshot_at FROM source_record r WHERE ${IS_SILENT} AND source_ip = $5 FOR UPDATE`,
    ...silences(silentMs, now).flat(),
    sourceIp,
  );
  if (row === undefined) return 0;
  const known = (await readRecord(sql, sourceIp))!;
  const { record, ended } = endItems(known, silentMs, now, Number(row.snapshot_at));
  const { reports, ...rest } = build(record);
  await writeReports(sql, { ...rest, reports: await toKnown(sql, reports) }, now);
  await count(sql, new Map([[EXPIRED_ITEMS, ended]]));
  return ended;
}

/** The reports to sinks that have the source. */
async function toKnown(sql: Sql, reports: readonly NewReport[]): Promise<readonly NewReport[]> {
  const found: NewReport[] = [];
  for (const report of reports) if (await hasSource(sql, report)) found.push(report);
  return found;
}

/** An event that a source has left. */
export interface LeftKey {
  /** Since when the first file or URL there is silent, milliseconds UTC. */
  readonly silentFrom: number;
  readonly eventUuid: string;
  readonly sourceIp: string;
}

/** Events that sources have left, where something has been silent for so long. */
export async function silentLeftEvents(
  sql: Sql,
  silentMs: number,
  most: number,
  now: number,
): Promise<readonly LeftKey[]> {
  const rows = await all(
    sql,
    `SELECT silent_from, event_uuid, source_ip FROM left_event WHERE silent_from <= $1
     ORDER BY silent_from LIMIT $2`,
    ...[now - silentMs, most],
  );
  return rows.map((row) => ({
    silentFrom: Number(row.silent_from),
    eventUuid: String(row.event_uuid),
    sourceIp: String(row.source_ip),
  }));
}

/** Ends what is silent in an event that its source has left. @returns how many files and URLs */
export async function expireLeft(
  sql: Sql,
  { silentFrom, eventUuid, sourceIp }: LeftKey,
  silentMs: number,
  now: number,
  build: (record: SourceRecord) => Snapshot,
): Promise<number> {
  const row = await one(
    sql,
    `DELETE FROM left_event WHERE silent_from = $1 AND event_uuid = $2 AND source_ip = $3
     RETURNING record`,
    ...[silentFrom, eventUuid, sourceIp],
  );
  if (row === undefined) return 0;
  const { record, ended } = endItems(storedRecord(row.record), silentMs, now, now);
  const { record: published, reports } = build(record);
  for (const report of await toKnown(sql, reports)) await writeReport(sql, report);
  await writeLeft(sql, published);
  await count(sql, new Map([[EXPIRED_ITEMS, ended]]));
  return ended;
}

/** When the next file or URL expires, milliseconds UTC; undefined: none will. */
export async function nextItemExpiryAt(sql: Sql, silentMs: number): Promise<number | undefined> {
  const row = await one(
    sql,
    `SELECT min(at) AS at FROM (
       SELECT CASE WHEN last_seen >= items_silent_from + ${REST_MS}
         THEN items_silent_from + $1::bigint
         ELSE greatest(items_silent_from + $1::bigint, snapshot_at + ${REST_MS}) END AS at
       FROM (SELECT items_silent_from, last_seen, snapshot_at FROM source_record r
         WHERE items_silent_from IS NOT NULL AND ${IS_QUIET}
         ORDER BY items_silent_from LIMIT $2) AS longest
       UNION ALL SELECT min(silent_from) + $1::bigint FROM left_event) AS times`,
    ...[silentMs, MOST_LOOKED_AT],
  );
  return row?.at === null || row?.at === undefined ? undefined : Number(row.at);
}
