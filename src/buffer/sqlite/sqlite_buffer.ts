/**
 * The buffer in a SQLite file: docs/architecture.md names its tables.
 *
 * @module
 */
import type { Buffer } from "../buffer.ts";
import type { OpenOptions } from "./connect.ts";
import { Database } from "./database.ts";
import { SqliteIntake } from "./intake/intake.ts";
import { SqliteLeases } from "./leases.ts";
import { openDatabase } from "./open.ts";
import { SqliteNotifications } from "./outbox/notifications.ts";
import { SqliteOutbox } from "./outbox/outbox.ts";
import { SqliteReports } from "./outbox/reports.ts";
import { SqliteRetention } from "./outbox/retention.ts";
import { SqliteSpool } from "./outbox/spool.ts";
import { SqliteSettings } from "./settings.ts";
import { SqliteViews } from "./views/views.ts";

/** The buffer of a site with one manager, or of several that hand alerts to one `serve`. */
export class SqliteBuffer implements Buffer {
  readonly #db: Database;
  readonly intake: SqliteIntake;
  readonly leases: SqliteLeases;
  readonly settings: SqliteSettings;
  readonly outbox: SqliteOutbox;
  readonly reports: SqliteReports;
  readonly spool: SqliteSpool;
  readonly notifications: SqliteNotifications;
  readonly views: SqliteViews;
  readonly retention: SqliteRetention;

  /**
   * Opens or makes the file.
   *
   * @param path the file, or `:memory:` for one of this process alone
   * @param now milliseconds UTC
   * @throws {BufferError} it cannot be used
   */
  constructor(path: string, now: number, options: OpenOptions = {}) {
    const db = new Database(path, openDatabase(path, now, options), options);
    this.#db = db;
    this.intake = new SqliteIntake(db);
    this.leases = new SqliteLeases(db, path);
    this.settings = new SqliteSettings(db);
    this.outbox = new SqliteOutbox(db);
    this.reports = new SqliteReports(db, this.leases);
    this.spool = new SqliteSpool(db);
    this.notifications = new SqliteNotifications(db);
    this.views = new SqliteViews(db);
    this.retention = new SqliteRetention(db);
  }

  get movedAside(): string | undefined {
    return this.#db.movedAside;
  }

  [Symbol.dispose](): void {
    this.leases[Symbol.dispose]();
    this.#db[Symbol.dispose]();
  }
}
