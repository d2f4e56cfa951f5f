/**
 * Which attempts may become intelligence: those at a honeypot, from an address that may be published.
 *
 * @module
 */
import { addressWords } from "../address.ts";
import type { IgnoreReason } from "../model.ts";
import type { NetworkSet } from "./network_set.ts";
import { isSpecial } from "./special_ranges.ts";

/** The configuration of the guard. */
export interface GuardRules {
  /** In lower case. */
  readonly agentPrefixes: readonly string[];
  /** `name` or `name=value`. */
  readonly agentLabels: readonly string[];
  readonly publishPrivate: boolean;
}

/** Decides about agents and addresses. */
export interface Guard {
  isHoneypot(agentName: string, labels: ReadonlyMap<string, string>): boolean;
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
  let lastAgent: string | undefined;
  let name = "";
  return {
    isHoneypot: (agentName, labels) => {
      // A flood comes from one agent: its name is lowered once, not once an alert.
      if (agentName !== lastAgent) {
        name = agentName.toLowerCase();
        lastAgent = agentName;
      }
      for (const prefix of rules.agentPrefixes) if (name.startsWith(prefix)) return true;
      return rules.agentLabels.some((label) => hasLabel(labels, label));
    },
    isOwnName: (host) => names.some((name) => host === name || host.endsWith(`.${name}`)),
    refusal: (address) => {
      const words = addressWords(address);
      const inner = innerWords(words);
      return refusalOf(words) ?? (inner === undefined ? undefined : refusalOf(inner));
    },
  };
}

function hasLabel(labels: ReadonlyMap<string, string>, wanted: string): boolean {
  const at = wanted.indexOf("=");
  if (at < 0) return labels.has(wanted);
  return labels.get(wanted.slice(0, at)) === wanted.slice(at + 1);
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
