/**
 * Which attempts may become intelligence: whose sensor it is, and whose address.
 *
 * @module
 */
import type { IgnoreReason } from "../types.ts";
import { createNetworkSet, parseNetwork } from "./network_set.ts";
import { SPECIAL_RANGES } from "./special_ranges.ts";

/** What the guard is configured by. */
export interface GuardRules {
  /** In lower case. */
  readonly agentPrefixes: readonly string[];
  /** `name` or `name=value`. */
  readonly agentLabels: readonly string[];
  readonly allowNetworks: readonly string[];
  readonly publishPrivate: boolean;
}

/** Answers for agents and addresses. */
export interface Guard {
  isHoneypot(agentName: string, labels: ReadonlyMap<string, string>): boolean;
  /** Why a canonical address is not published; undefined when it may be. */
  refusal(address: string): IgnoreReason | undefined;
}

/**
 * Builds a guard.
 *
 * @throws {RangeError} a network that is none; the message names it
 */
export function createGuard(rules: GuardRules): Guard {
  const special = rules.publishPrivate ? [] : SPECIAL_RANGES;
  const reasons = createNetworkSet([
    { name: "allow_listed", networks: rules.allowNetworks.map(networkOf) },
    { name: "special_address", networks: special.map(networkOf) },
  ]);
  return {
    isHoneypot: (agentName, labels) => {
      const name = agentName.toLowerCase();
      return rules.agentPrefixes.some((prefix) => name.startsWith(prefix)) ||
        rules.agentLabels.some((label) => hasLabel(labels, label));
    },
    refusal: (address) => {
      for (const form of [address, ...embedded(address)]) {
        const [reason] = reasons.namesOf(form);
        if (reason !== undefined) return reason as IgnoreReason;
      }
      return undefined;
    },
  };
}

function networkOf(text: string) {
  const network = parseNetwork(text);
  if (network !== undefined) return network;
  throw new RangeError(`"${text}" is no network; write it as 192.0.2.0/24 or 2001:db8::/32`);
}

function hasLabel(labels: ReadonlyMap<string, string>, wanted: string): boolean {
  const at = wanted.indexOf("=");
  if (at < 0) return labels.has(wanted);
  return labels.get(wanted.slice(0, at)) === wanted.slice(at + 1);
}

/**
 * The IPv4 address inside a 6to4 (2002::/16) or NAT64 (64:ff9b::/96) address: such an attacker is as
 * private, or as allowed, as the address inside.
 */
function embedded(address: string): readonly string[] {
  const isSixToFour = address.startsWith("2002:");
  if (!isSixToFour && !address.startsWith("64:ff9b::")) return [];
  const groups = expand(address);
  const [high, low] = isSixToFour ? [groups[1]!, groups[2]!] : [groups[6]!, groups[7]!];
  return [[high >> 8, high & 255, low >> 8, low & 255].join(".")];
}

function expand(address: string): readonly number[] {
  const [head = "", tail] = address.split("::");
  const parse = (part: string) => part === "" ? [] : part.split(":").map((g) => parseInt(g, 16));
  if (tail === undefined) return parse(head);
  const [front, back] = [parse(head), parse(tail)];
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}
