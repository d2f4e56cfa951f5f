/**
 * Where reports go, and what can come of it.
 *
 * @module
 */
import type { Report, SinkName } from "./model.ts";

/** What became of one report. Reasons are one line and hold no secret. */
export type Outcome =
  /** The sink has it, read back and compared. Notes say what it left out that does not matter. */
  | {
    readonly kind: "delivered";
    readonly notes: readonly string[];
    /** What the sink wants to know when the source's next report comes. */
    readonly lastPublished?: string;
  }
  /** This report could not be delivered now; others may. */
  | { readonly kind: "retry"; readonly reason: string }
  /** The sink never accepts it as it is. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Nothing can be delivered there now. `afterMs`: the sink said how long to wait. */
  | { readonly kind: "unavailable"; readonly reason: string; readonly afterMs?: number };

/** What reports go to. */
export interface Sink {
  readonly name: SinkName;
  /** Delivers reports, each to its end; stops early once nothing can be delivered. */
  deliver(
    reports: readonly Report[],
    now: () => number,
  ): AsyncIterable<{ readonly report: Report; readonly outcome: Outcome }>;
}
