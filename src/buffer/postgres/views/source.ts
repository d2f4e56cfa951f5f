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
import { readSourceSessions } from "./session_views.ts";
import { all, one, type Sql } from "../sql.ts";

const SEEN = seenSql("$1");

/** Reads a source at a glance. @param open its open attack, where that was read already */
export async function readSourceRow(
  sql: Sql,
  sourceIp: string,
  open: OpenAttack | undefined,
): Promise<SourceRow> {
  const source = await readRows(sql, sourceIp);
  return sourceRowOf(await readParts(sql, source, CONNECTIONS, LATEST_REPORTS), open);
}

/** Reads all that is known of a source. */
export async function readSource(sql: Sql, sourceIp: string): Promise<SourceView | undefined> {
  const source = await readRows(sql, sourceIp);
  const { attack, record } = source;
  if (attack === undefined && record === undefined) return undefined;
  return sourceViewOf(
    ...await Promise.all([
      readParts(sql, source, CONNECTIONS_OF_ONE, TIMELINE_REPORTS),
      all(
        sql,
        `SELECT username, max(greatest(pam, sshd, pam_error, connect)) AS attempts
         FROM attack_username WHERE source_ip = $1 GROUP BY username ORDER BY username LIMIT $2`,
        sourceIp,
        NAMES,
      ),
      all(
        sql,
        "SELECT * FROM attack_sensor WHERE source_ip = $1 ORDER BY sensor, hour LIMIT 200",
        sourceIp,
      ),
      readSourceSessions(sql, sourceIp, record?.session?.totals),
    ]),
  );
}

async function readRows(sql: Sql, sourceIp: string): Promise<Source> {
  const [attack, record] = await Promise.all([
    one(sql, "SELECT * FROM attack WHERE source_ip = $1", sourceIp),
    readRecord(sql, sourceIp),
  ]);
  return { sourceIp, attack, record };
}

async function readParts(
  sql: Sql,
  source: Source,
  mostConnections: number,
  mostReports: number,
): Promise<SourceParts> {
  const { sourceIp, attack, record } = source;
  const [connections, delivered, seen, reports] = await Promise.all([
    attack === undefined ? undefined : one(
      sql,
      `SELECT sum(sshd) AS sshd, sum(pam) AS pam, sum(connect) AS connect, count(*) AS n
       FROM (SELECT greatest(max(sshd) + max(pam_error), max(refused)) AS sshd, max(pam) AS pam,
           max(connect) AS connect
         FROM attack_connection WHERE source_ip = $1 GROUP BY sensor, pid LIMIT $2) AS c`,
      sourceIp,
      mostConnections,
    ),
    record === undefined ? [] : all(
      sql,
      `SELECT DISTINCT sink FROM delivery
       WHERE event_uuid = $1 AND sink IN ('misp', 'feed') AND source_ip = $2 ORDER BY sink`,
      record.eventUuid,
      sourceIp,
    ),
    one(sql, SEEN, sourceIp),
    all(
      sql,
      `${ROW} WHERE r.source_ip = $1 ORDER BY r.snapshot_at DESC, r.sink LIMIT $2`,
      sourceIp,
      mostReports,
    ),
  ]);
  return { ...source, mostConnections, connections, delivered, seen, reports };
}
