/**
 * What the buffer offers to who reports logins that succeeded: each of them at most once.
 *
 * @module
 */
import type { Lease } from "./leases.ts";

/** A source's login that succeeded; one source has one, its first. */
export interface NotificationKey {
  readonly sourceIp: string;
  /** When the login succeeded, milliseconds UTC. */
  readonly loginAt: number;
}

/** A notification to send. */
export interface Notification extends NotificationKey {
  /** The name of the sensor; undefined: it is not known any more. */
  readonly sensor: string | undefined;
  /** Undefined: the line named none. Attackers choose it. */
  readonly username: string | undefined;
  /** Of the source's event, where MISP has it. */
  readonly eventUuid: string | undefined;
}

/** What is over without having been accepted. */
export interface Ended {
  /** A process died between the request and its outcome: whether they arrived is not known. */
  readonly unknown: readonly NotificationKey[];
  /** The receiver did not accept them for a day. */
  readonly expired: readonly NotificationKey[];
}

/** The part of the buffer that notifying works with. Every method is one transaction. */
export interface NotificationStore {
  /**
   * Whether a round has something to do.
   *
   * @param since logins before then are none of ours, milliseconds UTC
   * @param now milliseconds UTC
   */
  isDue(since: number, now: number): Promise<boolean>;
  /** Whether notifications wait, paused or not. */
  isWaiting(): Promise<boolean>;
  /** Notes the logins of the last 24 hours that are new, and ends what is over. */
  collect(lease: Lease, since: number, now: number): Promise<Ended>;
  /**
   * The one to send next; those that failed go behind the others.
   *
   * @param everything also during a pause
   */
  next(now: number, everything?: boolean): Promise<Notification | undefined>;
  /** Says, before it is sent, that it is sent. @returns false when the lease or it is another's */
  claim(lease: Lease, key: NotificationKey): Promise<boolean>;
  /** It was sent, or nobody can say whether it arrived: either way it is not sent again. */
  conclude(lease: Lease, key: NotificationKey, state: "sent" | "unknown"): Promise<void>;
  /**
   * It was not accepted: it waits again, and nothing is sent for a while.
   *
   * @param pauseMs how long, given how often in a row it failed
   */
  postpone(
    lease: Lease,
    key: NotificationKey,
    reason: string,
    pauseMs: (failures: number) => number,
    now: number,
  ): Promise<void>;
}
