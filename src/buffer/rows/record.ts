/**
 * The row of a source record as the record that it is, and back. Pure.
 *
 * @module
 */
import type { Location, SensorRow, Service, SourceRecord, Technique } from "../../model.ts";
import { storableJson } from "../batch/storable.ts";
import { storedJson } from "../sqlite/errors.ts";
import { itemsSilentFrom } from "./expiry.ts";
import { optional, type Row } from "./row.ts";
import type { StoredSession } from "./sessions.ts";

/** What a record holds as JSON text. */
interface RecordDetail {
  readonly part?: number | undefined;
  readonly services: readonly Service[];
  readonly sourceLocation?: Location | undefined;
  readonly furtherUsernames: number;
  readonly loginNames?: readonly string[];
  readonly returnedAt?: number | undefined;
  readonly days?: readonly number[];
  readonly usernames: Readonly<Record<string, number>>;
  /** Missing in records of older versions. */
  readonly passwords?: Readonly<Record<string, number>>;
  readonly sensors: readonly SensorRow[];
  readonly techniques: readonly Technique[];
  readonly session?: StoredSession | undefined;
}

/** A record, and what it holds of sessions: their items have rows of their own. */
export interface StoredRecord {
  readonly record: SourceRecord;
  readonly session: StoredSession | undefined;
}

/** The record that a row says. */
export function recordOf(row: Row): StoredRecord {
  const { part, sourceLocation, passwords = {}, session, ...detail } = storedJson(
    String(row.detail),
  ) as RecordDetail;
  const record: SourceRecord = {
    part,
    sourceLocation,
    passwords,
    sourceIp: String(row.source_ip),
    eventUuid: String(row.event_uuid),
    publisher: String(row.publisher),
    openedOn: String(row.opened_on),
    firstSeen: Number(row.first_seen),
    lastSeen: Number(row.last_seen),
    alerts: Number(row.alerts),
    compacted: { pam: Number(row.pam), sshd: Number(row.sshd), connect: Number(row.connect) },
    attempts: Number(row.attempts),
    compromisedAt: optional(row.compromised_at),
    retractedAt: optional(row.retracted_at),
    expiredAt: optional(row.expired_at),
    reports: Number(row.reports),
    ...detail,
  };
  return { record, session };
}

/** The columns of a record. */
export const RECORD_COLUMNS = `source_ip, event_uuid, publisher, opened_on, first_seen, last_seen,
  alerts, pam, sshd, connect, attempts, compromised_at, retracted_at, reports, detail, snapshot_at,
  expired_at, items_silent_from`;

/** The values of {@link RECORD_COLUMNS}. @param now milliseconds UTC */
export function recordValues(
  record: SourceRecord,
  session: StoredSession | undefined,
  now: number,
): readonly (string | number | null)[] {
  const { part, services, sourceLocation, usernames, passwords, furtherUsernames } = record;
  const { sensors, techniques, loginNames, returnedAt, days } = record;
  const detail: RecordDetail = {
    ...{ part, services, sourceLocation, usernames, passwords, furtherUsernames },
    ...{ sensors, techniques, session, returnedAt },
    ...(loginNames === undefined ? {} : { loginNames }),
    ...(days === undefined ? {} : { days }),
  };
  return [
    record.sourceIp,
    record.eventUuid,
    record.publisher,
    record.openedOn,
    record.firstSeen,
    record.lastSeen,
    record.alerts,
    record.compacted.pam,
    record.compacted.sshd,
    record.compacted.connect,
    record.attempts,
    record.compromisedAt ?? null,
    record.retractedAt ?? null,
    record.reports,
    storableJson(JSON.stringify(detail)),
    now,
    record.expiredAt ?? null,
    itemsSilentFrom(record),
  ];
}
