/**
 * What a source's event says after one more attack. Pure.
 *
 * @module
 */
import type { Attack, DayEvent, EvidenceRow, Home, SensorRow, Totals } from "../buffer/buffer.ts";
import type { Technique } from "../types.ts";
import { attemptsOf, connectionGuesses } from "../wazuh/counting.ts";

/**
 * How long after its last line a connection counts as over, milliseconds. Until then its lines may
 * still come, the closing PAM line last of all, and may belong to guesses that were reported.
 */
export const SETTLE_MS = 60 * 60 * 1000;

/** Most sensors that an event tells of by name; further ones only count. */
const MOST_SENSORS = 200;

/** How homes are kept. */
export interface HomeRules {
  /** Silence after which a source gets a new event, milliseconds. */
  readonly reopenAfterMs: number;
  readonly maxUsernames: number;
  /** `misp.publisher`; undefined: the name of the manager that saw the source first. */
  readonly publisher: string | undefined;
  readonly eventUuidOf: (publisher: string, sourceIp: string, openedOn: string) => string;
}

/** Gives a new source its place in the event of a day. */
export type PlaceOfSource = (publisher: string, day: string) => DayEvent;

/** A home brought up to date, and the connections that are over and now part of its totals. */
export interface Updated {
  readonly home: Home;
  readonly settled: readonly EvidenceRow[];
}

/**
 * Merges an attack into the home of its source, or into a new one.
 *
 * @param now milliseconds UTC
 * @param place undefined: a new source gets an event of its own
 */
export function updateHome(
  attack: Attack,
  earlier: Home | undefined,
  rules: HomeRules,
  now: number,
  place?: PlaceOfSource,
): Updated {
  const isReopened = earlier !== undefined &&
    attack.firstSeen - earlier.lastSeen > rules.reopenAfterMs;
  const base = earlier === undefined || isReopened ? newHome(attack, rules, place) : earlier;
  const { live, over, foreign } = sortConnections(attack, isReopened, now);
  const settledTotals = add(base.settled, totalsOf(over));
  const attempts = attemptsOf(add(settledTotals, totalsOf(live)));
  const home: Home = {
    ...base,
    firstSeen: Math.min(base.firstSeen, attack.firstSeen),
    lastSeen: Math.max(base.lastSeen, attack.lastSeen),
    alerts: base.alerts + attack.alerts,
    settled: settledTotals,
    attempts,
    compromisedAt: base.compromisedAt ?? attack.compromisedAt,
    reports: base.reports,
    services: [...new Set([...base.services, ...attack.services])].sort(),
    place: attack.place ?? base.place,
    ...mergeUsernames(base, attack, rules.maxUsernames),
    passwords: mergePasswords(base, attack, rules.maxUsernames),
    sensors: mergeSensors(base.sensors, attack.sensors),
    techniques: mergeTechniques(base.techniques, attack.techniques),
  };
  return { home, settled: [...over, ...foreign] };
}

/**
 * Sorts connections into those whose lines may still come, those that are over, and those that an
 * earlier event of the source has counted already.
 */
function sortConnections(attack: Attack, isReopened: boolean, now: number) {
  const live: EvidenceRow[] = [];
  const over: EvidenceRow[] = [];
  const foreign: EvidenceRow[] = [];
  for (const rows of connectionsOf(attack.evidence)) {
    const touchedAt = Math.max(...rows.map((row) => row.touchedAt));
    if (isReopened && touchedAt < attack.openedAt) foreign.push(...rows);
    else if (touchedAt < now - SETTLE_MS) over.push(...rows);
    else live.push(...rows);
  }
  return { live, over, foreign };
}

function connectionsOf(rows: readonly EvidenceRow[]): Iterable<readonly EvidenceRow[]> {
  return Map.groupBy(rows, (row) => `${row.sensor}\n${row.pid}`).values();
}

function newHome(attack: Attack, rules: HomeRules, place: PlaceOfSource | undefined): Home {
  const publisher = rules.publisher ?? attack.manager;
  const openedOn = new Date(attack.firstSeen).toISOString().slice(0, 10);
  const shared = place?.(publisher, openedOn);
  return {
    sourceIp: attack.sourceIp,
    eventUuid: shared?.eventUuid ?? rules.eventUuidOf(publisher, attack.sourceIp, openedOn),
    part: shared?.part,
    publisher,
    openedOn,
    firstSeen: attack.firstSeen,
    lastSeen: attack.lastSeen,
    alerts: 0,
    settled: { pam: 0, guesses: 0, connect: 0 },
    attempts: 0,
    compromisedAt: undefined,
    retractedAt: undefined,
    reports: 0,
    services: [],
    place: undefined,
    usernames: {},
    passwords: {},
    furtherUsernames: 0,
    sensors: [],
    techniques: [],
  };
}

/**
 * Totals over connections. One line read at two locations counts once: of each class the location
 * that saw most is taken, connection by connection.
 */
export function totalsOf(rows: readonly EvidenceRow[]): Totals {
  let totals: Totals = { pam: 0, guesses: 0, connect: 0 };
  for (const locations of connectionsOf(rows)) {
    const most = (count: (row: EvidenceRow) => number) => Math.max(...locations.map(count));
    totals = add(totals, {
      pam: most((row) => row.pam),
      guesses: connectionGuesses(most((row) => row.sshd), most((row) => row.pamError)),
      connect: most((row) => row.connect),
    });
  }
  return totals;
}

function add(one: Totals, other: Totals): Totals {
  return {
    pam: one.pam + other.pam,
    guesses: one.guesses + other.guesses,
    connect: one.connect + other.connect,
  };
}

function mergeUsernames(base: Home, attack: Attack, most: number) {
  const counts = new Map(Object.entries(base.usernames));
  for (const [username, locations] of Map.groupBy(attack.usernames, (row) => row.username)) {
    const count = Math.max(
      ...locations.map((row) => Math.max(row.sshd, row.pamError, row.pam, row.connect)),
    );
    counts.set(username, (counts.get(username) ?? 0) + count);
  }
  const ranked = mostFirst(counts);
  const dropped = ranked.slice(most).reduce((sum, [, count]) => sum + count, 0);
  return {
    usernames: Object.fromEntries(ranked.slice(0, most)),
    furtherUsernames: base.furtherUsernames + attack.furtherUsernames + dropped,
  };
}

function mergePasswords(base: Home, attack: Attack, most: number) {
  const counts = new Map(Object.entries(base.passwords));
  for (const [password, guesses] of Object.entries(attack.passwords)) {
    counts.set(password, (counts.get(password) ?? 0) + guesses);
  }
  return Object.fromEntries(mostFirst(counts).slice(0, most));
}

function mostFirst(counts: ReadonlyMap<string, number>): [text: string, count: number][] {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

function mergeSensors(known: readonly SensorRow[], rows: readonly SensorRow[]): SensorRow[] {
  const merged = new Map(known.map((row) => [row.sensor, row]));
  for (const row of rows) {
    const before = merged.get(row.sensor);
    merged.set(row.sensor, {
      ...row,
      alerts: row.alerts + (before?.alerts ?? 0),
      firstSeen: Math.min(row.firstSeen, before?.firstSeen ?? Infinity),
      lastSeen: Math.max(row.lastSeen, before?.lastSeen ?? 0),
    });
  }
  return [...merged.values()].slice(0, MOST_SENSORS);
}

function mergeTechniques(known: readonly Technique[], more: readonly Technique[]): Technique[] {
  const merged = new Map(known.map((technique) => [technique.id, technique]));
  for (const technique of more) {
    const before = merged.get(technique.id);
    merged.set(technique.id, before?.name === undefined ? technique : before);
  }
  return [...merged.values()].sort((a, b) => a.id < b.id ? -1 : 1);
}
