/**
 * The attacks that are open, with what they add to their sources: rankings and lists show it before a
 * snapshot is taken. Bounded: of very many, the ones that were heard of last.
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
import type { Row } from "../../rows/row.ts";
import type { Statements } from "../sql.ts";

/** What changes with whatever an attack is made of, as one text: many columns take longer to read. */
const VERSIONS = (which: string) =>
  `SELECT a.source_ip, a.alerts, printf('%d %d %d %d %d %d %d %d %d %d %d',
      a.opened_at, a.touched_at, a.last_seen, a.alerts, a.compromised_at, r.snapshot_at, r.attempts,
      r.pam, r.sshd, r.connect, r.retracted_at) AS version
   FROM (SELECT source_ip, opened_at, touched_at, last_seen, alerts, compromised_at FROM attack ${which}) a
   LEFT JOIN source_record r INDEXED BY source_record_brief ON r.source_ip = a.source_ip`;

/** Reads one; undefined: none of this source is open. */
export function readOpenAttack(sql: Statements, sourceIp: string): OpenAttack | undefined {
  const rows = sql(VERSIONS("WHERE source_ip = ?")).all(sourceIp);
  return attacksIn(attacksOf(sql, rows, PAGE, NONE)).get(sourceIp);
}

/** Reads them. @param known those that were read before */
export function readOpenAttacks(sql: Statements, known: KnownAttacks): KnownAttacks {
  const rows = sql(VERSIONS("ORDER BY touched_at DESC LIMIT ?")).all(PAGE.attacks);
  return attacksOf(sql, rows, PAGE, known);
}

/** Reads all of them, by source, however long that takes. */
export function readAllOpenAttacks(sql: Statements): ReadonlyMap<string, OpenAttack> {
  return attacksIn(attacksOf(sql, sql(VERSIONS("")).all(), WHOLE, NONE));
}

const NONE: KnownAttacks = new Map();

function attacksOf(
  sql: Statements,
  rows: readonly Row[],
  bounds: Bounds,
  known: KnownAttacks,
): KnownAttacks {
  const { changed, whole, part, withKnown } = changedSince(rows, bounds, known);
  const sources = addresses(changed);
  const details = detailsOf(sql, sources);
  const detailOf = (row: Row) => details.get(String(row.source_ip))!;
  return withKnown(openAttacksOf({
    attacks: changed.map(detailOf),
    whole: whole.map(detailOf),
    connections: connectionsOf(sql, whole, part),
    usernames: namesOf(sql, sources, bounds),
    hours: hoursOf(sql, sources, bounds),
  }));
}

function detailsOf(sql: Statements, sources: string): ReadonlyMap<string, Row> {
  const rows = sql(
    `SELECT a.source_ip, a.first_seen, a.last_seen, a.compromised_at, a.source_location,
       a.techniques, r.attempts AS published, r.pam, r.sshd, r.connect,
       r.first_seen AS record_first_seen, r.compromised_at AS record_compromised_at,
       r.last_seen AS record_last_seen, r.retracted_at
     FROM json_each(?) s CROSS JOIN attack a ON a.source_ip = s.value
     LEFT JOIN source_record r ON r.source_ip = a.source_ip`,
  ).all(sources);
  return new Map(rows.map((row) => [String(row.source_ip), row]));
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
function connectionsOf(sql: Statements, whole: readonly Row[], part: readonly Row[]) {
  const rows = sql(
    totalsOf(`json_each(?) s CROSS JOIN attack a ON a.source_ip = s.value
      CROSS JOIN attack_connection c ON c.source_ip = a.source_ip`),
  ).all(addresses(whole));
  for (const { source_ip } of part) {
    rows.push(
      ...sql(
        totalsOf(`(SELECT * FROM attack_connection WHERE source_ip = ? LIMIT ?) c
          CROSS JOIN attack a ON a.source_ip = c.source_ip`),
      ).all(String(source_ip), COUNTED_OF_LARGE),
    );
  }
  return rows;
}

function namesOf(sql: Statements, sources: string, bounds: Bounds): readonly Row[] {
  return sql(
    `SELECT source_ip, username, max(max(pam, sshd, pam_error, connect)) AS attempts
     FROM json_each(?) s CROSS JOIN attack_username ON source_ip = s.value
     GROUP BY source_ip, username LIMIT ?`,
  ).all(sources, bounds.names);
}

function hoursOf(sql: Statements, sources: string, bounds: Bounds): readonly Row[] {
  return sql(
    `SELECT source_ip, sensor, hour, alerts, name, last_seen
     FROM json_each(?) s CROSS JOIN attack_sensor ON source_ip = s.value LIMIT ?`,
  ).all(sources, bounds.hours);
}
