/**
 * What rankings and searches read, as snapshots write it and as time deletes it.
 *
 * @module
 */
import { activityKept, bucketsOf, namesOfRecord } from "../../rows/activity.ts";
import type { ActivityRow, SourceRecord } from "../../../model.ts";
import { lateSums, mayBeSummed } from "../../rows/summed_days.ts";
import type { Statements } from "../sql.ts";
import { readSummed } from "./summed_days.ts";
import { type Upsert, writeRows } from "../upsert.ts";

const BUCKETS: Upsert = {
  into: "INSERT INTO activity (kind, span, name, bucket, attempts)",
  columns: 5,
  onConflict: "ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts",
};

/** Adds what an attack did, hour by hour and day by day. */
export function writeActivity(sql: Statements, rows: readonly ActivityRow[], now: number): void {
  const parts = bucketsOf(rows, now);
  writeRows(sql, BUCKETS, parts.flat());
  if (mayBeSummed(rows, now)) writeRows(sql, BUCKETS, lateSums(parts, readSummed(sql)).flat());
}

/** Notes by what a source can be found. */
export function writeNames(sql: Statements, record: SourceRecord): void {
  for (const [kind, name] of namesOfRecord(record)) {
    sql("INSERT OR IGNORE INTO source_name (kind, name, source_ip) VALUES (?, ?, ?)")
      .run(kind, name, record.sourceIp);
  }
}

/** Deletes buckets that no ranking reads any more. */
export function pruneActivity(sql: Statements, now: number): void {
  const { spans, kinds } = activityKept(now);
  for (const [span, before] of spans) {
    for (const kind of kinds) {
      sql("DELETE FROM activity WHERE kind = ? AND span = ? AND bucket <= ?")
        .run(kind, span, before);
    }
  }
}
