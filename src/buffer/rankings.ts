/**
 * Who, what and where most attempts came from: what pages and commands ask.
 *
 * @module
 */
import type { ActivityKind } from "../model.ts";

/** What can be ranked. */
export type RankedKind = Exclude<ActivityKind, "all">;

/** The kinds, in the order in which they are shown. */
export const RANKED_KINDS: readonly RankedKind[] = [
  ...["source", "username", "technique", "sensor", "country", "network"] as const,
];

/** Over how long a ranking is. */
export type RankingSpan = "hour" | "day" | "week" | "month";

/** The spans, the shortest first. */
export const RANKING_SPANS: readonly RankingSpan[] = ["hour", "day", "week", "month"];

/** One name and its attempts. */
export interface RankingRow {
  readonly name: string;
  /** What people call it, where that is another text: a sensor's name, a network's operator. */
  readonly label: string | undefined;
  readonly attempts: number;
}

/** The names with most attempts, the first of them first. */
export interface Ranking {
  readonly kind: RankedKind;
  readonly rows: readonly RankingRow[];
  /** Whether no other name can have more attempts than the last row. */
  readonly isComplete: boolean;
}

/** Rankings over one span. */
export interface Rankings {
  /** Attempts since then are ranked, milliseconds UTC: the beginning of an hour or of a day. */
  readonly since: number;
  readonly rankings: readonly Ranking[];
}

/** Attempts by when they were made, the oldest first; times without attempts are left out. */
export interface History {
  readonly since: number;
  /** Length of each part, milliseconds. */
  readonly stepMs: number;
  readonly rows: readonly { readonly at: number; readonly attempts: number }[];
}
