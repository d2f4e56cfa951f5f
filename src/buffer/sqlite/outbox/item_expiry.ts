/**
 * Files and URLs that expire after silence: which, and when the next one does.
 *
 * @module
 */
import type { Snapshot, SourceRecord } from "../../../model.ts";
import { endItems, REST_MS, silences, storedRecord } from "../../rows/expiry.ts";
import { EXPIRED_ITEMS } from "../../rows/names.ts";
import { count, type Statements } from "../sql.ts";
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
const SILENT = [
  `items_silent_from <= ? AND (snapshot_at <= ? OR last_seen >= items_silent_from + ${REST_MS})`,
  "items_silent_from > ? AND snapshot_at <= ?",
].map((condition) => `FROM source_record r WHERE ${condition} AND ${IS_QUIET}`);

/** Sources of which files or URLs have been silent for so long, the longest first. */
export function silentItems(
  sql: Statements,
  silentMs: number,
  most: number,
  now: number,
): readonly string[] {
  const times = silences(silentMs, now);
  return SILENT.flatMap((condition, at) =>
    sql(`SELECT source_ip ${condition} ORDER BY items_silent_from LIMIT ?`)
      .all(...times[at]!, most)
  ).slice(0, most).map((row) => String(row.source_ip));
}

/** Ends what is silent of a source. @returns how many files and URLs */
export function expireItems(
  sql: Statements,
  sourceIp: string,
  silentMs: number,
  now: number,
  build: (record: SourceRecord) => Snapshot,
): number {
  const times = silences(silentMs, now);
  const row = SILENT.map((condition, at) =>
    sql(`SELECT snapshot_at ${condition} AND source_ip = ?`).get(...times[at]!, sourceIp)
  ).find((found) => found !== undefined);
  if (row === undefined) return 0;
  const { record, ended } = endItems(
    ...[readRecord(sql, sourceIp)!, silentMs, now, Number(row.snapshot_at)] as const,
  );
  const { reports, ...rest } = build(record);
  writeReports(sql, { ...rest, reports: reports.filter((one) => hasSource(sql, one)) }, now);
  count(sql, EXPIRED_ITEMS, ended);
  return ended;
}

/** An event that a source has left. */
export interface LeftKey {
  /** Since when the first file or URL there is silent, milliseconds UTC. */
  readonly silentFrom: number;
  readonly eventUuid: string;
  readonly sourceIp: string;
}

/** Events that sources have left, where something has been silent for so long. */
export function silentLeftEvents(
  sql: Statements,
  silentMs: number,
  most: number,
  now: number,
): readonly LeftKey[] {
  return sql(
    `SELECT silent_from, event_uuid, source_ip FROM left_event WHERE silent_from <= ?
     ORDER BY silent_from LIMIT ?`,
  ).all(now - silentMs, most).map((row) => ({
    silentFrom: Number(row.silent_from),
    eventUuid: String(row.event_uuid),
    sourceIp: String(row.source_ip),
  }));
}

/** Ends what is silent in an event that its source has left. @returns how many files and URLs */
export function expireLeft(
  sql: Statements,
  { silentFrom, eventUuid, sourceIp }: LeftKey,
  silentMs: number,
  now: number,
  build: (record: SourceRecord) => Snapshot,
): number {
  const key = [silentFrom, eventUuid, sourceIp];
  const isIt = "silent_from = ? AND event_uuid = ? AND source_ip = ?";
  const row = sql(`SELECT record FROM left_event WHERE ${isIt}`).get(...key);
  if (row === undefined) return 0;
  const { record, ended } = endItems(storedRecord(row.record), silentMs, now, now);
  const { record: published, reports } = build(record);
  for (const report of reports) if (hasSource(sql, report)) writeReport(sql, report);
  sql(`DELETE FROM left_event WHERE ${isIt}`).run(...key);
  writeLeft(sql, published);
  count(sql, EXPIRED_ITEMS, ended);
  return ended;
}

/** When the next file or URL expires, milliseconds UTC; undefined: none will. */
export function nextItemExpiryAt(sql: Statements, silentMs: number): number | undefined {
  const row = sql(
    `SELECT min(at) AS at FROM (
       SELECT iif(last_seen >= items_silent_from + ${REST_MS}, items_silent_from + ?,
         max(items_silent_from + ?, snapshot_at + ${REST_MS})) AS at
       FROM (SELECT items_silent_from, last_seen, snapshot_at FROM source_record r
         WHERE items_silent_from IS NOT NULL AND ${IS_QUIET} ORDER BY items_silent_from LIMIT ?)
       UNION ALL SELECT min(silent_from) + ? FROM left_event)`,
  ).get(silentMs, silentMs, MOST_LOOKED_AT, silentMs);
  return row?.at === null || row?.at === undefined ? undefined : Number(row.at);
}
