/**
 * The buffer in PostgreSQL: docs/architecture.md names its tables.
 *
 * @module
 */
import type { Buffer } from "../buffer.ts";
import type { Access } from "./connection.ts";
import { Database } from "./database.ts";
import { PostgresIntake } from "./intake/intake.ts";
import { PostgresLeases } from "./leases.ts";
import { PostgresNotifications } from "./outbox/notifications.ts";
import { PostgresOutbox } from "./outbox/outbox.ts";
import { PostgresReports } from "./outbox/reports.ts";
import { PostgresRetention } from "./outbox/retention.ts";
import { PostgresSettings } from "./settings.ts";
import { NO_SPOOL } from "./spool.ts";
import { PostgresViews } from "./views/views.ts";

/** The buffer of many `serve`. It connects when it is first used, and again whenever it has to. */
export class PostgresBuffer implements Buffer {
  readonly #db: Database;
  readonly intake: PostgresIntake;
  readonly leases: PostgresLeases;
  readonly settings: PostgresSettings;
  readonly outbox: PostgresOutbox;
  readonly notifications: PostgresNotifications;
  readonly reports: PostgresReports;
  readonly spool = NO_SPOOL;
  readonly views: PostgresViews;
  readonly retention: PostgresRetention;
  /** A server keeps its own files. */
  readonly movedAside = undefined;

  constructor(access: Access) {
    const db = new Database(access);
    this.#db = db;
    this.intake = new PostgresIntake(db);
    this.leases = new PostgresLeases(db);
    this.settings = new PostgresSettings(db);
    this.outbox = new PostgresOutbox(db);
    this.notifications = new PostgresNotifications(db);
    this.reports = new PostgresReports(db);
    this.views = new PostgresViews(db);
    this.retention = new PostgresRetention(db);
  }

  [Symbol.dispose](): void {
    this.leases[Symbol.dispose]();
    this.#db[Symbol.dispose]();
  }
}
