/**
 * Rankings over a span, read by index: the buckets of the span each have their names in the order of
 * their attempts. The lists are read from the top until nothing below can come among the first.
 *
 * @module
 */
import type {
  History,
  RankedKind,
  Ranking,
  RankingRow,
  Rankings,
  RankingSpan,
} from "../../rankings.ts";
import type { OpenAttack } from "../../rows/open_attack.ts";
import {
  type Buckets,
  bucketsOf,
  DEPTHS,
  historyName,
  historyOf,
  RankedNames,
  sumByName,
} from "../../rows/ranking.ts";
import type { Statements } from "../sql.ts";
import { HOUR } from "../../../clock.ts";

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

function rank(
  sql: Statements,
  open: ReadonlyMap<string, number>,
  kind: RankedKind,
  { span, first, last }: Buckets,
  most: number,
): Ranking {
  const names = new RankedNames(open, most);
  for (const depth of DEPTHS) {
    names.begin();
    for (let bucket = first; bucket <= last; bucket++) {
      const list = sql(
        `SELECT name, attempts FROM activity WHERE kind = ? AND span = ? AND bucket = ?
         ORDER BY attempts DESC LIMIT ?`,
      ).all(kind, span, bucket, depth);
      names.addList(list, depth);
    }
    if (names.end(sumsOf(sql, kind, span, first, names.missing))) break;
  }
  return {
    kind,
    rows: names.rows.map(([name, attempts]) => ({
      ...{ name, attempts },
      label: labelOf(sql, kind, name),
    })),
    isComplete: names.isComplete,
  };
}

function sumsOf(
  sql: Statements,
  kind: RankedKind,
  span: number,
  first: number,
  names: readonly string[],
) {
  return sql(
    `SELECT name, sum(attempts) AS attempts
     FROM json_each(?) n CROSS JOIN activity ON kind = ? AND span = ? AND name = n.value
     WHERE bucket >= ? GROUP BY name`,
  ).all(JSON.stringify(names), kind, span, first);
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
  const rows = sql(
    `SELECT bucket, attempts FROM activity
     WHERE kind = ? AND span = ? AND name = ? AND bucket BETWEEN ? AND ?`,
  ).all(...historyKey(buckets, sourceIp));
  return historyOf(rows, open, buckets, sourceIp);
}

function historyKey({ span, first, last }: Buckets, sourceIp: string | undefined) {
  const [kind, name] = historyName(sourceIp);
  return [kind, span, name, first, last] as const;
}
