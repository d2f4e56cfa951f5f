/**
 * What rankings and searches read, and how long: the same in each engine. Pure.
 *
 * @module
 */
import { networkName } from "../activity.ts";
import { DAY, HOUR } from "../../clock.ts";
import type { ActivityKind, ActivityRow, SourceRecord } from "../../model.ts";

/** The hours of a bucket: rankings of up to a day read hours, longer ones days. */
export const HOUR_SPAN = 1;
export const DAY_SPAN = 24;

/** How long buckets are kept: what the longest ranking reads of them, and one more. */
const KEPT_HOURS = 26;
const KEPT_DAYS = 32;

/** Names of one kind that a day which is over keeps: those with the most attempts. */
export const KEPT_OF_A_DAY = 20_000;

const KINDS: readonly ActivityKind[] = [
  ...["all", "source", "username", "sensor", "technique", "country", "network"] as const,
];

/** A part of a bucket: several of the same bucket are added up. */
export type BucketPart = readonly [
  kind: ActivityKind,
  span: number,
  name: string,
  bucket: number,
  attempts: number,
];

/** What an attack did, by the buckets that are still kept. */
export function bucketsOf(rows: readonly ActivityRow[], now: number): readonly BucketPart[] {
  const oldestHour = Math.floor(now / HOUR) - KEPT_HOURS;
  const oldestDay = Math.floor(now / DAY) - KEPT_DAYS;
  return rows.flatMap(({ kind, name, hour, attempts }) => {
    const day = Math.floor(hour / DAY_SPAN);
    const parts: BucketPart[] = [];
    if (hour > oldestHour) parts.push([kind, HOUR_SPAN, name, hour, attempts]);
    if (day > oldestDay) parts.push([kind, DAY_SPAN, name, day, attempts]);
    return parts;
  });
}

/** By what a source can be found: kinds and names. */
export function namesOfRecord(
  { sourceLocation, usernames, sensors, techniques }: SourceRecord,
): readonly (readonly [kind: ActivityKind, name: string])[] {
  const of = (kind: ActivityKind, names: readonly (string | undefined)[]) =>
    names.filter((name) => name !== undefined).map((name) => [kind, name] as const);
  return [
    ...of("username", Object.keys(usernames)),
    ...of("sensor", sensors.map(({ sensor }) => sensor)),
    ...of("technique", techniques.map(({ id }) => id)),
    ...of("country", [sourceLocation?.countryCode]),
    ...of("network", [networkName(sourceLocation)]),
  ];
}

/** What is kept of the buckets. */
export function activityKept(now: number) {
  return {
    /** Of each span, the last bucket that is deleted. */
    spans: [
      [HOUR_SPAN, Math.floor(now / HOUR) - KEPT_HOURS],
      [DAY_SPAN, Math.floor(now / DAY) - KEPT_DAYS],
    ] as const,
    kinds: KINDS,
  };
}
