/**
 * What the buffer shows of itself. Every view for pages is bounded: it takes milliseconds whatever the
 * buffer holds.
 *
 * @module
 */
import type { StandingOf } from "../guard/standing.ts";
import type { SensorRow, Technique } from "../model.ts";
import type { ListedQuery, ListedRow } from "./listed.ts";
import type { History, RankedKind, Ranking, Rankings, RankingSpan } from "./rankings.ts";
import type { ReportKey, ReportRow } from "./reports.ts";
import type {
  FoundKind,
  ItemView,
  NewPayloads,
  SessionCounts,
  SourceSessions,
} from "./sessions.ts";
import type { Bounded, SourceList, SourceQuery, SourceRow, WholeQuery } from "./sources.ts";

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
  /** Addresses that expired so far, those that came back too. */
  readonly expired: number;
  /** Files and URLs of sessions that expired so far, those that came again too. */
  readonly expiredItems: number;
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
  readonly sessions: SessionCounts;
  /** What is used of the file. */
  readonly bytes: number;
  readonly evicted: Evicted;
}

/** What was attempted in a minute. */
export interface MinuteRow {
  /** When it began, milliseconds UTC, by the alerts' own clock. */
  readonly at: number;
  /** The fullest view of its log lines: no attempt is counted twice. */
  readonly attempts: number;
  readonly alerts: number;
}

/** A text and how many attempts were made with it. */
export interface AttemptsRow {
  readonly text: string;
  readonly attempts: number;
}

/** Sources whose login succeeded on a honeypot. */
export interface CompromisedSources {
  /** Of the last 24 hours, and of all that are known. */
  readonly lastDay: number;
  readonly ever: number;
  /** The latest first. */
  readonly latest: readonly {
    readonly sourceIp: string;
    /** When the login succeeded, milliseconds UTC. */
    readonly at: number;
  }[];
}

/** When a sensor was heard of last, milliseconds UTC. */
export interface SensorContact {
  readonly name: string;
  readonly lastSeen: number;
}

/** What is seen at a glance. Times are milliseconds UTC. */
export interface Overview {
  /** Of the last 24 hours, oldest first; minutes without attempts are left out. */
  readonly minutes: readonly MinuteRow[];
  /** Of the chosen span: by when the attempts were made. */
  readonly history: History;
  /** Since when attempts are ranked, milliseconds UTC. */
  readonly since: number;
  readonly rankings: readonly Ranking[];
  /** Those of the ranking; `recent` are the attempts that are ranked. */
  readonly sources: readonly (SourceRow & { readonly recent: number })[];
  readonly compromised: CompromisedSources;
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
  /** Undefined: it was in no session at a decoy. */
  readonly sessions?: SourceSessions | undefined;
}

/** All that is known of one sensor. Times are milliseconds UTC. */
export interface SensorView extends Omit<SensorRow, "firstSeen"> {
  /** Attempts by hour and by day. */
  readonly day: History;
  readonly month: History;
}

/** The last report of a page of refused reports. */
export interface RefusedCursor extends ReportKey {
  /** When it was refused, milliseconds UTC. */
  readonly at: number;
}

/** Which refused reports are read. */
export interface RefusedQuery {
  readonly most: number;
  /** Only those that were refused at this time or before, milliseconds UTC. */
  readonly until?: number | undefined;
  /** Only those that follow it. */
  readonly after?: RefusedCursor | undefined;
}

/** What is read of each of thousands of refused reports. */
export interface RefusedRow extends ReportKey {
  /** When it was refused, milliseconds UTC. */
  readonly at: number;
  readonly lastError: string | undefined;
}

/** Refused reports, the latest first. */
export interface RefusedReports {
  readonly rows: readonly RefusedRow[];
  /** Undefined: no more follow. */
  readonly next: RefusedCursor | undefined;
  /** Of all, whatever was asked for. */
  readonly count: Bounded;
}

/** The part of the buffer that status, pages and metrics work with. */
export interface Views {
  status(): Promise<BufferStatus>;
  evicted(): Promise<Evicted>;
  /**
   * @param now milliseconds UTC
   * @param span over how long rankings and history are
   * @param standing what becomes of addresses: those that are hidden are not ranked
   */
  overview(now: number, span: RankingSpan, standing?: StandingOf): Promise<Overview>;
  /**
   * Sources that were taken back are not ranked.
   *
   * @param now milliseconds UTC
   * @param most rows of each ranking
   * @param isWhole all attacks and names are counted, however long that takes
   * @param standing what becomes of addresses: those that are hidden are not ranked
   */
  rankings(
    kinds: readonly RankedKind[],
    span: RankingSpan,
    now: number,
    most: number,
    isWhole?: boolean,
    standing?: StandingOf,
  ): Promise<Rankings>;
  /** @param sourceIp undefined: attempts of all sources */
  history(span: RankingSpan, now: number, sourceIp?: string): Promise<History>;
  sources(query: SourceQuery): Promise<SourceList>;
  /**
   * The whole list, a part after the other, as it was at the first: for commands.
   *
   * @param most sources in all
   */
  sourceParts(query: WholeQuery, most: number): AsyncIterable<SourceList>;
  compromised(now: number): Promise<CompromisedSources>;
  /** Of 100 sensors at most, the latest contact first. */
  sensorContacts(): Promise<readonly SensorContact[]>;
  /** @returns undefined when nothing is known of the source */
  source(sourceIp: string): Promise<SourceView | undefined>;
  /**
   * @param key the key of a sensor, or its name
   * @param now milliseconds UTC
   * @returns undefined when nothing is known of the sensor
   */
  sensor(key: string, now: number): Promise<SensorView | undefined>;
  refused(query: RefusedQuery): Promise<RefusedReports>;
  /** @param most sources that are read @returns undefined when no source has the item */
  item(kind: FoundKind, value: string, most: number): Promise<ItemView | undefined>;
  /** @param since milliseconds UTC */
  newPayloads(since: number, most: number): Promise<NewPayloads>;
  /**
   * The sources with a record, in pages that hold at most a thousand. Each of them comes once, even where it
   * is published meanwhile.
   */
  listed(query: ListedQuery): AsyncIterable<readonly ListedRow[]>;
  /** A text that changes with every write of any process. */
  stamp(): Promise<string>;
}
