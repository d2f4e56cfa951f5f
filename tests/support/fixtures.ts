/**
 * Alerts of `fixtures/`, and alerts like them.
 *
 * @module
 */
import { PROGRAM } from "../../src/config/defaults.ts";
import { allowList } from "../../src/guard/allow_list.ts";
import { createGuard, type GuardRules } from "../../src/guard/guard.ts";
import { decide, decideItem, type IntakeRules } from "../../src/intake/decide.ts";
import { DEFAULT_RULES } from "../../src/config/defaults.ts";
import type { Decision } from "../../src/model.ts";
import type { Item } from "../../src/wazuh/alert_file.ts";

const ALERTS = new URL("../../fixtures/alerts/", import.meta.url);

/** One alert of `fixtures/alerts`, by the beginning of its file's name. */
export function fixture(name: string): Record<string, unknown> {
  return JSON.parse(Deno.readTextFileSync(fixturePath(name))) as Record<string, unknown>;
}

/** The path of an alert of `fixtures/alerts`. */
export function fixturePath(name: string): string {
  return new URL(`${name}.json`, ALERTS).pathname;
}

/** The paths of all alerts of `fixtures/alerts`, in order. */
export function fixturePaths(): readonly string[] {
  return [...Deno.readDirSync(ALERTS)].map(({ name }) => new URL(name, ALERTS).pathname).sort();
}

/** The rules of a default installation; documentation addresses count as public. */
export function defaultRules(
  { allowNetworks, ...changes }: Partial<GuardRules> & { allowNetworks?: readonly string[] } = {},
): IntakeRules {
  const guard = createGuard(
    { agentPrefixes: ["honeypot-"], agentLabels: [], publishPrivate: true, ...changes },
    allowNetworks === undefined ? undefined : allowList(allowNetworks),
  );
  return {
    guard,
    ruleIds: new Set(DEFAULT_RULES),
    takesTelnet: false,
    takesPasswords: false,
    program: PROGRAM,
  };
}

/** What a made-up alert is about. */
export interface AlertShape {
  readonly id?: string;
  readonly time?: string;
  readonly rule?: string;
  readonly agent?: string;
  readonly agentId?: string;
  readonly location?: string;
  readonly pid?: number;
  readonly message?: string;
}

let made = 0;

const isFailure = (rule: string) => (DEFAULT_RULES as readonly string[]).includes(rule);

/** An alert as Wazuh 4.14 writes it, for a line of sshd. */
export function sshdAlert(shape: AlertShape = {}) {
  const {
    id = `1787465647.${++made}`,
    time = "2026-08-23T06:14:07.412+0000",
    rule = "5760",
    agent = "honeypot-fra1",
    agentId = "007",
    location = "journald",
    pid = 26279,
    message = "Failed password for root from 82.202.219.155 port 51676 ssh2",
  } = shape;
  return {
    timestamp: time,
    rule: {
      level: 5,
      description: "sshd: authentication failed.",
      id: rule,
      mitre: { id: ["T1110.001"], tactic: ["Credential Access"], technique: ["Password Guessing"] },
      groups: isFailure(rule) ? ["syslog", "sshd", "authentication_failed"] : ["syslog"],
    },
    agent: { id: agentId, name: agent, ip: "10.20.0.7" },
    manager: { name: "wazuh-manager-01" },
    id,
    full_log: `Aug 23 06:14:06 ${agent} sshd[${pid}]: ${message}`,
    predecoder: { program_name: "sshd" },
    decoder: { parent: "sshd", name: "sshd" },
    location,
  };
}

/** What a default installation decides on an alert. */
export function decideDefault(alert: unknown): Decision {
  return decide(alert, defaultRules(), Date.UTC(2026, 10, 23));
}

/** What a default installation decides on an item of a file or of a body. */
export function decideDefaultItem(item: Item): Decision {
  return decideItem(item, defaultRules(), Date.UTC(2026, 10, 23));
}
