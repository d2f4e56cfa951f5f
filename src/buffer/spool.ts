/**
 * What the buffer offers to who forwards alerts.
 *
 * @module
 */
import type { Lease } from "./leases.ts";

/** An alert on its way to a remote `serve`. */
export interface SpooledAlert {
  /** Identifies it among those that wait. */
  readonly number: number;
  /** One line of JSON. */
  readonly body: string;
}

/** What became of alerts that were sent. */
export interface Forwarded {
  /** They are there, and gone here. */
  readonly accepted: readonly number[];
  /** They are never accepted as they are: refused, and kept. */
  readonly refused: readonly { readonly number: number; readonly reason: string }[];
  /** Of those accepted: how many had come before, and how many became no attempt there. */
  readonly duplicate: number;
  readonly ignored: number;
}

/** What waits to be forwarded, and what became of the rest. Times are milliseconds UTC. */
export interface SpoolStatus {
  readonly waiting: number;
  readonly oldestAddedAt: number | undefined;
  /** Of those that wait and those refused. */
  readonly bytes: number;
  readonly refused: number;
  /** Why the latest of them was. */
  readonly lastRefusal: string | undefined;
  readonly forwarded: number;
  readonly duplicate: number;
  readonly ignored: number;
}

/** The part of the buffer that forwarding works with. */
export interface SpoolStore {
  /** The oldest alerts that wait: at most so many, of so many bytes together, but one at least. */
  oldest(most: number, mostBytes: number): Promise<readonly SpooledAlert[]>;
  /**
   * @param startedAt when they were sent, milliseconds UTC, `now` by default: that ends a pause that was set before
   * @returns false when another holds the lease by now: then nothing was marked
   */
  markForwarded(
    lease: Lease,
    forwarded: Forwarded,
    now: number,
    startedAt?: number,
  ): Promise<boolean>;
  /** Pauses forwarding. @param pauseMs how long, given how often in a row it failed */
  pause(
    lease: Lease,
    reason: string,
    pauseMs: (failures: number) => number,
    now: number,
  ): Promise<void>;
  /** When the next alert may be sent, milliseconds UTC, 0: at once; undefined when none waits. */
  dueAt(now: number): Promise<number | undefined>;
  /** What was refused waits again. @returns how many */
  retryRefused(lease: Lease): Promise<number>;
  status(): Promise<SpoolStatus>;
}
