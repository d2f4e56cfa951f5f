/**
 * Snapshots of due attacks, and the reports on their way: which to try, and what became of them.
 *
 * @module
 */
import type {
  DayEvent,
  FindDaySlot,
  NewReport,
  Report,
  SinkName,
  Snapshot,
  SourceRecord,
} from "../../../model.ts";
import type { Lease } from "../../leases.ts";
import {
  type BuildSnapshot,
  type DueRules,
  earliest,
  type ExpiryRules,
  type OutboxStore,
} from "../../outbox.ts";
import type { ReportKey } from "../../reports.ts";
import type { Database } from "../database.ts";
import { LAST_DELIVERED, RESTS_UNTIL } from "../../rows/names.ts";
import { releaseLease } from "../leases.ts";
import type { Statements } from "../sql.ts";
import * as days from "./day_events.ts";
import { nextDueAt } from "./due.ts";
import { expire, nextExpiryAt, silentSources } from "./expiry.ts";
import * as items from "./item_expiry.ts";
import { FAR_AHEAD_MS } from "../../../clock.ts";
import { endPause, pause } from "./pause.ts";
import { readRecord, writeReport, writeReports } from "./snapshot.ts";
import { moveSource } from "./move_source.ts";
import { prepare, type Prepared, take } from "./prepared.ts";
import { reportsToTry } from "./reports_to_try.ts";
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
    return await this.#storeEach(prepared, (sql, one) => take(sql, one, build, now));
  }

  /** Stores one thing after the other, a few in each transaction. @returns how many were stored */
  async #storeEach<T>(
    things: readonly T[],
    store: (sql: Statements, thing: T) => boolean,
  ): Promise<number> {
    let stored = 0;
    for (let at = 0; at < things.length;) {
      at = await this.#db.write((sql) => {
        const end = performance.now() + LOCK_MS;
        let next = at;
        do {
          if (store(sql, things[next]!)) stored++;
          next++;
        } while (next < things.length && performance.now() < end);
        return next;
      });
    }
    return stored;
  }

  async expire(
    silentMs: number,
    most: number,
    now: number,
    build: (record: SourceRecord) => Snapshot,
  ): Promise<number> {
    const silent = await this.#db.read((sql) => silentSources(sql, silentMs, most, now));
    return await this.#storeEach(
      silent,
      (sql, sourceIp) => expire(sql, sourceIp, silentMs, now, build),
    );
  }

  async expireItems(
    silentMs: number,
    most: number,
    now: number,
    build: (record: SourceRecord) => Snapshot,
  ): Promise<number> {
    const silent = await this.#db.read((sql) => items.silentItems(sql, silentMs, most, now));
    const left = await this.#db.read((sql) => items.silentLeftEvents(sql, silentMs, most, now));
    let ended = 0;
    await this.#storeEach(silent, (sql, sourceIp) => {
      ended += items.expireItems(sql, sourceIp, silentMs, now, build);
      return true;
    });
    await this.#storeEach(left, (sql, key) => {
      ended += items.expireLeft(sql, key, silentMs, now, build);
      return true;
    });
    return ended;
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

  markFailed(
    lease: Lease,
    report: ReportKey,
    error: string,
    now: number,
    nextTryAt = now + 1,
  ): Promise<void> {
    return this.#db.write((sql) => {
      if (!isHeld(sql, lease)) return;
      moveBehind(sql, report, now, nextTryAt);
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

  markRefused(
    lease: Lease,
    report: Report,
    error: string,
    now: number,
    isEventGone = false,
  ): Promise<void> {
    return this.#db.write((sql) => {
      if (isEventGone && isHeld(sql, lease)) days.closeForGood(sql, report.eventUuid);
      sql(
        `UPDATE report SET state = 'refused', tries = tries + 1, last_error = ?, ended_at = ?
         WHERE uuid = ? AND sink = ? ${IF_LEASED}`,
      ).run(error, now, report.uuid, report.sink, lease.name, lease.fence);
    });
  }

  moveSource(
    lease: Lease,
    report: Report,
    now: number,
    build: (record: SourceRecord, findDaySlot: FindDaySlot) => Snapshot,
  ): Promise<boolean> {
    return this.#db.write((sql) => isHeld(sql, lease) && moveSource(sql, report, now, build));
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

  restSink(lease: Lease, sink: SinkName, until: number): Promise<void> {
    return this.#db.write((sql) => {
      if (!isHeld(sql, lease)) return;
      sql(
        `INSERT INTO counter (name, value) VALUES (?, ?)
         ON CONFLICT DO UPDATE SET value = excluded.value`,
      ).run(`${RESTS_UNTIL}${sink}`, until);
    });
  }

  awaitsProbe(sink: SinkName): Promise<boolean> {
    return this.#db.read((sql) =>
      sql("SELECT 1 FROM sink_pause WHERE sink = ?").get(sink) !== undefined
    );
  }

  endPauses(): Promise<void> {
    return this.#db.write((sql) => void sql("DELETE FROM sink_pause").run());
  }

  nextDueAt(rules: DueRules, now?: number): Promise<number | undefined> {
    return this.#db.read((sql) => nextDueAt(sql, rules, now));
  }

  async nextExpiryAt(rules: ExpiryRules): Promise<number | undefined> {
    const { expireAfterMs, sessionExpireAfterMs } = rules;
    if (expireAfterMs === undefined && sessionExpireAfterMs === undefined) return undefined;
    return await this.#db.read((sql) =>
      earliest(
        expireAfterMs === undefined ? undefined : nextExpiryAt(sql, expireAfterMs),
        sessionExpireAfterMs === undefined
          ? undefined
          : items.nextItemExpiryAt(sql, sessionExpireAfterMs),
      )
    );
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
function moveBehind(
  sql: Statements,
  { uuid, sink }: ReportKey,
  now: number,
  nextTryAt = now + 1,
): void {
  // A try that is dated by a clock that was set back since does not count: this one is the last.
  sql(
    `UPDATE report SET ended_at = ?, next_try_at = max(?,
       iif(max(snapshot_at, coalesce(ended_at, 0)) > ?, 0, next_try_at))
     WHERE uuid = ? AND sink = ?`,
  ).run(now, nextTryAt, now, uuid, sink);
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
