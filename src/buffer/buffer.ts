/**
 * What the buffer offers. Asynchronous, so that a buffer on a database server can stand in its place.
 *
 * @module
 */
import type { Decision, IgnoreReason, Location, Service, Technique } from "../types.ts";
import type { ReportDesk, ReportKey } from "./report_desk.ts";
import type { SpoolDesk } from "./spool_desk.ts";
import type { Views } from "./views.ts";

/** What became of the decisions of one hand-over. */
export interface Accepted {
  readonly accepted: number;
  readonly duplicate: number;
  readonly ignored: ReadonlyMap<IgnoreReason, number>;
}

/** Counts of one connection at one location, by evidence class (docs/contracts/wazuh.md 4.4). */
export interface EvidenceRow {
  readonly sensor: string;
  /** sshd's process id, 0 where it is not known. */
  readonly pid: number;
  readonly location: string;
  readonly sshd: number;
  readonly pamError: number;
  readonly pam: number;
  readonly connect: number;
  /** When its newest line arrived here, milliseconds UTC. */
  readonly touchedAt: number;
}

/** Counts of one user name at one location, by evidence class. */
export interface UsernameRow extends Omit<EvidenceRow, "sensor" | "pid" | "touchedAt"> {
  readonly username: string;
}

/** A sensor that saw the attack. Times are milliseconds UTC. */
export interface SensorRow {
  readonly sensor: string;
  readonly name: string;
  readonly alerts: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** Everything gathered from one source since its last report. Times are milliseconds UTC. */
export interface Attack {
  readonly sourceIp: string;
  /** Of the alerts' own clock. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Of our clock: when the first and the newest alert arrived. */
  readonly openedAt: number;
  readonly touchedAt: number;
  readonly alerts: number;
  /** When a login was let in after failures; undefined: none was. */
  readonly compromisedAt: number | undefined;
  /** Name of the manager of its first alert. */
  readonly manager: string;
  readonly services: readonly Service[];
  /** What the alerts themselves say of where the source is. */
  readonly place: Location | undefined;
  /** Guesses in log lines whose user names are not kept, since there were too many. */
  readonly furtherUsernames: number;
  /** All connections of the source that are not settled yet, those of earlier reports too. */
  readonly evidence: readonly EvidenceRow[];
  readonly usernames: readonly UsernameRow[];
  /** How often each password was tried; empty unless `privacy.passwords` is on. */
  readonly passwords: Readonly<Record<string, number>>;
  readonly sensors: readonly SensorRow[];
  readonly techniques: readonly Technique[];
}

/** The event an attacker lives in, as far as it was told in frozen reports. */
export interface Home {
  readonly sourceIp: string;
  readonly eventUuid: string;
  readonly publisher: string;
  /** Day of the event, `2026-11-23`. */
  readonly openedOn: string;
  /** Of the event that it shares with other sources of that day; undefined: it has its own. */
  readonly part?: number | undefined;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly alerts: number;
  /** Evidence totals of connections that are over. */
  readonly settled: Totals;
  /** When a login was first let in after failures; undefined: none was. */
  readonly compromisedAt: number | undefined;
  /** When an operator withdrew the address; undefined: nobody did. */
  readonly retractedAt: number | undefined;
  /** The count that the newest report names. */
  readonly attempts: number;
  /** How many reports told of it. */
  readonly reports: number;
  readonly services: readonly Service[];
  readonly place: Location | undefined;
  readonly usernames: Readonly<Record<string, number>>;
  /** How often each password was tried; empty unless `privacy.passwords` is on. */
  readonly passwords: Readonly<Record<string, number>>;
  /** Guesses in log lines whose user names are not kept. */
  readonly furtherUsernames: number;
  readonly sensors: readonly SensorRow[];
  readonly techniques: readonly Technique[];
}

/** An event that the sources of one day share, or a part of it. */
export interface DayEvent {
  readonly eventUuid: string;
  readonly publisher: string;
  /** `2026-11-23`, UTC. */
  readonly day: string;
  /** From 1. */
  readonly part: number;
}

/** What a source that is new in a day needs there. */
export interface DayRoom extends Pick<DayEvent, "publisher" | "day"> {
  readonly attributes: number;
  readonly uuidOf: (part: number) => string;
}

/** Gives a new source its place in a day's event. */
export type PlaceInDay = (room: DayRoom) => DayEvent;

/** Evidence totals by class, of which the formula takes the largest. */
export interface Totals {
  readonly pam: number;
  readonly guesses: number;
  readonly connect: number;
}

/** Where a report goes. */
export type SinkName = "misp" | "feed";

/** That a sensor saw a source again, on its way to MISP. */
export interface Sighting {
  readonly uuid: string;
  /** The attribute that holds the address. */
  readonly attributeUuid: string;
  /** Who saw it. */
  readonly source: string;
  readonly kind: "seen" | "false-positive";
  /** Milliseconds UTC. */
  readonly seenAt: number;
}

/** A frozen attack on its way to one sink: the outbox row. */
export interface Report {
  readonly uuid: string;
  readonly sink: SinkName;
  /** Or `day 2026-11-23`: what closes the event of that day. */
  readonly sourceIp: string;
  readonly eventUuid: string;
  /** The event to deliver, as JSON text: any retry sends the same bytes. */
  readonly body: string;
  readonly attempts: number;
  readonly frozenAt: number;
  readonly tries: number;
  /** Whether an earlier report of this event reached the sink, so that the event is there. */
  readonly isKnownThere: boolean;
  /** What the sink noted when it delivered the source's latest report in this event; empty: nothing. */
  readonly told: string;
  /** The source's sightings that are not delivered yet, those of superseded reports too. */
  readonly sightings: readonly Sighting[];
}

/** A report as freezing makes it: whom it meets on its way is not known yet. */
export interface NewReport extends Omit<Report, "tries" | "isKnownThere" | "told"> {
  /** How long after the event's latest delivery this one waits at least, milliseconds. */
  readonly restMs: number;
}

/** What freezing an attack leaves behind. */
export interface Frozen {
  readonly home: Home;
  /** Connections that are over, now part of the home's totals. */
  readonly settled: readonly EvidenceRow[];
  /** Why the attack is not published after all; its alerts are counted under it. */
  readonly withheld?: IgnoreReason;
  readonly reports: readonly NewReport[];
}

/** When an attack is due, and whose reports count as waiting. Milliseconds. */
export interface DueRules {
  readonly periodMs: number;
  readonly maxHoldMs: number;
  readonly sinks: readonly SinkName[];
  /** Whether alerts that are to be forwarded are waited for, too, as long as there are any. */
  readonly forwards?: boolean;
}

/** How long things are remembered, milliseconds. */
export interface Keep {
  readonly seenMs: number;
  readonly homeMs: number;
  /** Silence after which a connection is over. */
  readonly connectionMs: number;
}

/** A lease that was taken. Its fence grows each time, so that a late holder is told apart. */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly fence: number;
}

/** How much is kept. */
export interface Limits {
  /** User names of an attack. */
  readonly maxUsernames: number;
  /** Of the whole buffer, bytes; undefined: no limit. */
  readonly maxBytes?: number;
}

/** How far a file that grows is read. */
export interface Checkpoint {
  /** What is followed: `alerts`. */
  readonly stream: string;
  /** Name of the file, which stays when it is packed; empty when it has none but `alerts.json`. */
  readonly name: string;
  readonly device: string;
  readonly inode: string;
  /** Behind the last line that was taken, bytes. */
  readonly offset: number;
  /** Of what stands before the offset: another file may get the same inode. */
  readonly fingerprint: string;
}

/** A step of a follower: stored in one transaction with the alerts that it read. */
export interface Followed {
  readonly checkpoint: Checkpoint;
  /** Lines read in this step, of all rules. */
  readonly lines: number;
  /** Those that were told apart without being read, as alerts of other rules. */
  readonly skipped: number;
  readonly rotations: number;
}

/** Where a follower stands, and what it has seen so far. */
export interface FollowState extends Checkpoint {
  readonly lines: number;
  readonly rotations: number;
  readonly movedAt: number;
}

/** Detail that was given up for room, since the buffer was made. */
export interface GivenUp {
  /** Ids of alerts, before their time: handed over again, such an alert would count again. */
  readonly alertIds: number;
  /** User names that are now only counted. */
  readonly usernames: number;
  readonly passwords: number;
}

/** What is pending, delivered, refused and ignored. Times are milliseconds UTC. */
export interface BufferStatus {
  readonly pendingAttacks: number;
  readonly pendingAttempts: number;
  readonly oldestOpenedAt: number | undefined;
  readonly waiting: number;
  readonly delivered: number;
  readonly refused: number;
  /** Refused or waiting reports that somebody gave up. */
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
  readonly givenUp: GivenUp;
}

/** The buffer. Every method is one transaction. */
export interface Buffer extends ReportDesk, SpoolDesk, Views, Disposable {
  /**
   * Stores what was decided. When it returns, it is on disk and will stay there.
   *
   * @param now milliseconds UTC
   */
  accept(
    decisions: readonly Decision[],
    limits: Limits,
    now: number,
    followed?: Followed,
  ): Promise<Accepted>;
  /** Where a follower of that stream stands; undefined: none was here. */
  followState(stream: string): Promise<FollowState | undefined>;
  /** Counts hand-overs that never became an alert. */
  countIgnored(reason: IgnoreReason): Promise<void>;
  /**
   * Freezes up to `most` due attacks; `freeze` says what each leaves behind. New attempts of the same
   * source open a new attack.
   */
  freezeDue(
    rules: DueRules,
    most: number,
    now: number,
    freeze: (attack: Attack, home: Home | undefined, place: PlaceInDay) => Frozen,
  ): Promise<number>;
  /**
   * Freezes the reports that close the events of days that are over.
   *
   * @param endedBefore milliseconds UTC
   * @returns how many events
   */
  closeDays(
    endedBefore: number,
    close: (event: DayEvent, homes: readonly Home[]) => readonly NewReport[],
  ): Promise<number>;
  /**
   * Changes the home of a source and freezes reports of it; an attack that goes on is left alone.
   *
   * @returns false when no home tells of the source
   */
  retell(sourceIp: string, now: number, freeze: (home: Home) => Frozen): Promise<boolean>;
  /**
   * The reports to try, oldest first.
   *
   * @param at those whose time has come by then, milliseconds UTC; Infinity: all, paused sinks too
   */
  reportsToTry(sinks: readonly SinkName[], most: number, at: number): Promise<readonly Report[]>;
  /** How many reports wait for these sinks, paused ones too. */
  countWaiting(sinks: readonly SinkName[]): Promise<number>;
  /** @param told what the sink wants to know when the source's next report comes */
  markDelivered(lease: Lease, report: Report, told: string, now: number): Promise<void>;
  markRetry(
    lease: Lease,
    report: Report,
    error: string,
    nextTryAt: number,
    now: number,
  ): Promise<void>;
  markRefused(lease: Lease, report: Report, error: string, now: number): Promise<void>;
  /**
   * Leaves a sink alone that nothing can be delivered to.
   *
   * @param report the one that met the trouble: it goes behind the others, as it may be the trouble
   * @param pauseMs how long, given how often in a row it failed
   */
  pauseSink(
    lease: Lease,
    report: ReportKey,
    reason: string,
    pauseMs: (failures: number) => number,
    now: number,
  ): Promise<void>;
  /**
   * When the next attack or retry falls due, milliseconds UTC; undefined when nothing waits.
   *
   * @param now given: what a clock said that was set back since is due at once
   */
  nextDueAt(rules: DueRules, now?: number): Promise<number | undefined>;
  takeLease(
    name: string,
    owner: string,
    milliseconds: number,
    now: number,
  ): Promise<Lease | undefined>;
  /** @returns false when another holds it by now */
  renewLease(lease: Lease, milliseconds: number, now: number): Promise<boolean>;
  releaseLease(lease: Lease): Promise<void>;
  /** Gives the lease up unless something waits that falls due by `until`. One transaction. */
  releaseLeaseUnlessDue(lease: Lease, rules: DueRules, until: number): Promise<boolean>;
  isLeaseHeld(name: string, now: number): Promise<boolean>;
  /** What one process leaves for others to know: a text by its name. */
  remembered(name: string): Promise<string | undefined>;
  /** @param value undefined: forget it */
  remember(name: string, value: string | undefined): Promise<void>;
  status(): Promise<BufferStatus>;
  givenUp(): Promise<GivenUp>;
  /**
   * Forgets alert ids, delivered reports and homes that are older than their keep.
   *
   * @returns whether there are more alert ids to forget than one transaction should
   */
  prune(keep: Keep, now: number): Promise<boolean>;
}
