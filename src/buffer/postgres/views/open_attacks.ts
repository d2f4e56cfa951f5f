/**
 * The attacks that are open, with what they add to their sources. Bounded: of very many, the ones that
 * were heard of last.
 *
 * @module
 */
import {
  type Bounds,
  COUNTED_OF_LARGE,
  countedOf,
  type OpenAttack,
  openAttacksOf,
  PAGE,
  WHOLE,
} from "../../rows/open_attack.ts";
import type { Row } from "../trip.ts";
import { all, type Sql } from "../sql.ts";

/** Reads them, by source: the ones that were heard of last. */
export function readOpenAttacks(sql: Sql): Promise<ReadonlyMap<string, OpenAttack>> {
  return readBounded(sql, PAGE, null);
}

/** Reads all of them, however long that takes. */
export function readAllOpenAttacks(sql: Sql): Promise<ReadonlyMap<string, OpenAttack>> {
  return readBounded(sql, WHOLE, null);
}

/** Reads one; undefined: none of this source is open. */
export async function readOpenAttack(sql: Sql, sourceIp: string): Promise<OpenAttack | undefined> {
  return (await readBounded(sql, PAGE, sourceIp)).get(sourceIp);
}

async function readBounded(
  sql: Sql,
  bounds: Bounds,
  sourceIp: string | null,
): Promise<ReadonlyMap<string, OpenAttack>> {
  const attacks = await all(
    sql,
    `SELECT a.source_ip, a.first_seen, a.last_seen, a.opened_at, a.alerts, a.compromised_at,
       a.source_location, a.techniques, r.attempts AS published, r.pam, r.sshd, r.connect,
       r.first_seen AS record_first_seen, r.compromised_at AS record_compromised_at,
       r.last_seen AS record_last_seen, r.retracted_at
     FROM (SELECT * FROM attack WHERE $2::text IS NULL OR source_ip = $2
       ORDER BY touched_at DESC LIMIT $1) a
     LEFT JOIN source_record r ON r.source_ip = a.source_ip`,
    bounds.attacks,
    sourceIp,
  );
  const { whole, part } = countedOf(attacks, bounds.connections);
  const connections = [
    ...await all(
      sql,
      totalsOf("(SELECT * FROM attack_connection WHERE source_ip = ANY($1))"),
      addresses(whole),
    ),
  ];
  for (const row of part) {
    connections.push(
      ...await all(
        sql,
        totalsOf("(SELECT * FROM attack_connection WHERE source_ip = ANY($1) LIMIT $2)"),
        addresses([row]),
        COUNTED_OF_LARGE,
      ),
    );
  }
  return openAttacksOf({
    ...{ attacks, whole, connections },
    usernames: await all(
      sql,
      `SELECT source_ip, username, max(greatest(pam, sshd, pam_error, connect)) AS attempts
       FROM attack_username WHERE source_ip = ANY($1)
       GROUP BY source_ip, username ORDER BY source_ip, username LIMIT $2`,
      addresses(attacks),
      bounds.names,
    ),
    hours: await all(
      sql,
      `SELECT source_ip, sensor, hour, alerts, name, last_seen FROM attack_sensor
       WHERE source_ip = ANY($1) ORDER BY source_ip, sensor, hour LIMIT $2`,
      addresses(attacks),
      bounds.hours,
    ),
  });
}

const addresses = (rows: readonly Row[]) => rows.map((row) => String(row.source_ip));

/** Totals of each sensor's connections: all that are not compacted, and those of this attack. */
const totalsOf = (connections: string) => {
  const own = (column: string) => `coalesce(sum(${column}) FILTER (WHERE is_own), 0)`;
  return `SELECT source_ip, sensor, sum(sshd) AS sshd, sum(pam) AS pam, sum(connect) AS connect,
      ${own("sshd")} AS own_sshd, ${own("pam")} AS own_pam, ${own("connect")} AS own_connect
    FROM (SELECT c.source_ip, c.sensor,
        greatest(max(c.sshd) + max(c.pam_error), max(c.refused)) AS sshd,
        max(c.pam) AS pam, max(c.connect) AS connect,
        max(c.touched_at) >= max(a.opened_at) AS is_own
      FROM ${connections} c JOIN attack a ON a.source_ip = c.source_ip
      GROUP BY c.source_ip, c.sensor, c.pid) c
    GROUP BY source_ip, sensor ORDER BY source_ip, sensor`;
};
