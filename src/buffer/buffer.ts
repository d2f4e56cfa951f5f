/**
 * The buffer: everything that waits, by concern. Asynchronous, so that a buffer on a database server
 * can stand in its place.
 *
 * @module
 */
import type { IntakeStore } from "./intake.ts";
import type { LeaseStore } from "./leases.ts";
import type { NotificationStore } from "./notifications.ts";
import type { OutboxStore } from "./outbox.ts";
import type { ReportStore } from "./reports.ts";
import type { Retention } from "./retention.ts";
import type { SettingStore } from "./settings.ts";
import type { SpoolStore } from "./spool.ts";
import type { Views } from "./views.ts";

/** What an integration call needs of a buffer. */
export interface IntakeBuffer extends Disposable {
  readonly intake: IntakeStore;
  readonly leases: LeaseStore;
  readonly settings: SettingStore;
  /** Where a damaged file was moved to, when this buffer was opened or later. */
  readonly movedAside: string | undefined;
}

/** A whole buffer. */
export interface Buffer extends IntakeBuffer {
  readonly outbox: OutboxStore;
  readonly reports: ReportStore;
  readonly spool: SpoolStore;
  readonly notifications: NotificationStore;
  readonly views: Views;
  readonly retention: Retention;
}
