/**
 * Rankings over a span, read by index: the buckets of the span each have their names in the order of
 * their attempts. The lists are read from the top until nothing below can come among the first.
 *
 * @module
 */
import { HOUR } from "../../../clock.ts";
import type { StandingOf } from "../../../guard/standing.ts";
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
  HISTORY_OF_ALL,
  type HistoryName,
  historyOf,
  openLabels,
  RankedNames,
  rankedSources,
  sumByName,
} from "../../rows/ranking.ts";
import { summedRanges } from "../../rows/summed_days.ts";
import { readSummed } from "../outbox/summed_days.ts";
import { all, one, type Sql } from "../sql.ts";

/** Ranks each kind. */
export async function readRankings(
  sql: Sql,
  open: ReadonlyMap<string, OpenAttack>,
  kinds: readonly RankedKind[],
  { span, now, most, isWhole = false, standing }: {
    readonly span: RankingSpan;
    readonly now: number;
    readonly most: number;
    readonly isWhole?: boolean;
    /** What becomes of addresses; undefined: nobody asks. */
    readonly standing?: StandingOf | undefined;
  },
): Promise<Rankings> {
  const buckets = bucketsOf(span, now);
  const since = buckets.first * buckets.span * HOUR;
  const rows = [...open.values()].flatMap(({ activity }) => activity);
  const summed = await readSummed(sql);
  const rankingOf = async (kind: RankedKind): Promise<Ranking> => {
    const ofOpen = sumByName(rows, kind, buckets);
    const isRanked = kind === "source"
      ? rankedSources(await takenBack(sql, since), open, standing)
      : () => true;
    const ranges = summedRanges(buckets, summed.get(kind));
    const ranked = await rank(sql, ofOpen, kind, ranges, { most, isWhole, isRanked });
    const labels = openLabels(open, kind);
    return {
      ...ranked,
      rows: ranked.rows.map((row) => ({ ...row, label: labels.get(row.name) ?? row.label })),
    };
  };
  return { since, rankings: await Promise.all(kinds.map(rankingOf)) };
}

/** Sources that were withdrawn, and those that expired and may have attempts since then. */
function takenBack(sql: Sql, since: number) {
  return all(
    sql,
    `SELECT source_ip, retracted_at FROM source_record WHERE retracted_at IS NOT NULL
     UNION ALL SELECT source_ip, retracted_at FROM source_record WHERE expired_at >= $1`,
    since,
  );
}

async function rank(
  sql: Sql,
  open: ReadonlyMap<string, number>,
  kind: RankedKind,
  ranges: readonly Buckets[],
  { most, isWhole, isRanked }: {
    readonly most: number;
    readonly isWhole: boolean;
    readonly isRanked: (name: string) => boolean;
  },
): Promise<Ranking> {
  const [spans, firsts, lasts] = [
    ranges.map(({ span }) => span),
    ranges.map(({ first }) => first),
    ranges.map(({ last }) => last),
  ];
  const names = new RankedNames(open, most, isRanked);
  for (const depth of isWhole ? [Number.MAX_SAFE_INTEGER] : DEPTHS) {
    names.begin();
    for (const list of await listsOf(sql, kind, [spans, firsts, lasts], depth)) {
      names.addList(list, depth);
    }
    const sums = await all(
      sql,
      `SELECT name, sum(attempts) AS attempts
       FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS r (span, first, last)
       JOIN activity a ON a.kind = $1 AND a.span = r.span AND a.name = ANY($5)
         AND a.bucket BETWEEN r.first AND r.last
       GROUP BY name`,
      ...[kind, spans, firsts, lasts, names.missing],
    );
    if (names.end(sums)) break;
  }
  const rows = await Promise.all(
    [...names.rows].map(async ([name, attempts]): Promise<RankingRow> => ({
      ...{ name, attempts, label: await labelOf(sql, kind, name) },
    })),
  );
  return { kind, rows, isComplete: names.isComplete };
}

/** The list of each bucket, in one statement. */
async function listsOf(
  sql: Sql,
  kind: RankedKind,
  ranges: readonly (readonly number[])[],
  depth: number,
) {
  const rows = await all(
    sql,
    `SELECT r.span, b.bucket, a.name, a.attempts
     FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS r (span, first, last)
     CROSS JOIN LATERAL generate_series(r.first, r.last) AS b (bucket)
     CROSS JOIN LATERAL (SELECT name, attempts FROM activity
       WHERE kind = $1 AND span = r.span AND bucket = b.bucket
       ORDER BY attempts DESC LIMIT $5) AS a
     ORDER BY r.span, b.bucket, a.attempts DESC`,
    ...[kind, ...ranges, depth],
  );
  return Map.groupBy(rows, (row) => `${row.span} ${row.bucket}`).values();
}

async function labelOf(sql: Sql, kind: RankedKind, name: string): Promise<RankingRow["label"]> {
  if (kind === "sensor") {
    const row = await one(sql, "SELECT name FROM sensor WHERE sensor = $1", name);
    return row === undefined ? undefined : String(row.name);
  }
  if (kind !== "network") return undefined;
  const row = await one(
    sql,
    `SELECT r.detail::json #>> '{sourceLocation,organisation}' AS label
     FROM source_name n JOIN source_record r ON r.source_ip = n.source_ip
     WHERE n.kind = 'network' AND n.name = $1 LIMIT 1`,
    name,
  );
  return typeof row?.label === "string" ? row.label : undefined;
}

/** When attempts were made: all, or those of one source or sensor. */
export async function readHistory(
  sql: Sql,
  open: Iterable<OpenAttack>,
  { span, now, of = HISTORY_OF_ALL }: {
    readonly span: RankingSpan;
    readonly now: number;
    readonly of?: HistoryName;
  },
): Promise<History> {
  const buckets = bucketsOf(span, now);
  const rows = await all(
    sql,
    `SELECT bucket, attempts FROM activity
     WHERE kind = $1 AND span = $2 AND name = $3 AND bucket BETWEEN $4 AND $5`,
    ...[of.kind, buckets.span, of.name, buckets.first, buckets.last],
  );
  return historyOf(rows, open, buckets, of);
}
