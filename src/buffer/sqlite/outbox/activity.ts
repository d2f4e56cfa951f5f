/**
 * What rankings and searches read, as snapshots write it and as time deletes it.
 *
 * @module
 */
import { networkName } from "../../activity.ts";
import type { ActivityRow, SourceRecord } from "../../../model.ts";
import type { Statements } from "../sql.ts";
import { type Upsert, writeRows } from "../upsert.ts";
import { DAY, HOUR } from "../../../clock.ts";

/** The hours of a bucket: rankings of up to a day read hours, longer ones days. */
export const HOUR_SPAN = 1;
export const DAY_SPAN = 24;

/** How long buckets are kept: what the longest ranking reads of them, and one more. */
const KEPT_HOURS = 26;
const KEPT_DAYS = 32;

/** Names of one kind that a day which is over keeps: those with the most attempts. */
const KEPT_OF_A_DAY = 20_000;

const BUCKETS: Upsert = {
  into: "INSERT INTO activity (kind, span, name, bucket, attempts)",
  columns: 5,
  onConflict: "ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts",
};

/** Adds what an attack did, hour by hour and day by day. */
export function writeActivity(sql: Statements, rows: readonly ActivityRow[], now: number): void {
  const oldestHour = Math.floor(now / HOUR) - KEPT_HOURS;
  const oldestDay = Math.floor(now / DAY) - KEPT_DAYS;
  writeRows(
    sql,
    BUCKETS,
    rows.flatMap(({ kind, name, hour, attempts }) => {
      const day = Math.floor(hour / DAY_SPAN);
      return [
        ...hour > oldestHour ? [kind, HOUR_SPAN, name, hour, attempts] : [],
        ...day > oldestDay ? [kind, DAY_SPAN, name, day, attempts] : [],
      ];
    }),
  );
}

/** Notes by what a source can be found. */
export function writeNames(sql: Statements, record: SourceRecord): void {
  const { sourceIp, sourceLocation, usernames, sensors, techniques } = record;
  const network = networkName(sourceLocation);
  const names: readonly (readonly [kind: ActivityRow["kind"], names: readonly string[]])[] = [
    ["username", Object.keys(usernames)],
    ["sensor", sensors.map(({ sensor }) => sensor)],
    ["technique", techniques.map(({ id }) => id)],
    ["country", sourceLocation?.countryCode === undefined ? [] : [sourceLocation.countryCode]],
    ["network", network === undefined ? [] : [network]],
  ];
  for (const [kind, of] of names) {
    for (const name of of) {
      sql("INSERT OR IGNORE INTO source_name (kind, name, source_ip) VALUES (?, ?, ?)")
        .run(kind, name, sourceIp);
    }
  }
}

/** Deletes buckets that no ranking reads any more, and the long tail of the day that ended last. */
export function pruneActivity(sql: Statements, now: number): void {
  const today = Math.floor(now / DAY);
  for (
    const [span, before] of [
      [HOUR_SPAN, Math.floor(now / HOUR) - KEPT_HOURS],
      [DAY_SPAN, today - KEPT_DAYS],
    ] as const
  ) {
    for (const kind of KINDS) {
      sql("DELETE FROM activity WHERE kind = ? AND span = ? AND bucket <= ?")
        .run(kind, span, before);
    }
  }
  for (const kind of KINDS) {
    sql(
      `DELETE FROM activity WHERE kind = ? AND span = ? AND bucket = ? AND attempts <
         (SELECT attempts FROM activity WHERE kind = ? AND span = ? AND bucket = ?
          ORDER BY attempts DESC LIMIT 1 OFFSET ?)`,
    ).run(kind, DAY_SPAN, today - 1, kind, DAY_SPAN, today - 1, KEPT_OF_A_DAY - 1);
  }
}

const KINDS: readonly ActivityRow["kind"][] = [
  ...["all", "source", "username", "sensor", "technique", "country", "network"] as const,
];
