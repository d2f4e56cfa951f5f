/**
 * What is known of one source, and a source at a glance.
 *
 * @module
 */
import type { OpenAttack } from "../../rows/open_attack.ts";
import {
  CONNECTIONS,
  CONNECTIONS_OF_ONE,
  LATEST_REPORTS,
  NAMES,
  type Source,
  type SourceParts,
  sourceRowOf,
  sourceViewOf,
  TIMELINE_REPORTS,
} from "../../rows/source.ts";
import type { SourceRow } from "../../sources.ts";
import type { SourceView } from "../../views.ts";
import { ROW } from "../outbox/reports.ts";
import { readRecord } from "../outbox/snapshot.ts";
import type { Statements } from "../sql.ts";

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
  return sourceRowOf(
    readParts(sql, readRows(sql, sourceIp), CONNECTIONS, LATEST_REPORTS),
    open,
  );
}

/** Reads all that is known of a source. */
export function readSource(sql: Statements, sourceIp: string): SourceView | undefined {
  const source = readRows(sql, sourceIp);
  const { attack, record } = source;
  if (attack === undefined && record === undefined) return undefined;
  return sourceViewOf(
    readParts(sql, source, CONNECTIONS_OF_ONE, TIMELINE_REPORTS),
    sql(
      `SELECT username, max(max(pam, sshd, pam_error, connect)) AS attempts
       FROM attack_username WHERE source_ip = ? GROUP BY username LIMIT ?`,
    ).all(sourceIp, NAMES),
    sql("SELECT * FROM attack_sensor WHERE source_ip = ? LIMIT 200").all(sourceIp),
  );
}

function readRows(sql: Statements, sourceIp: string): Source {
  return {
    sourceIp,
    attack: sql("SELECT * FROM attack WHERE source_ip = ?").get(sourceIp),
    record: readRecord(sql, sourceIp),
  };
}

function readParts(
  sql: Statements,
  source: Source,
  mostConnections: number,
  reports: number,
): SourceParts {
  const { sourceIp, attack, record } = source;
  return {
    ...source,
    mostConnections,
    connections: attack === undefined ? undefined : sql(
      `SELECT sum(sshd) AS sshd, sum(pam) AS pam, sum(connect) AS connect, count(*) AS n
       FROM (SELECT max(max(sshd) + max(pam_error), max(refused)) AS sshd, max(pam) AS pam,
           max(connect) AS connect
         FROM attack_connection WHERE source_ip = ? GROUP BY sensor, pid LIMIT ?)`,
    ).get(sourceIp, mostConnections),
    delivered: record === undefined ? [] : sql(
      `SELECT DISTINCT sink FROM delivery
       WHERE event_uuid = ? AND sink IN ('misp', 'feed') AND source_ip = ?`,
    ).all(record.eventUuid, sourceIp),
    reports: sql(`${ROW} WHERE r.source_ip = ? ORDER BY r.snapshot_at DESC, r.sink LIMIT ?`)
      .all(sourceIp, reports),
  };
}
