/**
 * The attempts of one batch, added up in memory by source before they are written: a flood from
 * few sources costs a few statements, not some for each alert. Each engine writes what was added up.
 *
 * @module
 */
import type { Attempt, Sensor, Service, SessionAlert, Technique } from "../../model.ts";
import { HOUR } from "../../clock.ts";
import { storable } from "./storable.ts";

/** Totals by class: of A, E, P and C of docs/contracts/wazuh.md 4.4, in the order of the columns. */
export type Counts = [sshd: number, pamError: number, pam: number, connect: number];

/** What a batch adds to one user name at one location. */
export interface UsernameCounts {
  readonly username: string;
  readonly location: string;
  readonly counts: Counts;
  attempts: number;
}

/** What a batch adds to one connection at one location. */
export interface Connection {
  readonly sensor: string;
  readonly pid: number;
  /** As the alert has it: what is stored may differ. */
  readonly location: string;
  readonly counts: Counts;
  /** Those of the column `connect` that are of class `refused`. */
  refused: number;
}

/** What a batch adds to one sensor in one hour. */
export interface SensorTotals {
  readonly sensor: string;
  /** Hours since the epoch. */
  readonly hour: number;
  name: string;
  alerts: number;
  firstSeen: number;
  lastSeen: number;
}

/** What a batch adds to one source. */
export interface SourceTotals {
  readonly manager: string;
  firstSeen: number;
  lastSeen: number;
  alerts: number;
  compromisedAt: number | undefined;
  services: number;
  sourceLocation: Attempt["sourceLocation"];
  connections: Map<string, Connection> | undefined;
  usernames: Map<string, UsernameCounts> | undefined;
  passwords: Map<string, number> | undefined;
  sensors: Map<string, SensorTotals> | undefined;
  /** Of all rules, once there was another than the last. */
  techniques: Map<string, Technique> | undefined;
  // Where its last attempt went: the next one is nearly always of the same connection, and is then
  // added without looking anything up.
  connection: Connection | undefined;
  username: UsernameCounts | undefined;
  sensor: SensorTotals | undefined;
  rule: Attempt["techniques"] | undefined;
}

/** What attempts and sessions share. */
type Sight = Pick<Attempt, keyof Attempt & keyof SessionAlert>;

/** How services are kept in one number. */
export const SERVICE_BITS: Readonly<Record<Service, number>> = { ssh: 1, telnet: 2 };

/** Adds up attempts. */
export class Batch {
  readonly #sources = new Map<string, SourceTotals>();
  /** Alerts of one agent share its sensor. */
  readonly #sensorKeys = new Map<Sensor, string>();

  /** @param alerts 1 for the first attempt of a source in an alert, else 0 */
  add(attempt: Attempt, alerts: number): void {
    const source = this.addSight(attempt, alerts);
    if (attempt.isCompromise) source.compromisedAt ??= attempt.at;
    addConnection(source, attempt, this.#sensorKey(attempt.sensor));
    if (attempt.username !== undefined) addUsername(source, attempt, attempt.username);
    if (attempt.password !== undefined) addPassword(source, attempt, attempt.password);
  }

  /** Adds that a source was seen, with an attempt or without. @param alerts as for `add()` */
  addSight(seen: Sight, alerts: number): SourceTotals {
    const { at, techniques } = seen;
    const source = this.#sourceOf(seen);
    if (at < source.firstSeen) source.firstSeen = at;
    if (at > source.lastSeen) source.lastSeen = at;
    source.alerts += alerts;
    source.services |= SERVICE_BITS[seen.service];
    source.sourceLocation = seen.sourceLocation ?? source.sourceLocation;
    addSensor(source, seen, this.#sensorKey(seen.sensor), alerts);
    if (techniques !== source.rule) addTechniques(source, techniques);
    return source;
  }

  /** The sources of this batch. */
  get addresses(): readonly string[] {
    return [...this.#sources.keys()];
  }

  /**
   * What the batch adds to each source, in the order of the tables' keys: neighbours share pages, and
   * writers that lock rows in one order never wait for one another in a circle.
   */
  get sorted(): readonly (readonly [sourceIp: string, source: SourceTotals])[] {
    return [...this.#sources].sort(([one], [other]) => one < other ? -1 : 1);
  }

  /** Moves the last sight of a source that is in here. @returns whether it is */
  extend({ sourceIp, at }: Attempt): boolean {
    const source = this.#sources.get(sourceIp);
    if (source === undefined) return false;
    source.lastSeen = Math.max(source.lastSeen, at);
    return true;
  }

  #sourceOf({ sourceIp, at, sensor }: Sight): SourceTotals {
    const known = this.#sources.get(sourceIp);
    if (known !== undefined) return known;
    const source: SourceTotals = {
      manager: storable(sensor.manager),
      firstSeen: at,
      lastSeen: at,
      alerts: 0,
      compromisedAt: undefined,
      services: 0,
      sourceLocation: undefined,
      connections: undefined,
      usernames: undefined,
      passwords: undefined,
      sensors: undefined,
      techniques: undefined,
      connection: undefined,
      username: undefined,
      sensor: undefined,
      rule: undefined,
    };
    this.#sources.set(sourceIp, source);
    return source;
  }

  #sensorKey(sensor: Sensor): string {
    const known = this.#sensorKeys.get(sensor);
    if (known !== undefined) return known;
    const key = storable(`${sensor.id}@${sensor.manager}`);
    this.#sensorKeys.set(sensor, key);
    return key;
  }
}

function addConnection(source: SourceTotals, attempt: Attempt, sensor: string): void {
  const { pid } = attempt;
  const location = attempt.evidence === "keyboard"
    ? `${attempt.location}${KEYBOARD}`
    : attempt.location;
  const last = source.connection;
  if (last?.pid === pid && last.sensor === sensor && last.location === location) {
    return addToConnection(last, attempt);
  }
  const key = `${pid} ${sensor}\0${location}`;
  let connection = source.connections?.get(key);
  if (connection === undefined) {
    connection = { sensor, pid, location, counts: [0, 0, 0, 0], refused: 0 };
    (source.connections ??= new Map()).set(key, connection);
  }
  source.connection = connection;
  addToConnection(connection, attempt);
}

function addToConnection(connection: Connection, attempt: Attempt): void {
  addCounts(connection.counts, attempt, CONNECTION_COLUMN);
  if (attempt.evidence === "refused") connection.refused += attempt.count;
}

function addSensor(source: SourceTotals, { at, sensor }: Sight, key: string, alerts: number): void {
  const hour = Math.floor(at / HOUR);
  const last = source.sensor;
  let known = last?.sensor === key && last.hour === hour
    ? last
    : source.sensors?.get(`${hour} ${key}`);
  if (known === undefined) {
    known = { sensor: key, hour, name: "", alerts: 0, firstSeen: at, lastSeen: at };
    (source.sensors ??= new Map()).set(`${hour} ${key}`, known);
  }
  source.sensor = known;
  known.name = storable(sensor.name);
  known.alerts += alerts;
  if (at < known.firstSeen) known.firstSeen = at;
  if (at > known.lastSeen) known.lastSeen = at;
}

function addTechniques(source: SourceTotals, techniques: Attempt["techniques"]): void {
  const earlier = source.rule;
  source.rule = techniques;
  if (earlier === undefined) return;
  const isSecond = source.techniques === undefined;
  const all = source.techniques ??= new Map();
  for (const rule of isSecond ? [earlier, techniques] : [techniques]) {
    for (const { id, name } of rule) all.set(id, { id, name: all.get(id)?.name ?? name });
  }
}

function addUsername(source: SourceTotals, attempt: Attempt, name: string): void {
  const last = source.username;
  const { location } = attempt;
  if (last?.username === name && last.location === location) return addGuess(last, attempt);
  const stored = storable(name);
  const storedLocation = storable(location);
  const key = `${storedLocation}\0${stored}`;
  let username = source.usernames?.get(key);
  if (username === undefined) {
    username = { username: stored, location: storedLocation, counts: [0, 0, 0, 0], attempts: 0 };
    (source.usernames ??= new Map()).set(key, username);
  }
  source.username = username;
  addGuess(username, attempt);
}

function addGuess(username: UsernameCounts, attempt: Attempt): void {
  addCounts(username.counts, attempt, USERNAME_COLUMN);
  username.attempts += attempt.count;
}

function addPassword(source: SourceTotals, { count }: Attempt, text: string): void {
  source.passwords ??= new Map();
  const password = storable(text);
  source.passwords.set(password, (source.passwords.get(password) ?? 0) + count);
}

/**
 * Behind the location of sshd's own lines about keyboard-interactive: they are another view of what the
 * class `pam-error` counts, as the same line at another location is.
 */
const KEYBOARD = " keyboard-interactive";

type Columns = Readonly<Record<Attempt["evidence"], 0 | 1 | 2 | 3 | undefined>>;

const CONNECTION_COLUMN: Columns = {
  "sshd": 0,
  "keyboard": 1,
  "pam-error": 1,
  "pam": 2,
  "connect": 3,
  "refused": 3,
  "session-end": undefined,
};

const USERNAME_COLUMN: Columns = { ...CONNECTION_COLUMN, "keyboard": 0 };

function addCounts(counts: Counts, { evidence, count }: Attempt, columns: Columns): void {
  const column = columns[evidence];
  if (column !== undefined) counts[column] += count;
}

/** All techniques that a batch heard of a source. */
export function techniquesHeard({ techniques, rule }: SourceTotals): readonly Technique[] {
  return techniques?.values().toArray() ?? rule ?? [];
}
