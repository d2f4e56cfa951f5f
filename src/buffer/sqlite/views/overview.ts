/**
 * What pages show, read by index and within bounds: no page may cost more where more is known.
 *
 * @module
 */
import type { Location, SensorRow, SinkName, SourceRecord, Technique } from "../../../model.ts";
import { attemptsOf, connectionAttempts } from "../../../wazuh/counting.ts";
import type { Statements } from "../sql.ts";
import { KNOWN_SOURCES, readRecord } from "../outbox/snapshot.ts";
import { LAST_DELIVERED } from "../outbox/outbox.ts";
import type { ReportRow } from "../../reports.ts";
import { countReports, ROW, toRow } from "../outbox/reports.ts";
import { storedTechniques } from "../intake/techniques.ts";
import type {
  AttemptsRow,
  Bounded,
  MinuteRow,
  Overview,
  RefusedReports,
  SourceRow,
  SourceView,
  TechniqueRow,
} from "../../views.ts";
import { DAY, MINUTE } from "../../../clock.ts";

/** Among how many of the latest sources the top ones, names and techniques are looked for. */
const RANKED = 100;
const LATEST = 30;
const TOP_SOURCES = 15;
const TOP_NAMES = 15;
const TOP_TECHNIQUES = 10;
const MOST_SENSORS = 100;
const NEXT_REPORTS = 5;
/** Reports of one source that are looked at: for its state, and for its timeline. */
const LATEST_REPORTS = 6;
const TIMELINE_REPORTS = 50;
/** Nothing is counted further. */
const COUNTED = 10_000;
/** Connections that are gone through: of all rows of a table together, and for the page of one source. */
const CONNECTIONS = 3_000;
const CONNECTIONS_OF_ONE = 10_000;
/** User names of one source that are gone through, and shown on its page. */
const NAMES = 2_000;
const SHOWN_NAMES = 100;
/** In the mean, where names of many sources are gone through. */
const NAMES_OF_EACH = 100;

type Row = Record<string, unknown>;

/** Reads what is seen at a glance. */
export function readOverview(sql: Statements, now: number): Overview {
  const counters = new Map(
    sql("SELECT name, value FROM counter").all()
      .map((row) => [String(row.name), Number(row.value)]),
  );
  const under = (prefix: string) =>
    new Map(
      [...counters].filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value]),
    );
  const ranked = latestSources(sql);
  const latest = ranked.slice(0, LATEST).map(({ sourceIp }) => readRows(sql, sourceIp));
  return {
    minutes: minutesSince(sql, now - DAY),
    sources: topSources(sql, ranked),
    ranked: ranked.length,
    latest: latest.length,
    usernames: topUsernames(sql, latest),
    techniques: topTechniques(latest),
    sensors: sensorsOf(sql, latest),
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

/** Reads all that is known of a source. */
export function readSource(sql: Statements, sourceIp: string): SourceView | undefined {
  const attack = sql("SELECT * FROM attack WHERE source_ip = ?").get(sourceIp);
  const record = readRecord(sql, sourceIp);
  if (attack === undefined && record === undefined) return undefined;
  const source = { sourceIp, attack, record };
  const names = new Map(Object.entries(record?.usernames ?? {}));
  for (const { text, attempts } of openUsernames(sql, sourceIp)) {
    names.set(text, (names.get(text) ?? 0) + attempts);
  }
  return {
    ...sourceRow(sql, source, CONNECTIONS_OF_ONE, TIMELINE_REPORTS),
    usernames: mostFirst(names, SHOWN_NAMES),
    distinctUsernames: names.size,
    furtherUsernames: Number(attack?.further_usernames ?? 0) + (record?.furtherUsernames ?? 0),
    sensors: sensorsOfSource(sql, source),
    techniques: techniquesOf(source),
  };
}

/** Reads the refused reports. */
export function readRefused(sql: Statements, most: number): RefusedReports {
  return {
    rows: sql(`${ROW} WHERE r.state = 'refused' ORDER BY r.ended_at DESC LIMIT ?`)
      .all(most).map(toRow),
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

/** A source: its open attack, and its record. */
interface Source {
  readonly sourceIp: string;
  readonly attack: Row | undefined;
  readonly record: SourceRecord | undefined;
}

/** A source whose attack is open, or whose latest snapshot is recent. */
interface Latest {
  readonly sourceIp: string;
  readonly at: number;
  readonly alerts: number;
}

function latestSources(sql: Statements): readonly Latest[] {
  const rows = [
    ...sql(
      `SELECT a.source_ip, a.touched_at AS at, a.alerts + coalesce(h.alerts, 0) AS alerts
       FROM (SELECT source_ip, touched_at, alerts FROM attack ORDER BY touched_at DESC LIMIT ?) a
       LEFT JOIN source_record h USING (source_ip)`,
    ).all(RANKED),
    ...sql(
      `SELECT h.source_ip, h.snapshot_at AS at, h.alerts + coalesce(a.alerts, 0) AS alerts
       FROM (SELECT source_ip, snapshot_at, alerts FROM source_record ORDER BY snapshot_at DESC LIMIT ?) h
       LEFT JOIN attack a USING (source_ip)`,
    ).all(RANKED),
  ];
  const found = new Map<string, Latest>();
  for (const row of rows) {
    const sourceIp = String(row.source_ip);
    const at = Math.max(Number(row.at), found.get(sourceIp)?.at ?? 0);
    found.set(sourceIp, { sourceIp, at, alerts: Number(row.alerts) });
  }
  return [...found.values()].sort((one, other) => other.at - one.at).slice(0, RANKED);
}

function readRows(sql: Statements, sourceIp: string): Source {
  return {
    sourceIp,
    attack: sql("SELECT * FROM attack WHERE source_ip = ?").get(sourceIp),
    record: readRecord(sql, sourceIp),
  };
}

const alertsOf = ({ attack, record }: Source) =>
  Number(attack?.alerts ?? 0) + (record?.alerts ?? 0);

/**
 * Alerts choose them, as those are counted already; attempts put them in order. Small sources come
 * first to have their connections counted, so that large ones share what they leave.
 */
function topSources(sql: Statements, ranked: readonly Latest[]): readonly SourceRow[] {
  const top = ranked.toSorted((one, other) => other.alerts - one.alerts).slice(0, TOP_SOURCES);
  let left = CONNECTIONS;
  const rows = top.reverse().map(({ sourceIp, alerts }, index) => {
    const most = Math.ceil(left / (top.length - index));
    left -= Math.min(most, alerts);
    return sourceRow(sql, readRows(sql, sourceIp), most, LATEST_REPORTS);
  });
  return rows.sort((one, other) => other.attempts.value - one.attempts.value);
}

function sourceRow(
  sql: Statements,
  source: Source,
  connections: number,
  reports: number,
): SourceRow {
  const { sourceIp, attack, record } = source;
  const seen = [Number(attack?.last_seen ?? 0), record?.lastSeen ?? 0];
  return {
    sourceIp,
    attempts: attemptsOfSource(sql, source, connections),
    alerts: alertsOf(source),
    firstSeen: Math.min(Number(attack?.first_seen ?? Infinity), record?.firstSeen ?? Infinity),
    lastSeen: Math.max(...seen),
    sourceLocation: locationOf(attack) ?? record?.sourceLocation,
    compromisedAt: record?.compromisedAt ?? optional(attack?.compromised_at),
    retractedAt: record?.retractedAt,
    openedAt: optional(attack?.opened_at),
    eventUuid: record?.eventUuid,
    deliveredTo: record === undefined ? [] : deliveredTo(sql, record),
    reports: reportsOf(sql, sourceIp, reports),
  };
}

function locationOf(attack: Row | undefined): Location | undefined {
  const text = attack?.source_location;
  return typeof text === "string" ? JSON.parse(text) as Location : undefined;
}

function deliveredTo(sql: Statements, { eventUuid, sourceIp }: SourceRecord): readonly string[] {
  return sql(
    `SELECT DISTINCT sink FROM delivery
     WHERE event_uuid = ? AND sink IN ('misp', 'feed') AND source_ip = ?`,
  ).all(eventUuid, sourceIp).map((row) => String(row.sink));
}

function reportsOf(sql: Statements, sourceIp: string, most: number): readonly ReportRow[] {
  return sql(`${ROW} WHERE r.source_ip = ? ORDER BY r.snapshot_at DESC, r.sink LIMIT ?`)
    .all(sourceIp, most).map(toRow);
}

/** The formula of docs/contracts/wazuh.md 4.4, as a snapshot would apply it now. */
function attemptsOfSource(sql: Statements, { sourceIp, attack, record }: Source, most: number) {
  const published = record?.attempts ?? 0;
  if (attack === undefined) return { value: published, isMore: false };
  const row = sql(
    `SELECT sum(sshd) AS sshd, sum(pam) AS pam, sum(connect) AS connect, count(*) AS n
     FROM (SELECT max(max(sshd) + max(pam_error), max(refused)) AS sshd, max(pam) AS pam, max(connect) AS connect
       FROM attack_connection WHERE source_ip = ? GROUP BY sensor, pid LIMIT ?)`,
  ).get(sourceIp, most);
  const compacted = record?.compacted ?? { pam: 0, sshd: 0, connect: 0 };
  const attempts = attemptsOf({
    pam: Number(row?.pam ?? 0) + compacted.pam,
    sshd: Number(row?.sshd ?? 0) + compacted.sshd,
    connect: Number(row?.connect ?? 0) + compacted.connect,
  });
  return { value: Math.max(attempts, published), isMore: Number(row?.n ?? 0) >= most };
}

function openUsernames(sql: Statements, sourceIp: string): readonly AttemptsRow[] {
  return sql(
    `SELECT username, max(max(pam, sshd, pam_error, connect)) AS attempts
     FROM attack_username WHERE source_ip = ? GROUP BY username LIMIT ?`,
  ).all(sourceIp, NAMES).map((row) => ({
    text: String(row.username),
    attempts: Number(row.attempts),
  }));
}

/** The open attacks among the latest sources, as JSON for `json_each`. */
function openOf(latest: readonly Source[]): string {
  return JSON.stringify(
    latest.filter(({ attack }) => attack !== undefined).map(({ sourceIp }) => sourceIp),
  );
}

function topUsernames(sql: Statements, latest: readonly Source[]): readonly AttemptsRow[] {
  const names = new Map<string, number>();
  const add = (name: string, attempts: number) =>
    names.set(name, (names.get(name) ?? 0) + attempts);
  const open = sql(
    `SELECT username, sum(attempts) AS attempts FROM (
       SELECT username, max(max(pam, sshd, pam_error, connect)) AS attempts FROM attack_username
       WHERE source_ip IN (SELECT value FROM json_each(?)) GROUP BY source_ip, username LIMIT ?)
     GROUP BY username`,
  ).all(openOf(latest), LATEST * NAMES_OF_EACH);
  for (const row of open) add(String(row.username), Number(row.attempts));
  for (const { record } of latest) {
    for (const [name, attempts] of Object.entries(record?.usernames ?? {})) add(name, attempts);
  }
  return mostFirst(names, TOP_NAMES);
}

function mostFirst(counts: ReadonlyMap<string, number>, most: number): readonly AttemptsRow[] {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, most)
    .map(([text, attempts]) => ({ text, attempts }));
}

function topTechniques(latest: readonly Source[]): readonly TechniqueRow[] {
  const found = new Map<string, TechniqueRow>();
  for (const source of latest) {
    for (const { id, name } of techniquesOf(source)) {
      const before = found.get(id);
      found.set(id, { id, name: before?.name ?? name, sources: (before?.sources ?? 0) + 1 });
    }
  }
  return [...found.values()]
    .sort((one, other) => other.sources - one.sources || (one.id < other.id ? -1 : 1))
    .slice(0, TOP_TECHNIQUES);
}

function techniquesOf({ attack, record }: Source): readonly Technique[] {
  const found = new Map<string, Technique>();
  for (const technique of record?.techniques ?? []) found.set(technique.id, technique);
  for (const { id, name } of storedTechniques(attack?.techniques ?? null)) {
    found.set(id, { id, name: name ?? found.get(id)?.name });
  }
  return [...found.values()].sort((one, other) => one.id < other.id ? -1 : 1);
}

/** Sensors as snapshots have counted them, and what open attacks add. */
function sensorsOf(sql: Statements, latest: readonly Source[]): Overview["sensors"] {
  const rows = [
    ...sql("SELECT sensor, name, alerts, last_seen FROM sensor LIMIT 1000").all(),
    ...sql(
      `SELECT sensor, max(name) AS name, sum(alerts) AS alerts, max(last_seen) AS last_seen
       FROM attack_sensor WHERE source_ip IN (SELECT value FROM json_each(?)) GROUP BY sensor`,
    ).all(openOf(latest)),
  ];
  const found = new Map<string, Overview["sensors"][number]>();
  for (const row of rows) {
    const sensor = String(row.sensor);
    const before = found.get(sensor);
    found.set(sensor, {
      sensor,
      name: String(row.name),
      alerts: Number(row.alerts) + (before?.alerts ?? 0),
      lastSeen: Math.max(Number(row.last_seen), before?.lastSeen ?? 0),
    });
  }
  return [...found.values()].sort((one, other) => other.lastSeen - one.lastSeen)
    .slice(0, MOST_SENSORS);
}

function sensorsOfSource(sql: Statements, { sourceIp, attack, record }: Source) {
  const found = new Map<string, SensorRow>((record?.sensors ?? []).map((row) => [row.sensor, row]));
  const rows = attack === undefined
    ? []
    : sql("SELECT * FROM attack_sensor WHERE source_ip = ? LIMIT 200").all(sourceIp);
  for (const row of rows) {
    const sensor = String(row.sensor);
    const before = found.get(sensor);
    found.set(sensor, {
      sensor,
      name: String(row.name),
      alerts: Number(row.alerts) + (before?.alerts ?? 0),
      firstSeen: Math.min(Number(row.first_seen), before?.firstSeen ?? Infinity),
      lastSeen: Math.max(Number(row.last_seen), before?.lastSeen ?? 0),
    });
  }
  return [...found.values()].sort((one, other) => other.lastSeen - one.lastSeen);
}

const optional = (value: unknown) =>
  value === null || value === undefined ? undefined : Number(value);
