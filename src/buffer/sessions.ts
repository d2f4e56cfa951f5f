/**
 * What the buffer shows of sessions at decoys.
 *
 * @module
 */
import type { SeenItem, SessionTotals } from "../session_evidence.ts";
import type { Bounded } from "./sources.ts";

/** Kinds of items by which sources are found. */
export const FOUND_KINDS = ["payload", "hassh", "key"] as const;

/** What sources have in common: a file, a client, a key. */
export type FoundKind = typeof FOUND_KINDS[number];

/** How often a source brought something, and when. Times are milliseconds UTC. */
export interface ItemSource {
  readonly sourceIp: string;
  readonly count: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** The same, and what became of the source. */
export interface StatedItemSource extends ItemSource {
  readonly compromisedAt: number | undefined;
  readonly retractedAt: number | undefined;
  readonly expiredAt: number | undefined;
}

/** What is known of an item over all sources whose attacks were part of a snapshot. */
export interface ItemView<Source extends ItemSource = StatedItemSource> {
  /** Its count and times are over {@link sources}. */
  readonly item: SeenItem;
  /** The latest contact first. */
  readonly sources: readonly Source[];
  /** Whether there are more sources than were read. */
  readonly isMore: boolean;
}

/** A file that came for the first time. */
export interface NewPayload {
  readonly item: SeenItem;
  readonly sources: Bounded;
}

/** Files that came first in a span, the latest first. */
export interface NewPayloads {
  readonly rows: readonly NewPayload[];
  readonly count: Bounded;
}

/** What the sessions of one source are, of an open attack too. */
export interface SourceSessions {
  readonly totals: SessionTotals;
  /** By kind, the most frequent first. */
  readonly items: readonly SeenItem[];
}

/** Sums since the buffer was made, and how many different files it knows. */
export interface SessionCounts {
  readonly sessions: number;
  /** Logins that a decoy accepted. */
  readonly logins: number;
  readonly payloads: number;
  readonly hashes: number;
}
