/**
 * Sums over days that are over: a ranking over a month reads one list of them, and not thirty. Pure.
 *
 * A name has one row of {@link SUM_SPAN} in `activity`: the sum of its rows of the days that
 * `activity_summed` names for its kind. A day is added when it is over, and taken off when it is too old.
 *
 * @module
 */
import type { ActivityKind, ActivityRow } from "../../model.ts";
import { DAY, HOUR } from "../../clock.ts";
import { type BucketPart, DAY_SPAN } from "./activity.ts";
import type { Buckets } from "./ranking.ts";
import { optional, type Row } from "./row.ts";

/** The span of sums, hours, and their one bucket. */
export const SUM_SPAN = 720;
/** See {@link SUM_SPAN}. */
export const SUM_BUCKET = 0;

/** Days of a month, beside the one that is not over. */
export const MONTH_DAYS = 30;

/** Kinds whose sums are kept: those that are ranked, in the order in which their rows are locked. */
export const SUMMED_KINDS: readonly ActivityKind[] = [
  ...["country", "network", "sensor", "source", "technique", "username"] as const,
];

/** Rows of sums that one transaction deletes, and rows after which it ends. */
export const SUMS_AT_ONCE = 20_000;

/** From which day to which; the last comes before the first where there is none. */
export interface Days {
  readonly first: number;
  readonly last: number;
}

/** What is known of the sums of a kind. */
export type Summed = Days | "none" | "deleting";

/** What `activity_summed` says of a kind. @param row undefined: it has none */
export function summedOf(row: Row | undefined): Summed {
  if (row === undefined) return "none";
  const [first, last] = [optional(row.first_day), optional(row.last_day)];
  return first === undefined || last === undefined ? "deleting" : { first, last };
}

/** What is done next with the sums of a kind. */
export type Step =
  /** Delete some; where none remain, begin with these days. */
  | { readonly kind: "delete"; readonly then: Days }
  | { readonly kind: "begin"; readonly days: Days }
  | { readonly kind: "takeOff" | "add"; readonly day: number; readonly days: Days };

/**
 * What is done next.
 *
 * @param now milliseconds UTC
 * @returns undefined: the sums are those of the month that ends now
 */
export function nextStep(summed: Summed, now: number): Step | undefined {
  const today = Math.floor(now / DAY);
  const first = today - MONTH_DAYS;
  const none: Days = { first, last: first - 1 };
  if (summed === "none") return { kind: "begin", days: none };
  if (summed === "deleting") return { kind: "delete", then: none };
  const isEmpty = summed.last < summed.first;
  if (isEmpty && summed.first !== first) return { kind: "begin", days: none };
  // The rows of days before are no longer there to be taken off, and a clock may have been set back.
  if (summed.first < first - 1 || summed.last >= today) return { kind: "delete", then: none };
  if (summed.first < first) {
    const days = { first: summed.first + 1, last: summed.last };
    return { kind: "takeOff", day: summed.first, days };
  }
  if (summed.last >= today - 1) return undefined;
  return {
    kind: "add",
    day: summed.last + 1,
    days: { first: summed.first, last: summed.last + 1 },
  };
}

/**
 * Where the attempts of buckets are found: in sums and in the days beside them, or in the buckets alone.
 *
 * @param summed undefined: there are no sums
 */
export function summedRanges(
  buckets: Buckets,
  summed: Summed | undefined,
): readonly Buckets[] {
  const { span, first, last } = buckets;
  if (span !== DAY_SPAN || summed === undefined || typeof summed === "string") return [buckets];
  // Sums of days that the ranking does not have cannot be used.
  if (summed.first < first || summed.last > last || summed.last < summed.first) return [buckets];
  return [
    { span: SUM_SPAN, first: SUM_BUCKET, last: SUM_BUCKET },
    { span, first, last: summed.first - 1 },
    { span, first: summed.last + 1, last },
  ].filter((range) => range.first <= range.last);
}

/** What late attempts add to sums that have their day already. */
export function lateSums(
  parts: readonly BucketPart[],
  summed: ReadonlyMap<ActivityKind, Summed>,
): readonly BucketPart[] {
  return parts.flatMap(([kind, span, name, bucket, attempts]): BucketPart[] => {
    const days = summed.get(kind);
    if (span !== DAY_SPAN || days === undefined || typeof days === "string") return [];
    if (bucket < days.first || bucket > days.last) return [];
    return [[kind, SUM_SPAN, name, SUM_BUCKET, attempts]];
  });
}

/**
 * Whether some of these attempts may be of a day that is over, and in the sums. Clocks of several machines
 * differ by less than an hour.
 *
 * @param now milliseconds UTC
 */
export function mayBeSummed(rows: readonly ActivityRow[], now: number): boolean {
  const today = Math.floor((now + HOUR) / DAY);
  return rows.some(({ hour }) => Math.floor(hour / DAY_SPAN) < today);
}
