/**
 * Attacks and source records out of the tables, snapshots into them.
 *
 * @module
 */
import { count, type Statements } from "../sql.ts";
import type { Attack, EvidenceRow, NewReport, Snapshot, SourceRecord } from "../../../model.ts";
import { KNOWN_SOURCES } from "../../rows/names.ts";
import { attackOf, MOST_LOGIN_NAMES } from "../../rows/attack.ts";
import { RECORD_COLUMNS, recordOf, recordValues } from "../../rows/record.ts";
import { writeActivity, writeNames } from "./activity.ts";
import { growDayEvent } from "./day_events.ts";
import { writeLeft } from "./left_event.ts";
import {
  deleteSessions,
  readRecordSession,
  readSessions,
  SESSION_TABLES,
  writeRecordSession,
} from "./session_rows.ts";

/** Reads the open attack of a source. */
export function readAttack(sql: Statements, sourceIp: string): Attack {
  const attack = sql("SELECT * FROM attack WHERE source_ip = ?").get(sourceIp)!;
  const of = (table: string) => sql(`SELECT * FROM ${table} WHERE source_ip = ?`).all(sourceIp);
  return attackOf({
    attack,
    connections: of("attack_connection"),
    usernames: of("attack_username"),
    passwords: of("attack_password"),
    hours: of("attack_sensor"),
    loginNames: loginNames(sql, sourceIp, attack.compromised_at),
    session: readSessions(sql, sourceIp),
  });
}

function loginNames(sql: Statements, sourceIp: string, compromisedAt: unknown): readonly string[] {
  if (compromisedAt === null) return [];
  const rows = sql(
    `SELECT username FROM login WHERE source_ip = ? AND at >= ? AND username IS NOT NULL
     GROUP BY username ORDER BY min(at) LIMIT ?`,
  ).all(sourceIp, Number(compromisedAt), MOST_LOGIN_NAMES);
  return rows.map(({ username }) => String(username));
}

/** Reads the record of a source; undefined: it has none. */
export function readRecord(sql: Statements, sourceIp: string): SourceRecord | undefined {
  const row = sql("SELECT * FROM source_record WHERE source_ip = ?").get(sourceIp);
  if (row === undefined) return undefined;
  const { record, session } = recordOf(row);
  return {
    ...record,
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
  if (snapshot.dayGrowth) growDayEvent(sql, record.eventUuid, snapshot.dayGrowth);
  if (snapshot.left !== undefined) writeLeft(sql, snapshot.left);
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
  for (const report of reports) {
    // Of the event that a source leaves, only its end is said.
    if (report.eventUuid === record.eventUuid || hasSource(sql, report)) writeReport(sql, report);
  }
}

/** Whether a sink has a source in an event, or would get it: one that refused it hears no more. */
export function hasSource(
  sql: Statements,
  { eventUuid, sink, sourceIp }: Pick<NewReport, "eventUuid" | "sink" | "sourceIp">,
): boolean {
  const key = [eventUuid, sink, sourceIp];
  return sql(
    `SELECT 1 FROM delivery WHERE event_uuid = ? AND sink = ? AND source_ip = ?
     UNION ALL SELECT 1 FROM report
     WHERE event_uuid = ? AND sink = ? AND source_ip = ? AND state = 'pending'`,
  ).get(...key, ...key) !== undefined;
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
  const session = writeRecordSession(sql, record);
  const isKnown = sql("SELECT 1 FROM source_record WHERE source_ip = ?").get(record.sourceIp);
  if (isKnown === undefined) count(sql, KNOWN_SOURCES, 1);
  const values = recordValues(record, session, now);
  const places = values.map(() => "?").join(", ");
  sql(`INSERT OR REPLACE INTO source_record (${RECORD_COLUMNS}) VALUES (${places})`)
    .run(...values);
}
