/**
 * The buffer in a SQLite file (contracts of the tables: schema.ts).
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Decision, IgnoreReason } from "../types.ts";
import type * as buffer from "./buffer.ts";
import { acceptAll, count, type Statements } from "./accept.ts";
import { readAttack, readHome, writeFrozen, writeReport, writeTold } from "./freezing.ts";
import * as days from "./day_events.ts";
import * as follow from "./checkpoint.ts";
import * as leases from "./leases.ts";
import { type LogSync, logSyncOf } from "./log_sync.ts";
import * as outbox from "./outbox.ts";
import type * as pages from "./views.ts";
import type * as desk from "./report_desk.ts";
import * as reports from "./reports.ts";
import { givenUp, makeRoom } from "./room.ts";
import * as spool from "./spool.ts";
import type * as spoolDesk from "./spool_desk.ts";
import { readStatus } from "./status.ts";
import {
  type Care,
  CHECKPOINT_PAGES,
  close,
  explain,
  isDamage,
  isOfFile,
  openDatabase,
  type Opened,
  replaced,
  replaceDamaged,
  takeFloods,
} from "./open.ts";
import { faultPoint } from "../fault_point.ts";

/** What the write-ahead log may hold beside the file, bytes. */
const LOG_BYTES = CHECKPOINT_PAGES * 4096;

/** The buffer of a site with one manager, or of several that hand over to one `serve`. */
export class SqliteBuffer implements buffer.Buffer {
  #db: DatabaseSync;
  /** Tells whether the file is still the one that was opened. */
  #inode: number | null | undefined;
  readonly #path: string;
  readonly #care: Care;
  readonly #statements = new Map<string, StatementSync>();
  /** Undefined: each commit syncs by itself. */
  #logSync: LogSync | undefined;
  /** Of the file when it was last looked at, bytes. */
  #size = Infinity;
  /** Where a damaged file was moved to, when this buffer was opened or later. */
  movedAside: string | undefined;

  /**
   * Opens or makes the file.
   *
   * @param path the file, or `:memory:` for one that nobody else sees
   * @param now milliseconds UTC
   * @throws {BufferError} it cannot be used
   */
  constructor(path: string, now: number, care: Care = {}) {
    const opened = openDatabase(path, now, care);
    this.#path = path;
    this.#care = care;
    this.#db = opened.db;
    if (care.takesFloods) takeFloods(this.#db);
    if (care.syncsBeside) this.#logSync = logSyncOf(this.#db, path);
    this.#inode = this.#inodeNow();
    this.movedAside = opened.movedAside;
  }

  [Symbol.dispose](): void {
    this.#logSync?.[Symbol.dispose]();
    // Where nothing could be put into the place of a damaged file, it is closed already.
    close(this.#db);
  }

  readonly #sql: Statements = (text) => {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  };

  /** A writer's transaction: it waits its turn at the start, never in the middle. */
  #transaction<T>(work: () => T): Promise<T> {
    return this.#attempt(() => this.#commit(work));
  }

  /**
   * Does what needs the file, and says in one line why it cannot be done. What meets damage replaces
   * the file, and says so; where another process did that already, it is done on the new one.
   */
  #attempt<T>(work: () => T): Promise<T> {
    try {
      try {
        return Promise.resolve(work());
      } catch (error) {
        if (!isDamage(error) || this.#care.onlyTells) throw error;
        const movedAside = this.#replace(Date.now());
        if (movedAside !== undefined) throw replaced(this.#path, movedAside);
        return Promise.resolve(work());
      }
    } catch (error) {
      return Promise.reject(isOfFile(error) ? explain(this.#path, error) : error);
    }
  }

  #commit<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Leaves the sync to {@link LogSync}. Checkpoints, and any other commit, sync all the same. */
  #commitOnly<T>(work: () => T): T {
    this.#db.exec("PRAGMA synchronous = NORMAL");
    try {
      return this.#commit(work);
    } finally {
      this.#db.exec("PRAGMA synchronous = FULL");
    }
  }

  /** A full disk makes SQLite roll back by itself; then there is nothing left to undo. */
  #rollBack(): void {
    try {
      this.#db.exec("ROLLBACK");
    } catch {
      return;
    }
  }

  async accept(
    decisions: readonly Decision[],
    limits: buffer.Limits,
    now: number,
    followed?: buffer.Followed,
  ): Promise<buffer.Accepted> {
    return (await this.acceptTogether([decisions], limits, now, followed))[0]!;
  }

  /** As `accept()` of one after the other, in one transaction: all of them are stored, or none. */
  async acceptTogether(
    groups: readonly (readonly Decision[])[],
    limits: buffer.Limits,
    now: number,
    followed?: buffer.Followed,
  ): Promise<readonly buffer.Accepted[]> {
    const accepted = await this.#store(groups, limits, now, followed);
    const synced = this.#logSync?.sync();
    await synced?.catch((error: unknown) => {
      throw explain(this.#path, error);
    });
    return accepted;
  }

  #store(
    groups: readonly (readonly Decision[])[],
    limits: buffer.Limits,
    now: number,
    followed?: buffer.Followed,
  ): Promise<readonly buffer.Accepted[]> {
    const store = () => {
      const accepted = acceptAll(this.#sql, groups, limits, now);
      if (followed !== undefined) follow.moveCheckpoint(this.#sql, followed, now);
      const { maxBytes } = limits;
      const incoming = groups.reduce((sum, { length }) => sum + length, 0);
      if (maxBytes !== undefined && this.#size + LOG_BYTES > maxBytes) {
        makeRoom(this.#sql, maxBytes, incoming, now);
      }
      faultPoint("in-tx-before-commit");
      return accepted;
    };
    const work = () => this.#logSync === undefined ? this.#commit(store) : this.#commitOnly(store);
    return this.#attempt(() => {
      try {
        const accepted = work();
        // It went into a file that another process has moved aside since it was opened.
        if (this.#inodeNow() === this.#inode) return accepted;
        this.#reopen(openDatabase(this.#path, now));
      } catch (error) {
        if (!isDamage(error)) throw error;
        this.#replace(now);
      }
      return work();
    });
  }

  followState(stream: string): Promise<buffer.FollowState | undefined> {
    return this.#attempt(() => follow.readCheckpoint(this.#sql, stream));
  }

  /** Damage may show only when its page is read. @returns where the damaged file went */
  #replace(now: number): string | undefined {
    close(this.#db);
    return this.#reopen(replaceDamaged(this.#path, now));
  }

  #reopen({ db, movedAside }: Opened): string | undefined {
    this.#statements.clear();
    close(this.#db);
    this.#db = db;
    this.#logSync?.[Symbol.dispose]();
    if (this.#care.syncsBeside) this.#logSync = logSyncOf(db, this.#path);
    if (this.#care.takesFloods) takeFloods(db);
    this.#inode = this.#inodeNow();
    this.movedAside = movedAside ?? this.movedAside;
    return movedAside;
  }

  #inodeNow(): number | null | undefined {
    if (this.#path === ":memory:") return undefined;
    try {
      const { ino, size } = Deno.statSync(this.#path);
      this.#size = size;
      return ino;
    } catch (error) {
      // The rights to it may be lost; what was committed was committed.
      return error instanceof Deno.errors.NotFound ? undefined : this.#inode;
    }
  }

  remembered(name: string): Promise<string | undefined> {
    return this.#attempt(() => {
      const row = this.#sql("SELECT value FROM remembered WHERE name = ?").get(name);
      return row === undefined ? undefined : String(row.value);
    });
  }

  remember(name: string, value: string | undefined): Promise<void> {
    return this.#transaction(() => {
      if (value === undefined) this.#sql("DELETE FROM remembered WHERE name = ?").run(name);
      else {
        this.#sql(
          `INSERT INTO remembered (name, value) VALUES (?, ?)
           ON CONFLICT DO UPDATE SET value = excluded.value`,
        ).run(name, value);
      }
    });
  }

  countIgnored(reason: IgnoreReason): Promise<void> {
    return this.#transaction(() => count(this.#sql, `ignored.${reason}`, 1));
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
    const place: buffer.PlaceInDay = (room) => days.placeInDay(this.#sql, room);
    return this.#transaction(() => {
      const due = this.#sql(
        `SELECT source_ip FROM attack WHERE touched_at <= ? OR opened_at <= ? OR touched_at > ?
         ORDER BY opened_at LIMIT ?`,
      ).all(now - rules.periodMs, now - rules.maxHoldMs, now + outbox.FAR_AHEAD_MS, most);
      for (const { source_ip } of due) {
        const sourceIp = String(source_ip);
        const attack = readAttack(this.#sql, sourceIp);
        const frozen = freeze(attack, readHome(this.#sql, sourceIp), place);
        writeFrozen(this.#sql, frozen, attack.alerts, now);
      }
      return due.length;
    });
  }

  async closeDays(
    endedBefore: number,
    close: (event: buffer.DayEvent, homes: readonly buffer.Home[]) => readonly buffer.NewReport[],
  ): Promise<number> {
    const open = await this.#attempt(() => days.dayEventsToClose(this.#sql, endedBefore));
    if (open.length === 0) return 0;
    return await this.#transaction(() => {
      const events = days.dayEventsToClose(this.#sql, endedBefore);
      for (const event of events) {
        const homes = days.sourcesOf(this.#sql, event).map((one) => readHome(this.#sql, one)!);
        for (const report of close(event, homes)) writeReport(this.#sql, report);
        days.markClosed(this.#sql, event);
      }
      return events.length;
    });
  }

  retell(
    sourceIp: string,
    now: number,
    freeze: (home: buffer.Home) => buffer.Frozen,
  ): Promise<boolean> {
    return this.#transaction(() => {
      const home = readHome(this.#sql, sourceIp);
      if (home === undefined) return false;
      writeTold(this.#sql, freeze(home), now);
      return true;
    });
  }

  reportsToTry(sinks: readonly buffer.SinkName[], most: number, at: number) {
    return this.#attempt(() => outbox.reportsToTry(this.#sql, sinks, most, at));
  }

  countWaiting(sinks: readonly buffer.SinkName[]): Promise<number> {
    return this.#attempt(() => outbox.countWaiting(this.#sql, sinks));
  }

  pauseSink(
    lease: buffer.Lease,
    report: desk.ReportKey,
    reason: string,
    pauseMs: (failures: number) => number,
    now: number,
  ): Promise<void> {
    return this.#transaction(() => {
      outbox.pauseSink(this.#sql, lease, report, reason, pauseMs, now);
    });
  }

  markDelivered(
    lease: buffer.Lease,
    report: buffer.Report,
    told: string,
    now: number,
  ): Promise<void> {
    return this.#transaction(() => outbox.markDelivered(this.#sql, lease, report, told, now));
  }

  markRetry(
    lease: buffer.Lease,
    report: buffer.Report,
    error: string,
    nextTryAt: number,
    now: number,
  ): Promise<void> {
    return this.#transaction(() => {
      outbox.markRetry(this.#sql, lease, report, error, nextTryAt, now);
    });
  }

  markRefused(
    lease: buffer.Lease,
    report: buffer.Report,
    error: string,
    now: number,
  ): Promise<void> {
    return this.#transaction(() => outbox.markRefused(this.#sql, lease, report, error, now));
  }

  nextDueAt(rules: buffer.DueRules, now?: number): Promise<number | undefined> {
    return this.#attempt(() => outbox.nextDueAt(this.#sql, rules, now));
  }

  takeLease(name: string, owner: string, milliseconds: number, now: number) {
    return this.#transaction(() => leases.take(this.#sql, name, owner, milliseconds, now));
  }

  renewLease(lease: buffer.Lease, milliseconds: number, now: number): Promise<boolean> {
    return this.#transaction(() => leases.renew(this.#sql, lease, milliseconds, now));
  }

  releaseLease(lease: buffer.Lease): Promise<void> {
    return this.#transaction(() => leases.release(this.#sql, lease));
  }

  releaseLeaseUnlessDue(
    lease: buffer.Lease,
    rules: buffer.DueRules,
    until: number,
  ): Promise<boolean> {
    return this.#transaction(() => {
      if (rules.forwards && spool.hasSpooled(this.#sql)) return false;
      const next = outbox.nextDueAt(this.#sql, rules, until);
      if (next !== undefined && next <= until) return false;
      leases.release(this.#sql, lease);
      return true;
    });
  }

  isLeaseHeld(name: string, now: number): Promise<boolean> {
    return this.#attempt(() => leases.isHeld(this.#sql, name, now));
  }

  listReports(most: number): Promise<desk.ReportList> {
    return this.#attempt(() => reports.listReports(this.#sql, most));
  }

  findReports(meant: desk.ReportsMeant): Promise<readonly desk.ReportRow[]> {
    return this.#attempt(() => reports.findReports(this.#sql, meant));
  }

  reportBody(report: desk.ReportKey): Promise<string | undefined> {
    return this.#attempt(() => reports.reportBody(this.#sql, report));
  }

  retryReports(
    keys: readonly desk.ReportKey[],
    lease: { readonly name: string; readonly owner: string },
    now: number,
  ): Promise<readonly desk.Changed[] | undefined> {
    const work = (report: desk.ReportKey) => reports.retry(this.#sql, report, now);
    return this.#transaction(() => reports.change(this.#sql, keys, lease, now, work));
  }

  dropReports(
    keys: readonly desk.ReportKey[],
    lease: { readonly name: string; readonly owner: string },
    now: number,
  ): Promise<readonly desk.Changed[] | undefined> {
    const work = (report: desk.ReportKey) => reports.drop(this.#sql, report);
    return this.#transaction(() => reports.change(this.#sql, keys, lease, now, work));
  }

  alertsToForward(
    most: number,
    mostBytes: number,
  ): Promise<readonly spoolDesk.SpooledAlert[]> {
    return this.#attempt(() => spool.alertsToForward(this.#sql, most, mostBytes));
  }

  markForwarded(
    lease: buffer.Lease,
    forwarded: spoolDesk.Forwarded,
    now: number,
  ): Promise<boolean> {
    return this.#transaction(() => spool.markForwarded(this.#sql, lease, forwarded, now));
  }

  pauseForwarding(
    lease: buffer.Lease,
    reason: string,
    pauseMs: (failures: number) => number,
    now: number,
  ): Promise<void> {
    return this.#transaction(() => {
      spool.pauseForwarding(this.#sql, lease, reason, pauseMs, now);
    });
  }

  forwardDueAt(now: number): Promise<number | undefined> {
    return this.#attempt(() => spool.forwardDueAt(this.#sql, now));
  }

  forwardRefusedAgain(lease: buffer.Lease): Promise<number> {
    return this.#transaction(() => spool.forwardRefusedAgain(this.#sql, lease));
  }

  spoolStatus(): Promise<spoolDesk.SpoolStatus> {
    return this.#attempt(() => spool.spoolStatus(this.#sql));
  }

  givenUp(): Promise<buffer.GivenUp> {
    return this.#attempt(() => givenUp(this.#sql));
  }

  status(): Promise<buffer.BufferStatus> {
    return this.#attempt(() => readStatus(this.#sql));
  }

  // Only who shows pages needs what these load.
  async overview(now: number): Promise<pages.Overview> {
    const { readOverview } = await import("./overview.ts");
    return readOverview(this.#sql, now);
  }

  async sourceView(sourceIp: string): Promise<pages.SourceView | undefined> {
    const { readSource } = await import("./overview.ts");
    return readSource(this.#sql, sourceIp);
  }

  async refusedReports(most: number): Promise<pages.RefusedReports> {
    const { readRefused } = await import("./overview.ts");
    return readRefused(this.#sql, most);
  }

  stamp(): Promise<string> {
    const others = this.#sql("PRAGMA data_version").get()?.data_version;
    const own = this.#sql("SELECT total_changes() AS n").get()?.n;
    return Promise.resolve(`${others}/${own}`);
  }

  prune(keep: buffer.Keep, now: number): Promise<boolean> {
    return this.#transaction(() => outbox.prune(this.#sql, keep, now));
  }
}
