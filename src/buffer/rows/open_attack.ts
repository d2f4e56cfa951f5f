/**
 * The attacks that are open, with what they add to their sources. Pure.
 *
 * @module
 */
import { activityOf, type Added } from "../activity.ts";
import type { ActivityRow, Location, SensorHour, Technique } from "../../model.ts";
import { attemptsOf } from "../../wazuh/counting.ts";
import { storedTechniques } from "../batch/techniques.ts";
import { optional, type Row } from "./row.ts";

/** How much is read. */
export interface Bounds {
  readonly attacks: number;
  /** Rows that are read for all of them together. */
  readonly connections: number;
  readonly names: number;
  readonly hours: number;
}

/** For pages, which must not cost more where more is open. */
export const PAGE: Bounds = { attacks: 1000, connections: 20_000, names: 20_000, hours: 20_000 };
/** No bound. */
const ALL = Number.MAX_SAFE_INTEGER;
/** For commands, which have to be exact. */
export const WHOLE: Bounds = { attacks: ALL, connections: ALL, names: ALL, hours: ALL };

/** Of the largest attacks, which have more connections than are read, so many each. */
const MOST_LARGE = 10;
/** Connections of each that are counted. */
export const COUNTED_OF_LARGE = 1_000;

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

/** Which attacks are counted whole, and which are counted in part. */
export function countedOf(rows: readonly Row[], most: number): {
  readonly whole: readonly Row[];
  readonly part: readonly Row[];
} {
  // An alert has one connection at most: the attacks of few alerts are counted whole.
  let left = most;
  const bySize = rows.toSorted((one, other) => Number(one.alerts) - Number(other.alerts));
  const whole = bySize.filter((row) => (left -= Number(row.alerts)) >= 0);
  return { whole, part: bySize.slice(whole.length).slice(-MOST_LARGE) };
}

/** The rows of open attacks, and what belongs to them. */
export interface OpenRows {
  readonly attacks: readonly Row[];
  /** Those that were counted whole. */
  readonly whole: readonly Row[];
  readonly connections: readonly Row[];
  readonly usernames: readonly Row[];
  readonly hours: readonly Row[];
}

/** The open attacks that rows say, by source. */
export function openAttacksOf(rows: OpenRows): ReadonlyMap<string, OpenAttack> {
  const connections = groupBySource(rows.connections, (row) => row);
  const names = groupBySource(
    rows.usernames,
    (row) => [String(row.username), Number(row.attempts)] as const,
  );
  const hours = groupBySource(rows.hours, (row) => ({
    sensor: String(row.sensor),
    hour: Number(row.hour),
    alerts: Number(row.alerts),
    name: String(row.name),
    lastSeen: Number(row.last_seen),
  }));
  const isWhole = new Set(rows.whole);
  return new Map(rows.attacks.map((row) => {
    const sourceIp = String(row.source_ip);
    const own = { connections: connections.get(sourceIp) ?? [], names: names.get(sourceIp) ?? [] };
    const attack = openAttack(row, { ...own, hours: hours.get(sourceIp) ?? [] });
    return [sourceIp, { ...attack, isMore: !isWhole.has(row) }];
  }));
}

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
