/**
 * Which attempts may become intelligence: those at a honeypot, from an address that may be published.
 *
 * @module
 */
import { addressWords } from "../address.ts";
import type { IgnoreReason } from "../model.ts";
import type { NetworkSet } from "./network_set.ts";
import { namePattern, prefixPattern } from "./name_pattern.ts";
import { isSpecial } from "./special_ranges.ts";

/** The configuration of the guard. A `*` in one of its patterns stands for any text. */
export interface GuardRules {
  /** How names of agents begin; one with a `*` is for the whole name. */
  readonly agentPrefixes: readonly string[];
  /** `name` or `name=value`. */
  readonly agentLabels: readonly string[];
  /** Hosts whose lines reach the manager without an agent. */
  readonly hostnames?: readonly string[];
  readonly locations?: readonly string[];
  readonly publishPrivate: boolean;
}

/** Decides about agents and addresses. */
export interface Guard {
  /** @param hostname of an alert without an agent of its own */
  isHoneypot(
    agentName: string,
    labels: ReadonlyMap<string, string>,
    hostname?: string,
    location?: string,
  ): boolean;
  /** Whether a host name, in lower case, is one of our own. */
  isOwnName(host: string): boolean;
  /** Why a canonical address must not be published; undefined when it may be. */
  refusal(address: string): IgnoreReason | undefined;
}

/**
 * Builds a guard.
 *
 * @param allowed addresses that are never published (`guard.allow_networks`); undefined: none
 * @param names host names that are never published, with all that are below them; in lower case
 */
export function createGuard(
  rules: GuardRules,
  allowed?: NetworkSet,
  names: readonly string[] = [],
): Guard {
  const { publishPrivate } = rules;
  const refusalOf = (words: readonly number[]): IgnoreReason | undefined => {
    if (allowed !== undefined && allowed.namesOfWords(words).length > 0) return "allow_listed";
    return !publishPrivate && isSpecial(words) ? "special_address" : undefined;
  };
  const isHoneypot = honeypotTest(rules);
  // A flood comes from one sensor: it is looked at once, not once an alert.
  let last: Parameters<Guard["isHoneypot"]> | undefined;
  let wasHoneypot = false;
  return {
    isHoneypot: (agentName, labels, hostname, location) => {
      const isSame = last !== undefined && last[0] === agentName && last[1] === labels &&
        last[2] === hostname && last[3] === location;
      if (!isSame) {
        wasHoneypot = isHoneypot(agentName, labels, hostname, location);
        last = [agentName, labels, hostname, location];
      }
      return wasHoneypot;
    },
    isOwnName: (host) => names.some((name) => host === name || host.endsWith(`.${name}`)),
    refusal: (address) => {
      const words = addressWords(address);
      const inner = innerWords(words);
      return refusalOf(words) ?? (inner === undefined ? undefined : refusalOf(inner));
    },
  };
}

function honeypotTest(rules: GuardRules): Guard["isHoneypot"] {
  const agents = rules.agentPrefixes.map(prefixPattern);
  const labelTests = rules.agentLabels.map(labelTest);
  const hostnames = (rules.hostnames ?? []).map(namePattern);
  const locations = (rules.locations ?? []).map(namePattern);
  return (agentName, labels, hostname, location) =>
    agents.some((fits) => fits(agentName)) ||
    labelTests.some((isThere) => isThere(labels)) ||
    (hostname !== undefined && hostnames.some((fits) => fits(hostname))) ||
    (location !== undefined && locations.some((fits) => fits(location)));
}

function labelTest(wanted: string): (labels: ReadonlyMap<string, string>) => boolean {
  const at = wanted.indexOf("=");
  const fitsName = namePattern(at < 0 ? wanted : wanted.slice(0, at));
  const fitsValue = at < 0 ? () => true : namePattern(wanted.slice(at + 1));
  return (labels) => labels.entries().some(([name, value]) => fitsName(name) && fitsValue(value));
}

/**
 * The IPv4 address inside a 6to4 (2002::/16) or NAT64 (64:ff9b::/96) address. The rules for that IPv4
 * address hold for the whole: whoever uses it is as private, or as allowed.
 */
function innerWords(words: readonly number[]): readonly number[] | undefined {
  if (words.length === 1) return undefined;
  const [first = 0, second = 0, third = 0, fourth = 0] = words;
  if (first >>> 16 === 0x2002) return [((first << 16) | (second >>> 16)) >>> 0];
  const isNat64 = first === 0x0064ff9b && second === 0 && third === 0;
  return isNat64 ? [fourth] : undefined;
}
