/**
 * Snapshots of due attacks, and the reports on their way: which to try, and what became of them.
 *
 * @module
 */
import type {
  DayEvent,
  NewReport,
  Report,
  Sighting,
  SinkName,
  Snapshot,
  SourceRecord,
} from "../../../model.ts";
import type { Lease } from "../../leases.ts";
import type { BuildSnapshot, DueRules, OutboxStore } from "../../outbox.ts";
import type { ReportKey } from "../../reports.ts";
import type { Database } from "../database.ts";
import { Damage } from "../errors.ts";
import { LAST_DELIVERED } from "../../rows/names.ts";
import { reportOf, sightingOf } from "../../rows/report.ts";
import { releaseLease } from "../leases.ts";
import type { Statements } from "../sql.ts";
import * as days from "./day_events.ts";
import { LATEST, nextDueAt, pausedUntil } from "./due.ts";
import { FAR_AHEAD_MS } from "../../../clock.ts";
import { endPause, pause } from "./pause.ts";
import { readAttack, readRecord, writeReport, writeReports, writeSnapshot } from "./snapshot.ts";
import { hasSpooled } from "./spool.ts";

/** What only the holder of the lease may write. */
const IF_LEASED = `AND state = 'pending'
  AND EXISTS (SELECT 1 FROM lease WHERE name = ? AND fence = ?)`;

/** Every writer waits while snapshots are stored: no longer than so many milliseconds at a time. */
const LOCK_MS = 5;

/** The outbox in a SQLite file. */
export class SqliteOutbox implements OutboxStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Reads and builds without a lock, since building takes most of the time, and writes what was built
   * unless the attack was touched meanwhile: then it is built anew, within the transaction.
   */
  async snapshotDue(
    rules: DueRules,
    most: number,
    now: number,
    build: BuildSnapshot,
  ): Promise<number> {
    const due = await this.#db.read((sql) => dueSources(sql, rules, most, now));
    const prepared: Prepared[] = [];
    for (const sourceIp of due) {
      prepared.push(await this.#db.read((sql) => prepare(sql, sourceIp, build)));
    }
    let stored = 0;
    for (let at = 0; at < prepared.length;) {
      at = await this.#db.write((sql) => {
        const end = performance.now() + LOCK_MS;
        let next = at;
        do {
          if (take(sql, prepared[next]!, build, now)) stored++;
          next++;
        } while (next < prepared.length && performance.now() < end);
        return next;
      });
    }
    return stored;
  }

  async closeDays(
    endedBefore: number,
    close: (event: DayEvent, records: readonly SourceRecord[]) => readonly NewReport[],
  ): Promise<number> {
    const open = await this.#db.read((sql) => days.dayEventsToClose(sql, endedBefore));
    if (open.length === 0) return 0;
    return await this.#db.write((sql) => {
      const events = days.dayEventsToClose(sql, endedBefore);
      for (const event of events) {
        const records = days.sourcesOf(sql, event).map((one) => readRecord(sql, one)!);
        for (const report of close(event, records)) writeReport(sql, report);
        days.markClosed(sql, event);
      }
      return events.length;
    });
  }

  republish(
    sourceIp: string,
    now: number,
    build: (record: SourceRecord) => Snapshot,
  ): Promise<boolean> {
    return this.#db.write((sql) => {
      const record = readRecord(sql, sourceIp);
      if (record === undefined) return false;
      writeReports(sql, build(record), now);
      return true;
    });
  }

  reportsToTry(sinks: readonly SinkName[], most: number, at: number): Promise<readonly Report[]> {
    return this.#db.read((sql) => reportsToTry(sql, sinks, most, at));
  }

  countWaiting(sinks: readonly SinkName[]): Promise<number> {
    return this.#db.read((sql) =>
      sinks.reduce((sum, sink) => {
        const row = sql("SELECT reports FROM report_count WHERE sink = ? AND state = 'pending'")
          .get(sink);
        return sum + Number(row?.reports ?? 0);
      }, 0)
    );
  }

  markDelivered(
    lease: Lease,
    report: Report,
    lastPublished: string,
    now: number,
    startedAt = now,
  ): Promise<void> {
    return this.#db.write((sql) => {
      const changed = sql(
        `UPDATE report SET state = 'delivered', ended_at = ?, last_error = NULL,
           tries = tries + 1 WHERE uuid = ? AND sink = ? ${IF_LEASED}`,
      ).run(now, report.uuid, report.sink, lease.name, lease.fence).changes;
      if (Number(changed) === 0) return;
      sql(
        `INSERT INTO delivery (event_uuid, sink, source_ip, delivered_at, last_published)
         VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET delivered_at = excluded.delivered_at, last_published = excluded.last_published`,
      ).run(report.eventUuid, report.sink, report.sourceIp, now, lastPublished);
      sql(
        `INSERT INTO counter (name, value) VALUES (?, ?)
         ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`,
      ).run(`${LAST_DELIVERED}${report.sink}`, now);
      sql("DELETE FROM sighting WHERE event_uuid = ? AND sink = ? AND source_ip = ?")
        .run(report.eventUuid, report.sink, report.sourceIp);
      endPause(sql, report.sink, startedAt, now);
    });
  }

  markRetry(
    lease: Lease,
    report: Report,
    error: string,
    nextTryAt: number,
    now: number,
  ): Promise<void> {
    return this.#db.write((sql) => {
      sql(
        `UPDATE report SET tries = tries + 1, last_error = ?, ended_at = ?, next_try_at = ?
         WHERE uuid = ? AND sink = ? ${IF_LEASED}`,
      ).run(error, now, nextTryAt, report.uuid, report.sink, lease.name, lease.fence);
    });
  }

  markFailed(lease: Lease, report: ReportKey, error: string, now: number): Promise<void> {
    return this.#db.write((sql) => {
      if (!isHeld(sql, lease)) return;
      moveBehind(sql, report, now);
      sql("UPDATE report SET last_error = ? WHERE uuid = ? AND sink = ? AND state = 'pending'")
        .run(error, report.uuid, report.sink);
    });
  }

  isDeliveringSince({ uuid, sink }: ReportKey, now: number): Promise<boolean> {
    return this.#db.read((sql) => {
      const row = sql(
        `SELECT 1 FROM report r, counter c WHERE r.uuid = ? AND r.sink = ? AND c.name = ?
         AND c.value > r.ended_at AND c.value <= ?`,
      ).get(uuid, sink, `${LAST_DELIVERED}${sink}`, now);
      return row !== undefined;
    });
  }

  markRefused(lease: Lease, report: Report, error: string, now: number): Promise<void> {
    return this.#db.write((sql) => {
      sql(
        `UPDATE report SET state = 'refused', tries = tries + 1, last_error = ?, ended_at = ?
         WHERE uuid = ? AND sink = ? ${IF_LEASED}`,
      ).run(error, now, report.uuid, report.sink, lease.name, lease.fence);
    });
  }

  pauseSink(
    lease: Lease,
    report: ReportKey,
    reason: string,
    pauseMs: (failures: number) => number,
    now: number,
  ): Promise<void> {
    return this.#db.write((sql) => {
      if (!isHeld(sql, lease)) return;
      moveBehind(sql, report, now);
      pause(sql, report.sink, reason, pauseMs, now);
    });
  }

  endPauses(): Promise<void> {
    return this.#db.write((sql) => void sql("DELETE FROM sink_pause").run());
  }

  nextDueAt(rules: DueRules, now?: number): Promise<number | undefined> {
    return this.#db.read((sql) => nextDueAt(sql, rules, now));
  }

  async releaseUnlessDue(lease: Lease, rules: DueRules, until: number): Promise<boolean> {
    // Nearly always something is due: writers need not wait for that answer.
    if (await this.#db.read((sql) => isDueBy(sql, rules, until))) return false;
    return await this.#db.write((sql) => {
      if (isDueBy(sql, rules, until)) return false;
      releaseLease(sql, lease);
      return true;
    });
  }
}

function isHeld(sql: Statements, { name, fence }: Lease): boolean {
  return sql("SELECT 1 FROM lease WHERE name = ? AND fence = ?").get(name, fence) !== undefined;
}

/** Has a report wait behind all others that are due. */
function moveBehind(sql: Statements, { uuid, sink }: ReportKey, now: number): void {
  // A try that is dated by a clock that was set back since does not count: this one is the last.
  sql(
    `UPDATE report SET ended_at = ?, next_try_at = max(?,
       iif(max(snapshot_at, coalesce(ended_at, 0)) > ?, 0, next_try_at))
     WHERE uuid = ? AND sink = ?`,
  ).run(now, now + 1, now, uuid, sink);
}

/** Whether anything waits that falls due by a time. */
function isDueBy(sql: Statements, rules: DueRules, until: number): boolean {
  if (rules.forwards && hasSpooled(sql)) return true;
  const next = nextDueAt(sql, rules, until);
  return next !== undefined && next <= until;
}

/** Addresses of due attacks, the longest open first. */
function dueSources(
  sql: Statements,
  rules: DueRules,
  most: number,
  now: number,
): readonly string[] {
  return sql(
    `SELECT source_ip FROM attack WHERE touched_at <= ? OR opened_at <= ? OR touched_at > ?
     ORDER BY opened_at LIMIT ?`,
  ).all(now - rules.periodMs, now - rules.maxHoldMs, now + FAR_AHEAD_MS, most)
    .map((row) => String(row.source_ip));
}

/** A snapshot that is not stored yet. */
interface Prepared {
  readonly sourceIp: string;
  /** Of the attack and the record that it was built from. */
  readonly version: string | undefined;
  readonly alerts: number;
  /** Undefined: it can be built within a transaction only. */
  readonly snapshot: Snapshot | undefined;
}

/** Stops a build that has to write. */
class NeedsTransaction extends Error {}

function prepare(sql: Statements, sourceIp: string, build: BuildSnapshot): Prepared {
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

/** @returns false when another publisher has stored a snapshot of it meanwhile */
function take(sql: Statements, prepared: Prepared, build: BuildSnapshot, now: number): boolean {
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

const REPORT =
  `SELECT r.uuid, r.sink, r.source_ip, r.event_uuid, r.attempts, r.snapshot_at, r.tries,
    r.next_try_at, b.body, json_valid(b.body) AS is_whole,
    EXISTS (SELECT 1 FROM delivery d WHERE d.event_uuid = r.event_uuid AND d.sink = r.sink) AS known,
    (SELECT last_published FROM delivery d WHERE d.event_uuid = r.event_uuid AND d.sink = r.sink
      AND d.source_ip = r.source_ip) AS last_published
  FROM report r LEFT JOIN report_body b ON b.uuid = r.uuid AND b.sink = r.sink
  WHERE r.state = 'pending' AND r.sink = ?`;

/** The pending reports whose time has come, oldest first. */
function reportsToTry(
  sql: Statements,
  sinks: readonly SinkName[],
  most: number,
  at: number,
): readonly Report[] {
  const now = Math.min(at, LATEST);
  const rows = sinks.filter((sink) => pausedUntil(sql, sink, now) <= now).flatMap((sink) => [
    ...sql(`${REPORT} AND r.next_try_at <= ? ORDER BY r.next_try_at LIMIT ?`).all(sink, now, most),
    // Dated by a clock that was set back since: due at once.
    ...sql(`${REPORT} AND r.dated_at > ? AND r.next_try_at > ? ORDER BY r.dated_at LIMIT ?`)
      .all(sink, now, now, most),
  ]).sort((one, other) => Number(one.next_try_at) - Number(other.next_try_at)).slice(0, most);
  // Pages of a long text can be lost without SQLite's noticing: no sink could ever accept it.
  if (rows.some((row) => row.is_whole !== 1)) throw new Damage("a report is not JSON");
  return rows.map((row) =>
    reportOf(
      row,
      sightingsOf(sql, String(row.event_uuid), String(row.sink), String(row.source_ip)),
    )
  );
}

function sightingsOf(
  sql: Statements,
  eventUuid: string,
  sink: string,
  sourceIp: string,
): readonly Sighting[] {
  return sql(
    `SELECT uuid, attribute_uuid, source, kind, seen_at FROM sighting
     WHERE event_uuid = ? AND sink = ? AND source_ip = ? ORDER BY seen_at, uuid`,
  ).all(eventUuid, sink, sourceIp).map(sightingOf);
}
