/**
 * What the buffer shows of itself. Every view for pages is bounded: it takes milliseconds whatever the
 * buffer holds.
 *
 * @module
 */
import type { Location, SensorRow, Technique } from "../model.ts";
import type { ReportRow } from "./reports.ts";

/** Detail that was evicted under `buffer.max_bytes`, since the buffer was made. */
export interface Evicted {
  /** Ids of alerts, before their time: handed over again, such an alert would count again. */
  readonly alertIds: number;
  /** User names that are now only counted. */
  readonly usernames: number;
  readonly passwords: number;
  /** Commands in sessions at a decoy; they are now only counted, too. */
  readonly commands: number;
}

/** What is pending, delivered, refused and ignored. Times are milliseconds UTC. */
export interface BufferStatus {
  readonly pendingAttacks: number;
  readonly pendingAttempts: number;
  readonly oldestOpenedAt: number | undefined;
  readonly waiting: number;
  readonly delivered: number;
  readonly refused: number;
  /** Refused or waiting reports that somebody dropped. */
  readonly dropped: number;
  readonly knownSources: number;
  readonly lastDeliveredAt: number | undefined;
  readonly lastAcceptedAt: number | undefined;
  readonly paused: readonly {
    readonly sink: string;
    readonly until: number;
    readonly since: number;
    readonly reason: string;
  }[];
  readonly lastError: { readonly at: number; readonly text: string } | undefined;
  readonly accepted: number;
  readonly duplicate: number;
  readonly spoofedSrcip: number;
  readonly ignored: ReadonlyMap<string, number>;
  /** What is used of the file. */
  readonly bytes: number;
  readonly evicted: Evicted;
}

/** A number that is not counted further than so far. */
export interface Bounded {
  readonly value: number;
  /** Whether it is more than that. */
  readonly isMore: boolean;
}

/** What arrived in a minute. */
export interface MinuteRow {
  /** When it began, milliseconds UTC of our clock. */
  readonly at: number;
  /** The fullest view of its log lines: no attempt is counted twice. */
  readonly attempts: number;
  readonly alerts: number;
}

/** A source at a glance. Times are milliseconds UTC. */
export interface SourceRow {
  readonly sourceIp: string;
  /** `isMore`: it has too many connections to go through all. */
  readonly attempts: Bounded;
  readonly alerts: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly sourceLocation: Location | undefined;
  readonly compromisedAt: number | undefined;
  readonly retractedAt: number | undefined;
  /** When the open attack began, of our clock; undefined: none is open. */
  readonly openedAt: number | undefined;
  /** Undefined: there is no snapshot yet. */
  readonly eventUuid: string | undefined;
  /** Sinks that have its event. */
  readonly deliveredTo: readonly string[];
  /** Newest first. */
  readonly reports: readonly ReportRow[];
}

/** A text and how many attempts were made with it. */
export interface AttemptsRow {
  readonly text: string;
  readonly attempts: number;
}

/** A technique and how many sources used it. */
export interface TechniqueRow extends Technique {
  readonly sources: number;
}

/** What is seen at a glance. Times are milliseconds UTC. */
export interface Overview {
  /** Of the last 24 hours, oldest first; minutes in which nothing arrived are left out. */
  readonly minutes: readonly MinuteRow[];
  /** Most attempts first. */
  readonly sources: readonly SourceRow[];
  /** Among how many of the latest sources those were looked for. */
  readonly ranked: number;
  /** Of how many of the latest sources `usernames` and `techniques` are. */
  readonly latest: number;
  readonly usernames: readonly AttemptsRow[];
  readonly techniques: readonly TechniqueRow[];
  /** Latest contact first. */
  readonly sensors: readonly Omit<SensorRow, "firstSeen">[];
  readonly knownSources: number;
  readonly openAttacks: Bounded;
  readonly waiting: Bounded;
  readonly refused: Bounded;
  /** Those that are tried next. */
  readonly nextReports: readonly ReportRow[];
  /** Since when the oldest attack or report waits; undefined: nothing waits. */
  readonly waitingSince: number | undefined;
  readonly paused: readonly {
    readonly sink: string;
    readonly until: number;
    readonly since: number;
    readonly reason: string;
  }[];
  /** When each sink took something last. */
  readonly lastDelivered: ReadonlyMap<string, number>;
  readonly lastAcceptedAt: number | undefined;
  readonly accepted: number;
  readonly duplicate: number;
  readonly ignored: ReadonlyMap<string, number>;
}

/** All that is known of one source. */
export interface SourceView extends SourceRow {
  readonly usernames: readonly AttemptsRow[];
  /** How many user names there are, and attempts with names that are not kept. */
  readonly distinctUsernames: number;
  readonly furtherUsernames: number;
  readonly sensors: readonly SensorRow[];
  readonly techniques: readonly Technique[];
}

/** Refused reports, the latest first. */
export interface RefusedReports {
  readonly rows: readonly ReportRow[];
  readonly count: Bounded;
}

/** The part of the buffer that status, pages and metrics work with. */
export interface Views {
  status(): Promise<BufferStatus>;
  evicted(): Promise<Evicted>;
  /** @param now milliseconds UTC */
  overview(now: number): Promise<Overview>;
  /** @returns undefined when nothing is known of the source */
  source(sourceIp: string): Promise<SourceView | undefined>;
  refused(most: number): Promise<RefusedReports>;
  /** A text that changes with every write of any process. */
  stamp(): Promise<string>;
}
