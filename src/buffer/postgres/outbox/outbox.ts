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
import { LAST_DELIVERED, RESTS_UNTIL } from "../../rows/names.ts";
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
import { isHeld, releaseLease } from "../leases.ts";
import { changes, noteLast, one, type Sql } from "../sql.ts";
import * as days from "./day_events.ts";
import { dueSources, isDueBy, nextDueAt } from "./due.ts";
import { expire, nextExpiryAt, silentSources } from "./expiry.ts";
import * as items from "./item_expiry.ts";
import { moveSource } from "./move_source.ts";
import { endPause, pause } from "./pause.ts";
import { reportsToTry } from "./reports_to_try.ts";
import { readRecord, writeReport, writeReports } from "./snapshot.ts";
import { takeSnapshots } from "./taking.ts";

/** Attacks are locked while their snapshots are stored: so many at a time. */
const SNAPSHOTS_AT_ONCE = 20;

/** The outbox in PostgreSQL. */
export class PostgresOutbox implements OutboxStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async snapshotDue(
    rules: DueRules,
    most: number,
    now: number,
    build: BuildSnapshot,
  ): Promise<number> {
    const due = await this.#db.read((sql) => dueSources(sql, rules, most, now));
    let stored = 0;
    for (let at = 0; at < due.length; at += SNAPSHOTS_AT_ONCE) {
      const some = due.slice(at, at + SNAPSHOTS_AT_ONCE);
      stored += await this.#db.write((sql) => takeSnapshots(sql, some, rules, build, now));
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
    let expired = 0;
    for (const sourceIp of silent) {
      if (await this.#db.write((sql) => expire(sql, sourceIp, silentMs, now, build))) expired++;
    }
    return expired;
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
    for (const sourceIp of silent) {
      ended += await this.#db.write((sql) =>
        items.expireItems(sql, sourceIp, silentMs, now, build)
      );
    }
    for (const key of left) {
      ended += await this.#db.write((sql) => items.expireLeft(sql, key, silentMs, now, build));
    }
    return ended;
  }

  async closeDays(
    endedBefore: number,
    close: (event: DayEvent, records: readonly SourceRecord[]) => readonly NewReport[],
  ): Promise<number> {
    const open = await this.#db.read((sql) => days.dayEventsToClose(sql, endedBefore));
    if (open.length === 0) return 0;
    return await this.#db.write(async (sql) => {
      const events = await days.dayEventsToClose(sql, endedBefore);
      for (const event of events) {
        const records: SourceRecord[] = [];
        for (const source of await days.sourcesOf(sql, event)) {
          records.push((await readRecord(sql, source))!);
        }
        for (const report of close(event, records)) await writeReport(sql, report);
        await days.markClosed(sql, event);
      }
      return events.length;
    });
  }

  republish(
    sourceIp: string,
    now: number,
    build: (record: SourceRecord) => Snapshot,
  ): Promise<boolean> {
    return this.#db.write(async (sql) => {
      await sql("SELECT 1 FROM source_record WHERE source_ip = $1 FOR UPDATE", sourceIp);
      const record = await readRecord(sql, sourceIp);
      if (record === undefined) return false;
      await writeReports(sql, build(record), now);
      return true;
    });
  }

  reportsToTry(sinks: readonly SinkName[], most: number, at: number): Promise<readonly Report[]> {
    return this.#db.view((sql) => reportsToTry(sql, sinks, most, at));
  }

  countWaiting(sinks: readonly SinkName[]): Promise<number> {
    return this.#db.read(async (sql) => {
      const row = await one(
        sql,
        `SELECT coalesce(sum(reports), 0) AS n FROM report_count
         WHERE sink = ANY($1) AND state = 'pending'`,
        sinks,
      );
      return Number(row!.n);
    });
  }

  markDelivered(
    lease: Lease,
    report: Report,
    lastPublished: string,
    now: number,
    startedAt = now,
  ): Promise<void> {
    return this.#markIfHeld(lease, async (sql) => {
      const { uuid, sink, sourceIp, eventUuid } = report;
      const changed = await changes(
        sql,
        `UPDATE report SET state = 'delivered', ended_at = $1, last_error = NULL,
           tries = tries + 1 WHERE uuid = $2 AND sink = $3 AND state = 'pending'`,
        ...[now, uuid, sink],
      );
      if (changed === 0) return;
      await sql(
        `INSERT INTO delivery (event_uuid, sink, source_ip, delivered_at, last_published)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (event_uuid, sink, source_ip) DO UPDATE
         SET delivered_at = excluded.delivered_at, last_published = excluded.last_published`,
        ...[eventUuid, sink, sourceIp, now, lastPublished],
      );
      noteLast(sql, `${LAST_DELIVERED}${sink}`, now);
      await sql(
        "DELETE FROM sighting WHERE event_uuid = $1 AND sink = $2 AND source_ip = $3",
        ...[eventUuid, sink, sourceIp],
      );
      await endPause(sql, sink, startedAt, now);
    });
  }

  markRetry(
    lease: Lease,
    { uuid, sink }: Report,
    error: string,
    nextTryAt: number,
    now: number,
  ): Promise<void> {
    return this.#markIfHeld(lease, async (sql) => {
      await sql(
        `UPDATE report SET tries = tries + 1, last_error = $1, ended_at = $2, next_try_at = $3
         WHERE uuid = $4 AND sink = $5 AND state = 'pending'`,
        ...[error, now, nextTryAt, uuid, sink],
      );
    });
  }

  markFailed(
    lease: Lease,
    report: ReportKey,
    error: string,
    now: number,
    nextTryAt = now + 1,
  ): Promise<void> {
    return this.#markIfHeld(lease, async (sql) => {
      await moveBehind(sql, report, now, nextTryAt);
      await sql(
        `UPDATE report SET last_error = $1 WHERE uuid = $2 AND sink = $3 AND state = 'pending'`,
        ...[error, report.uuid, report.sink],
      );
    });
  }

  isDeliveringSince({ uuid, sink }: ReportKey, now: number): Promise<boolean> {
    return this.#db.read(async (sql) =>
      await one(
        sql,
        `SELECT 1 FROM report r, last_time t WHERE r.uuid = $1 AND r.sink = $2 AND t.name = $3
         AND t.at > r.ended_at AND t.at <= $4 LIMIT 1`,
        ...[uuid, sink, `${LAST_DELIVERED}${sink}`, now],
      ) !== undefined
    );
  }

  markRefused(
    lease: Lease,
    { uuid, sink, eventUuid }: Report,
    error: string,
    now: number,
    isEventGone = false,
  ): Promise<void> {
    return this.#markIfHeld(lease, async (sql) => {
      if (isEventGone) await days.closeForGood(sql, eventUuid);
      await sql(
        `UPDATE report SET state = 'refused', tries = tries + 1, last_error = $1, ended_at = $2
         WHERE uuid = $3 AND sink = $4 AND state = 'pending'`,
        ...[error, now, uuid, sink],
      );
    });
  }

  async moveSource(
    lease: Lease,
    report: Report,
    now: number,
    build: (record: SourceRecord, findDaySlot: FindDaySlot) => Snapshot,
  ): Promise<boolean> {
    return await this.#db.write(async (sql) =>
      await isHeld(sql, lease) && await moveSource(sql, report, now, build)
    );
  }

  pauseSink(
    lease: Lease,
    report: ReportKey,
    reason: string,
    pauseMs: (failures: number) => number,
    now: number,
  ): Promise<void> {
    return this.#markIfHeld(lease, async (sql) => {
      await moveBehind(sql, report, now);
      await pause(sql, report.sink, reason, pauseMs, now);
    });
  }

  restSink(lease: Lease, sink: SinkName, until: number): Promise<void> {
    return this.#markIfHeld(lease, (sql) => noteLast(sql, `${RESTS_UNTIL}${sink}`, until));
  }

  awaitsProbe(sink: SinkName): Promise<boolean> {
    return this.#db.read(async (sql) =>
      await one(sql, "SELECT 1 FROM sink_pause WHERE sink = $1", sink) !== undefined
    );
  }

  endPauses(): Promise<void> {
    return this.#db.write(async (sql) => void await sql("DELETE FROM sink_pause"));
  }

  async nextExpiryAt(rules: ExpiryRules): Promise<number | undefined> {
    const { expireAfterMs, sessionExpireAfterMs } = rules;
    if (expireAfterMs === undefined && sessionExpireAfterMs === undefined) return undefined;
    return await this.#db.read(async (sql) =>
      earliest(
        expireAfterMs === undefined ? undefined : await nextExpiryAt(sql, expireAfterMs),
        sessionExpireAfterMs === undefined
          ? undefined
          : await items.nextItemExpiryAt(sql, sessionExpireAfterMs),
      )
    );
  }

  nextDueAt(rules: DueRules, now?: number): Promise<number | undefined> {
    return this.#db.read((sql) => nextDueAt(sql, rules, now));
  }

  async releaseUnlessDue(lease: Lease, rules: DueRules, until: number): Promise<boolean> {
    return await this.#db.write(async (sql) => {
      if (await isDueBy(sql, rules, until)) return false;
      await releaseLease(sql, lease);
      return true;
    });
  }

  /** Writes nothing for who lost the lease. Until the commit nobody can take it over. */
  #markIfHeld(lease: Lease, work: (sql: Sql) => void | Promise<void>): Promise<void> {
    return this.#db.write(async (sql) => {
      if (await isHeld(sql, lease)) await work(sql);
    });
  }
}

/** Has a report wait behind all others that are due. */
async function moveBehind(
  sql: Sql,
  { uuid, sink }: ReportKey,
  now: number,
  nextTryAt = now + 1,
): Promise<void> {
  // A try that is dated by a clock that was set back since does not count: this one is the last.
  await sql(
    `UPDATE report SET ended_at = $1::bigint, next_try_at = greatest($4::bigint,
       CASE WHEN greatest(snapshot_at, coalesce(ended_at, 0)) > $1 THEN 0 ELSE next_try_at END)
     WHERE uuid = $2 AND sink = $3`,
    ...[now, uuid, sink, nextTryAt],
  );
}
