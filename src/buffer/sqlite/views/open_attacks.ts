/**
 * The attacks that are open, with what they add to their sources: rankings and lists show it before a
 * snapshot is taken. Bounded: of very many, the ones that were heard of last.
 *
 * @module
 */
import {
  COUNTED_OF_LARGE,
  countedOf,
  MOST_ATTACKS,
  MOST_HOURS,
  MOST_NAMES,
  type OpenAttack,
  openAttacksOf,
} from "../../rows/open_attack.ts";
import type { Row } from "../../rows/row.ts";
import type { Statements } from "../sql.ts";

/** Reads them, by source. */
export function readOpenAttacks(sql: Statements): ReadonlyMap<string, OpenAttack> {
  const attacks = sql(
    `SELECT a.source_ip, a.first_seen, a.last_seen, a.opened_at, a.alerts, a.compromised_at,
       a.source_location, a.techniques, r.attempts AS published, r.pam, r.sshd, r.connect,
       r.first_seen AS record_first_seen, r.compromised_at AS record_compromised_at
     FROM (SELECT * FROM attack ORDER BY touched_at DESC LIMIT ?) a
     LEFT JOIN source_record r ON r.source_ip = a.source_ip`,
  ).all(MOST_ATTACKS);
  const { whole, part } = countedOf(attacks);
  return openAttacksOf({
    ...{ attacks, whole },
    connections: connectionsOf(sql, whole, part),
    usernames: sql(
      `SELECT source_ip, username, max(max(pam, sshd, pam_error, connect)) AS attempts
       FROM json_each(?) s CROSS JOIN attack_username ON source_ip = s.value
       GROUP BY source_ip, username LIMIT ?`,
    ).all(addresses(attacks), MOST_NAMES),
    hours: sql(
      `SELECT source_ip, sensor, hour, alerts, name, last_seen
       FROM json_each(?) s CROSS JOIN attack_sensor ON source_ip = s.value LIMIT ?`,
    ).all(addresses(attacks), MOST_HOURS),
  });
}

const addresses = (rows: readonly Row[]) => JSON.stringify(rows.map((row) => row.source_ip));

/** Totals of each sensor's connections: all that are not compacted, and those of this attack. */
const totalsOf = (connections: string) =>
  `SELECT c.source_ip, sensor, sum(sshd) AS sshd, sum(pam) AS pam, sum(connect) AS connect,
     sum(sshd * is_own) AS own_sshd, sum(pam * is_own) AS own_pam,
     sum(connect * is_own) AS own_connect
   FROM (SELECT c.source_ip, sensor, max(max(sshd) + max(pam_error), max(refused)) AS sshd,
       max(pam) AS pam, max(connect) AS connect, max(c.touched_at) >= a.opened_at AS is_own
     FROM ${connections} GROUP BY c.source_ip, sensor, pid) c
   GROUP BY c.source_ip, sensor`;

/** Of attacks that are counted whole, and of some that are counted in part. */
function connectionsOf(
  sql: Statements,
  whole: readonly Row[],
  part: readonly Row[],
): readonly Row[] {
  const rows = sql(
    totalsOf(`json_each(?) s CROSS JOIN attack a ON a.source_ip = s.value
      CROSS JOIN attack_connection c ON c.source_ip = a.source_ip`),
  ).all(addresses(whole));
  for (const { source_ip } of part) {
    rows.push(
      ...sql(
        totalsOf(`attack a CROSS JOIN (SELECT * FROM attack_connection WHERE source_ip = ?
          LIMIT ?) c ON c.source_ip = a.source_ip`),
      ).all(String(source_ip), COUNTED_OF_LARGE),
    );
  }
  return rows;
}
