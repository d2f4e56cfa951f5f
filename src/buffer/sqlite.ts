/**
 * The buffer in a SQLite file (contracts of the tables: schema.ts).
 *
 * @module
 */
import type * as buffer from "./buffer.ts";
import { readCheckpoint } from "./checkpoint.ts";
import * as days from "./day_events.ts";
import { readAttack, readHome, writeFrozen, writeReport, writeTold } from "./freezing.ts";
import { IntakeBuffer } from "./intake_buffer.ts";
import * as leases from "./leases.ts";
import { openDatabase } from "./open.ts";
import * as outbox from "./outbox.ts";
import type { Care } from "./ready.ts";
import type * as desk from "./report_desk.ts";
import * as reports from "./reports.ts";
import { givenUp } from "./room.ts";
import * as spool from "./spool.ts";
import type * as spoolDesk from "./spool_desk.ts";
import { readStatus } from "./status.ts";
import type * as pages from "./views.ts";

/** The buffer of a site with one manager, or of several that hand over to one `serve`. */
export class SqliteBuffer extends IntakeBuffer implements buffer.Buffer {
  /**
   * Opens or makes the file.
   *
   * @param path the file, or `:memory:` for one that nobody else sees
   * @param now milliseconds UTC
   * @throws {BufferError} it cannot be used
   */
  constructor(path: string, now: number, care: Care = {}) {
    super(path, openDatabase(path, now, care), care);
  }

  followState(stream: string): Promise<buffer.FollowState | undefined> {
    return this.attempt(() => readCheckpoint(this.sql, stream));
  }

  freezeDue(
    rules: buffer.DueRules,
    most: number,
    now: number,
    freeze: (
      attack: buffer.Attack,
      home: buffer.Home | undefined,
      place: buffer.PlaceInDay,
    ) => buffer.Frozen,
  ): Promise<number> {
    const place: buffer.PlaceInDay = (room) => days.placeInDay(this.sql, room);
    return this.transaction(() => {
      const due = this.sql(
        `SELECT source_ip FROM attack WHERE touched_at <= ? OR opened_at <= ? OR touched_at > ?
         ORDER BY opened_at LIMIT ?`,
      ).all(now - rules.periodMs, now - rules.maxHoldMs, now + outbox.FAR_AHEAD_MS, most);
      for (const { source_ip } of due) {
        const sourceIp = String(source_ip);
        const attack = readAttack(this.sql, sourceIp);
        const frozen = freeze(attack, readHome(this.sql, sourceIp), place);
        writeFrozen(this.sql, frozen, attack.alerts, now);
      }
      return due.length;
    });
  }

  async closeDays(
    endedBefore: number,
    close: (event: buffer.DayEvent, homes: readonly buffer.Home[]) => readonly buffer.NewReport[],
  ): Promise<number> {
    const open = await this.attempt(() => days.dayEventsToClose(this.sql, endedBefore));
    if (open.length === 0) return 0;
    return await this.transaction(() => {
      const events = days.dayEventsToClose(this.sql, endedBefore);
      for (const event of events) {
        const homes = days.sourcesOf(this.sql, event).map((one) => readHome(this.sql, one)!);
        for (const report of close(event, homes)) writeReport(this.sql, report);
        days.markClosed(this.sql, event);
      }
      return events.length;
    });
  }

  retell(
    sourceIp: string,
    now: number,
    freeze: (home: buffer.Home) => buffer.Frozen,
  ): Promise<boolean> {
    return this.transaction(() => {
      const home = readHome(this.sql, sourceIp);
      if (home === undefined) return false;
      writeTold(this.sql, freeze(home), now);
      return true;
    });
  }

  reportsToTry(sinks: readonly buffer.SinkName[], most: number, at: number) {
    return this.attempt(() => outbox.reportsToTry(this.sql, sinks, most, at));
  }

  countWaiting(sinks: readonly buffer.SinkName[]): Promise<number> {
    return this.attempt(() => outbox.countWaiting(this.sql, sinks));
  }

  pauseSink(
    lease: buffer.Lease,
    report: desk.ReportKey,
    reason: string,
    pauseMs: (failures: number) => number,
    now: number,
  ): Promise<void> {
    return this.transaction(() => {
      outbox.pauseSink(this.sql, lease, report, reason, pauseMs, now);
    });
  }

  markDelivered(
    lease: buffer.Lease,
    report: buffer.Report,
    told: string,
    now: number,
  ): Promise<void> {
    return this.transaction(() => outbox.markDelivered(this.sql, lease, report, told, now));
  }

  markRetry(
    lease: buffer.Lease,
    report: buffer.Report,
    error: string,
    nextTryAt: number,
    now: number,
  ): Promise<void> {
    return this.transaction(() => {
      outbox.markRetry(this.sql, lease, report, error, nextTryAt, now);
    });
  }

  markRefused(
    lease: buffer.Lease,
    report: buffer.Report,
    error: string,
    now: number,
  ): Promise<void> {
    return this.transaction(() => outbox.markRefused(this.sql, lease, report, error, now));
  }

  nextDueAt(rules: buffer.DueRules, now?: number): Promise<number | undefined> {
    return this.attempt(() => outbox.nextDueAt(this.sql, rules, now));
  }

  takeLease(name: string, owner: string, milliseconds: number, now: number) {
    return this.transaction(() => leases.take(this.sql, name, owner, milliseconds, now));
  }

  renewLease(lease: buffer.Lease, milliseconds: number, now: number): Promise<boolean> {
    return this.transaction(() => leases.renew(this.sql, lease, milliseconds, now));
  }

  releaseLease(lease: buffer.Lease): Promise<void> {
    return this.transaction(() => leases.release(this.sql, lease));
  }

  releaseLeaseUnlessDue(
    lease: buffer.Lease,
    rules: buffer.DueRules,
    until: number,
  ): Promise<boolean> {
    return this.transaction(() => {
      if (rules.forwards && spool.hasSpooled(this.sql)) return false;
      const next = outbox.nextDueAt(this.sql, rules, until);
      if (next !== undefined && next <= until) return false;
      leases.release(this.sql, lease);
      return true;
    });
  }

  listReports(most: number): Promise<desk.ReportList> {
    return this.attempt(() => reports.listReports(this.sql, most));
  }

  findReports(meant: desk.ReportsMeant): Promise<readonly desk.ReportRow[]> {
    return this.attempt(() => reports.findReports(this.sql, meant));
  }

  reportBody(report: desk.ReportKey): Promise<string | undefined> {
    return this.attempt(() => reports.reportBody(this.sql, report));
  }

  retryReports(
    keys: readonly desk.ReportKey[],
    lease: { readonly name: string; readonly owner: string },
    now: number,
  ): Promise<readonly desk.Changed[] | undefined> {
    const work = (report: desk.ReportKey) => reports.retry(this.sql, report, now);
    return this.transaction(() => reports.change(this.sql, keys, lease, now, work));
  }

  dropReports(
    keys: readonly desk.ReportKey[],
    lease: { readonly name: string; readonly owner: string },
    now: number,
  ): Promise<readonly desk.Changed[] | undefined> {
    const work = (report: desk.ReportKey) => reports.drop(this.sql, report);
    return this.transaction(() => reports.change(this.sql, keys, lease, now, work));
  }

  alertsToForward(
    most: number,
    mostBytes: number,
  ): Promise<readonly spoolDesk.SpooledAlert[]> {
    return this.attempt(() => spool.alertsToForward(this.sql, most, mostBytes));
  }

  markForwarded(
    lease: buffer.Lease,
    forwarded: spoolDesk.Forwarded,
    now: number,
  ): Promise<boolean> {
    return this.transaction(() => spool.markForwarded(this.sql, lease, forwarded, now));
  }

  pauseForwarding(
    lease: buffer.Lease,
    reason: string,
    pauseMs: (failures: number) => number,
    now: number,
  ): Promise<void> {
    return this.transaction(() => {
      spool.pauseForwarding(this.sql, lease, reason, pauseMs, now);
    });
  }

  forwardDueAt(now: number): Promise<number | undefined> {
    return this.attempt(() => spool.forwardDueAt(this.sql, now));
  }

  forwardRefusedAgain(lease: buffer.Lease): Promise<number> {
    return this.transaction(() => spool.forwardRefusedAgain(this.sql, lease));
  }

  spoolStatus(): Promise<spoolDesk.SpoolStatus> {
    return this.attempt(() => spool.spoolStatus(this.sql));
  }

  givenUp(): Promise<buffer.GivenUp> {
    return this.attempt(() => givenUp(this.sql));
  }

  status(): Promise<buffer.BufferStatus> {
    return this.attempt(() => readStatus(this.sql));
  }

  // Only who shows pages needs what these load.
  async overview(now: number): Promise<pages.Overview> {
    const { readOverview } = await import("./overview.ts");
    return readOverview(this.sql, now);
  }

  async sourceView(sourceIp: string): Promise<pages.SourceView | undefined> {
    const { readSource } = await import("./overview.ts");
    return readSource(this.sql, sourceIp);
  }

  async refusedReports(most: number): Promise<pages.RefusedReports> {
    const { readRefused } = await import("./overview.ts");
    return readRefused(this.sql, most);
  }

  stamp(): Promise<string> {
    const others = this.sql("PRAGMA data_version").get()?.data_version;
    const own = this.sql("SELECT total_changes() AS n").get()?.n;
    return Promise.resolve(`${others}/${own}`);
  }

  prune(keep: buffer.Keep, now: number): Promise<boolean> {
    return this.transaction(() => outbox.prune(this.sql, keep, now));
  }
}
