/**
 * Attacks and source records out of the tables, snapshots into them.
 *
 * @module
 */
import { count, type Statements } from "../sql.ts";
import { SERVICE_BITS } from "../../batch/batch.ts";
import type {
  Attack,
  EvidenceRow,
  Location,
  NewReport,
  SensorRow,
  Service,
  Snapshot,
  SourceRecord,
  Technique,
} from "../../../model.ts";
import { writeActivity, writeNames } from "./activity.ts";
import { storedTechniques } from "../../batch/techniques.ts";
import { storedJson } from "../errors.ts";
import {
  deleteSessions,
  readRecordSession,
  readSessions,
  SESSION_TABLES,
  type StoredSession,
  writeRecordSession,
} from "./session_rows.ts";

/** Reads the open attack of a source. */
export function readAttack(sql: Statements, sourceIp: string): Attack {
  const row = sql("SELECT * FROM attack WHERE source_ip = ?").get(sourceIp)!;
  const of = (table: string) => sql(`SELECT * FROM ${table} WHERE source_ip = ?`).all(sourceIp);
  const hours = of("attack_sensor");
  return {
    sourceIp,
    firstSeen: Number(row.first_seen),
    lastSeen: Number(row.last_seen),
    openedAt: Number(row.opened_at),
    touchedAt: Number(row.touched_at),
    alerts: Number(row.alerts),
    manager: String(row.manager),
    compromisedAt: optional(row.compromised_at),
    services: servicesOf(Number(row.services)),
    sourceLocation: row.source_location === null
      ? undefined
      : storedJson(String(row.source_location)) as Location,
    furtherUsernames: Number(row.further_usernames),
    evidence: of("attack_connection").map((line) => ({
      ...counts(line),
      sensor: String(line.sensor),
      pid: Number(line.pid),
      refused: Number(line.refused),
      touchedAt: Number(line.touched_at),
    })),
    usernames: of("attack_username").map((line) => ({
      ...counts(line),
      username: String(line.username),
    })),
    passwords: Object.fromEntries(
      of("attack_password").map((line) => [String(line.password), Number(line.attempts)]),
    ),
    sensors: sensorsOf(hours),
    hours: hours.map((line) => ({
      sensor: String(line.sensor),
      hour: Number(line.hour),
      alerts: Number(line.alerts),
    })),
    techniques: storedTechniques(row.techniques),
    session: readSessions(sql, sourceIp),
  };
}

/** One row of each sensor, from those of its hours. */
function sensorsOf(hours: readonly Row[]): readonly SensorRow[] {
  return Map.groupBy(hours, (line) => String(line.sensor)).entries().map(([sensor, lines]) => ({
    sensor,
    name: String(lines.at(-1)!.name),
    alerts: lines.reduce((sum, line) => sum + Number(line.alerts), 0),
    firstSeen: Math.min(...lines.map((line) => Number(line.first_seen))),
    lastSeen: Math.max(...lines.map((line) => Number(line.last_seen))),
  })).toArray();
}

const optional = (value: unknown) => value === null ? undefined : Number(value);

type Row = Record<string, unknown>;

function counts(row: Row) {
  return {
    location: String(row.location),
    sshd: Number(row.sshd),
    pamError: Number(row.pam_error),
    pam: Number(row.pam),
    connect: Number(row.connect),
  };
}

function servicesOf(bits: number): readonly Service[] {
  const services: readonly Service[] = ["ssh", "telnet"];
  return services.filter((service) => (bits & SERVICE_BITS[service]) !== 0);
}

/** Name of the counter of source records: counting a million rows takes too long for a page. */
export const KNOWN_SOURCES = "known_sources";

interface RecordDetail {
  readonly part?: number | undefined;
  readonly services: readonly Service[];
  readonly sourceLocation?: Location | undefined;
  readonly furtherUsernames: number;
  readonly usernames: Readonly<Record<string, number>>;
  /** Missing in records of older versions. */
  readonly passwords?: Readonly<Record<string, number>>;
  readonly sensors: readonly SensorRow[];
  readonly techniques: readonly Technique[];
  readonly session?: StoredSession | undefined;
}

/** Reads the record of a source; undefined: it has none. */
export function readRecord(sql: Statements, sourceIp: string): SourceRecord | undefined {
  const row = sql("SELECT * FROM source_record WHERE source_ip = ?").get(sourceIp);
  if (row === undefined) return undefined;
  const { part, sourceLocation, passwords = {}, session, ...detail } = storedJson(
    String(row.detail),
  ) as RecordDetail;
  return {
    part,
    sourceLocation,
    passwords,
    sourceIp,
    eventUuid: String(row.event_uuid),
    publisher: String(row.publisher),
    openedOn: String(row.opened_on),
    firstSeen: Number(row.first_seen),
    lastSeen: Number(row.last_seen),
    alerts: Number(row.alerts),
    compacted: { pam: Number(row.pam), sshd: Number(row.sshd), connect: Number(row.connect) },
    attempts: Number(row.attempts),
    compromisedAt: optional(row.compromised_at),
    retractedAt: optional(row.retracted_at),
    reports: Number(row.reports),
    ...detail,
    ...(session === undefined ? {} : { session: readRecordSession(sql, sourceIp, session) }),
  };
}

const ATTACK_TABLES: readonly string[] = [
  ...["attack", "attack_username", "attack_password", "attack_sensor"],
  ...SESSION_TABLES,
];

/** Stores a record and its reports, and deletes the attack. */
export function writeSnapshot(
  sql: Statements,
  snapshot: Snapshot,
  alerts: number,
  now: number,
): void {
  const { record, suppressed, activity } = snapshot;
  writeActivity(sql, activity, now);
  writeNames(sql, record);
  if (suppressed !== undefined) count(sql, `ignored.${suppressed}`, alerts);
  writeReports(sql, snapshot, now);
  updateSensors(sql, record.sourceIp);
  for (const table of ATTACK_TABLES) {
    sql(`DELETE FROM ${table} WHERE source_ip = ?`).run(record.sourceIp);
  }
  for (const row of snapshot.compacted) deleteConnection(sql, record.sourceIp, row);
  deleteSessions(sql, record.sourceIp, snapshot.endedSessions ?? []);
}

/** When a sensor last sent an alert is known for as long as records are kept. */
function updateSensors(sql: Statements, sourceIp: string): void {
  sql(
    `INSERT INTO sensor (sensor, name, alerts, last_seen)
     SELECT sensor, name, alerts, last_seen FROM attack_sensor WHERE source_ip = ?
     ON CONFLICT DO UPDATE SET name = excluded.name, alerts = alerts + excluded.alerts,
       last_seen = max(last_seen, excluded.last_seen)`,
  ).run(sourceIp);
}

/**
 * Stores a record and its reports. Older waiting reports of the source are superseded; their sightings
 * are kept, since each is of a time of its own.
 */
export function writeReports(sql: Statements, { record, reports }: Snapshot, now: number): void {
  writeRecord(sql, record, now);
  for (const report of reports) writeReport(sql, report);
}

/** Puts a report into the outbox. */
export function writeReport(sql: Statements, report: NewReport): void {
  const { uuid, sink, sourceIp, eventUuid, body, attempts, snapshotAt } = report;
  sql(
    `DELETE FROM report
     WHERE event_uuid = ? AND sink = ? AND source_ip = ? AND state <> 'delivered'`,
  ).run(eventUuid, sink, sourceIp);
  // Not by REPLACE, which would delete without the triggers.
  sql("DELETE FROM report WHERE uuid = ? AND sink = ?").run(uuid, sink);
  sql(
    `INSERT INTO report (uuid, sink, source_ip, event_uuid, state, attempts, snapshot_at, next_try_at)
     VALUES (?, ?, ?, ?, 'pending', ?, ?, max(?, coalesce((SELECT max(delivered_at)
       FROM delivery WHERE event_uuid = ? AND sink = ? AND delivered_at <= ?), 0) + ?))`,
  ).run(
    ...[uuid, sink, sourceIp, eventUuid, attempts, snapshotAt, snapshotAt],
    // A delivery that is still to come is dated by a clock that was set back since.
    ...[eventUuid, sink, snapshotAt, report.restMs],
  );
  sql("INSERT INTO report_body (uuid, sink, body) VALUES (?, ?, ?)").run(uuid, sink, body);
  for (const sighting of report.sightings) {
    sql(
      `INSERT OR IGNORE INTO sighting (event_uuid, sink, source_ip, uuid, attribute_uuid, source,
         kind, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      ...[eventUuid, sink, sourceIp, sighting.uuid, sighting.attributeUuid, sighting.source],
      ...[sighting.kind, sighting.seenAt],
    );
  }
}

function deleteConnection(sql: Statements, sourceIp: string, row: EvidenceRow): void {
  sql(
    `DELETE FROM attack_connection
     WHERE source_ip = ? AND sensor = ? AND pid = ? AND location = ?`,
  ).run(sourceIp, row.sensor, row.pid, row.location);
}

function writeRecord(sql: Statements, record: SourceRecord, now: number): void {
  const {
    part,
    services,
    sourceLocation,
    usernames,
    passwords,
    furtherUsernames,
    sensors,
    techniques,
  } = record;
  const session = writeRecordSession(sql, record);
  const detail: RecordDetail = {
    ...{ part, services, sourceLocation, usernames, passwords, furtherUsernames },
    ...{ sensors, techniques, session },
  };
  const isKnown = sql("SELECT 1 FROM source_record WHERE source_ip = ?").get(record.sourceIp);
  if (isKnown === undefined) count(sql, KNOWN_SOURCES, 1);
  sql(
    `INSERT OR REPLACE INTO source_record (source_ip, event_uuid, publisher, opened_on, first_seen,
       last_seen, alerts, pam, sshd, connect, attempts, compromised_at, retracted_at, reports,
       detail, snapshot_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    record.sourceIp,
    record.eventUuid,
    record.publisher,
    record.openedOn,
    record.firstSeen,
    record.lastSeen,
    record.alerts,
    record.compacted.pam,
    record.compacted.sshd,
    record.compacted.connect,
    record.attempts,
    record.compromisedAt ?? null,
    record.retractedAt ?? null,
    record.reports,
    JSON.stringify(detail),
    now,
  );
}
