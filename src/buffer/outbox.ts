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
  /**
   * Silence after which an address expires, milliseconds; undefined: never. Nobody waits for that: it is
   * not among what falls due.
   */
  readonly expireAfterMs?: number | undefined;
  /** The same for files and URLs that no session of a source brought again. */
  readonly sessionExpireAfterMs?: number | undefined;
}

/** After which silence what expires. */
export type ExpiryRules = Pick<DueRules, "expireAfterMs" | "sessionExpireAfterMs">;

/**
 * Builds the snapshot of an attack. It has no effect of its own: where an attack changes while its
 * snapshot is stored, it is built again.
 */
export type BuildSnapshot = (
  attack: Attack,
  record: SourceRecord | undefined,
  findDaySlot: FindDaySlot,
) => Snapshot;

/** The earlier of two times; undefined: there is none. */
export function earliest(
  one: number | undefined,
  other: number | undefined,
): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

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
   * Ends addresses that were silent for too long, the longest silent first.
   *
   * @param silentMs for how long
   * @param most how many at once
   * @param now milliseconds UTC
   * @param build says what remains of each; only sinks that have the source get a report
   * @returns how many expired
   */
  expire(
    silentMs: number,
    most: number,
    now: number,
    build: (record: SourceRecord) => Snapshot,
  ): Promise<number>;
  /**
   * Ends files and URLs that no session of their source brought for too long, the longest first, also in
   * events that the source has left.
   *
   * @param silentMs for how long
   * @param most how many sources at once
   * @param now milliseconds UTC
   * @param build says what remains of each source; only sinks that have it get a report
   * @returns how many files and URLs expired
   */
  expireItems(
    silentMs: number,
    most: number,
    now: number,
    build: (record: SourceRecord) => Snapshot,
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
  /**
   * Has a sink get no report until then, so that reports gather: nothing has failed.
   *
   * @param until milliseconds UTC
   */
  restSink(lease: Lease, sink: SinkName, until: number): Promise<void>;
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
  /** When the next address, file or URL expires, milliseconds UTC; undefined when none will. */
  nextExpiryAt(rules: ExpiryRules): Promise<number | undefined>;
  /** Releases a lease unless something waits that falls due by `until`. */
  releaseUnlessDue(lease: Lease, rules: DueRules, until: number): Promise<boolean>;
}
