/**
 * Rankings over a span, as the lists of its buckets say. Pure.
 *
 * @module
 */
import type { ActivityRow } from "../../model.ts";
import type { History, RankedKind, RankingSpan } from "../rankings.ts";
import { networkName } from "../activity.ts";
import { HOUR } from "../../clock.ts";
import { isHidden, type StandingOf } from "../../guard/standing.ts";
import { DAY_SPAN, HOUR_SPAN } from "./activity.ts";
import type { OpenAttack } from "./open_attack.ts";
import type { Row } from "./row.ts";

/** How far the list of each bucket is read, in steps. */
export const DEPTHS = [50, 200, 800];

/** The buckets of a span, which ends with the one of now. */
export interface Buckets {
  readonly span: number;
  readonly first: number;
  readonly last: number;
}

const BUCKETS: Readonly<Record<RankingSpan, { readonly span: number; readonly count: number }>> = {
  hour: { span: HOUR_SPAN, count: 1 },
  day: { span: HOUR_SPAN, count: 24 },
  week: { span: DAY_SPAN, count: 7 },
  month: { span: DAY_SPAN, count: 30 },
};

/** The bucket of now, and as many before it as the span has. */
export function bucketsOf(span: RankingSpan, now: number): Buckets {
  const { span: length, count } = BUCKETS[span];
  const last = Math.floor(now / (length * HOUR));
  return { span: length, first: last - count, last };
}

/** What open attacks add to each name within the buckets. */
export function sumByName(rows: readonly ActivityRow[], kind: RankedKind, buckets: Buckets) {
  const sums = new Map<string, number>();
  for (const row of rows) {
    const bucket = Math.floor(row.hour / buckets.span);
    if (row.kind !== kind || bucket < buckets.first || bucket > buckets.last) continue;
    sums.set(row.name, (sums.get(row.name) ?? 0) + row.attempts);
  }
  return sums;
}

/**
 * Which sources are ranked: those that pages show, unless they were taken back.
 *
 * @param takenBack `source_ip` and `retracted_at`; an open attack undoes that an address expired
 */
export function rankedSources(
  takenBack: readonly Row[],
  open: ReadonlyMap<string, OpenAttack>,
  standing: StandingOf | undefined,
): (name: string) => boolean {
  const left = new Set(
    takenBack.filter((row) => row.retracted_at !== null || !open.has(String(row.source_ip)))
      .map((row) => String(row.source_ip)),
  );
  return (name) => !left.has(name) && !(standing !== undefined && isHidden(standing(name), false));
}

/** The names of one kind, as further lists and sums say how many attempts each has. */
export class RankedNames {
  readonly #open: ReadonlyMap<string, number>;
  readonly #most: number;
  readonly #isRanked: (name: string) => boolean;
  readonly #sums = new Map<string, number>();
  /** What a name has at most that is in none of the lists so far. */
  #below = 0;
  #names = new Set<string>();
  rows: readonly (readonly [name: string, attempts: number])[] = [];
  /** Whether no other name can have more attempts than the last row. */
  isComplete = false;

  /** @param open what open attacks add to each name */
  constructor(
    open: ReadonlyMap<string, number>,
    most: number,
    isRanked: (name: string) => boolean,
  ) {
    this.#open = open;
    this.#most = most;
    this.#isRanked = isRanked;
  }

  /** Begins lists of a greater depth. */
  begin(): void {
    this.#below = 0;
    this.#names = new Set(
      this.#sums.size === 0 ? this.#open.keys().filter(this.#isRanked) : [],
    );
  }

  /** Takes the list of one bucket. */
  addList(list: readonly Row[], depth: number): void {
    for (const row of list) {
      const name = String(row.name);
      if (!this.#sums.has(name) && this.#isRanked(name)) this.#names.add(name);
    }
    if (list.length === depth) this.#below += Number(list.at(-1)!.attempts);
  }

  /** The names whose sums are not known yet. */
  get missing(): readonly string[] {
    return [...this.#names];
  }

  /** Takes the sums of these names. @returns whether greater depths change nothing */
  end(sums: readonly Row[]): boolean {
    for (const row of sums) this.#sums.set(String(row.name), Number(row.attempts));
    for (const name of this.#names) {
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + (this.#open.get(name) ?? 0));
    }
    this.rows = [...this.#sums].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .slice(0, this.#most);
    const least = this.rows.length === this.#most ? this.rows.at(-1)![1] : 0;
    this.isComplete = least >= this.#below;
    // A name that is in none of the lists may have as many, and come before it as text.
    return this.#below === 0 || least > this.#below;
  }
}

/** Whose history it is: of all, of one source, of one sensor. */
export interface HistoryName {
  readonly kind: ActivityRow["kind"];
  readonly name: string;
}

/** Of all sources. */
export const HISTORY_OF_ALL: HistoryName = { kind: "all", name: "" };

/** What open attacks call sensors and networks: no record has it before their first snapshot. */
export function openLabels(
  open: ReadonlyMap<string, OpenAttack>,
  kind: RankedKind,
): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const { sensors, location } of open.values()) {
    if (kind === "sensor") { for (const { sensor, name } of sensors) labels.set(sensor, name); }
    const network = kind === "network" ? networkName(location) : undefined;
    if (network === undefined || location?.organisation === undefined) continue;
    labels.set(network, location.organisation);
  }
  return labels;
}

/** When attempts were made, by the rows of buckets and what open attacks add. */
export function historyOf(
  rows: readonly Row[],
  open: Iterable<OpenAttack>,
  buckets: Buckets,
  of: HistoryName,
): History {
  const sums = new Map(rows.map((row) => [Number(row.bucket), Number(row.attempts)]));
  for (const attack of open) {
    for (const row of attack.activity) {
      const bucket = Math.floor(row.hour / buckets.span);
      if (row.kind !== of.kind || row.name !== of.name) continue;
      if (bucket < buckets.first || bucket > buckets.last) continue;
      sums.set(bucket, (sums.get(bucket) ?? 0) + row.attempts);
    }
  }
  const stepMs = buckets.span * HOUR;
  return {
    since: buckets.first * stepMs,
    stepMs,
    rows: [...sums].sort(([one], [other]) => one - other)
      .map(([bucket, attempts]) => ({ at: bucket * stepMs, attempts })),
  };
}
