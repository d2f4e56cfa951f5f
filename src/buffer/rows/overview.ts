/**
 * What pages and `status` show, as rows say it. Pure.
 *
 * @module
 */
import { MINUTE } from "../../clock.ts";
import { attemptsOf, connectionAttempts } from "../../wazuh/counting.ts";
import type { BufferStatus, MinuteRow, Overview, RefusedReports, RefusedRow } from "../views.ts";
import {
  DROPPED,
  EXPIRED,
  EXPIRED_ITEMS,
  KNOWN_SOURCES,
  LAST_ACCEPTED,
  LAST_DELIVERED,
} from "./names.ts";
import type { OpenAttack } from "./open_attack.ts";
import { optional, type Row } from "./row.ts";

/** Rows of each ranking. */
export const TOP = 15;
const MOST_SENSORS = 100;
/** Reports that are named. */
export const NEXT_REPORTS = 5;
/** Nothing is counted further. */
export const COUNTED = 10_000;

/** Counters by their names, and what they say beside others. */
export type Counters = ReadonlyMap<string, number>;

/** Counters whose names begin alike, by the rest of their names. */
export function counterGroup(counters: Counters, prefix: string): ReadonlyMap<string, number> {
  return new Map(
    [...counters].filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

/** A sink that is paused. */
export function pausedOf(row: Row): BufferStatus["paused"][number] {
  return {
    sink: String(row.sink),
    until: Number(row.until),
    since: Number(row.since),
    reason: String(row.reason),
  };
}

/** A minute of the chart. */
export function minuteOf(row: Row): MinuteRow {
  return {
    at: Number(row.minute) * MINUTE,
    attempts: attemptsOf({
      pam: Number(row.pam),
      sshd: connectionAttempts(Number(row.sshd), Number(row.pam_error), 0),
      connect: Number(row.connect),
    }),
    alerts: Number(row.alerts),
  };
}

/** Sensors as snapshots have counted them, and what open attacks add; the latest contact first. */
export function sensorsOf(
  counted: readonly Row[],
  open: ReadonlyMap<string, OpenAttack>,
): Overview["sensors"] {
  const rows = counted.map((row) => ({
    sensor: String(row.sensor),
    name: String(row.name),
    alerts: Number(row.alerts),
    lastSeen: Number(row.last_seen),
  }));
  const added = [...open.values()].flatMap(({ sensors }) => sensors);
  const found = new Map<string, Overview["sensors"][number]>();
  for (const { sensor, name, alerts, lastSeen } of [...rows, ...added]) {
    const before = found.get(sensor);
    found.set(sensor, {
      sensor,
      name,
      alerts: alerts + (before?.alerts ?? 0),
      lastSeen: Math.max(lastSeen, before?.lastSeen ?? 0),
    });
  }
  return [...found.values()].sort((one, other) => other.lastSeen - one.lastSeen)
    .slice(0, MOST_SENSORS);
}

/** What `status` reads. */
export interface StatusRows {
  readonly counters: Counters;
  /** Of each state how many reports, `n`. */
  readonly states: readonly Row[];
  /** `n` and `oldest` of the open attacks. */
  readonly open: Row;
  readonly pendingAttempts: number;
  /** The report that failed last. */
  readonly failed: Row | undefined;
  readonly paused: readonly Row[];
  readonly sessions: BufferStatus["sessions"];
  readonly bytes: number;
  readonly evicted: BufferStatus["evicted"];
}

/** What the tables say about themselves. */
export function statusOf(rows: StatusRows): BufferStatus {
  const { counters, open, failed } = rows;
  const states = new Map(rows.states.map((row) => [String(row.state), Number(row.n)]));
  const delivered = [...counterGroup(counters, LAST_DELIVERED).values()];
  return {
    pendingAttacks: Number(open.n),
    pendingAttempts: rows.pendingAttempts,
    oldestOpenedAt: optional(open.oldest),
    waiting: states.get("pending") ?? 0,
    delivered: (states.get("delivered") ?? 0) + (counters.get("delivered_forgotten") ?? 0),
    refused: states.get("refused") ?? 0,
    dropped: counters.get(DROPPED) ?? 0,
    knownSources: counters.get(KNOWN_SOURCES) ?? 0,
    expired: counters.get(EXPIRED) ?? 0,
    expiredItems: counters.get(EXPIRED_ITEMS) ?? 0,
    lastDeliveredAt: delivered.length === 0 ? undefined : Math.max(...delivered),
    lastAcceptedAt: counters.get(LAST_ACCEPTED),
    paused: rows.paused.map(pausedOf),
    lastError: failed === undefined
      ? undefined
      : { at: Number(failed.ended_at), text: String(failed.last_error) },
    accepted: counters.get("accepted") ?? 0,
    duplicate: counters.get("duplicate") ?? 0,
    spoofedSrcip: counters.get("spoofed_srcip") ?? 0,
    ignored: counterGroup(counters, "ignored."),
    sessions: rows.sessions,
    bytes: rows.bytes,
    evicted: rows.evicted,
  };
}

/** A part of the refused reports, and where the next one begins. @param rows one more where there are more */
export function refusedPart(
  rows: readonly RefusedRow[],
  most: number,
): Pick<RefusedReports, "rows" | "next"> {
  const shown = rows.slice(0, most);
  const last = rows.length > most ? shown.at(-1) : undefined;
  return {
    rows: shown,
    next: last === undefined ? undefined : { at: last.at, uuid: last.uuid, sink: last.sink },
  };
}
