/**
 * Sinks, which reports are delivered to, and the outcomes of a delivery.
 *
 * @module
 */
import type { Report, SinkName } from "./model.ts";

/** The outcome of one report. A reason is one line and holds no secret. */
export type Outcome =
  /** The sink stored it, which was read back and compared. Notes name parts that it may leave out. */
  | {
    readonly kind: "delivered";
    readonly notes: readonly string[];
    /** What the sink needs for the next report of the source, as text of its own. */
    readonly lastPublished?: string;
  }
  /** This report could not be delivered now; others may be. */
  | { readonly kind: "retry"; readonly reason: string }
  /** The sink answers, but not to this report: the fault of one or the other, which others show. */
  | { readonly kind: "failed"; readonly reason: string }
  /**
   * There is no whole answer, however often it was asked: the fault of the line, of the sink or of this
   * report, which others show. The sink may have stored it.
   */
  | { readonly kind: "unanswered"; readonly reason: string }
  /** The sink will not accept the report as it is. */
  | {
    readonly kind: "refused";
    readonly reason: string;
    /** The sink will not have the event again, whatever is in it. */
    readonly isEventGone?: true;
  }
  /** Nothing can be delivered now. `afterMs`: the pause that the sink asked for, milliseconds. */
  | { readonly kind: "unavailable"; readonly reason: string; readonly afterMs?: number };

/** The outcome of a report, and when its delivery began. */
export interface Delivery {
  readonly report: Report;
  readonly outcome: Outcome;
  /** Milliseconds UTC, before its first request: it proves nothing about the sink of later. */
  readonly startedAt: number;
}

/** A destination of reports. */
export interface Sink {
  readonly name: SinkName;
  /**
   * Delivers reports and yields the outcome of each. It stops once nothing can be delivered.
   *
   * @param now milliseconds UTC
   */
  deliver(reports: readonly Report[], now: () => number): AsyncIterable<Delivery>;
  /**
   * Looks again at what the sink had only begun when it accepted it. It throws nothing for a sink that
   * cannot be reached.
   */
  lookAgain?(now: () => number): Promise<void>;
}
