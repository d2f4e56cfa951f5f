/**
 * What a publisher works with, and what a round of it comes to.
 *
 * @module
 */
import type { Buffer } from "../buffer/buffer.ts";
import type { DueRules } from "../buffer/outbox.ts";
import type { Attack, DayEvent, FindDaySlot, NewReport, Snapshot, SourceRecord } from "../model.ts";
import type { Sink } from "../sink.ts";
import type { Repeat } from "./timers.ts";

/** What a publisher works with. */
export interface PublisherParts {
  readonly buffer: Buffer;
  readonly sinks: readonly Sink[];
  readonly due: DueRules;
  /** Longest that one report takes to deliver, milliseconds: the lease outlasts it. */
  readonly deliveryMs: number;
  /** Loads what a snapshot looks up, before the transaction: the first time may take a while. */
  readonly prepare: () => Promise<void>;
  readonly snapshot: (
    attack: Attack,
    record: SourceRecord | undefined,
    now: number,
    findDaySlot: FindDaySlot,
  ) => Snapshot;
  /** Builds the reports that close the event of a day. */
  readonly close: (
    event: DayEvent,
    records: readonly SourceRecord[],
    now: number,
  ) => readonly NewReport[];
  /** Builds the reports of an address that expires; by default none does. */
  readonly expire?: (record: SourceRecord, now: number) => Snapshot;
  /** Builds the reports of a source of which files or URLs have expired; by default none does. */
  readonly expireItems?: (record: SourceRecord, now: number) => Snapshot;
  /** Builds the reports of a source that goes into the next part of its day; by default it stays. */
  readonly move?: (record: SourceRecord, now: number, findDaySlot: FindDaySlot) => Snapshot;
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
  readonly log: (level: "info" | "warning" | "error", message: string) => void;
  /** Gets how far a round is, for somebody who waits for it. */
  readonly onProgress?: (progress: RoundProgress) => void;
  /** Whether a round leaves what still waits to another process; asked after each report. */
  readonly mustStop?: () => Promise<boolean>;
  /** `setInterval()` by default. */
  readonly repeat?: Repeat;
}

/** How far a round is. */
export interface RoundProgress {
  readonly snapshots: number;
  readonly delivered: number;
  readonly refused: number;
  /** Reports that waited when delivering began; undefined: it has not begun. */
  readonly toDeliver: number | undefined;
}

/** What a round came to. */
export interface Round {
  readonly snapshots: number;
  readonly delivered: number;
  readonly refused: number;
  /** Reports that wait for a later try. */
  readonly waiting: number;
  /** Why a sink could not be used. */
  readonly problems: readonly string[];
}
