/**
 * What a list of sources is filtered and sorted by. Pure.
 *
 * @module
 */
import { networkName } from "../activity.ts";
import { createNetworkSet } from "../../guard/network_set.ts";
import { isHidden } from "../../guard/standing.ts";
import { isTakenBack, type SourceOrder, type SourceQuery } from "../sources.ts";
import type { OpenAttack } from "./open_attack.ts";
import { optional, type Row } from "./row.ts";

/** Sources that a filter may give as candidates. */
export const MOST_CANDIDATES = 5_000;
/** Sources that are looked at where no filter gives few enough. */
export const MOST_WALKED = 20_000;
/** Sources that are read at once. */
export const WALKED_AT_ONCE = 500;

/** What is needed to filter and sort a source. Times are milliseconds UTC. */
export interface Candidate {
  readonly sourceIp: string;
  readonly attempts: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly compromisedAt: number | undefined;
  readonly retractedAt: number | undefined;
  /** Undefined also while an attack is open: its report undoes that. */
  readonly expiredAt?: number | undefined;
}

/** What an order sorts by. */
export const VALUE: Readonly<Record<SourceOrder, (source: Candidate) => number>> = {
  attempts: ({ attempts }) => attempts,
  first_seen: ({ firstSeen }) => firstSeen,
  last_seen: ({ lastSeen }) => lastSeen,
  compromised: ({ compromisedAt }) => compromisedAt ?? 0,
};

/** The column that an order sorts by. */
export const COLUMN: Readonly<Record<SourceOrder, string>> = {
  attempts: "attempts",
  first_seen: "first_seen",
  last_seen: "last_seen",
  compromised: "compromised_at",
};

/** The columns of {@link toCandidate}. */
export const FIELDS =
  "source_ip, attempts, first_seen, last_seen, compromised_at, retracted_at, expired_at";

/** The largest first; of equals, the address that comes last as text. */
export function compare(order: SourceOrder, one: Candidate, other: Candidate): number {
  return VALUE[order](other) - VALUE[order](one) || (one.sourceIp < other.sourceIp ? 1 : -1);
}

/** Whether a source comes behind the place where the list goes on. */
export function isBehind({ order, after }: SourceQuery, source: Candidate): boolean {
  if (after === undefined) return true;
  const value = VALUE[order](source);
  return value < after.value || value === after.value && source.sourceIp < after.sourceIp;
}

/** The sources by an order, those of open attacks in place of their records. */
export function sorted(order: SourceOrder, sources: readonly Candidate[]): readonly Candidate[] {
  const known = new Map(sources.map((source) => [source.sourceIp, source]));
  return [...known.values()].sort((one, other) => compare(order, one, other));
}

/** What a row of records says. */
export function toCandidate(row: Row): Candidate {
  return {
    sourceIp: String(row.source_ip),
    attempts: Number(row.attempts),
    firstSeen: Number(row.first_seen),
    lastSeen: Number(row.last_seen),
    compromisedAt: optional(row.compromised_at),
    retractedAt: optional(row.retracted_at),
    expiredAt: optional(row.expired_at),
  };
}

/** Whether a source passes the filters that need nothing but itself. */
export function filterOf(query: SourceQuery): (source: Candidate) => boolean {
  const { cidr, state, since, order } = query;
  const network = cidr === undefined
    ? undefined
    : createNetworkSet([{ name: "asked", networks: [cidr] }]);
  return ({ sourceIp, lastSeen, compromisedAt, retractedAt, expiredAt }) => {
    if (since !== undefined && lastSeen < since) return false;
    if (order === "compromised" && compromisedAt === undefined) return false;
    if (network !== undefined && network.namesOf(sourceIp).length === 0) return false;
    if (state === "compromised") return compromisedAt !== undefined;
    if (state === "withdrawn") return retractedAt !== undefined;
    if (state === "expired") return expiredAt !== undefined;
    return true;
  };
}

/** Whether a list shows a source at all, which is asked last. */
export function isShown({ standing, isOffered }: SourceQuery, source: Candidate): boolean {
  if (isOffered && isTakenBack(source)) return false;
  if (standing === undefined) return true;
  const of = standing(source.sourceIp);
  return isOffered ? of === "offered" : !isHidden(of, source.compromisedAt !== undefined);
}

/**
 * The names that a query asks for, as source_name has them: of each kind, one of several.
 *
 * @param sensors keys of those that have the name that is asked for
 */
export function namesOf(query: SourceQuery, sensors: readonly string[] | undefined) {
  const names: [kind: string, names: readonly string[]][] = [];
  const { username, country, network, technique } = query;
  if (username !== undefined) names.push(["username", [username]]);
  if (sensors !== undefined) names.push(["sensor", sensors]);
  if (country !== undefined) names.push(["country", [country.toUpperCase()]]);
  if (network !== undefined) names.push(["network", [network.toUpperCase()]]);
  if (technique !== undefined) names.push(["technique", [technique.toUpperCase()]]);
  return names;
}

/** Whether an open attack has a name. */
export function hasName(attack: OpenAttack, kind: string, name: string): boolean {
  switch (kind) {
    case "username":
      return attack.usernames.some(([one]) => one === name);
    case "sensor":
      return attack.sensors.some(({ sensor }) => sensor === name);
    case "technique":
      return attack.techniques.some(({ id }) => id === name);
    case "country":
      return attack.location?.countryCode === name;
    default:
      return networkName(attack.location) === name;
  }
}
