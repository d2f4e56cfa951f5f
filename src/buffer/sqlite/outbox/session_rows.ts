/**
 * Sessions out of the tables, and out of the way when they are over.
 *
 * @module
 */
import type { SourceRecord } from "../../../model.ts";
import {
  type AttackSessions,
  SESSION_KINDS,
  type SessionEvidence,
  type SessionRow,
} from "../../../session_evidence.ts";
import { itemOf, sessionsOf, type StoredSession } from "../../rows/sessions.ts";
import { detailText } from "../../batch/session_batch.ts";
import type { Statements } from "../sql.ts";

/** Tables of which a snapshot takes everything. */
export const SESSION_TABLES: readonly string[] = ["attack_session_item", "attack_session_total"];

/** Reads the sessions of a source; undefined: it has none. */
export function readSessions(sql: Statements, sourceIp: string): AttackSessions | undefined {
  const of = (table: string) => sql(`SELECT * FROM ${table} WHERE source_ip = ?`).all(sourceIp);
  const [total] = of("attack_session_total");
  return sessionsOf(of("attack_session"), of("attack_session_item"), total);
}

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
         detail, expired_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      ...[sourceIp, SESSION_KINDS.indexOf(item.kind), item.value, item.count],
      ...[item.firstSeen, item.lastSeen, detailText(item), item.expiredAt ?? null],
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
