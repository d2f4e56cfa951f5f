/**
 * Sessions out of the tables, and out of the way when they are over.
 *
 * @module
 */
import type { SourceRecord } from "../../../model.ts";
import {
  type AttackSessions,
  type FurtherItems,
  NO_SESSIONS,
  type SeenItem,
  SESSION_KINDS,
  type SessionDetail,
  type SessionEvidence,
  type SessionRow,
} from "../../../session_evidence.ts";
import { storedJson } from "../errors.ts";
import { detailText } from "../../batch/session_batch.ts";
import type { Statements } from "../sql.ts";

/** Tables of which a snapshot takes everything. */
export const SESSION_TABLES: readonly string[] = ["attack_session_item", "attack_session_total"];

/** Reads the sessions of a source; undefined: it has none. */
export function readSessions(sql: Statements, sourceIp: string): AttackSessions | undefined {
  const of = (table: string) => sql(`SELECT * FROM ${table} WHERE source_ip = ?`).all(sourceIp);
  const rows = of("attack_session").map((row): SessionRow => ({
    sensor: String(row.sensor),
    session: String(row.session),
    connects: Number(row.connects),
    logins: Number(row.logins),
    longestMs: Number(row.longest_ms),
    touchedAt: Number(row.touched_at),
  }));
  const items = of("attack_session_item").map(itemOf);
  const [total] = of("attack_session_total");
  if (rows.length + items.length === 0 && total === undefined) return undefined;
  const counted = total === undefined ? NO_SESSIONS : {
    sessions: Number(total.sessions),
    loggedIn: Number(total.logged_in),
    longestMs: Number(total.longest_ms),
  };
  const further = total === undefined ? {} : storedJson(String(total.further)) as FurtherItems;
  return { rows, counted, items, further };
}

function itemOf(row: Record<string, unknown>): SeenItem {
  return {
    ...(row.detail === null ? {} : storedJson(String(row.detail)) as SessionDetail),
    kind: SESSION_KINDS[Number(row.kind)]!,
    value: String(row.value),
    count: Number(row.count),
    firstSeen: Number(row.first_seen),
    lastSeen: Number(row.last_seen),
  };
}

/** What a record holds of sessions beside its items, which have rows of their own. */
export type StoredSession = Omit<SessionEvidence, "items">;

/** Reads the sessions of a record. */
export function readRecordSession(
  sql: Statements,
  sourceIp: string,
  stored: StoredSession,
): SessionEvidence {
  const items = sql(
    "SELECT * FROM source_session_item WHERE source_ip = ? ORDER BY kind, count DESC, value",
  ).all(sourceIp).map(itemOf);
  return { ...stored, items };
}

/** Stores the items of a record. @returns what the record itself holds */
export function writeRecordSession(
  sql: Statements,
  { sourceIp, session }: SourceRecord,
): StoredSession | undefined {
  if (session === undefined) return undefined;
  sql("DELETE FROM source_session_item WHERE source_ip = ?").run(sourceIp);
  for (const item of session.items) {
    sql(
      `INSERT INTO source_session_item (source_ip, kind, value, count, first_seen, last_seen,
         detail) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      ...[sourceIp, SESSION_KINDS.indexOf(item.kind), item.value, item.count],
      ...[item.firstSeen, item.lastSeen, detailText(item)],
    );
  }
  const { items: _, ...stored } = session;
  return stored;
}

/** Deletes sessions that are now part of a record. */
export function deleteSessions(
  sql: Statements,
  sourceIp: string,
  rows: readonly SessionRow[],
): void {
  for (const { sensor, session } of rows) {
    sql("DELETE FROM attack_session WHERE source_ip = ? AND sensor = ? AND session = ?")
      .run(sourceIp, sensor, session);
  }
}

/**
 * Adds sessions that are over to the records of sources without an open attack. Their totals have them
 * already; the next snapshot must not look for their rows any more.
 */
export function compactSessions(sql: Statements, before: number): void {
  const over = "source_ip NOT IN (SELECT source_ip FROM attack) AND touched_at < ?";
  const sum = (name: string) => `json_extract(detail, '$.session.compacted.${name}')`;
  sql(
    `UPDATE source_record SET detail = json_set(detail,
       '$.session.compacted.sessions', ${sum("sessions")} + ended.sessions,
       '$.session.compacted.loggedIn', ${sum("loggedIn")} + ended.logged_in,
       '$.session.compacted.longestMs', max(${sum("longestMs")}, ended.longest_ms))
     FROM (SELECT source_ip, sum(max(connects, 1)) AS sessions,
         sum(min(logins, max(connects, 1))) AS logged_in, max(longest_ms) AS longest_ms
       FROM attack_session WHERE ${over} GROUP BY source_ip) AS ended
     WHERE ended.source_ip = source_record.source_ip
       AND json_type(detail, '$.session.compacted') IS NOT NULL`,
  ).run(before);
  sql(`DELETE FROM attack_session WHERE ${over}`).run(before);
}

/** Deletes the items of records that are about to be deleted. @param which of them */
export function deleteSessionsBefore(sql: Statements, which: string, before: number): void {
  sql(
    `DELETE FROM source_session_item WHERE source_ip IN
       (SELECT source_ip FROM source_record WHERE ${which})`,
  ).run(before);
}
