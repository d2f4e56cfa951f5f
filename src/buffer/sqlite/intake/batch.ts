/**
 * The attempts of one batch, added up in memory by source before they are written: a flood from
 * few sources costs a few statements, not some for each alert.
 *
 * @module
 */
import type { SQLInputValue } from "node:sqlite";
import type { Attempt, Sensor, Service, SessionAlert, Technique } from "../../../model.ts";
import type { Statements } from "../sql.ts";
import {
  ATTACKS,
  CONNECTIONS,
  type Counts,
  SENSORS,
  type UsernameCounts,
  USERNAMES,
  writePassword,
  writeUsername,
} from "./batch_tables.ts";
import { writeRows } from "../upsert.ts";
import { compactBefore } from "./compaction.ts";
import { TechniqueTexts } from "./techniques.ts";
import { HOUR } from "../../../clock.ts";

interface Connection {
  readonly sensor: string;
  readonly pid: number;
  /** As the alert has it: what is stored may differ. */
  readonly location: string;
  readonly counts: Counts;
  /** Those of the column `connect` that are of class `refused`. */
  refused: number;
}

interface SensorTotals {
  readonly sensor: string;
  /** Hours since the epoch. */
  readonly hour: number;
  name: string;
  alerts: number;
  firstSeen: number;
  lastSeen: number;
}

/** What a batch adds to one source. */
interface SourceTotals {
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

/** Adds up attempts; `write()` merges them into the attacks. */
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

  /**
   * Merges everything into the tables.
   *
   * @param maxUsernames how many user names, and passwords, an attack keeps
   */
  write(sql: Statements, maxUsernames: number, now: number): void {
    if (this.#sources.size === 0) return;
    // In the order of the tables' keys: neighbours share pages, which are then found in memory.
    const sources = [...this.#sources].sort(([one], [other]) => one < other ? -1 : 1);
    const addresses = sources.map(([sourceIp]) => sourceIp);
    const open = openAttacks(sql, addresses, now);
    // No connection of this batch is stored yet: what is found is of earlier ones.
    compactBefore(sql, addresses.filter((sourceIp) => !open.has(sourceIp)), now);
    const attacks: SQLInputValue[] = [];
    const connections: SQLInputValue[] = [];
    const sensors: SQLInputValue[] = [];
    const techniques = new TechniqueTexts();
    const usernames: SQLInputValue[] = [];
    const further: [sourceIp: string, name: UsernameCounts][] = [];
    for (const [sourceIp, source] of sources) {
      const known = open.get(sourceIp);
      const heard = source.techniques?.values().toArray() ?? source.rule ?? [];
      const added = techniques.added(known?.techniques ?? null, heard);
      pushAttack(attacks, sourceIp, source, added, now);
      pushConnections(connections, sourceIp, source, now);
      pushSensors(sensors, sourceIp, source);
      const names = source.usernames;
      if ((known?.names ?? 0) + (names?.size ?? 0) <= maxUsernames) {
        pushUsernames(usernames, sourceIp, source);
      } else {
        names?.forEach((name) => further.push([sourceIp, name]));
      }
      for (const [password, attempts] of source.passwords ?? []) {
        writePassword(sql, sourceIp, password, attempts, maxUsernames);
      }
    }
    writeRows(sql, ATTACKS, attacks);
    writeRows(sql, CONNECTIONS, connections);
    writeRows(sql, SENSORS, sensors);
    writeRows(sql, USERNAMES, usernames);
    for (const [sourceIp, name] of further) writeUsername(sql, sourceIp, name, maxUsernames);
  }
}

function pushAttack(
  values: SQLInputValue[],
  sourceIp: string,
  source: SourceTotals,
  techniques: string | null,
  now: number,
): void {
  const { firstSeen, lastSeen, alerts, manager, compromisedAt, services, sourceLocation } = source;
  values.push(sourceIp, firstSeen, lastSeen, now, now, alerts, manager, compromisedAt ?? null);
  values.push(
    services,
    sourceLocation === undefined ? null : JSON.stringify(sourceLocation),
    techniques,
  );
}

function pushConnections(
  values: SQLInputValue[],
  sourceIp: string,
  { connections }: SourceTotals,
  now: number,
): void {
  connections?.forEach(({ sensor, pid, location, counts, refused }) => {
    values.push(sourceIp, sensor, pid, storable(location), ...counts, refused, now);
  });
}

function pushSensors(values: SQLInputValue[], sourceIp: string, { sensors }: SourceTotals): void {
  sensors?.forEach(({ sensor, hour, name, alerts, firstSeen, lastSeen }) => {
    values.push(sourceIp, sensor, hour, name, alerts, firstSeen, lastSeen);
  });
}

function pushUsernames(
  values: SQLInputValue[],
  sourceIp: string,
  { usernames }: SourceTotals,
): void {
  usernames?.forEach(({ username, location, counts }) => {
    values.push(sourceIp, username, location, ...counts);
  });
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

/** What is known of the open attack of a source. */
interface OpenAttack {
  /** User names; one at two places counts twice. */
  readonly names: number;
  /** As its row has them. */
  readonly techniques: string | null;
}

/**
 * Looks at the open attacks of sources. They were opened now at the latest: where it was later, the
 * clock was set back since.
 */
function openAttacks(
  sql: Statements,
  sources: readonly string[],
  now: number,
): ReadonlyMap<string, OpenAttack> {
  const rows = sql(
    `SELECT source_ip, opened_at > ? AS is_ahead,
       (SELECT count(*) FROM attack_username n WHERE n.source_ip = a.source_ip) AS names, techniques
     FROM json_each(?) s CROSS JOIN attack a ON a.source_ip = s.value`,
  ).all(now, JSON.stringify(sources));
  const open = new Map<string, OpenAttack>();
  for (const { source_ip, is_ahead, names, techniques } of rows) {
    const sourceIp = String(source_ip);
    if (is_ahead === 1) {
      sql("UPDATE attack SET opened_at = ? WHERE source_ip = ?").run(now, sourceIp);
    }
    open.set(sourceIp, {
      names: Number(names),
      techniques: techniques === null ? null : String(techniques),
    });
  }
  return open;
}

/** A text that is read back as it was written: node:sqlite ends a text that it reads at a NUL. */
export function storable(text: string): string {
  return text.isWellFormed() && !text.includes("\0")
    ? text
    : text.toWellFormed().replaceAll("\0", "\ufffd");
}
