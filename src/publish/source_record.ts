/**
 * What a source's event says after one more attack. Pure.
 *
 * @module
 */
import type {
  ActivityRow,
  Attack,
  DayEvent,
  EvidenceRow,
  SensorRow,
  SourceRecord,
  Technique,
} from "../model.ts";
import { DAY, HOUR } from "../clock.ts";
import { activityOf } from "../buffer/activity.ts";
import { addTotals, connectionsOf, totalsOf } from "../buffer/totals.ts";
import { hasReturned, type SessionLimits, type SessionRow } from "../session_evidence.ts";
import { attemptsOf } from "../wazuh/counting.ts";
import { mergeSessions } from "./session_record.ts";

/**
 * How long after its last line a connection counts as over, milliseconds. Until then more of its lines
 * may come, the closing PAM line last of all, and may belong to attempts that were reported.
 */
export const CONNECTION_OVER_MS = HOUR;

/** Most sensors that an event names. */
const MOST_SENSORS = 200;

/** What source records are configured by. */
export interface RecordRules {
  /** Silence after which a source gets a new event, milliseconds. */
  readonly reopenAfterMs: number;
  readonly maxUsernames: number;
  /** Undefined: those of a default configuration. */
  readonly sessions?: SessionLimits;
  /** `misp.publisher`; undefined: the name of the manager that saw the source first. */
  readonly publisher: string | undefined;
  readonly eventUuidOf: (publisher: string, sourceIp: string, openedOn: string) => string;
}

/** Gives a new source a slot in the event of a day. */
export type FindSharedEvent = (publisher: string, day: string) => DayEvent;

/** When a record is updated, and by what. */
export interface RecordMoment {
  /** Milliseconds UTC. */
  readonly now: number;
  /** Undefined: a new source gets an event of its own. */
  readonly findShared?: FindSharedEvent | undefined;
}

/** An updated record, and the connections that are over and are now part of its totals. */
export interface Updated {
  readonly record: SourceRecord;
  readonly compacted: readonly EvidenceRow[];
  /** What the attack adds to rankings. */
  readonly activity: readonly ActivityRow[];
  readonly endedSessions: readonly SessionRow[];
}

/**
 * Merges an attack into the record of its source, or into a new record.
 */
export function updateRecord(
  attack: Attack,
  earlier: SourceRecord | undefined,
  rules: RecordRules,
  { now, findShared }: RecordMoment,
): Updated {
  // Who withdraws an address means the attack that is open, too.
  const isWithdrawn = earlier?.retractedAt !== undefined &&
    attack.openedAt <= earlier.retractedAt;
  const isReopened = earlier !== undefined && !isWithdrawn &&
    attack.firstSeen - earlier.lastSeen > rules.reopenAfterMs;
  const base = earlier === undefined || isReopened ? newRecord(attack, rules, findShared) : earlier;
  const { live, over, counted } = sortConnections(attack, isReopened, now);
  const openedAt = isReopened ? attack.openedAt : 0;
  const { session, ended } = mergeSessions(base.session, attack.session, rules.sessions, {
    ...{ openedAt, overBefore: now - CONNECTION_OVER_MS, reports: base.reports },
  });
  const compactedTotals = addTotals(base.compacted, totalsOf(over));
  const attempts = attemptsOf(addTotals(compactedTotals, totalsOf(live)));
  // What was read late says nothing of today.
  const expiredAt = attack.lastSeen > base.lastSeen ? undefined : base.expiredAt;
  const isBack = (base.expiredAt !== undefined && expiredAt === undefined) ||
    hasReturned(base.session, session);
  const loginNames = base.loginNames ?? attack.loginNames ?? [];
  const record: SourceRecord = {
    ...base,
    ...(loginNames.length === 0 ? {} : { loginNames }),
    firstSeen: Math.min(base.firstSeen, attack.firstSeen),
    lastSeen: Math.max(base.lastSeen, attack.lastSeen),
    alerts: base.alerts + attack.alerts,
    compacted: compactedTotals,
    attempts,
    compromisedAt: base.compromisedAt ?? attack.compromisedAt,
    expiredAt,
    ...(isBack ? { returnedAt: now } : {}),
    reports: base.reports,
    services: [...new Set([...base.services, ...attack.services])].sort(),
    sourceLocation: attack.sourceLocation ?? base.sourceLocation,
    ...mergeUsernames(base, attack, rules.maxUsernames),
    passwords: mergePasswords(base, attack, rules.maxUsernames),
    days: mergeDays(base.days, attack),
    sensors: mergeSensors(base.sensors, attack.sensors),
    techniques: mergeTechniques(base.techniques, attack.techniques),
    ...(session === undefined ? {} : { session }),
  };
  return {
    record,
    compacted: [...over, ...counted],
    endedSessions: ended,
    activity: activityIn(attack, record, base),
  };
}

/** By how much an attack raises the counts of its source, hour by hour. */
function activityIn(
  attack: Attack,
  record: SourceRecord,
  before: SourceRecord,
): readonly ActivityRow[] {
  const own = attack.evidence.filter((row) => row.touchedAt >= attack.openedAt);
  return activityOf({
    sourceIp: attack.sourceIp,
    attempts: Math.max(0, record.attempts - before.attempts),
    hours: attack.hours,
    sensorAttempts: new Map(
      Map.groupBy(own, (row) => row.sensor).entries()
        .map(([sensor, rows]) => [sensor, attemptsOf(totalsOf(rows))]),
    ),
    usernames: usernamesOf(attack),
    techniques: attack.techniques,
    location: record.sourceLocation,
  });
}

/**
 * Sorts connections into those whose lines may still come, those that are over, and those that an
 * earlier event of the source has counted already.
 */
function sortConnections(attack: Attack, isReopened: boolean, now: number) {
  const live: EvidenceRow[] = [];
  const over: EvidenceRow[] = [];
  const counted: EvidenceRow[] = [];
  for (const rows of connectionsOf(attack.evidence)) {
    const touchedAt = Math.max(...rows.map((row) => row.touchedAt));
    if (isReopened && touchedAt < attack.openedAt) counted.push(...rows);
    else if (touchedAt < now - CONNECTION_OVER_MS) over.push(...rows);
    else live.push(...rows);
  }
  return { live, over, counted };
}

/** As many as a confidence counts: each adds five points, up to twenty. */
const MOST_DAYS = 5;

function mergeDays(base: readonly number[] = [], { hours }: Attack): readonly number[] {
  const days = new Set([...base, ...hours.map(({ hour }) => Math.floor(hour * HOUR / DAY))]);
  return [...days].sort((one, other) => one - other).slice(-MOST_DAYS);
}

function newRecord(
  attack: Attack,
  rules: RecordRules,
  findShared: FindSharedEvent | undefined,
): SourceRecord {
  const publisher = rules.publisher ?? attack.manager;
  const openedOn = new Date(attack.firstSeen).toISOString().slice(0, 10);
  const shared = findShared?.(publisher, openedOn);
  return {
    sourceIp: attack.sourceIp,
    eventUuid: shared?.eventUuid ?? rules.eventUuidOf(publisher, attack.sourceIp, openedOn),
    part: shared?.part,
    publisher,
    openedOn,
    firstSeen: attack.firstSeen,
    lastSeen: attack.lastSeen,
    alerts: 0,
    compacted: { pam: 0, sshd: 0, connect: 0 },
    attempts: 0,
    compromisedAt: undefined,
    retractedAt: undefined,
    reports: 0,
    services: [],
    sourceLocation: undefined,
    usernames: {},
    passwords: {},
    furtherUsernames: 0,
    sensors: [],
    techniques: [],
  };
}

/** How often each user name was tried: of its locations, the one that saw most counts. */
function usernamesOf(attack: Attack): readonly (readonly [name: string, attempts: number])[] {
  return Map.groupBy(attack.usernames, (row) => row.username).entries()
    .map(([username, locations]): readonly [string, number] => [
      username,
      Math.max(
        ...locations.map((row) => Math.max(row.sshd, row.pamError, row.pam, row.connect)),
      ),
    ]).toArray();
}

function mergeUsernames(base: SourceRecord, attack: Attack, most: number) {
  const counts = new Map(Object.entries(base.usernames));
  for (const [username, count] of usernamesOf(attack)) {
    counts.set(username, (counts.get(username) ?? 0) + count);
  }
  const ranked = mostFirst(counts);
  const dropped = ranked.slice(most).reduce((sum, [, count]) => sum + count, 0);
  return {
    usernames: Object.fromEntries(ranked.slice(0, most)),
    furtherUsernames: base.furtherUsernames + attack.furtherUsernames + dropped,
  };
}

function mergePasswords(base: SourceRecord, attack: Attack, most: number) {
  const counts = new Map(Object.entries(base.passwords));
  for (const [password, attempts] of Object.entries(attack.passwords)) {
    counts.set(password, (counts.get(password) ?? 0) + attempts);
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
