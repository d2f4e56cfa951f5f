/**
 * The list of sources: what pages and commands ask for, and what they get.
 *
 * @module
 */
import type { Network } from "../guard/network_set.ts";
import type { StandingOf } from "../guard/standing.ts";
import type { Location } from "../model.ts";
import type { ReportRow } from "./reports.ts";

/** A number that is not counted further than so far. */
export interface Bounded {
  readonly value: number;
  /** Whether it is more than that. */
  readonly isMore: boolean;
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
  /** When the address expired after silence. */
  readonly expiredAt?: number | undefined;
  /** When the open attack began, of our clock; undefined: none is open. */
  readonly openedAt: number | undefined;
  /** Undefined: there is no snapshot yet. */
  readonly eventUuid: string | undefined;
  /** Sinks that have its event. */
  readonly deliveredTo: readonly string[];
  /** Sensors that saw it, and days on which they did: of the last month, as far as the buffer knows. */
  readonly sensorCount: number;
  readonly dayCount: number;
  /** Whether it left a file in a decoy. */
  readonly leftPayload: boolean;
  /** Newest first. */
  readonly reports: readonly ReportRow[];
}

/** By what a list of sources is sorted, the largest first. */
export const SOURCE_ORDERS = ["attempts", "last_seen", "first_seen", "compromised"] as const;

/** By what a list of sources is sorted. */
export type SourceOrder = typeof SOURCE_ORDERS[number];

/** The states of a source that can be asked for. */
export const SOURCE_STATES = [
  ...["compromised", "open", "waiting", "refused", "withdrawn", "expired"] as const,
] as const;

/** A state of a source. */
export type SourceState = typeof SOURCE_STATES[number];

/** Which sources to list. What is undefined is not asked for. */
export interface SourceQuery {
  /** A network, or one address. */
  readonly cidr?: Network | undefined;
  readonly username?: string | undefined;
  /** The key of a sensor, or its name. */
  readonly sensor?: string | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string | undefined;
  /** `AS64500`. */
  readonly network?: string | undefined;
  readonly technique?: string | undefined;
  readonly state?: SourceState | undefined;
  /** Sources whose latest attempt was made since then, milliseconds UTC. */
  readonly since?: number | undefined;
  readonly order: SourceOrder;
  /** Behind which source the list goes on. */
  readonly after?: SourceCursor | undefined;
  readonly most: number;
  /** Every source is looked at, however long that takes: for commands, not for pages. */
  readonly isWhole?: boolean | undefined;
  /** What becomes of addresses: those that are hidden are left out. Undefined: none is. */
  readonly standing?: StandingOf | undefined;
  /** Only those that events give to detection, or will once they are reported: for other programs. */
  readonly isOffered?: boolean | undefined;
}

/** Which sources the whole list has. */
export type WholeQuery = Omit<SourceQuery, "after" | "most" | "isWhole">;

/** A place in a list. */
export interface SourceCursor {
  /** What the list is sorted by, of the last source before this place. */
  readonly value: number;
  readonly sourceIp: string;
}

/** A part of a list of sources. */
export interface SourceList {
  readonly rows: readonly SourceRow[];
  /** Where it goes on; undefined: it ends here. */
  readonly next: SourceCursor | undefined;
  /** Whether every source was looked at that could belong to the list. */
  readonly isComplete: boolean;
}

/** Whether an event that gave a source to detection no longer does. */
export function isTakenBack(
  { retractedAt, expiredAt }: Pick<SourceRow, "retractedAt" | "expiredAt">,
): boolean {
  return retractedAt !== undefined || expiredAt !== undefined;
}
