/**
 * What the buffer offers to the publisher: snapshots of due attacks, and reports on their way.
 *
 * @module
 */
import type {
  Attack,
  DayEvent,
  FindDaySlot,
  NewReport,
  Report,
  SinkName,
  Snapshot,
  SourceRecord,
} from "../model.ts";
import type { Lease } from "./leases.ts";
import type { ReportKey } from "./reports.ts";

/** When an attack is due, and whose reports count as waiting. Milliseconds. */
export interface DueRules {
  readonly periodMs: number;
  readonly maxHoldMs: number;
  readonly sinks: readonly SinkName[];
  /** Whether alerts that are to be forwarded are waited for, too, as long as there are any. */
  readonly forwards?: boolean;
}

/**
 * Builds the snapshot of an attack. It has no effect of its own: where an attack changes while its
 * snapshot is stored, it is built again.
 */
export type BuildSnapshot = (
  attack: Attack,
  record: SourceRecord | undefined,
  findDaySlot: FindDaySlot,
) => Snapshot;

/** The part of the buffer that publishing works with. Every method is one transaction. */
export interface OutboxStore {
  /**
   * Takes snapshots of due attacks. New attempts of the same source open a new attack.
   *
   * @param most how many at once
   * @param now milliseconds UTC
   * @param build says what each snapshot leaves behind
   * @returns how many were taken
   */
  snapshotDue(
    rules: DueRules,
    most: number,
    now: number,
    build: BuildSnapshot,
  ): Promise<number>;
  /**
   * Makes the reports that close the events of days that are over.
   *
   * @param endedBefore milliseconds UTC
   * @returns how many events
   */
  closeDays(
    endedBefore: number,
    close: (event: DayEvent, records: readonly SourceRecord[]) => readonly NewReport[],
  ): Promise<number>;
  /**
   * Changes the record of a source and makes reports of it; an attack that goes on is not touched.
   *
   * @returns false when the source has no record
   */
  republish(
    sourceIp: string,
    now: number,
    build: (record: SourceRecord) => Snapshot,
  ): Promise<boolean>;
  /**
   * The reports to try, oldest first.
   *
   * @param at those whose time has come by then, milliseconds UTC; Infinity: all, paused sinks too
   */
  reportsToTry(sinks: readonly SinkName[], most: number, at: number): Promise<readonly Report[]>;
  /** How many reports wait for these sinks, paused ones too. */
  countWaiting(sinks: readonly SinkName[]): Promise<number>;
  /**
   * The sink has it, read back and compared: the body is deleted.
   *
   * @param lastPublished what the sink wants to know when the source's next report comes
   * @param startedAt when the delivery began, milliseconds UTC, `now` by default: it ends a pause that was set before
   */
  markDelivered(
    lease: Lease,
    report: Report,
    lastPublished: string,
    now: number,
    startedAt?: number,
  ): Promise<void>;
  /** It could not be delivered now. */
  markRetry(
    lease: Lease,
    report: Report,
    error: string,
    nextTryAt: number,
    now: number,
  ): Promise<void>;
  /**
   * A try that shows nothing about the report, since nothing else was delivered meanwhile: it does not
   * count, and the report goes behind the others.
   *
   * @param nextTryAt milliseconds UTC; by default it may be tried at once
   */
  markFailed(
    lease: Lease,
    report: ReportKey,
    error: string,
    now: number,
    nextTryAt?: number,
  ): Promise<void>;
  /** Whether another report was delivered to the sink since this one was last tried. */
  isDeliveringSince(report: ReportKey, now: number): Promise<boolean>;
  /**
   * Moves a source into the next part of its day, when its event is of a day and has been deleted in a
   * sink that never had the source.
   *
   * @param report the one that the sink refused; it is deleted
   * @returns whether the source is moved
   */
  moveSource(
    lease: Lease,
    report: Report,
    now: number,
    build: (record: SourceRecord, findDaySlot: FindDaySlot) => Snapshot,
  ): Promise<boolean>;
  /**
   * The sink never takes it as it is.
   *
   * @param isEventGone whether it never takes its event: new sources of the day go into the next part
   */
  markRefused(
    lease: Lease,
    report: Report,
    error: string,
    now: number,
    isEventGone?: boolean,
  ): Promise<void>;
  /**
   * Pauses a sink that nothing can be delivered to.
   *
   * @param report the one that failed: it goes behind the others, since it may be the cause
   * @param pauseMs how long, given how often in a row the sink failed
   */
  pauseSink(
    lease: Lease,
    report: ReportKey,
    reason: string,
    pauseMs: (failures: number) => number,
    now: number,
  ): Promise<void>;
  /** Whether a sink was paused and nothing was delivered to it since, also when the pause is over. */
  awaitsProbe(sink: SinkName): Promise<boolean>;
  /** Ends all pauses: what failed is tried at once. */
  endPauses(): Promise<void>;
  /**
   * When the next attack or retry falls due, milliseconds UTC; undefined when nothing waits.
   *
   * @param now given: what is dated by a clock that was set back since is due at once
   */
  nextDueAt(rules: DueRules, now?: number): Promise<number | undefined>;
  /** Releases a lease unless something waits that falls due by `until`. */
  releaseUnlessDue(lease: Lease, rules: DueRules, until: number): Promise<boolean>;
}
