/**
 * Attacks and source records out of the tables, snapshots into them.
 *
 * @module
 */
import type { Attack, EvidenceRow, NewReport, Snapshot, SourceRecord } from "../../../model.ts";
import { SESSION_KINDS } from "../../../session_evidence.ts";
import { detailText } from "../../batch/session_batch.ts";
import { KNOWN_SOURCES } from "../../rows/names.ts";
import { attackOf, MOST_LOGIN_NAMES } from "../../rows/attack.ts";
import { RECORD_COLUMNS, recordOf, recordValues } from "../../rows/record.ts";
import { itemOf, sessionsOf, type StoredSession } from "../../rows/sessions.ts";
import { columnsOf } from "../columns.ts";
import { keyText } from "../keys.ts";
import { all, changes, count, one, type Sql } from "../sql.ts";
import { writeActivity, writeNames } from "./activity.ts";
import { writeLeft } from "./left_event.ts";

/** Reads the open attack of a source. */
export async function readAttack(sql: Sql, sourceIp: string): Promise<Attack> {
  const attack = (await one(sql, "SELECT * FROM attack WHERE source_ip = $1", sourceIp))!;
  const of = (table: string, order: string) =>
    all(sql, `SELECT * FROM ${table} WHERE source_ip = $1 ORDER BY ${order}`, sourceIp);
  return attackOf({
    attack,
    connections: await of("attack_connection", "sensor, pid, location"),
    usernames: await of("attack_username", "username, location"),
    passwords: await of("attack_password", "password"),
    hours: await of("attack_sensor", "sensor, hour"),
    loginNames: await loginNames(sql, sourceIp, attack.compromised_at),
    session: sessionsOf(
      await of("attack_session", "sensor, session"),
      await of("attack_session_item", "kind, value"),
      await one(sql, "SELECT * FROM attack_session_total WHERE source_ip = $1", sourceIp),
    ),
  });
}

async function loginNames(
  sql: Sql,
  sourceIp: string,
  compromisedAt: unknown,
): Promise<readonly string[]> {
  if (compromisedAt === null) return [];
  const rows = await all(
    sql,
    `SELECT username FROM login WHERE source_ip = $1 AND at >= $2 AND username IS NOT NULL
     GROUP BY username ORDER BY min(at) LIMIT $3`,
    ...[sourceIp, Number(compromisedAt), MOST_LOGIN_NAMES],
  );
  return rows.map(({ username }) => String(username));
}

/** Reads the record of a source; undefined: it has none. */
export async function readRecord(sql: Sql, sourceIp: string): Promise<SourceRecord | undefined> {
  const row = await one(sql, "SELECT * FROM source_record WHERE source_ip = $1", sourceIp);
  if (row === undefined) return undefined;
  const { record, session } = recordOf(row);
  if (session === undefined) return record;
  const items = await all(
    sql,
    `SELECT * FROM source_session_item WHERE source_ip = $1 ORDER BY kind, count DESC, value`,
    sourceIp,
  );
  return { ...record, session: { ...session, items: items.map(itemOf) } };
}

const ATTACK_TABLES: readonly string[] = [
  ...["attack", "attack_username", "attack_password", "attack_sensor", "attack_session_item"],
  "attack_session_total",
];

/** Stores a record and its reports, and deletes the attack. */
export async function writeSnapshot(
  sql: Sql,
  snapshot: Snapshot,
  alerts: number,
  now: number,
): Promise<void> {
  const { record, suppressed, activity } = snapshot;
  await writeActivity(sql, activity, now);
  await writeNames(sql, record);
  if (suppressed !== undefined) count(sql, new Map([[`ignored.${suppressed}`, alerts]]));
  await writeReports(sql, snapshot, now);
  await updateSensors(sql, record.sourceIp);
  for (const table of ATTACK_TABLES) {
    await sql(`DELETE FROM ${table} WHERE source_ip = $1`, record.sourceIp);
  }
  await deleteConnections(sql, record.sourceIp, snapshot.compacted);
  if (snapshot.dayGrowth) {
    // New sources find the next part of the day sooner.
    await sql(
      "UPDATE day_event SET attributes = attributes + $1 WHERE event_uuid = $2",
      snapshot.dayGrowth,
      record.eventUuid,
    );
  }
  if (snapshot.left !== undefined) await writeLeft(sql, snapshot.left);
  const ended = snapshot.endedSessions ?? [];
  if (ended.length === 0) return;
  await sql(
    `DELETE FROM attack_session s USING unnest($2::text[], $3::text[]) AS n (sensor, session)
     WHERE s.source_ip = $1 AND s.sensor = n.sensor AND s.session = n.session`,
    record.sourceIp,
    ended.map(({ sensor }) => sensor),
    ended.map(({ session }) => session),
  );
}

/** When a sensor last sent an alert is known for as long as records are kept. */
async function updateSensors(sql: Sql, sourceIp: string): Promise<void> {
  await sql(
    `INSERT INTO sensor AS s (sensor, name, alerts, last_seen)
     SELECT sensor, (array_agg(name ORDER BY hour DESC))[1], sum(alerts), max(last_seen)
     FROM attack_sensor WHERE source_ip = $1 GROUP BY sensor ORDER BY sensor
     ON CONFLICT (sensor) DO UPDATE SET name = excluded.name, alerts = s.alerts + excluded.alerts,
       last_seen = greatest(s.last_seen, excluded.last_seen)`,
    sourceIp,
  );
}

/**
 * Stores a record and its reports. Older waiting reports of the source are superseded; their sightings
 * are kept, since each is of a time of its own.
 */
export async function writeReports(
  sql: Sql,
  { record, reports }: Snapshot,
  now: number,
): Promise<void> {
  await writeRecord(sql, record, now);
  for (const report of reports) {
    // Of the event that a source leaves, only its end is said.
    if (report.eventUuid === record.eventUuid || await hasSource(sql, report)) {
      await writeReport(sql, report);
    }
  }
}

/** Whether a sink has a source in an event, or would get it: one that refused it hears no more. */
export async function hasSource(
  sql: Sql,
  { eventUuid, sink, sourceIp }: Pick<NewReport, "eventUuid" | "sink" | "sourceIp">,
): Promise<boolean> {
  const row = await one(
    sql,
    `SELECT 1 FROM delivery WHERE event_uuid = $1 AND sink = $2 AND source_ip = $3
     UNION ALL SELECT 1 FROM report
     WHERE event_uuid = $1 AND sink = $2 AND source_ip = $3 AND state = 'pending' LIMIT 1`,
    ...[eventUuid, sink, sourceIp],
  );
  return row !== undefined;
}

/** Puts a report into the outbox. */
export async function writeReport(sql: Sql, report: NewReport): Promise<void> {
  const { uuid, sink, sourceIp, eventUuid, body, attempts, snapshotAt } = report;
  await sql(
    `DELETE FROM report WHERE uuid = $1 AND sink = $3
       OR event_uuid = $2 AND sink = $3 AND source_ip = $4 AND state <> 'delivered'`,
    ...[uuid, eventUuid, sink, sourceIp],
  );
  await sql(
    `INSERT INTO report (uuid, sink, source_ip, event_uuid, state, attempts, snapshot_at, next_try_at)
     VALUES ($1, $2, $3, $4, 'pending', $5, $6, greatest($6, coalesce((SELECT max(delivered_at)
       FROM delivery WHERE event_uuid = $4 AND sink = $2 AND delivered_at <= $6), 0) + $7::bigint))`,
    // A delivery that is still to come is dated by a clock that was set back since.
    ...[uuid, sink, sourceIp, eventUuid, attempts, snapshotAt, report.restMs],
  );
  await sql("INSERT INTO report_body (uuid, sink, body) VALUES ($1, $2, $3)", uuid, sink, body);
  const { sightings } = report;
  if (sightings.length === 0) return;
  await sql(
    `INSERT INTO sighting (event_uuid, sink, source_ip, uuid, attribute_uuid, source, kind, seen_at)
     SELECT $1, $2, $3, * FROM
       unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
     ON CONFLICT DO NOTHING`,
    ...[eventUuid, sink, sourceIp],
    ...columnsOf(
      sightings.map((one) => [one.uuid, one.attributeUuid, one.source, one.kind, one.seenAt]),
      5,
    ),
  );
}

async function deleteConnections(
  sql: Sql,
  sourceIp: string,
  rows: readonly EvidenceRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql(
    `DELETE FROM attack_connection c
     USING unnest($2::text[], $3::bigint[], $4::text[]) AS n (sensor, pid, location)
     WHERE c.source_ip = $1 AND c.sensor = n.sensor AND c.pid = n.pid AND c.location = n.location`,
    sourceIp,
    ...columnsOf(rows.map(({ sensor, pid, location }) => [sensor, pid, location]), 3),
  );
}

async function writeRecord(sql: Sql, record: SourceRecord, now: number): Promise<void> {
  const session = await writeItems(sql, record);
  const values = recordValues(record, session, now);
  const names = RECORD_COLUMNS.split(/,\s*/);
  const places = values.map((_, index) => `$${index + 1}`).join(", ");
  const updates = names.slice(1).map((name) => `${name} = excluded.${name}`).join(", ");
  const isNew = await one(
    sql,
    `INSERT INTO source_record (${RECORD_COLUMNS}) VALUES (${places})
     ON CONFLICT (source_ip) DO UPDATE SET ${updates} RETURNING xmax = 0 AS is_new`,
    ...values,
  );
  if (isNew?.is_new === true) count(sql, new Map([[KNOWN_SOURCES, 1]]));
}

/** Stores the items of a record. @returns what the record itself holds */
async function writeItems(
  sql: Sql,
  { sourceIp, session }: SourceRecord,
): Promise<StoredSession | undefined> {
  if (session === undefined) return undefined;
  const { items, ...stored } = session;
  await changes(sql, "DELETE FROM source_session_item WHERE source_ip = $1", sourceIp);
  if (items.length === 0) return stored;
  await sql(
    `INSERT INTO source_session_item (source_ip, kind, value_key, value, count, first_seen,
       last_seen, detail, expired_at)
     SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
       $7::bigint[], $8::text[], $9::bigint[]) ON CONFLICT DO NOTHING`,
    sourceIp,
    ...columnsOf(
      items.map((item) => [
        ...[SESSION_KINDS.indexOf(item.kind), keyText(item.value), item.value, item.count],
        ...[item.firstSeen, item.lastSeen, detailText(item), item.expiredAt ?? null],
      ]),
      8,
    ),
  );
  return stored;
}
