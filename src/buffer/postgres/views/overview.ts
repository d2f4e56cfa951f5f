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
import { toRow } from "../../rows/report.ts";
import type { Bounded } from "../../sources.ts";
import type { Overview, RefusedQuery, RefusedReports } from "../../views.ts";
import { countReports, ROW } from "../outbox/reports.ts";
import { all, one, optional, readCounters, type Sql } from "../sql.ts";
import { readCompromised } from "./compromised.ts";
import { readOpenAttacks } from "./open_attacks.ts";
import { readHistory, readRankings } from "./ranking.ts";
import { readSourceRow } from "./source.ts";

/** Reads what is seen at a glance. */
export async function readOverview(
  sql: Sql,
  now: number,
  span: RankingSpan,
  standing: StandingOf | undefined,
): Promise<Overview> {
  const counters = await readCounters(sql);
  const open = await readOpenAttacks(sql);
  const ranked = await readRankings(sql, open, RANKED_KINDS, { span, now, most: TOP, standing });
  const sources: Overview["sources"][number][] = [];
  for (const { name, attempts } of ranked.rankings.find(({ kind }) => kind === "source")!.rows) {
    sources.push({ ...await readSourceRow(sql, name, open.get(name)), recent: attempts });
  }
  const waiting = await one(
    sql,
    `SELECT least((SELECT min(opened_at) FROM attack),
       (SELECT min(snapshot_at) FROM report WHERE state = 'pending')) AS at`,
  );
  return {
    minutes: await minutesSince(sql, now - DAY),
    history: await readHistory(sql, open.values(), { span, now }),
    ...ranked,
    sources,
    compromised: await readCompromised(sql, now),
    sensors: sensorsOf(
      await all(
        sql,
        "SELECT sensor, name, alerts, last_seen FROM sensor ORDER BY sensor LIMIT 1000",
      ),
      open,
    ),
    knownSources: counters.get(KNOWN_SOURCES) ?? 0,
    openAttacks: await openCount(sql),
    waiting: exact(await countReports(sql, "pending")),
    refused: exact(await countReports(sql, "refused")),
    nextReports: await nextReports(sql),
    waitingSince: optional(waiting?.at),
    paused: (await all(sql, "SELECT sink, until, since, reason FROM sink_pause ORDER BY sink"))
      .map(pausedOf),
    lastDelivered: counterGroup(counters, LAST_DELIVERED),
    lastAcceptedAt: counters.get(LAST_ACCEPTED),
    accepted: counters.get("accepted") ?? 0,
    duplicate: counters.get("duplicate") ?? 0,
    ignored: counterGroup(counters, "ignored."),
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

/** The reports that are tried next. Each sink has its own index order. */
async function nextReports(sql: Sql): Promise<readonly ReportRow[]> {
  const sinks: readonly SinkName[] = ["misp", "feed"];
  const rows: ReportRow[] = [];
  for (const sink of sinks) {
    rows.push(
      ...(await all(
        sql,
        `${ROW} WHERE r.state = 'pending' AND r.sink = $1 ORDER BY r.next_try_at LIMIT $2`,
        sink,
        NEXT_REPORTS,
      )).map(toRow),
    );
  }
  return rows.sort((one, other) => one.nextTryAt! - other.nextTryAt!).slice(0, NEXT_REPORTS);
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
