/**
 * The attacks that are open, with what they add to their sources: rankings and lists show it before a
 * snapshot is taken. Bounded: of very many, the ones that were heard of last.
 *
 * @module
 */
import { activityOf, type Added } from "../../activity.ts";
import type { ActivityRow, Location, SensorHour, Technique } from "../../../model.ts";
import { attemptsOf } from "../../../wazuh/counting.ts";
import { storedTechniques } from "../../batch/techniques.ts";
import type { Statements } from "../sql.ts";

/** How much is read. */
interface Bounds {
  readonly attacks: number;
  /** Rows that are read for all of them together. */
  readonly connections: number;
  readonly names: number;
  readonly hours: number;
}

/** For pages, which must not cost more where more is open. */
const PAGE: Bounds = { attacks: 1000, connections: 20_000, names: 20_000, hours: 20_000 };
/** For commands, which have to be exact. */
const ALL = Number.MAX_SAFE_INTEGER;
const WHOLE: Bounds = { attacks: ALL, connections: ALL, names: ALL, hours: ALL };

/** Of the largest attacks, which have more connections than are read, so many each. */
const MOST_LARGE = 10;
const COUNTED_OF_LARGE = 1_000;

/** An open attack. Times are milliseconds UTC. */
export interface OpenAttack {
  readonly sourceIp: string;
  /** Of the source: what was published, and what this attack adds. */
  readonly attempts: number;
  /** Whether it has more connections than were counted: then it has at least so many attempts. */
  readonly isMore: boolean;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly compromisedAt: number | undefined;
  readonly retractedAt: number | undefined;
  readonly location: Location | undefined;
  readonly techniques: readonly Technique[];
  readonly usernames: readonly (readonly [name: string, attempts: number])[];
  readonly sensors: readonly OpenSensor[];
  readonly activity: readonly ActivityRow[];
}

/** What a sensor saw of it in one hour. */
export interface OpenSensor extends SensorHour {
  readonly name: string;
  /** Milliseconds UTC. */
  readonly lastSeen: number;
}

type Row = Record<string, unknown>;

/** Attacks as they were read before, by source: what has not changed is not read again. */
export type KnownAttacks = Map<string, { readonly version: string; readonly attack: OpenAttack }>;

/** What changes with whatever an attack is made of, as one text: many columns take longer to read. */
const VERSIONS = (which: string) =>
  `SELECT a.source_ip, a.alerts, printf('%d %d %d %d %d %d %d %d %d %d',
      a.opened_at, a.touched_at, a.alerts, a.compromised_at, r.snapshot_at, r.attempts, r.pam, r.sshd,
      r.connect, r.retracted_at) AS version
   FROM (SELECT source_ip, opened_at, touched_at, alerts, compromised_at FROM attack ${which}) a
   LEFT JOIN source_record r ON r.source_ip = a.source_ip`;

/** Reads one; undefined: none of this source is open. */
export function readOpenAttack(sql: Statements, sourceIp: string): OpenAttack | undefined {
  const rows = sql(VERSIONS("WHERE source_ip = ?")).all(sourceIp);
  return attacksOf(sql, rows, PAGE, new Map()).get(sourceIp);
}

/** Reads them, by source. @param known what the last call has left there, for the next one */
export function readOpenAttacks(
  sql: Statements,
  known: KnownAttacks = new Map(),
): ReadonlyMap<string, OpenAttack> {
  const rows = sql(VERSIONS("ORDER BY touched_at DESC LIMIT ?")).all(PAGE.attacks);
  return attacksOf(sql, rows, PAGE, known);
}

/** Reads all of them, however long that takes. */
export function readAllOpenAttacks(sql: Statements): ReadonlyMap<string, OpenAttack> {
  return attacksOf(sql, sql(VERSIONS("")).all(), WHOLE, new Map());
}

function attacksOf(
  sql: Statements,
  rows: readonly Row[],
  bounds: Bounds,
  known: KnownAttacks,
): ReadonlyMap<string, OpenAttack> {
  // An alert has one connection at most: the attacks of few alerts are counted whole.
  let left = bounds.connections;
  const bySize = rows.toSorted((one, other) => Number(one.alerts) - Number(other.alerts));
  const counted = new Set(bySize.filter((row) => (left -= Number(row.alerts)) >= 0));
  const large = new Set(bySize.slice(counted.size).slice(-MOST_LARGE));
  const versionOf = (row: Row) =>
    `${row.version} ${counted.has(row) ? "whole" : large.has(row) ? "part" : "none"}`;
  const isChanged = (row: Row) => known.get(String(row.source_ip))?.version !== versionOf(row);
  const changed = rows.filter(isChanged);
  const connections = connectionsOf(
    sql,
    changed.filter((row) => counted.has(row)),
    changed.filter((row) => large.has(row)),
  );
  const names = namesOf(sql, addresses(changed), bounds);
  const hours = hoursOf(sql, addresses(changed), bounds);
  const details = detailsOf(sql, addresses(changed));
  const read = new Map(changed.map((row) => {
    const sourceIp = String(row.source_ip);
    const own = { connections: connections.get(sourceIp) ?? [], names: names.get(sourceIp) ?? [] };
    const attack = openAttack(details.get(sourceIp)!, {
      ...own,
      hours: hours.get(sourceIp) ?? [],
    });
    return [row, { ...attack, isMore: !counted.has(row) }];
  }));
  const found = rows.map((row) => {
    const sourceIp = String(row.source_ip);
    const attack = read.get(row) ?? known.get(sourceIp)!.attack;
    return [sourceIp, { version: versionOf(row), attack }] as const;
  });
  known.clear();
  for (const [sourceIp, one] of found) known.set(sourceIp, one);
  return new Map(found.map(([sourceIp, { attack }]) => [sourceIp, attack]));
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

interface Parts {
  readonly connections: readonly Row[];
  readonly names: readonly (readonly [name: string, attempts: number])[];
  readonly hours: readonly OpenSensor[];
}

function openAttack(row: Row, { connections, names, hours }: Parts): Omit<OpenAttack, "isMore"> {
  const published = Number(row.published ?? 0);
  const total = (column: string) =>
    connections.reduce((sum, one) => sum + Number(one[column]), Number(row[column] ?? 0));
  const attempts = Math.max(
    published,
    attemptsOf({ pam: total("pam"), sshd: total("sshd"), connect: total("connect") }),
  );
  const location = row.source_location === null
    ? undefined
    : JSON.parse(String(row.source_location)) as Location;
  const added: Added = {
    sourceIp: String(row.source_ip),
    attempts: attempts - published,
    hours,
    sensorAttempts: new Map(
      connections.map((one) => [
        String(one.sensor),
        attemptsOf({
          pam: Number(one.own_pam),
          sshd: Number(one.own_sshd),
          connect: Number(one.own_connect),
        }),
      ]),
    ),
    usernames: names,
    techniques: storedTechniques(row.techniques),
    location,
  };
  return {
    sourceIp: added.sourceIp,
    attempts,
    firstSeen: Math.min(Number(row.first_seen), Number(row.record_first_seen ?? Infinity)),
    lastSeen: Math.max(Number(row.last_seen), Number(row.record_last_seen ?? 0)),
    retractedAt: optional(row.retracted_at),
    compromisedAt: optional(row.record_compromised_at) ?? optional(row.compromised_at),
    location,
    techniques: added.techniques,
    usernames: names,
    sensors: hours,
    activity: activityOf(added),
  };
}

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
  return groupBySource(rows, (row) => row);
}

function namesOf(sql: Statements, sources: string, bounds: Bounds) {
  const rows = sql(
    `SELECT source_ip, username, max(max(pam, sshd, pam_error, connect)) AS attempts
     FROM json_each(?) s CROSS JOIN attack_username ON source_ip = s.value
     GROUP BY source_ip, username LIMIT ?`,
  ).all(sources, bounds.names);
  return groupBySource(
    rows,
    (row) => [String(row.username), Number(row.attempts)] as const,
  );
}

function hoursOf(
  sql: Statements,
  sources: string,
  bounds: Bounds,
): ReadonlyMap<string, readonly OpenSensor[]> {
  const rows = sql(
    `SELECT source_ip, sensor, hour, alerts, name, last_seen
     FROM json_each(?) s CROSS JOIN attack_sensor ON source_ip = s.value LIMIT ?`,
  ).all(sources, bounds.hours);
  return groupBySource(rows, (row) => ({
    sensor: String(row.sensor),
    hour: Number(row.hour),
    alerts: Number(row.alerts),
    name: String(row.name),
    lastSeen: Number(row.last_seen),
  }));
}

function groupBySource<Part>(
  rows: readonly Row[],
  partOf: (row: Row) => Part,
): ReadonlyMap<string, readonly Part[]> {
  const found = new Map<string, Part[]>();
  for (const row of rows) {
    const sourceIp = String(row.source_ip);
    const parts = found.get(sourceIp);
    if (parts === undefined) found.set(sourceIp, [partOf(row)]);
    else parts.push(partOf(row));
  }
  return found;
}

const optional = (value: unknown) =>
  value === null || value === undefined ? undefined : Number(value);
