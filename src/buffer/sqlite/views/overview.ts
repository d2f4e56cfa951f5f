/**
 * What pages show, read by index and within bounds: no page may cost more where more is known.
 *
 * @module
 */
import type { StandingOf } from "../../../guard/standing.ts";
import type { SinkName } from "../../../model.ts";
import type { Statements } from "../sql.ts";
import { KNOWN_SOURCES, LAST_ACCEPTED, LAST_DELIVERED } from "../../rows/names.ts";
import {
  COUNTED,
  counterGroup,
  minuteOf,
  NEXT_REPORTS,
  pausedOf,
  refusedPart,
  sensorsOf,
  TOP,
} from "../../rows/overview.ts";
import { optional } from "../../rows/row.ts";
import { RANKED_KINDS, type RankingSpan } from "../../rankings.ts";
import type { ReportRow } from "../../reports.ts";
import { toRow } from "../../rows/report.ts";
import { countReports, ROW } from "../outbox/reports.ts";
import type { OpenAttack } from "../../rows/open_attack.ts";
import { readHistory, readRankings } from "./ranking.ts";
import { readCompromised } from "./compromised.ts";
import { readSourceRow } from "./source.ts";
import type { MinuteRow, Overview, RefusedQuery, RefusedReports } from "../../views.ts";
import type { Bounded } from "../../sources.ts";
import { DAY, MINUTE } from "../../../clock.ts";

/** Reads what is seen at a glance. */
export function readOverview(
  sql: Statements,
  open: ReadonlyMap<string, OpenAttack>,
  { now, span, standing }: {
    readonly now: number;
    readonly span: RankingSpan;
    readonly standing?: StandingOf | undefined;
  },
): Overview {
  const counters = new Map(
    sql("SELECT name, value FROM counter").all()
      .map((row) => [String(row.name), Number(row.value)]),
  );
  const under = (prefix: string) => counterGroup(counters, prefix);
  const ranked = readRankings(sql, open, RANKED_KINDS, { span, now, most: TOP, standing });
  return {
    minutes: minutesSince(sql, now - DAY),
    history: readHistory(sql, open.values(), { span, now }),
    ...ranked,
    sources: ranked.rankings.find(({ kind }) => kind === "source")!.rows
      .map(({ name, attempts }) => ({
        ...readSourceRow(sql, name, open.get(name)),
        recent: attempts,
      })),
    compromised: readCompromised(sql, now),
    sensors: sensorsOf(
      sql("SELECT sensor, name, alerts, last_seen FROM sensor LIMIT 1000").all(),
      open,
    ),
    knownSources: counters.get(KNOWN_SOURCES) ?? 0,
    openAttacks: bounded(sql, "attack"),
    waiting: exact(countReports(sql, "pending")),
    refused: exact(countReports(sql, "refused")),
    nextReports: nextReports(sql),
    waitingSince: waitingSince(sql),
    paused: sql("SELECT sink, until, since, reason FROM sink_pause").all().map(pausedOf),
    lastDelivered: under(LAST_DELIVERED),
    lastAcceptedAt: counters.get(LAST_ACCEPTED),
    accepted: counters.get("accepted") ?? 0,
    duplicate: counters.get("duplicate") ?? 0,
    ignored: under("ignored."),
  };
}

type RefusedParts = readonly [uuid: string, sink: SinkName, at: number, error: string | null];

/** Reads the refused reports. */
export function readRefused(
  sql: Statements,
  { most, until = Number.MAX_SAFE_INTEGER, after }: RefusedQuery,
): RefusedReports {
  const { at, uuid, sink } = after ?? { at: Number.MAX_SAFE_INTEGER, uuid: "", sink: "" };
  // A row of one text is read twice as fast as thousands of rows.
  const found = sql(
    `SELECT json_group_array(json_array(uuid, sink, ended_at, last_error)) AS rows
     FROM (SELECT uuid, sink, ended_at, last_error FROM report
       WHERE state = 'refused' AND ended_at <= ? AND (ended_at, uuid, sink) < (?, ?, ?)
       ORDER BY ended_at DESC, uuid DESC, sink DESC LIMIT ?)`,
  ).get(until, at, uuid, sink, most + 1)!;
  const parsed: readonly RefusedParts[] = JSON.parse(String(found.rows));
  const rows = parsed.map(([uuid, sink, at, error]) => ({
    ...{ uuid, sink, at },
    lastError: error ?? undefined,
  }));
  return {
    ...refusedPart(rows, most),
    count: exact(countReports(sql, "refused")),
  };
}

const exact = (value: number): Bounded => ({ value, isMore: false });

/** The reports that are tried next. Each sink has its own index order. */
function nextReports(sql: Statements): readonly ReportRow[] {
  const sinks: readonly SinkName[] = ["misp", "feed"];
  return sinks.flatMap((sink) =>
    sql(`${ROW} WHERE r.state = 'pending' AND r.sink = ? ORDER BY r.next_try_at LIMIT ?`)
      .all(sink, NEXT_REPORTS).map(toRow)
  ).sort((one, other) => one.nextTryAt! - other.nextTryAt!).slice(0, NEXT_REPORTS);
}

function bounded(sql: Statements, rows: string): Bounded {
  const found = Number(
    sql(`SELECT count(*) AS n FROM (SELECT 1 FROM ${rows} LIMIT ?)`).get(COUNTED + 1)?.n,
  );
  return { value: Math.min(found, COUNTED), isMore: found > COUNTED };
}

function minutesSince(sql: Statements, since: number): readonly MinuteRow[] {
  return sql("SELECT * FROM minute WHERE minute > ? ORDER BY minute")
    .all(Math.floor(since / MINUTE)).map(minuteOf);
}

function waitingSince(sql: Statements): number | undefined {
  const row = sql(
    `SELECT min(at) AS at FROM (SELECT min(opened_at) AS at FROM attack
       UNION ALL SELECT min(snapshot_at) FROM report WHERE state = 'pending')`,
  ).get();
  return optional(row?.at);
}
