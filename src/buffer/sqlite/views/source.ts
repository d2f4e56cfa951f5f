/**
 * What is known of one source, and a source at a glance.
 *
 * @module
 */
import type { Location, SensorRow, SourceRecord, Technique } from "../../../model.ts";
import { attemptsOf } from "../../../wazuh/counting.ts";
import type { Statements } from "../sql.ts";
import { readRecord } from "../outbox/snapshot.ts";
import type { ReportRow } from "../../reports.ts";
import { toRow } from "../../rows/report.ts";
import { ROW } from "../outbox/reports.ts";
import type { OpenAttack } from "./open_attacks.ts";
import { storedTechniques } from "../../batch/techniques.ts";
import { readSourceSessions } from "./session_views.ts";
import type { AttemptsRow, SourceView } from "../../views.ts";
import type { Bounded, SourceRow } from "../../sources.ts";

/** Reports of one source that are looked at: for its state, and for its timeline. */
const LATEST_REPORTS = 6;
const TIMELINE_REPORTS = 50;
/** Connections that are gone through: of one source among many, and for the page of one. */
const CONNECTIONS = 500;
const CONNECTIONS_OF_ONE = 10_000;
/** User names of one source that are gone through, and shown on its page. */
const NAMES = 2_000;
const SHOWN_NAMES = 100;

type Row = Record<string, unknown>;

/**
 * Reads a source at a glance.
 *
 * @param open its open attack, where that was read already
 */
export function readSourceRow(
  sql: Statements,
  sourceIp: string,
  open: OpenAttack | undefined,
): SourceRow {
  const source = readRows(sql, sourceIp);
  const attempts = open === undefined
    ? attemptsOfSource(sql, source, CONNECTIONS)
    : { value: open.attempts, isMore: open.isMore };
  return sourceRow(sql, source, attempts, LATEST_REPORTS);
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
    ...sourceRow(
      ...[
        sql,
        source,
        attemptsOfSource(sql, source, CONNECTIONS_OF_ONE),
        TIMELINE_REPORTS,
      ] as const,
    ),
    usernames: mostFirst(names, SHOWN_NAMES),
    distinctUsernames: names.size,
    furtherUsernames: Number(attack?.further_usernames ?? 0) + (record?.furtherUsernames ?? 0),
    sensors: sensorsOfSource(sql, source),
    techniques: techniquesOf(source),
    sessions: readSourceSessions(sql, sourceIp, record?.session?.totals),
  };
}

/** A source: its open attack, and its record. */
interface Source {
  readonly sourceIp: string;
  readonly attack: Row | undefined;
  readonly record: SourceRecord | undefined;
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

function sourceRow(
  sql: Statements,
  source: Source,
  attempts: Bounded,
  reports: number,
): SourceRow {
  const { sourceIp, attack, record } = source;
  const seen = [Number(attack?.last_seen ?? 0), record?.lastSeen ?? 0];
  return {
    sourceIp,
    attempts,
    alerts: alertsOf(source),
    firstSeen: Math.min(Number(attack?.first_seen ?? Infinity), record?.firstSeen ?? Infinity),
    lastSeen: Math.max(...seen),
    sourceLocation: locationOf(attack) ?? record?.sourceLocation,
    compromisedAt: record?.compromisedAt ?? optional(attack?.compromised_at),
    retractedAt: record?.retractedAt,
    expiredAt: record?.expiredAt,
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

function mostFirst(counts: ReadonlyMap<string, number>, most: number): readonly AttemptsRow[] {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, most)
    .map(([text, attempts]) => ({ text, attempts }));
}

function techniquesOf({ attack, record }: Source): readonly Technique[] {
  const found = new Map<string, Technique>();
  for (const technique of record?.techniques ?? []) found.set(technique.id, technique);
  for (const { id, name } of storedTechniques(attack?.techniques ?? null)) {
    found.set(id, { id, name: name ?? found.get(id)?.name });
  }
  return [...found.values()].sort((one, other) => one.id < other.id ? -1 : 1);
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
