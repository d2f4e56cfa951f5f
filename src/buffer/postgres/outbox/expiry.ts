/**
 * Addresses that expire after silence: which, and when the next one does.
 *
 * @module
 */
import type { Snapshot, SourceRecord } from "../../../model.ts";
import { REST_MS, silences } from "../../rows/expiry.ts";
import { EXPIRED } from "../../rows/names.ts";
import { all, count, one, type Sql } from "../sql.ts";
import { hasSource, readRecord, writeReports } from "./snapshot.ts";

/** The rows of the index of sources that may expire (migrations/first.ts). */
export const IS_OFFERED = "reports > 0 AND retracted_at IS NULL AND expired_at IS NULL";

/** All other sources, as the index of those has it that may be forgotten (migrations/item_expiry.ts). */
export const IS_ENDED = "(reports = 0 OR retracted_at IS NOT NULL OR expired_at IS NOT NULL)";

/** A source whose attack is open is not silent. */
const IS_QUIET = "NOT EXISTS (SELECT 1 FROM attack a WHERE a.source_ip = r.source_ip)";

/** So many of the longest silent are looked at for when the next address expires. */
const MOST_LOOKED_AT = 100;

/** Those whose silence is over, and those of a sensor whose clock is ahead: then this machine's counts. */
const IS_SILENT = `${IS_OFFERED} AND ${IS_QUIET} AND
  (last_seen <= $1 AND snapshot_at <= $2 OR last_seen > $3 AND snapshot_at <= $4)`;

/** Addresses that have been silent for so long, the longest first. */
export async function silentSources(
  sql: Sql,
  silentMs: number,
  most: number,
  now: number,
): Promise<readonly string[]> {
  const rows = await all(
    sql,
    `SELECT source_ip FROM source_record r WHERE ${IS_SILENT} ORDER BY last_seen LIMIT $5`,
    ...silences(silentMs, now).flat(),
    most,
  );
  return rows.map((row) => String(row.source_ip));
}

/**
 * Ends an address.
 *
 * @returns false when the source is not silent any more, or has expired already
 */
export async function expire(
  sql: Sql,
  sourceIp: string,
  silentMs: number,
  now: number,
  build: (record: SourceRecord) => Snapshot,
): Promise<boolean> {
  const silent = await one(
    sql,
    `SELECT 1 FROM source_record r WHERE ${IS_SILENT} AND source_ip = $5 FOR UPDATE`,
    ...silences(silentMs, now).flat(),
    sourceIp,
  );
  if (silent === undefined) return false;
  const { reports, ...rest } = build((await readRecord(sql, sourceIp))!);
  const known = [];
  for (const report of reports) if (await hasSource(sql, report)) known.push(report);
  await writeReports(sql, { ...rest, reports: known }, now);
  count(sql, new Map([[EXPIRED, 1]]));
  return true;
}

/** When the next address expires, milliseconds UTC; undefined: none will. */
export async function nextExpiryAt(sql: Sql, silentMs: number): Promise<number | undefined> {
  const row = await one(
    sql,
    `SELECT min(greatest(last_seen + $1, snapshot_at + $2)) AS at FROM
       (SELECT last_seen, snapshot_at FROM source_record r WHERE ${IS_OFFERED} AND ${IS_QUIET}
        ORDER BY last_seen LIMIT $3) AS longest`,
    ...[silentMs, REST_MS, MOST_LOOKED_AT],
  );
  return row?.at === null || row?.at === undefined ? undefined : Number(row.at);
}
