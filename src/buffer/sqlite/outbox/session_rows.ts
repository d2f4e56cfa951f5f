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
  SESSION_KINDS,
  type SessionDetail,
  type SessionKind,
  type SessionRow,
} from "../../../session_evidence.ts";
import { storedJson } from "../errors.ts";
import type { Statements } from "../sql.ts";

/** Tables of which a snapshot takes everything. */
export const SESSION_TABLES: readonly string[] = ["attack_session_item", "attack_session_total"];

/** Kinds of which one wants to know which sources have the same. */
const INDEXED: readonly SessionKind[] = ["hassh", "payload", "key"];

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
  const items = of("attack_session_item").map((row) => ({
    ...(row.detail === null ? {} : storedJson(String(row.detail)) as SessionDetail),
    kind: SESSION_KINDS[Number(row.kind)]!,
    value: String(row.value),
    count: Number(row.count),
    firstSeen: Number(row.first_seen),
    lastSeen: Number(row.last_seen),
  }));
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

/** Notes which payloads, clients and keys a source has, so that the others that have them are found. */
export function indexSessions(sql: Statements, { sourceIp, session }: SourceRecord): void {
  for (const { kind, value, firstSeen } of session?.items ?? []) {
    if (!INDEXED.includes(kind)) continue;
    sql(
      `INSERT INTO session_index (kind, value, source_ip, first_seen) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET first_seen = min(first_seen, excluded.first_seen)`,
    ).run(SESSION_KINDS.indexOf(kind), value, sourceIp, firstSeen);
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

/** Deletes what is indexed of sources whose records are about to be deleted. @param which of them */
export function deleteSessionsBefore(sql: Statements, which: string, before: number): void {
  sql(
    `DELETE FROM session_index WHERE source_ip IN
       (SELECT source_ip FROM source_record WHERE ${which})`,
  ).run(before);
}
