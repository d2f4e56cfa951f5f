/**
 * The rows of an open attack as the record that they are. Pure.
 *
 * @module
 */
import type { Attack, Location, SensorRow, Service } from "../../model.ts";
import { SERVICE_BITS } from "../batch/batch.ts";
import { storedTechniques } from "../batch/techniques.ts";
import { storedJson } from "../sqlite/errors.ts";
import { optional, type Row } from "./row.ts";

/** What is stored of an attack. */
export interface AttackRows {
  readonly attack: Row;
  readonly connections: readonly Row[];
  readonly usernames: readonly Row[];
  readonly passwords: readonly Row[];
  readonly hours: readonly Row[];
  /** Of the logins that followed failures. */
  readonly loginNames: readonly string[];
  readonly session: Attack["session"];
}

/** A hostile source logs in under many names; an event needs only some. */
export const MOST_LOGIN_NAMES = 10;

/** The attack that rows say. */
export function attackOf(rows: AttackRows): Attack {
  const { attack: row, connections, usernames, passwords, hours } = rows;
  return {
    sourceIp: String(row.source_ip),
    firstSeen: Number(row.first_seen),
    lastSeen: Number(row.last_seen),
    openedAt: Number(row.opened_at),
    touchedAt: Number(row.touched_at),
    alerts: Number(row.alerts),
    manager: String(row.manager),
    compromisedAt: optional(row.compromised_at),
    loginNames: rows.loginNames,
    services: servicesOf(Number(row.services)),
    sourceLocation: row.source_location === null
      ? undefined
      : storedJson(String(row.source_location)) as Location,
    furtherUsernames: Number(row.further_usernames),
    evidence: connections.map((line) => ({
      ...counts(line),
      sensor: String(line.sensor),
      pid: Number(line.pid),
      refused: Number(line.refused),
      touchedAt: Number(line.touched_at),
    })),
    usernames: usernames.map((line) => ({
      ...counts(line),
      username: String(line.username),
    })),
    passwords: Object.fromEntries(
      passwords.map((line) => [String(line.password), Number(line.attempts)]),
    ),
    sensors: sensorsOf(hours),
    hours: hours.map((line) => ({
      sensor: String(line.sensor),
      hour: Number(line.hour),
      alerts: Number(line.alerts),
    })),
    techniques: storedTechniques(row.techniques),
    session: rows.session,
  };
}

/** One row of each sensor, from those of its hours. */
function sensorsOf(hours: readonly Row[]): readonly SensorRow[] {
  return Map.groupBy(hours, (line) => String(line.sensor)).entries().map(([sensor, lines]) => ({
    sensor,
    name: String(lines.at(-1)!.name),
    alerts: lines.reduce((sum, line) => sum + Number(line.alerts), 0),
    firstSeen: Math.min(...lines.map((line) => Number(line.first_seen))),
    lastSeen: Math.max(...lines.map((line) => Number(line.last_seen))),
  })).toArray();
}

function counts(row: Row) {
  return {
    location: String(row.location),
    sshd: Number(row.sshd),
    pamError: Number(row.pam_error),
    pam: Number(row.pam),
    connect: Number(row.connect),
  };
}

function servicesOf(bits: number): readonly Service[] {
  const services: readonly Service[] = ["ssh", "telnet"];
  return services.filter((service) => (bits & SERVICE_BITS[service]) !== 0);
}
