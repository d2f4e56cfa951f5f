/**
 * Inputs as people send them, made from public reports: `fixtures/field`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CowrieSessions } from "../../src/cowrie/sessions.ts";
import { decideItem, type IntakeRules } from "../../src/intake/decide.ts";
import { readAlertFile } from "../../src/wazuh/alert_file.ts";
import { CountedSources } from "./counted_sources.ts";
import { defaultRules } from "./fixtures.ts";

const NOW = Date.UTC(2026, 10, 28, 4);

/** What an alert has beside its rule and its line. */
interface More {
  /** `null`: Wazuh read none. */
  readonly program?: string | null;
  readonly decoder?: string;
  readonly groups?: readonly string[];
  readonly previous?: readonly string[];
  readonly location?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** An alert of the fixtures; without a line it is a record of its data. */
export type FieldAlert = readonly [rule: string, line: string | null, more?: More];

/** An input and what it comes to. */
export interface FieldCase {
  readonly name: string;
  /** In the place of the default ones. */
  readonly rules?: readonly string[];
  /** Addresses that are not public are refused. */
  readonly isPublic?: boolean;
  readonly alerts: readonly FieldAlert[];
  readonly attempts: Readonly<Record<string, number>>;
  readonly ignored?: Readonly<Record<string, number>>;
  readonly usernames?: readonly string[];
}

let made = 0;

/** A honeypot of the fixtures. */
export interface FieldAgent {
  readonly id: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, unknown>>;
}

const AGENT: FieldAgent = { id: "011", name: "honeypot-ham1" };

/** The alert as Wazuh writes it, with an id of its own. */
export function fieldAlert([rule, line, more = {}]: FieldAlert, agent = AGENT) {
  const { program = "sshd", decoder = line === null ? "json" : "sshd", data, previous } = more;
  const { groups = ["authentication_failed"], location = "/var/log/auth.log" } = more;
  return {
    timestamp: "2026-11-28T03:15:59.120+0000",
    rule: { level: 5, description: "of the field", id: rule, firedtimes: 1, groups },
    agent: { ...agent, ip: "10.30.0.11" },
    manager: { name: "wazuh-manager-02" },
    id: `1795835759.${++made}`,
    ...(previous === undefined ? {} : { previous_output: previous.join("\n") }),
    full_log: line ?? JSON.stringify(data),
    ...(line === null || program === null ? {} : { predecoder: { program_name: program } }),
    decoder: { name: decoder },
    ...(data === undefined ? {} : { data }),
    location,
  };
}

/** The cases of a file of `fixtures/field`. */
export function fieldCases(name: string): readonly FieldCase[] {
  const url = new URL(`../../fixtures/field/${name}.json`, import.meta.url);
  return JSON.parse(Deno.readTextFileSync(url)) as readonly FieldCase[];
}

/** The rules by which a case is decided on. */
export function fieldRules({ rules, isPublic }: Partial<FieldCase>): IntakeRules {
  const defaults = defaultRules({ publishPrivate: isPublic !== true });
  const withSessions = { ...defaults, cowrieSessions: new CowrieSessions() };
  return rules === undefined ? withSessions : { ...withSessions, ruleIds: new Set(rules) };
}

/** Reads a file and asserts what it comes to. */
export async function assertField(
  bytes: Uint8Array,
  expected: Partial<FieldCase> & Pick<FieldCase, "attempts">,
): Promise<void> {
  const rules = fieldRules(expected);
  using sources = new CountedSources(NOW);
  await sources.accept(readAlertFile(bytes).map((item) => decideItem(item, rules, NOW)));
  await sources.snapshot();
  assert.deepEqual(sources.counts, expected.attempts);
  assert.deepEqual(sources.ignored, expected.ignored ?? {});
  if (expected.usernames === undefined) return;
  assert.deepEqual([...sources.usernames].sort(), [...expected.usernames].sort());
}

/** The lines of a file of alerts, as bytes. */
export function linesOf(alerts: readonly object[]): Uint8Array {
  return new TextEncoder().encode(alerts.map((one) => `${JSON.stringify(one)}\n`).join(""));
}
