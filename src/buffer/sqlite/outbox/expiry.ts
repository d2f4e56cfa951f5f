/**
 * Addresses that expire after silence: which, and when the next one does.
 *
 * @module
 */
import type { Snapshot, SourceRecord } from "../../../model.ts";
import { REST_MS, silences } from "../../rows/expiry.ts";
import { EXPIRED } from "../../rows/names.ts";
import { count, type Statements } from "../sql.ts";
import { hasSource, readRecord, writeReports } from "./snapshot.ts";

/** The rows of the index of sources that may expire (migrations/expiry.ts). */
export const IS_OFFERED = "reports > 0 AND retracted_at IS NULL AND expired_at IS NULL";

/** All other sources, as the index of those has it that may be forgotten (migrations/item_expiry.ts). */
export const IS_ENDED = "(reports = 0 OR retracted_at IS NOT NULL OR expired_at IS NOT NULL)";

/** A source whose attack is open is not silent. */
const IS_QUIET = "NOT EXISTS (SELECT 1 FROM attack a WHERE a.source_ip = r.source_ip)";

/** So many of the longest silent are looked at for when the next address expires. */
const MOST_LOOKED_AT = 100;

/** Those whose silence is over, and those of a sensor whose clock is ahead: then this machine's counts. */
const SILENT = ["last_seen <= ?", "last_seen > ?"].map((range) =>
  `SELECT source_ip FROM source_record r
   WHERE ${IS_OFFERED} AND ${range} AND snapshot_at <= ? AND ${IS_QUIET}`
);

/** Addresses that have been silent for so long, the longest first. */
export function silentSources(
  sql: Statements,
  silentMs: number,
  most: number,
  now: number,
): readonly string[] {
  const times = silences(silentMs, now);
  return SILENT.flatMap((query, at) =>
    sql(`${query} ORDER BY last_seen LIMIT ?`).all(...times[at]!, most)
  ).slice(0, most).map((row) => String(row.source_ip));
}

/**
 * Ends an address.
 *
 * @returns false when the source is not silent any more, or has expired already
 */
export function expire(
  sql: Statements,
  sourceIp: string,
  silentMs: number,
  now: number,
  build: (record: SourceRecord) => Snapshot,
): boolean {
  const times = silences(silentMs, now);
  const isSilent = SILENT.some((query, at) =>
    sql(`${query} AND source_ip = ?`).get(...times[at]!, sourceIp) !== undefined
  );
  if (!isSilent) return false;
  const { reports, ...rest } = build(readRecord(sql, sourceIp)!);
  writeReports(sql, { ...rest, reports: reports.filter((report) => hasSource(sql, report)) }, now);
  count(sql, EXPIRED, 1);
  return true;
}

/** When the next address expires, milliseconds UTC; undefined: none will. */
export function nextExpiryAt(sql: Statements, silentMs: number): number | undefined {
  const at = sql(
    `SELECT min(max(last_seen + ?, snapshot_at + ?)) AS at FROM
       (SELECT last_seen, snapshot_at FROM source_record r WHERE ${IS_OFFERED} AND ${IS_QUIET}
        ORDER BY last_seen LIMIT ?)`,
  ).get(silentMs, REST_MS, MOST_LOOKED_AT)?.at;
  return at === null || at === undefined ? undefined : Number(at);
}
