/**
 * What is known of one source, and a source at a glance, as rows say it. Pure.
 *
 * @module
 */
import type { Location, SensorRow, SourceRecord, Technique } from "../../model.ts";
import { attemptsOf } from "../../wazuh/counting.ts";
import { kindNumber } from "../batch/session_batch.ts";
import { storedTechniques } from "../batch/techniques.ts";
import type { Bounded, SourceRow } from "../sources.ts";
import type { AttemptsRow, SourceView } from "../views.ts";
import { DAY_SPAN } from "./activity.ts";
import type { OpenAttack } from "./open_attack.ts";
import { toRow } from "./report.ts";
import { optional, type Row } from "./row.ts";

/** Reports of one source that are looked at: for its state, and for its timeline. */
export const LATEST_REPORTS = 6;
/** See {@link LATEST_REPORTS}. */
export const TIMELINE_REPORTS = 50;
/** Connections that are gone through: of one source among many, and for the page of one. */
export const CONNECTIONS = 500;
/** See {@link CONNECTIONS}. */
export const CONNECTIONS_OF_ONE = 10_000;
/** User names of one source that are gone through, and shown on its page. */
export const NAMES = 2_000;
const SHOWN_NAMES = 100;

/** A source: its open attack, and its record. */
export interface Source {
  readonly sourceIp: string;
  readonly attack: Row | undefined;
  readonly record: SourceRecord | undefined;
}

/** What else is known of a source. */
export interface SourceParts extends Source {
  /** Sums over its connections, and how many there are; undefined: there is no open attack. */
  readonly connections: Row | undefined;
  /** Connections that were gone through at most. */
  readonly mostConnections: number;
  /** Sinks that have its event. */
  readonly delivered: readonly Row[];
  /** How many sensors saw it, and on how many days. */
  readonly seen: Row | undefined;
  /** The newest first. */
  readonly reports: readonly Row[];
}

const PAYLOAD = kindNumber("payload");

/** Reads {@link SourceParts.seen}, in each engine. @param place of the address, which it has six times */
export const seenSql = (place: string): string =>
  `SELECT
     (SELECT count(*) FROM (SELECT sensor FROM attack_sensor WHERE source_ip = ${place}
       UNION SELECT name FROM source_name WHERE source_ip = ${place} AND kind = 'sensor') AS s)
       AS sensors,
     (SELECT count(*) FROM (SELECT hour / ${DAY_SPAN} FROM attack_sensor WHERE source_ip = ${place}
       UNION SELECT bucket FROM activity
         WHERE kind = 'source' AND span = ${DAY_SPAN} AND name = ${place}) AS d) AS days,
     (SELECT count(*) FROM (SELECT 1 FROM attack_session_item
         WHERE source_ip = ${place} AND kind = ${PAYLOAD}
       UNION SELECT 1 FROM source_session_item
         WHERE source_ip = ${place} AND kind = ${PAYLOAD}) AS p) AS payloads`;

/** A source at a glance. @param open its open attack, where that was read already */
export function sourceRowOf(parts: SourceParts, open?: OpenAttack): SourceRow {
  const { sourceIp, attack, record } = parts;
  const seen = [Number(attack?.last_seen ?? 0), record?.lastSeen ?? 0];
  return {
    sourceIp,
    attempts: open === undefined
      ? attemptsOfSource(parts)
      : { value: open.attempts, isMore: open.isMore },
    alerts: Number(attack?.alerts ?? 0) + (record?.alerts ?? 0),
    firstSeen: Math.min(Number(attack?.first_seen ?? Infinity), record?.firstSeen ?? Infinity),
    lastSeen: Math.max(...seen),
    sourceLocation: locationOf(attack) ?? record?.sourceLocation,
    compromisedAt: record?.compromisedAt ?? optional(attack?.compromised_at),
    retractedAt: record?.retractedAt,
    expiredAt: record?.expiredAt,
    openedAt: optional(attack?.opened_at),
    eventUuid: record?.eventUuid,
    deliveredTo: parts.delivered.map((row) => String(row.sink)),
    sensorCount: Number(parts.seen?.sensors ?? 0),
    dayCount: Number(parts.seen?.days ?? 0),
    leftPayload: Number(parts.seen?.payloads ?? 0) > 0,
    reports: parts.reports.map(toRow),
  };
}

function locationOf(attack: Row | undefined): Location | undefined {
  const text = attack?.source_location;
  return typeof text === "string" ? JSON.parse(text) as Location : undefined;
}

/** The formula of docs/contracts/wazuh.md 4.4, as a snapshot would apply it now. */
function attemptsOfSource(
  { attack, record, connections: row, mostConnections }: SourceParts,
): Bounded {
  const published = record?.attempts ?? 0;
  if (attack === undefined) return { value: published, isMore: false };
  const compacted = record?.compacted ?? { pam: 0, sshd: 0, connect: 0 };
  const attempts = attemptsOf({
    pam: Number(row?.pam ?? 0) + compacted.pam,
    sshd: Number(row?.sshd ?? 0) + compacted.sshd,
    connect: Number(row?.connect ?? 0) + compacted.connect,
  });
  return { value: Math.max(attempts, published), isMore: Number(row?.n ?? 0) >= mostConnections };
}

/**
 * All that is known of a source.
 *
 * @param usernames of its open attack
 * @param sensors of its open attack
 */
export function sourceViewOf(
  parts: SourceParts,
  usernames: readonly Row[],
  sensors: readonly Row[],
  sessions: SourceView["sessions"],
): SourceView {
  const { attack, record } = parts;
  const names = new Map(Object.entries(record?.usernames ?? {}));
  for (const row of usernames) {
    const text = String(row.username);
    names.set(text, (names.get(text) ?? 0) + Number(row.attempts));
  }
  return {
    ...sourceRowOf(parts),
    usernames: mostFirst(names, SHOWN_NAMES),
    distinctUsernames: names.size,
    furtherUsernames: Number(attack?.further_usernames ?? 0) + (record?.furtherUsernames ?? 0),
    sensors: sensorsOfSource(record, sensors),
    techniques: techniquesOf(parts),
    sessions,
  };
}

function mostFirst(counts: ReadonlyMap<string, number>, most: number): readonly AttemptsRow[] {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, most)
    .map(([text, attempts]) => ({ text, attempts }));
}

function techniquesOf({ attack, record }: Source): readonly Technique[] {
  const found = new Map<string, Technique>();
  for (const technique of record?.techniques ?? []) found.set(technique.id, technique);
  for (const { id, name } of storedTechniques(attack?.techniques ?? null)) {
    found.set(id, { id, name: name ?? found.get(id)?.name });
  }
  return [...found.values()].sort((one, other) => one.id < other.id ? -1 : 1);
}

function sensorsOfSource(record: SourceRecord | undefined, rows: readonly Row[]) {
  const found = new Map<string, SensorRow>((record?.sensors ?? []).map((row) => [row.sensor, row]));
  for (const row of rows) {
    const sensor = String(row.sensor);
    const before = found.get(sensor);
    found.set(sensor, {
      sensor,
      name: String(row.name),
      alerts: Number(row.alerts) + (before?.alerts ?? 0),
      firstSeen: Math.min(Number(row.first_seen), before?.firstSeen ?? Infinity),
      lastSeen: Math.max(Number(row.last_seen), before?.lastSeen ?? 0),
    });
  }
  return [...found.values()].sort((one, other) => other.lastSeen - one.lastSeen);
}
