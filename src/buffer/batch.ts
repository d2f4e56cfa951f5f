/**
 * The attempts of one hand-over, added up in memory by source before they are written: a flood from
 * few sources costs a few statements, not some for each alert.
 *
 * @module
 */
import type { Attempt, Sensor, Service } from "../types.ts";
import type { Statements } from "./accept.ts";
import { settleBefore } from "./settling.ts";

/** Totals by class: of A, E, P and C of contracts/wazuh.md 4.4, in the order of the columns. */
type Counts = [sshd: number, pamError: number, pam: number, connect: number];

interface Connection {
  readonly sensor: string;
  readonly pid: number;
  readonly location: string;
  readonly counts: Counts;
}

interface Username {
  readonly username: string;
  readonly location: string;
  readonly counts: Counts;
  guesses: number;
}

interface SensorDraft {
  readonly sensor: string;
  name: string;
  alerts: number;
  firstSeen: number;
  lastSeen: number;
}

/** What a hand-over adds to one source. */
interface SourceDraft {
  readonly manager: string;
  firstSeen: number;
  lastSeen: number;
  alerts: number;
  compromisedAt: number | undefined;
  services: number;
  place: Attempt["place"];
  readonly connections: Map<string, Connection>;
  readonly usernames: Map<string, Username>;
  readonly passwords: Map<string, number>;
  readonly sensors: Map<string, SensorDraft>;
  readonly techniques: Map<string, string | undefined>;
}

/** How services are kept in one number. */
export const SERVICE_BITS: Readonly<Record<Service, number>> = { ssh: 1, telnet: 2 };

/** Adds up attempts; `write()` merges them into the attacks. */
export class Batch {
  readonly #sources = new Map<string, SourceDraft>();
  /** Alerts of one agent share its sensor. */
  readonly #sensorKeys = new Map<Sensor, string>();

  /** @param alerts 1 for the first attempt of a source in an alert, else 0 */
  add(attempt: Attempt, alerts: number): void {
    const { sourceIp, at, sensor } = attempt;
    const source = this.#sourceOf(attempt);
    source.firstSeen = Math.min(source.firstSeen, at);
    source.lastSeen = Math.max(source.lastSeen, at);
    source.alerts += alerts;
    if (attempt.isCompromise) source.compromisedAt ??= at;
    source.services |= SERVICE_BITS[attempt.service];
    source.place = attempt.place ?? source.place;
    this.#sources.set(sourceIp, source);
    const key = this.#sensorKey(sensor);
    const location = storable(attempt.location);
    this.#addConnection(source, attempt, key, location);
    addSensor(source, attempt, key, alerts);
    for (const { id, name } of attempt.techniques) {
      source.techniques.set(id, source.techniques.get(id) ?? name);
    }
    if (attempt.username !== undefined) addUsername(source, attempt, location);
    if (attempt.password !== undefined) {
      const password = storable(attempt.password);
      source.passwords.set(password, (source.passwords.get(password) ?? 0) + attempt.guesses);
    }
  }

  /** Moves the last sight of a source that is in here. @returns whether it is */
  extend({ sourceIp, at }: Attempt): boolean {
    const source = this.#sources.get(sourceIp);
    if (source === undefined) return false;
    source.lastSeen = Math.max(source.lastSeen, at);
    return true;
  }

  #sourceOf({ sourceIp, at, sensor }: Attempt): SourceDraft {
    return this.#sources.get(sourceIp) ?? {
      manager: storable(sensor.manager),
      firstSeen: at,
      lastSeen: at,
      alerts: 0,
      compromisedAt: undefined,
      services: 0,
      place: undefined,
      connections: new Map(),
      usernames: new Map(),
      passwords: new Map(),
      sensors: new Map(),
      techniques: new Map(),
    };
  }

  #sensorKey(sensor: Sensor): string {
    const known = this.#sensorKeys.get(sensor);
    if (known !== undefined) return known;
    const key = storable(`${sensor.id}@${sensor.manager}`);
    this.#sensorKeys.set(sensor, key);
    return key;
  }

  #addConnection(source: SourceDraft, attempt: Attempt, sensor: string, location: string): void {
    const { pid } = attempt;
    const key = `${pid} ${sensor}\0${location}`;
    let connection = source.connections.get(key);
    if (connection === undefined) {
      connection = { sensor, pid, location, counts: [0, 0, 0, 0] };
      source.connections.set(key, connection);
    }
    addCounts(connection.counts, attempt);
  }

  /**
   * Merges everything into the tables.
   *
   * @param maxUsernames how many user names, and passwords, an attack keeps
   */
  write(sql: Statements, maxUsernames: number, now: number): void {
    // In the order of the tables' keys: neighbours share pages, which are then found in memory.
    const sources = [...this.#sources].sort(([one], [other]) => one < other ? -1 : 1);
    for (const [sourceIp, source] of sources) {
      const isNew = writeAttack(sql, sourceIp, source, now);
      for (const { sensor, pid, location, counts } of source.connections.values()) {
        sql(
          `INSERT INTO attack_connection (source_ip, sensor, pid, location, sshd, pam_error, pam,
             connect, touched_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET sshd = sshd + excluded.sshd,
             pam_error = pam_error + excluded.pam_error, pam = pam + excluded.pam,
             connect = connect + excluded.connect,
             touched_at = max(touched_at, excluded.touched_at)`,
        ).run(sourceIp, sensor, pid, location, ...counts, now);
      }
      for (const { sensor, name, alerts, firstSeen, lastSeen } of source.sensors.values()) {
        sql(
          `INSERT INTO attack_sensor (source_ip, sensor, name, alerts, first_seen, last_seen)
           VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET name = excluded.name, alerts = alerts + excluded.alerts,
             first_seen = min(first_seen, excluded.first_seen),
             last_seen = max(last_seen, excluded.last_seen)`,
        ).run(sourceIp, sensor, name, alerts, firstSeen, lastSeen);
      }
      for (const [id, name] of source.techniques) {
        sql(
          `INSERT INTO attack_technique (source_ip, technique, name) VALUES (?, ?, ?)
           ON CONFLICT DO UPDATE SET name = coalesce(name, excluded.name)`,
        ).run(sourceIp, id, name ?? null);
      }
      const hasRoom = isNew && source.usernames.size <= maxUsernames;
      for (const username of source.usernames.values()) {
        if (hasRoom) addUsernameRow(sql, sourceIp, username);
        else writeUsername(sql, sourceIp, username, maxUsernames);
      }
      for (const [password, guesses] of source.passwords) {
        writePassword(sql, sourceIp, password, guesses, maxUsernames);
      }
    }
  }
}

function addSensor(source: SourceDraft, attempt: Attempt, key: string, alerts: number): void {
  const { at, sensor } = attempt;
  const known = source.sensors.get(key);
  if (known === undefined) {
    const name = storable(sensor.name);
    source.sensors.set(key, { sensor: key, name, alerts, firstSeen: at, lastSeen: at });
    return;
  }
  known.name = storable(sensor.name);
  known.alerts += alerts;
  known.firstSeen = Math.min(known.firstSeen, at);
  known.lastSeen = Math.max(known.lastSeen, at);
}

function addUsername(source: SourceDraft, attempt: Attempt, location: string): void {
  const name = storable(attempt.username!);
  const key = `${location}\0${name}`;
  let username = source.usernames.get(key);
  if (username === undefined) {
    username = { username: name, location, counts: [0, 0, 0, 0], guesses: 0 };
    source.usernames.set(key, username);
  }
  addCounts(username.counts, attempt);
  username.guesses += attempt.guesses;
}

const COLUMN: Readonly<Record<Attempt["evidence"], 0 | 1 | 2 | 3 | undefined>> = {
  "sshd": 0,
  "pam-error": 1,
  "pam": 2,
  "connect": 3,
  "session-end": undefined,
};

function addCounts(counts: Counts, { evidence, guesses }: Attempt): void {
  const column = COLUMN[evidence];
  if (column !== undefined) counts[column] += guesses;
}

/** @returns whether it is a new one */
function writeAttack(sql: Statements, sourceIp: string, source: SourceDraft, now: number): boolean {
  const { firstSeen, lastSeen, alerts, manager, compromisedAt, services, place } = source;
  const attack = sql(
    `INSERT INTO attack (source_ip, first_seen, last_seen, opened_at, touched_at, alerts, manager,
       compromised_at, services, place)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET first_seen = min(first_seen, excluded.first_seen),
       last_seen = max(last_seen, excluded.last_seen),
       opened_at = min(opened_at, excluded.opened_at),
       touched_at = max(touched_at, excluded.touched_at), alerts = alerts + excluded.alerts,
       compromised_at = coalesce(compromised_at, excluded.compromised_at),
       services = services | excluded.services, place = coalesce(excluded.place, place)
     RETURNING alerts`,
  ).get(
    ...[sourceIp, firstSeen, lastSeen, now, now, alerts, manager],
    compromisedAt ?? null,
    services,
    place === undefined ? null : JSON.stringify(place),
  );
  // Nothing of this hand-over is a connection yet: what is found is of earlier ones.
  const isNew = attack?.alerts === alerts;
  if (isNew) settleBefore(sql, sourceIp, now);
  return isNew;
}

/** Of an attack whose names all find room: nothing has to be counted. */
function addUsernameRow(
  sql: Statements,
  sourceIp: string,
  { username, location, counts }: Username,
): void {
  sql(
    `INSERT INTO attack_username (source_ip, username, location, sshd, pam_error, pam, connect)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET sshd = sshd + excluded.sshd,
       pam_error = pam_error + excluded.pam_error, pam = pam + excluded.pam,
       connect = connect + excluded.connect`,
  ).run(sourceIp, username, location, ...counts);
}

/** One more name only while there is room; a known one always counts on. */
function writeUsername(
  sql: Statements,
  sourceIp: string,
  { username, location, counts, guesses }: Username,
  most: number,
): void {
  const { changes } = sql(
    `INSERT INTO attack_username (source_ip, username, location, sshd, pam_error, pam, connect)
     SELECT ?, ?, ?, ?, ?, ?, ?
     WHERE (SELECT count(DISTINCT username) FROM attack_username WHERE source_ip = ?) < ?
       OR EXISTS (SELECT 1 FROM attack_username WHERE source_ip = ? AND username = ?)
     ON CONFLICT DO UPDATE SET sshd = sshd + excluded.sshd,
       pam_error = pam_error + excluded.pam_error, pam = pam + excluded.pam,
       connect = connect + excluded.connect`,
  ).run(sourceIp, username, location, ...counts, sourceIp, most, sourceIp, username);
  if (Number(changes) > 0) return;
  sql("UPDATE attack SET further_usernames = further_usernames + ? WHERE source_ip = ?")
    .run(guesses, sourceIp);
}

/** As with user names; further ones are not even counted, since attempts are. */
function writePassword(
  sql: Statements,
  sourceIp: string,
  password: string,
  guesses: number,
  most: number,
): void {
  sql(
    `INSERT INTO attack_password (source_ip, password, guesses) SELECT ?, ?, ?
     WHERE (SELECT count(*) FROM attack_password WHERE source_ip = ?) < ?
       OR EXISTS (SELECT 1 FROM attack_password WHERE source_ip = ? AND password = ?)
     ON CONFLICT DO UPDATE SET guesses = guesses + excluded.guesses`,
  ).run(sourceIp, password, guesses, sourceIp, most, sourceIp, password);
}

/** A text that is read back as it was written: node:sqlite ends a text that it reads at a NUL. */
function storable(text: string): string {
  return text.isWellFormed() && !text.includes("\0")
    ? text
    : text.toWellFormed().replaceAll("\0", "\ufffd");
}
