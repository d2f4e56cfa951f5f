/**
 * Rankings over a span, read by index: the buckets of the span each have their names in the order of
 * their attempts. The lists are read from the top until nothing below can come among the first.
 *
 * @module
 */
import type { ActivityRow } from "../../../model.ts";
import type {
  History,
  RankedKind,
  Ranking,
  RankingRow,
  Rankings,
  RankingSpan,
} from "../../rankings.ts";
import type { OpenAttack } from "./open_attacks.ts";
import type { Statements } from "../sql.ts";
import { DAY_SPAN, HOUR_SPAN } from "../../rows/activity.ts";
import { HOUR } from "../../../clock.ts";

/** How far the list of each bucket is read, in steps. */
const DEPTHS = [50, 200, 800];

/** The buckets of a span, which ends with the one of now. */
interface Buckets {
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
function bucketsOf(span: RankingSpan, now: number): Buckets {
  const { span: length, count } = BUCKETS[span];
  const last = Math.floor(now / (length * HOUR));
  return { span: length, first: last - count, last };
}

/** Ranks each kind. */
export function readRankings(
  sql: Statements,
  open: ReadonlyMap<string, OpenAttack>,
  kinds: readonly RankedKind[],
  { span, now, most }: { readonly span: RankingSpan; readonly now: number; readonly most: number },
): Rankings {
  const buckets = bucketsOf(span, now);
  const rows = [...open.values()].flatMap(({ activity }) => activity);
  return {
    since: buckets.first * buckets.span * HOUR,
    rankings: kinds.map((kind) => rank(sql, sumByName(rows, kind, buckets), kind, buckets, most)),
  };
}

/** What open attacks add to each name within the buckets. */
function sumByName(rows: readonly ActivityRow[], kind: RankedKind, buckets: Buckets) {
  const sums = new Map<string, number>();
  for (const row of rows) {
    const bucket = Math.floor(row.hour / buckets.span);
    if (row.kind !== kind || bucket < buckets.first || bucket > buckets.last) continue;
    sums.set(row.name, (sums.get(row.name) ?? 0) + row.attempts);
  }
  return sums;
}

function rank(
  sql: Statements,
  open: ReadonlyMap<string, number>,
  kind: RankedKind,
  { span, first, last }: Buckets,
  most: number,
): Ranking {
  const sums = new Map<string, number>();
  let rows: readonly (readonly [name: string, attempts: number])[] = [];
  let isComplete = false;
  for (const depth of DEPTHS) {
    // What a name has at most that is in none of the lists so far.
    let below = 0;
    const names = new Set(sums.size === 0 ? open.keys() : []);
    for (let bucket = first; bucket <= last; bucket++) {
      const list = sql(
        `SELECT name, attempts FROM activity WHERE kind = ? AND span = ? AND bucket = ?
         ORDER BY attempts DESC LIMIT ?`,
      ).all(kind, span, bucket, depth);
      for (const row of list) if (!sums.has(String(row.name))) names.add(String(row.name));
      if (list.length === depth) below += Number(list.at(-1)!.attempts);
    }
    for (const row of sumsOf(sql, kind, span, first, names)) {
      sums.set(String(row.name), Number(row.attempts));
    }
    for (const name of names) sums.set(name, (sums.get(name) ?? 0) + (open.get(name) ?? 0));
    rows = [...sums].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, most);
    const least = rows.length === most ? rows.at(-1)![1] : 0;
    isComplete = least >= below;
    // A name that is in none of the lists may have as many, and come before it as text.
    if (below === 0 || least > below) break;
  }
  return {
    kind,
    rows: rows.map(([name, attempts]) => ({ name, attempts, label: labelOf(sql, kind, name) })),
    isComplete,
  };
}

function sumsOf(
  sql: Statements,
  kind: RankedKind,
  span: number,
  first: number,
  names: ReadonlySet<string>,
) {
  return sql(
    `SELECT name, sum(attempts) AS attempts
     FROM json_each(?) n CROSS JOIN activity ON kind = ? AND span = ? AND name = n.value
     WHERE bucket >= ? GROUP BY name`,
  ).all(JSON.stringify([...names]), kind, span, first);
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
 * When attempts were made: all, or those of one source.
 *
 * @param sourceIp undefined: of all sources
 */
export function readHistory(
  sql: Statements,
  open: ReadonlyMap<string, OpenAttack>,
  { span, now, sourceIp }: {
    readonly span: RankingSpan;
    readonly now: number;
    readonly sourceIp?: string | undefined;
  },
): History {
  const buckets = bucketsOf(span, now);
  const [kind, name] = sourceIp === undefined ? ["all", ""] : ["source", sourceIp];
  const sums = new Map<number, number>(
    sql(
      `SELECT bucket, attempts FROM activity
       WHERE kind = ? AND span = ? AND name = ? AND bucket BETWEEN ? AND ?`,
    ).all(kind, buckets.span, name, buckets.first, buckets.last)
      .map((row) => [Number(row.bucket), Number(row.attempts)]),
  );
  const attacks = sourceIp === undefined ? open.values() : [open.get(sourceIp)];
  for (const attack of attacks) {
    for (const row of attack?.activity ?? []) {
      const bucket = Math.floor(row.hour / buckets.span);
      if (row.kind !== kind || bucket < buckets.first || bucket > buckets.last) continue;
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
