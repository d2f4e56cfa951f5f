/**
 * Rankings over a span, read by index: the buckets of the span each have their names in the order of
 * their attempts. The lists are read from the top until nothing below can come among the first.
 *
 * @module
 */
import type { ActivityRow } from "../../../model.ts";
import { HOUR } from "../../../clock.ts";
import type {
  History,
  RankedKind,
  Ranking,
  RankingRow,
  Rankings,
  RankingSpan,
} from "../../rankings.ts";
import type { StandingOf } from "../../../guard/standing.ts";
import type { OpenAttack } from "../../rows/open_attack.ts";
import {
  type Buckets,
  bucketsOf,
  HISTORY_OF_ALL,
  type HistoryName,
  historyOf,
  openLabels,
  rankedSources,
} from "../../rows/ranking.ts";
import { summedRanges } from "../../rows/summed_days.ts";
import { readSummed } from "../outbox/summed_days.ts";
import type { Statements } from "../sql.ts";

/** How much is read. */
interface Bounds {
  /** How far the list of each bucket is read, in steps. */
  readonly depths: readonly number[];
  /** Names that are looked up in every bucket. */
  readonly summed: number;
}

/** For pages, which must not cost more where more is known. */
const PAGE: Bounds = { depths: [50, 400], summed: 300 };
/** For commands, which have to be exact. */
const ALL = Number.MAX_SAFE_INTEGER;
const WHOLE: Bounds = { depths: [50, 400, ALL], summed: ALL };

/** What a ranking is asked for by. */
interface Asked {
  readonly span: RankingSpan;
  readonly now: number;
  readonly most: number;
  /** Exact, however long that takes. */
  readonly isWhole?: boolean;
  /** What becomes of addresses; undefined: nobody asks. */
  readonly standing?: StandingOf | undefined;
}

/** Ranks each kind. */
export function readRankings(
  sql: Statements,
  open: ReadonlyMap<string, OpenAttack>,
  kinds: readonly RankedKind[],
  { span, now, most, isWhole = false, standing }: Asked,
): Rankings {
  const buckets = bucketsOf(span, now);
  const since = buckets.first * buckets.span * HOUR;
  const sums = sumByName(open, buckets);
  const summed = readSummed(sql);
  return {
    since,
    rankings: kinds.map((kind) => {
      const ofKind = sums.get(kind) ?? new Map();
      const isRanked = kind === "source"
        ? rankedSources(takenBack(sql, since), open, standing)
        : () => true;
      const ranges = summedRanges(buckets, summed.get(kind));
      const bounds = { most, isRanked, ...isWhole ? WHOLE : PAGE };
      const ranked = rank(sql, ofKind, kind, ranges, bounds);
      const labels = openLabels(open, kind);
      return {
        ...ranked,
        rows: ranked.rows.map((row) => ({ ...row, label: labels.get(row.name) ?? row.label })),
      };
    }),
  };
}

/** Sources that were withdrawn, and those that expired and may have attempts since then. */
function takenBack(sql: Statements, since: number) {
  return sql(
    `SELECT source_ip, retracted_at FROM source_record WHERE retracted_at IS NOT NULL
     UNION ALL SELECT source_ip, retracted_at FROM source_record WHERE expired_at >= ?`,
  ).all(since);
}

/** What open attacks add to each name of each kind within the buckets. */
function sumByName(
  open: ReadonlyMap<string, OpenAttack>,
  { span, first, last }: Buckets,
): ReadonlyMap<ActivityRow["kind"], ReadonlyMap<string, number>> {
  const sums = new Map<ActivityRow["kind"], Map<string, number>>();
  for (const { activity } of open.values()) {
    for (const { kind, name, hour, attempts } of activity) {
      const bucket = Math.floor(hour / span);
      if (bucket < first || bucket > last) continue;
      let ofKind = sums.get(kind);
      if (ofKind === undefined) sums.set(kind, ofKind = new Map());
      ofKind.set(name, (ofKind.get(name) ?? 0) + attempts);
    }
  }
  return sums;
}

function rank(
  sql: Statements,
  open: ReadonlyMap<string, number>,
  kind: RankedKind,
  ranges: readonly Buckets[],
  { most, isRanked, depths, summed }: Bounds & {
    readonly most: number;
    readonly isRanked: (name: string) => boolean;
  },
): Ranking {
  let rows: readonly (readonly [name: string, attempts: number])[] = [];
  let isComplete = false;
  for (const depth of depths) {
    const { names, below } = readLists(sql, open, kind, ranges, depth);
    for (const name of names.keys()) if (!isRanked(name)) names.delete(name);
    const least = Float64Array.from(names.values(), ({ sum }) => sum).sort().at(-most) ?? 0;
    // A name that cannot come among the first is not looked up in the other buckets.
    const possible = [...names].filter(([, { sum, missing }]) => sum + missing >= least);
    const isLast = depth === depths.at(-1);
    if (possible.length > summed && !isLast) continue;
    possible.sort(([, one], [, other]) => other.sum - one.sum);
    rows = totals(sql, open, kind, ranges, possible.slice(0, summed))
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, most);
    const last = rows.length === most ? rows.at(-1)![1] : 0;
    isComplete = last >= below && possible.length <= summed;
    // A name that is in none of the lists may have as many, and come before it as text.
    if (below === 0 || last > below) break;
  }
  return {
    kind,
    rows: rows.map(([name, attempts]) => ({ name, attempts, label: labelOf(sql, kind, name) })),
    isComplete,
  };
}

/** What is known of a name from the tops of the lists. */
interface Partial {
  /** What it has at least. */
  sum: number;
  /** What it has more at most: the buckets whose lists end before it. */
  missing: number;
}

/** Reads the tops of the lists. `below`: what a name has at most that is in none of them. */
function readLists(
  sql: Statements,
  open: ReadonlyMap<string, number>,
  kind: RankedKind,
  ranges: readonly Buckets[],
  depth: number,
): { readonly names: Map<string, Partial>; readonly below: number } {
  const names = new Map<string, Partial>();
  for (const [name, attempts] of open) names.set(name, { sum: attempts, missing: 0 });
  let below = 0;
  for (const { span, first, last } of ranges) {
    for (let bucket = first; bucket <= last; bucket++) {
      // A row of one text is read several times as fast as thousands of rows.
      const row = sql(
        `SELECT json_group_array(name) AS names, json_group_array(attempts) AS attempts,
           min(attempts) AS least
         FROM (SELECT name, attempts FROM activity WHERE kind = ? AND span = ? AND bucket = ?
           ORDER BY attempts DESC LIMIT ?)`,
      ).get(kind, span, bucket, depth)!;
      const list: readonly string[] = JSON.parse(String(row.names));
      const attempts: readonly number[] = JSON.parse(String(row.attempts));
      const least = list.length === depth ? Number(row.least) : 0;
      below += least;
      list.forEach((name, index) => {
        let partial = names.get(name);
        if (partial === undefined) names.set(name, partial = { sum: 0, missing: 0 });
        partial.sum += attempts[index]!;
        partial.missing -= least;
      });
    }
  }
  for (const partial of names.values()) partial.missing += below;
  return { names, below };
}

/** What names have in all buckets, and in open attacks. */
function totals(
  sql: Statements,
  open: ReadonlyMap<string, number>,
  kind: RankedKind,
  ranges: readonly Buckets[],
  names: readonly (readonly [name: string, partial: Partial])[],
): (readonly [name: string, attempts: number])[] {
  const whole = names.filter(([, { missing }]) => missing === 0);
  const partial = names.filter(([, { missing }]) => missing > 0).map(([name]) => name);
  const sums = new Map<string, number>();
  for (const buckets of ranges) {
    for (const row of sumsOf(sql, kind, buckets, partial)) {
      const name = String(row.name);
      sums.set(name, (sums.get(name) ?? 0) + Number(row.attempts));
    }
  }
  return [
    ...whole.map(([name, { sum }]) => [name, sum] as const),
    ...partial.map((name) => [name, (sums.get(name) ?? 0) + (open.get(name) ?? 0)] as const),
  ];
}

function sumsOf(
  sql: Statements,
  kind: RankedKind,
  { span, first, last }: Buckets,
  names: readonly string[],
) {
  return sql(
    `SELECT name, sum(attempts) AS attempts
     FROM json_each(?) n CROSS JOIN activity ON kind = ? AND span = ? AND name = n.value
     WHERE bucket BETWEEN ? AND ? GROUP BY name`,
  ).all(JSON.stringify(names), kind, span, first, last);
}

function labelOf(sql: Statements, kind: RankedKind, name: string): RankingRow["label"] {
  if (kind === "sensor") {
    const row = sql("SELECT name FROM sensor WHERE sensor = ?").get(name);
    return row === undefined ? undefined : String(row.name);
  }
  if (kind !== "network") return undefined;
  const row = sql(
    `SELECT json_extract(r.detail, '$.sourceLocation.organisation') AS label
     FROM source_name n JOIN source_record r ON r.source_ip = n.source_ip
     WHERE n.kind = 'network' AND n.name = ? LIMIT 1`,
  ).get(name);
  return typeof row?.label === "string" ? row.label : undefined;
}

/**
 * When attempts were made: all, or those of one name.
 *
 * @param attacks those that are open and may belong to it
 */
export function readHistory(
  sql: Statements,
  attacks: Iterable<OpenAttack>,
  { span, now, of = HISTORY_OF_ALL }: {
    readonly span: RankingSpan;
    readonly now: number;
    readonly of?: HistoryName;
  },
): History {
  const buckets = bucketsOf(span, now);
  const rows = sql(
    `SELECT bucket, attempts FROM activity
     WHERE kind = ? AND span = ? AND name = ? AND bucket BETWEEN ? AND ?`,
  ).all(of.kind, buckets.span, of.name, buckets.first, buckets.last);
  return historyOf(rows, attacks, buckets, of);
}
