/**
 * What rankings and searches read, as snapshots write it and as time deletes it.
 *
 * @module
 */
import { activityKept, type BucketPart, bucketsOf, namesOfRecord } from "../../rows/activity.ts";
import { lateSums, mayBeSummed } from "../../rows/summed_days.ts";
import type { ActivityRow, SourceRecord } from "../../../model.ts";
import { columnsOf } from "../columns.ts";
import { keyText } from "../keys.ts";
import type { Sql } from "../sql.ts";
import { readSummed } from "./summed_days.ts";

/** Adds what an attack did, hour by hour and day by day. */
export async function writeActivity(
  sql: Sql,
  activity: readonly ActivityRow[],
  now: number,
): Promise<void> {
  const parts = bucketsOf(activity, now);
  if (!mayBeSummed(activity, now)) return await writeParts(sql, parts);
  // Nobody takes a day into the sums until these attempts are there.
  const late = lateSums(parts, await readSummed(sql, true));
  await writeParts(sql, [...parts, ...late]);
}

async function writeParts(sql: Sql, parts: readonly BucketPart[]): Promise<void> {
  // Several hours of one day are one bucket, and a statement takes each row once.
  const sums = new Map<string, [string, number, string, number, number]>();
  for (const [kind, span, name, bucket, attempts] of parts) {
    const key = `${kind} ${span} ${bucket} ${name}`;
    const known = sums.get(key);
    if (known === undefined) sums.set(key, [kind, span, keyText(name), bucket, attempts]);
    else known[4] += attempts;
  }
  const rows = [...sums].sort(([one], [other]) => one < other ? -1 : 1).map(([, row]) => row);
  if (rows.length === 0) return;
  await sql(
    `INSERT INTO activity AS a (kind, span, name, bucket, attempts)
     SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
     ON CONFLICT (kind, span, name, bucket) DO UPDATE SET attempts = a.attempts + excluded.attempts`,
    ...columnsOf(rows, 5),
  );
}

/** Notes by what a source can be found. */
export async function writeNames(sql: Sql, record: SourceRecord): Promise<void> {
  const names = namesOfRecord(record);
  if (names.length === 0) return;
  await sql(
    `INSERT INTO source_name (kind, name, source_ip)
     SELECT kind, name, $3 FROM unnest($1::text[], $2::text[]) AS n (kind, name)
     ON CONFLICT DO NOTHING`,
    names.map(([kind]) => kind),
    names.map(([, name]) => keyText(name)),
    record.sourceIp,
  );
}

/** Deletes buckets that no ranking reads any more. */
export async function pruneActivity(sql: Sql, now: number): Promise<void> {
  const { spans } = activityKept(now);
  for (const [span, before] of spans) {
    await sql("DELETE FROM activity WHERE span = $1 AND bucket <= $2", span, before);
  }
}
