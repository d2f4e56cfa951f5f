/**
 * What pages show, read by index and within bounds: no page may cost more where more is known.
 *
 * @module
 */
import { DAY, MINUTE } from "../../../clock.ts";
import type { StandingOf } from "../../../guard/standing.ts";
import type { SinkName } from "../../../model.ts";
import { RANKED_KINDS, type RankingSpan } from "../../rankings.ts";
import type { ReportRow } from "../../reports.ts";
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
import type { OpenAttack } from "../../rows/open_attack.ts";
import { toRow } from "../../rows/report.ts";
import type { Bounded } from "../../sources.ts";
import type { Overview, RefusedQuery, RefusedReports } from "../../views.ts";
import { countReports, ROW } from "../outbox/reports.ts";
import { all, one, optional, readCounters, type Sql } from "../sql.ts";
import { readCompromised } from "./compromised.ts";
import { readHistory, readRankings } from "./ranking.ts";
import { readSourceRow } from "./source.ts";
import { readPauses } from "./status.ts";

/** Reads what is seen at a glance. */
export async function readOverview(
  sql: Sql,
  open: ReadonlyMap<string, OpenAttack>,
  { now, span, standing }: {
    readonly now: number;
    readonly span: RankingSpan;
    readonly standing?: StandingOf | undefined;
  },
): Promise<Overview> {
  const [ranked, counters, minutes, history, compromised, sensors, rest] = await Promise.all([
    readRankings(sql, open, RANKED_KINDS, { span, now, most: TOP, standing }),
    readCounters(sql),
    minutesSince(sql, now - DAY),
    readHistory(sql, open.values(), { span, now }),
    readCompromised(sql, now),
    all(sql, "SELECT sensor, name, alerts, last_seen FROM sensor ORDER BY sensor LIMIT 1000"),
    readWaiting(sql),
  ]);
  const top = ranked.rankings.find(({ kind }) => kind === "source")!.rows;
  return {
    ...{ minutes, history, compromised },
    ...ranked,
    ...rest,
    sources: await Promise.all(top.map(async ({ name, attempts }) => ({
      ...await readSourceRow(sql, name, open.get(name)),
      recent: attempts,
    }))),
    sensors: sensorsOf(sensors, open),
    knownSources: counters.get(KNOWN_SOURCES) ?? 0,
    lastDelivered: counterGroup(counters, LAST_DELIVERED),
    lastAcceptedAt: counters.get(LAST_ACCEPTED),
    accepted: counters.get("accepted") ?? 0,
    duplicate: counters.get("duplicate") ?? 0,
    ignored: counterGroup(counters, "ignored."),
  };
}

/** What is on its way to MISP. */
async function readWaiting(sql: Sql) {
  const [openAttacks, waiting, refused, next, oldest, paused] = await Promise.all([
    openCount(sql),
    countReports(sql, "pending"),
    countReports(sql, "refused"),
    nextReports(sql),
    one(
      sql,
      `SELECT least((SELECT min(opened_at) FROM attack),
         (SELECT min(snapshot_at) FROM report WHERE state = 'pending')) AS at`,
    ),
    readPauses(sql),
  ]);
  return {
    openAttacks,
    waiting: exact(waiting),
    refused: exact(refused),
    nextReports: next,
    waitingSince: optional(oldest?.at),
    paused: paused.map(pausedOf),
  };
}

/** Reads the refused reports. */
export async function readRefused(
  sql: Sql,
  { most, until = Number.MAX_SAFE_INTEGER, after }: RefusedQuery,
): Promise<RefusedReports> {
  const { at, uuid, sink } = after ?? { at: Number.MAX_SAFE_INTEGER, uuid: "", sink: "" };
  const found = await all(
    sql,
    `SELECT uuid, sink, ended_at, last_error FROM report
     WHERE state = 'refused' AND ended_at <= $1 AND (ended_at, uuid, sink) < ($2, $3, $4)
     ORDER BY ended_at DESC, uuid DESC, sink DESC LIMIT $5`,
    ...[until, at, uuid, sink, most + 1],
  );
  const rows = found.map((row) => ({
    uuid: String(row.uuid),
    sink: row.sink as SinkName,
    at: Number(row.ended_at),
    lastError: row.last_error === null ? undefined : String(row.last_error),
  }));
  return {
    ...refusedPart(rows, most),
    count: exact(await countReports(sql, "refused")),
  };
}

const exact = (value: number): Bounded => ({ value, isMore: false });

async function minutesSince(sql: Sql, since: number) {
  const rows = await all(
    sql,
    `SELECT minute, sum(alerts) AS alerts, sum(sshd) AS sshd, sum(pam_error) AS pam_error,
       sum(pam) AS pam, sum(connect) AS connect
     FROM minute WHERE minute > $1 GROUP BY minute ORDER BY minute`,
    Math.floor(since / MINUTE),
  );
  return rows.map(minuteOf);
}

const NEXT = `${ROW} WHERE r.state = 'pending' AND r.sink = $1 ORDER BY r.next_try_at LIMIT $2`;

/** The reports that are tried next. Each sink has its own index order. */
async function nextReports(sql: Sql): Promise<readonly ReportRow[]> {
  const sinks: readonly SinkName[] = ["misp", "feed"];
  const found = await Promise.all(sinks.map((sink) => all(sql, NEXT, sink, NEXT_REPORTS)));
  return found.flat().map(toRow).sort((one, other) => one.nextTryAt! - other.nextTryAt!)
    .slice(0, NEXT_REPORTS);
}

async function openCount(sql: Sql): Promise<Bounded> {
  const row = await one(
    sql,
    "SELECT count(*) AS n FROM (SELECT 1 FROM attack LIMIT $1) AS a",
    COUNTED + 1,
  );
  const found = Number(row?.n);
  return { value: Math.min(found, COUNTED), isMore: found > COUNTED };
}
