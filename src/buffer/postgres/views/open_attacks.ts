/**
 * The attacks that are open, with what they add to their sources. Bounded: of very many, the ones that
 * were heard of last.
 *
 * @module
 */
import { attacksIn, changedSince, type KnownAttacks } from "../../rows/known_attacks.ts";
import {
  type Bounds,
  COUNTED_OF_LARGE,
  type OpenAttack,
  openAttacksOf,
  PAGE,
  WHOLE,
} from "../../rows/open_attack.ts";
import type { Row } from "../trip.ts";
import { all, type Sql } from "../sql.ts";

/** What changes with whatever an attack is made of, as one text: many columns take longer to read. */
const VERSIONS = (which: string) =>
  `SELECT a.source_ip, a.alerts, format('%s %s %s %s %s %s %s %s %s %s %s',
      a.opened_at, a.touched_at, a.last_seen, a.alerts, a.compromised_at, r.snapshot_at, r.attempts,
      r.pam, r.sshd, r.connect, r.retracted_at) AS version
   FROM (SELECT source_ip, opened_at, touched_at, last_seen, alerts, compromised_at FROM attack ${which}) a
   LEFT JOIN source_record r ON r.source_ip = a.source_ip`;

/** Reads one; undefined: none of this source is open. */
export async function readOpenAttack(sql: Sql, sourceIp: string): Promise<OpenAttack | undefined> {
  const rows = await all(sql, VERSIONS("WHERE source_ip = $1"), sourceIp);
  return attacksIn(await attacksOf(sql, rows, PAGE, NONE)).get(sourceIp);
}

/** Reads them. @param known those that were read before */
export async function readOpenAttacks(sql: Sql, known: KnownAttacks): Promise<KnownAttacks> {
  const rows = await all(sql, VERSIONS("ORDER BY touched_at DESC LIMIT $1"), PAGE.attacks);
  return await attacksOf(sql, rows, PAGE, known);
}

/** Reads all of them, by source, however long that takes. */
export async function readAllOpenAttacks(sql: Sql): Promise<ReadonlyMap<string, OpenAttack>> {
  return attacksIn(await attacksOf(sql, await all(sql, VERSIONS("")), WHOLE, NONE));
}

const NONE: KnownAttacks = new Map();

async function attacksOf(
  sql: Sql,
  rows: readonly Row[],
  bounds: Bounds,
  known: KnownAttacks,
): Promise<KnownAttacks> {
  const { changed, whole, part, withKnown } = changedSince(rows, bounds, known);
  const sources = addresses(changed);
  // All in one trip.
  const attacks = sql.later(DETAILS, sources);
  const counted = [
    sql.later(
      totalsOf("(SELECT * FROM attack_connection WHERE source_ip = ANY($1))"),
      addresses(whole),
    ),
    ...part.map((row) => sql.later(totalsOf(PART), addresses([row]), COUNTED_OF_LARGE)),
  ];
  const usernames = sql.later(NAMES, sources, bounds.names);
  const hours = await all(sql, HOURS, sources, bounds.hours);
  const details = (await attacks).rows;
  const isWhole = new Set(addresses(whole));
  return withKnown(openAttacksOf({
    attacks: details,
    whole: details.filter((row) => isWhole.has(String(row.source_ip))),
    connections: (await Promise.all(counted)).flatMap((result) => result.rows),
    usernames: (await usernames).rows,
    hours,
  }));
}

const DETAILS =
  `SELECT a.source_ip, a.first_seen, a.last_seen, a.compromised_at, a.source_location, a.techniques,
     r.attempts AS published, r.pam, r.sshd, r.connect, r.first_seen AS record_first_seen,
     r.compromised_at AS record_compromised_at, r.last_seen AS record_last_seen, r.retracted_at
   FROM attack a LEFT JOIN source_record r ON r.source_ip = a.source_ip
   WHERE a.source_ip = ANY($1)`;

const NAMES = `SELECT source_ip, username, max(greatest(pam, sshd, pam_error, connect)) AS attempts
   FROM attack_username WHERE source_ip = ANY($1)
   GROUP BY source_ip, username ORDER BY source_ip, username LIMIT $2`;

const HOURS = `SELECT source_ip, sensor, hour, alerts, name, last_seen FROM attack_sensor
   WHERE source_ip = ANY($1) ORDER BY source_ip, sensor, hour LIMIT $2`;

/** Connections of one attack that are counted. */
const PART = "(SELECT * FROM attack_connection WHERE source_ip = ANY($1) LIMIT $2)";

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
