/**
 * What is known of one source, and a source at a glance.
 *
 * @module
 */
import type { OpenAttack } from "../../rows/open_attack.ts";
import type { Row } from "../../rows/row.ts";
import {
  CONNECTIONS,
  CONNECTIONS_OF_ONE,
  LATEST_REPORTS,
  NAMES,
  seenSql,
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
import { readSourceSessions } from "./session_views.ts";

const SEEN = seenSql("?");

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
  const most = { connections: open === undefined ? CONNECTIONS : 0, reports: LATEST_REPORTS };
  return sourceRowOf(partsOf(sql, readRows(sql, sourceIp), most), open);
}

/** Reads all that is known of a source. */
export function readSource(sql: Statements, sourceIp: string): SourceView | undefined {
  const source = readRows(sql, sourceIp);
  const { attack, record } = source;
  if (attack === undefined && record === undefined) return undefined;
  return sourceViewOf(
    partsOf(sql, source, { connections: CONNECTIONS_OF_ONE, reports: TIMELINE_REPORTS }),
    openUsernames(sql, sourceIp),
    sql("SELECT * FROM attack_sensor WHERE source_ip = ? LIMIT 200").all(sourceIp),
    readSourceSessions(sql, sourceIp, record?.session?.totals),
  );
}

function readRows(sql: Statements, sourceIp: string): Source {
  return {
    sourceIp,
    attack: sql("SELECT * FROM attack WHERE source_ip = ?").get(sourceIp),
    record: readRecord(sql, sourceIp),
  };
}

/** @param most connections that are gone through, 0: none; and reports that are read */
function partsOf(
  sql: Statements,
  source: Source,
  most: { readonly connections: number; readonly reports: number },
): SourceParts {
  const { sourceIp, attack, record } = source;
  return {
    ...source,
    connections: attack === undefined || most.connections === 0
      ? undefined
      : connectionsOf(sql, sourceIp, most.connections),
    mostConnections: most.connections,
    delivered: record === undefined ? [] : sql(
      `SELECT DISTINCT sink FROM delivery
       WHERE event_uuid = ? AND sink IN ('misp', 'feed') AND source_ip = ?`,
    ).all(record.eventUuid, sourceIp),
    seen: sql(SEEN).get(...Array<string>(6).fill(sourceIp)),
    reports: sql(`${ROW} WHERE r.source_ip = ? ORDER BY r.snapshot_at DESC, r.sink LIMIT ?`)
      .all(sourceIp, most.reports),
  };
}

function connectionsOf(sql: Statements, sourceIp: string, most: number): Row | undefined {
  return sql(
    `SELECT sum(sshd) AS sshd, sum(pam) AS pam, sum(connect) AS connect, count(*) AS n
     FROM (SELECT max(max(sshd) + max(pam_error), max(refused)) AS sshd, max(pam) AS pam,
         max(connect) AS connect
       FROM attack_connection WHERE source_ip = ? GROUP BY sensor, pid LIMIT ?)`,
  ).get(sourceIp, most);
}

function openUsernames(sql: Statements, sourceIp: string): readonly Row[] {
  return sql(
    `SELECT username, max(max(pam, sshd, pam_error, connect)) AS attempts
     FROM attack_username WHERE source_ip = ? GROUP BY username LIMIT ?`,
  ).all(sourceIp, NAMES);
}
