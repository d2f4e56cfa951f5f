/**
 * Snapshots that are built before the transaction that stores them.
 *
 * @module
 */
import type { Snapshot } from "../../../model.ts";
import type { BuildSnapshot } from "../../outbox.ts";
import type { Statements } from "../sql.ts";
import * as days from "./day_events.ts";
import { readAttack, readRecord, writeSnapshot } from "./snapshot.ts";

/** A snapshot that is not stored yet. */
export interface Prepared {
  readonly sourceIp: string;
  /** Of the attack and the record that it was built from. */
  readonly version: string | undefined;
  readonly alerts: number;
  /** Undefined: it can be built within a transaction only. */
  readonly snapshot: Snapshot | undefined;
}

/** Stops a build that has to write. */
class NeedsTransaction extends Error {}

/** Builds the snapshot of an attack without a lock, where that can be done. */
export function prepare(sql: Statements, sourceIp: string, build: BuildSnapshot): Prepared {
  // Before anything is read: what changes later shows.
  const version = versionOf(sql, sourceIp);
  if (version === undefined) return { sourceIp, version, alerts: 0, snapshot: undefined };
  const attack = readAttack(sql, sourceIp);
  const { alerts } = attack;
  try {
    const snapshot = build(attack, readRecord(sql, sourceIp), () => {
      throw new NeedsTransaction();
    });
    return { sourceIp, version, alerts, snapshot };
  } catch (error) {
    if (!(error instanceof NeedsTransaction)) throw error;
    return { sourceIp, version, alerts, snapshot: undefined };
  }
}

/**
 * Stores a snapshot; builds it anew where the attack was touched meanwhile.
 *
 * @returns false when another publisher has stored a snapshot of it meanwhile
 */
export function take(
  sql: Statements,
  prepared: Prepared,
  build: BuildSnapshot,
  now: number,
): boolean {
  const { sourceIp, version, alerts, snapshot } = prepared;
  const current = versionOf(sql, sourceIp);
  if (current === undefined) return false;
  if (snapshot !== undefined && current === version) {
    writeSnapshot(sql, snapshot, alerts, now);
    return true;
  }
  const attack = readAttack(sql, sourceIp);
  const built = build(
    attack,
    readRecord(sql, sourceIp),
    (request) => days.findDaySlot(sql, request),
  );
  writeSnapshot(sql, built, attack.alerts, now);
  return true;
}

/** Another text whenever an attack or the record of its source has changed; undefined: none is open. */
function versionOf(sql: Statements, sourceIp: string): string | undefined {
  const row = sql(
    `SELECT json_array(a.alerts, a.last_seen, a.touched_at, a.opened_at, a.compromised_at,
       a.further_usernames, r.event_uuid, r.snapshot_at, r.reports, r.retracted_at) AS version
     FROM attack a LEFT JOIN source_record r ON r.source_ip = a.source_ip WHERE a.source_ip = ?`,
  ).get(sourceIp);
  return row === undefined ? undefined : String(row.version);
}
