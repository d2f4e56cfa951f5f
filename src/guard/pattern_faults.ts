/**
 * Patterns for honeypots that can match nothing, or that match everything.
 *
 * @module
 */
import type { GuardRules } from "./guard.ts";

/** A pattern that is not what its user meant. */
export interface PatternFault {
  /** The configuration key. */
  readonly key: string;
  readonly pattern: string;
  /** What it matches. */
  readonly matches: "nothing" | "everything";
  readonly why: string;
}

/** Longer names are cut before they are compared. */
const LONGEST_NAME = 255;

/** Names that Wazuh lets an agent have: `OS_IsValidName()` of `agent_op.c`. */
const AGENT_NAME = /^[\w.*-]*$/;

const HOST_NAME = /^[\w.:%*-]+$/;

type Judge = (pattern: string) => string | undefined;

/** Why a pattern can match nothing; undefined: it can match something. */
const JUDGES: readonly (readonly [key: string, of: keyof GuardRules, judge: Judge])[] = [
  [
    "honeypot.agent_prefixes",
    "agentPrefixes",
    (pattern) =>
      AGENT_NAME.test(pattern) ? undefined : "names of agents have letters, digits and .-_ only",
  ],
  [
    "honeypot.agent_labels",
    "agentLabels",
    (pattern) => /^(=|$)/.test(pattern) ? "a label has a name before its value" : undefined,
  ],
  [
    "honeypot.hostnames",
    "hostnames",
    (pattern) =>
      HOST_NAME.test(pattern) ? undefined : "names of hosts have letters, digits and .-_: only",
  ],
  ["honeypot.locations", "locations", judgeLocation],
];

function judgeLocation(pattern: string): string | undefined {
  if (pattern === "") return "every alert has a location";
  // integratord and alerts.json have the location without it (docs/contracts/wazuh.md 4.1).
  return pattern.includes("->") ? "alerts name no agent in their location" : undefined;
}

/** Finds such patterns, in the order of the keys. */
export function patternFaults(rules: GuardRules): readonly PatternFault[] {
  return JUDGES.flatMap(([key, of, judge]) =>
    (rules[of] as readonly string[] | undefined ?? []).flatMap((pattern): PatternFault[] => {
      const tooLong = pattern.replaceAll("*", "").length > LONGEST_NAME
        ? `a name has at most ${LONGEST_NAME} characters`
        : undefined;
      const why = judge(pattern) ?? tooLong;
      if (why !== undefined) return [{ key, pattern, matches: "nothing", why }];
      const isAll = /^\**$/.test(of === "agentLabels" ? pattern.replace("=", "") : pattern);
      return isAll ? [{ key, pattern, matches: "everything", why: ALL[of] ?? "" }] : [];
    })
  );
}

const ALL: Readonly<Record<string, string>> = {
  agentPrefixes: "every agent counts as a honeypot",
  agentLabels: "every agent that has a label counts as a honeypot",
  hostnames: "every host that sends syslog to the manager counts as a honeypot",
  locations: "every agent counts as a honeypot",
};
