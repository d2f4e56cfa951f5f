/**
 * What the buffer offers to who looks at reports, sends them again or drops them.
 *
 * @module
 */
import type { SinkName } from "../model.ts";
import type { Lease } from "./leases.ts";

/** How far a report is: on its way, delivered, or refused by its sink. */
export type ReportState = "pending" | "delivered" | "refused";

/** A report on its way to one sink. The reports of one attack to several sinks share their uuid. */
export interface ReportKey {
  readonly uuid: string;
  readonly sink: SinkName;
}

/** What is known of a report beside its body. Times are milliseconds UTC. */
export interface ReportRow extends ReportKey {
  readonly sourceIp: string;
  readonly eventUuid: string;
  readonly state: ReportState;
  readonly attempts: number;
  readonly snapshotAt: number;
  readonly tries: number;
  /** Only of a pending report; a pause of its sink is taken into account. */
  readonly nextTryAt: number | undefined;
  readonly lastTriedAt: number | undefined;
  readonly lastError: string | undefined;
}

/** Which reports are meant. A uuid may be that of the report or of its event. */
export type ReportsMeant =
  | { readonly kind: "uuid"; readonly uuid: string }
  | { readonly kind: "source"; readonly sourceIp: string }
  | { readonly kind: "keys"; readonly keys: readonly ReportKey[] }
  | { readonly kind: "undelivered" };

/** Reports, and how many there are of each state, whether listed or not. */
export interface ReportList {
  readonly rows: readonly ReportRow[];
  readonly counts: Readonly<Record<ReportState, number>>;
}

/**
 * What became of one report that was to be changed. `superseded`: a later report of the same event is
 * there, and older content must not overwrite newer. `gone`: it was there when it was looked up.
 */
export type Changed = "changed" | "superseded" | "delivered" | "gone";

/**
 * The publishers' lease of who changes reports. With the fence of a lease that is held already, it is used
 * and kept; else it is taken for the one change.
 */
export type ReportsLease = Pick<Lease, "name" | "owner"> & Partial<Pick<Lease, "fence">>;

/** The part of the buffer that `report` works with. Every method is one transaction. */
export interface ReportStore {
  /**
   * The refused first, then the pending by their next try, then the delivered; newest first.
   *
   * @param most of each state
   */
  list(most: number): Promise<ReportList>;
  /** In the order of {@link ReportStore.list}, or of the keys. */
  find(meant: ReportsMeant): Promise<readonly ReportRow[]>;
  /** The event to deliver, as JSON text; undefined when it is not kept, as after its delivery. */
  body(report: ReportKey): Promise<string | undefined>;
  /**
   * Makes refused and pending reports due at once, as if never tried.
   *
   * @param lease the publishers' lease, held for this change: no publisher may deliver meanwhile
   * @param now milliseconds UTC
   * @returns what became of each, in order; undefined when a publisher holds the lease, or the fence is
   *   no longer that of its holder
   */
  retry(
    reports: readonly ReportKey[],
    lease: ReportsLease,
    now: number,
  ): Promise<readonly Changed[] | undefined>;
  /**
   * Removes refused and pending reports, and counts them. What they said stays in the record of the source.
   *
   * @param lease as for {@link ReportStore.retry}
   * @param now milliseconds UTC
   * @returns what became of each, in order; undefined when a publisher holds the lease
   */
  drop(
    reports: readonly ReportKey[],
    lease: ReportsLease,
    now: number,
  ): Promise<readonly Changed[] | undefined>;
}
