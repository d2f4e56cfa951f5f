/**
 * What the buffer offers to who puts alerts in.
 *
 * @module
 */
import type { Decision, IgnoreReason } from "../model.ts";
import type { SessionLimits } from "../session_evidence.ts";

/** What became of the decisions of one batch. */
export interface Accepted {
  readonly accepted: number;
  readonly duplicate: number;
  readonly ignored: ReadonlyMap<IgnoreReason, number>;
}

/** How much is kept. */
export interface Limits {
  /** User names of an attack. */
  readonly maxUsernames: number;
  /** Of the sessions of an attack; undefined: those of a default configuration. */
  readonly sessions?: SessionLimits;
  /** Of the whole buffer, bytes; undefined: no limit. */
  readonly maxBytes?: number;
}

/** How far a file that grows is read. */
export interface Checkpoint {
  /** What is followed: `alerts`. */
  readonly stream: string;
  /** Name of the file, the same before and after it is packed; empty when `alerts.json` is its only name. */
  readonly name: string;
  readonly device: string;
  readonly inode: string;
  /** Behind the last line that was stored, bytes. */
  readonly offset: number;
  /** Of what stands before the offset: another file may get the same inode. */
  readonly fingerprint: string;
}

/** A step of a follower: stored in one transaction with the alerts that it read. */
export interface Followed {
  readonly checkpoint: Checkpoint;
  /** Lines read in this step, of all rules. */
  readonly lines: number;
  /** Those that were recognised as alerts of other rules without being read. */
  readonly skipped: number;
  readonly rotations: number;
}

/** Where a follower stands, and what it has seen so far. */
export interface FollowState extends Checkpoint {
  readonly lines: number;
  readonly rotations: number;
  readonly movedAt: number;
}

/** The part of the buffer that takes alerts in. Every method is one transaction. */
export interface IntakeStore {
  /**
   * Stores what was decided. When it returns, the decisions are on disk.
   *
   * @param now milliseconds UTC
   * @param followed moves the checkpoint of a follower in the same transaction
   */
  accept(
    decisions: readonly Decision[],
    limits: Limits,
    now: number,
    followed?: Followed,
  ): Promise<Accepted>;
  /** As `accept()` of one batch after the other, in one transaction: all are stored, or none. */
  acceptTogether(
    batches: readonly (readonly Decision[])[],
    limits: Limits,
    now: number,
  ): Promise<readonly Accepted[]>;
  /** Where a follower of that stream stands; undefined: none was here. */
  followState(stream: string): Promise<FollowState | undefined>;
  /** Counts input that never became an alert. */
  countIgnored(reason: IgnoreReason): Promise<void>;
}
