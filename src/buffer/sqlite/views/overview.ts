/**
 * What pages show, read by index and within bounds: no page may cost more where more is known.
 *
 * @module
 */
import type { SinkName } from "../../../model.ts";
import { attemptsOf, connectionAttempts } from "../../../wazuh/counting.ts";
import type { Statements } from "../sql.ts";
import { KNOWN_SOURCES } from "../../rows/names.ts";
import { LAST_DELIVERED } from "../../rows/names.ts";
import { RANKED_KINDS, type RankingSpan } from "../../rankings.ts";
import type { ReportRow } from "../../reports.ts";
import { toRow } from "../../rows/report.ts";
import { countReports, ROW } from "../outbox/reports.ts";
import type { OpenAttack } from "./open_attacks.ts";
import { readHistory, readRankings } from "./ranking.ts";
import { readCompromised } from "./compromised.ts";
import { readSourceRow } from "./source.ts";
import type { MinuteRow, Overview, RefusedQuery, RefusedReports } from "../../views.ts";
import type { Bounded } from "../../sources.ts";
import { DAY, MINUTE } from "../../../clock.ts";

/** Rows of each ranking. */
const TOP = 15;
const MOST_SENSORS = 100;
const NEXT_REPORTS = 5;
/** Nothing is counted further. */
const COUNTED = 10_000;

/** Reads what is seen at a glance. */
export function readOverview(
  sql: Statements,
  open: ReadonlyMap<string, OpenAttack>,
  { now, span }: { readonly now: number; readonly span: RankingSpan },
): Overview {
  const counters = new Map(
    sql("SELECT name, value FROM counter").all()
      .map((row) => [String(row.name), Number(row.value)]),
  );
  const under = (prefix: string) =>
    new Map(
      [...counters].filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value]),
    );
  const ranked = readRankings(sql, open, RANKED_KINDS, { span, now, most: TOP });
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
    sensors: sensorsOf(sql, open),
    knownSources: counters.get(KNOWN_SOURCES) ?? 0,
    openAttacks: bounded(sql, "attack"),
    waiting: exact(countReports(sql, "pending")),
    refused: exact(countReports(sql, "refused")),
    nextReports: nextReports(sql),
    waitingSince: waitingSince(sql),
    paused: sql("SELECT sink, until, since, reason FROM sink_pause").all().map((row) => ({
      sink: String(row.sink),
      until: Number(row.until),
      since: Number(row.since),
      reason: String(row.reason),
    })),
    lastDelivered: under(LAST_DELIVERED),
    lastAcceptedAt: counters.get("last_accepted_at"),
    accepted: counters.get("accepted") ?? 0,
    duplicate: counters.get("duplicate") ?? 0,
    ignored: under("ignored."),
  };
}

/** Reads the refused reports. */
export function readRefused(
  sql: Statements,
  { most, until = Number.MAX_SAFE_INTEGER, after }: RefusedQuery,
): RefusedReports {
  const { at, uuid, sink } = after ?? { at: Number.MAX_SAFE_INTEGER, uuid: "", sink: "" };
  const found = sql(
    `${ROW} WHERE r.state = 'refused' AND r.ended_at <= ? AND (r.ended_at, r.uuid, r.sink) < (?, ?, ?)
     ORDER BY r.ended_at DESC, r.uuid DESC, r.sink DESC LIMIT ?`,
  ).all(until, at, uuid, sink, most + 1).map(toRow);
  const rows = found.slice(0, most);
  const last = found.length > most ? rows.at(-1) : undefined;
  return {
    rows,
    next: last === undefined
      ? undefined
      : { at: last.lastTriedAt!, uuid: last.uuid, sink: last.sink },
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
    .all(Math.floor(since / MINUTE)).map((row) => ({
      at: Number(row.minute) * MINUTE,
      attempts: attemptsOf({
        pam: Number(row.pam),
        sshd: connectionAttempts(Number(row.sshd), Number(row.pam_error), 0),
        connect: Number(row.connect),
      }),
      alerts: Number(row.alerts),
    }));
}

function waitingSince(sql: Statements): number | undefined {
  const row = sql(
    `SELECT min(at) AS at FROM (SELECT min(opened_at) AS at FROM attack
       UNION ALL SELECT min(snapshot_at) FROM report WHERE state = 'pending')`,
  ).get();
  return optional(row?.at);
}

/** Sensors as snapshots have counted them, and what open attacks add; the latest contact first. */
function sensorsOf(
  sql: Statements,
  open: ReadonlyMap<string, OpenAttack>,
): Overview["sensors"] {
  const rows = sql("SELECT sensor, name, alerts, last_seen FROM sensor LIMIT 1000").all()
    .map((row) => ({
      sensor: String(row.sensor),
      name: String(row.name),
      alerts: Number(row.alerts),
      lastSeen: Number(row.last_seen),
    }));
  const added = [...open.values()].flatMap(({ sensors }) => sensors);
  const found = new Map<string, Overview["sensors"][number]>();
  for (const { sensor, name, alerts, lastSeen } of [...rows, ...added]) {
    const before = found.get(sensor);
    found.set(sensor, {
      sensor,
      name,
      alerts: alerts + (before?.alerts ?? 0),
      lastSeen: Math.max(lastSeen, before?.lastSeen ?? 0),
    });
  }
  return [...found.values()].sort((one, other) => other.lastSeen - one.lastSeen)
    .slice(0, MOST_SENSORS);
}

const optional = (value: unknown) =>
  value === null || value === undefined ? undefined : Number(value);
