/**
 * What every command gets, and the parts of the configuration that several commands need.
 *
 * @module
 */
import type { Limits } from "../../buffer/intake.ts";
import { END_RULES, KNOWN_RULES, PROGRAM } from "../../config/defaults.ts";
import { ConfigError } from "../../config/values.ts";
import { loadConfig, type Loaded, type Sources } from "../../config/load.ts";
import { CowrieSessions } from "../../cowrie/sessions.ts";
import { createGuard, type Guard } from "../../guard/guard.ts";
import type { NetworkSet } from "../../guard/network_set.ts";
import type { SessionRules } from "../../cowrie/session_event.ts";
import type { IntakeRules } from "../../intake/decide_alert.ts";
import type { BuiltInCode } from "./build.ts";

/** How the program was started. */
export interface Start {
  /** Wazuh's folder. */
  readonly root: string;
  /** Arguments after the command, without the options of every command. */
  readonly args: readonly string[];
  readonly configFile: string | undefined;
  /** Undefined counts as `none`. */
  readonly code?: BuiltInCode;
}

/**
 * Loads the configuration of this start.
 *
 * @throws {ConfigError}
 */
export function loadStartConfig(start: Start, integratord?: Sources["integratord"]): Loaded {
  return loadConfig({
    root: start.root,
    file: start.configFile,
    environment: (name) => Deno.env.get(name),
    readTextFile: Deno.readTextFileSync,
    ...(integratord === undefined ? {} : { integratord }),
  });
}

/**
 * The rules that decide about alerts.
 *
 * @throws {ConfigError} an item of `guard.allow_networks` is not a valid network
 */
export async function intakeRules({ config }: Loaded): Promise<IntakeRules> {
  return {
    guard: await guardOf(config),
    ruleIds: rulesOf(config),
    narrowed: new Set(KNOWN_RULES.filter((id) => !config.rules.ids.has(id))),
    countsRefusedKeys: config.honeypot.countRefusedKeys,
    takesTelnet: config.honeypot.telnet,
    takesPasswords: config.privacy.passwords,
    cowrieSessions: new CowrieSessions(),
    formats: config.honeypot.formats,
    program: PROGRAM,
    keepsText: config.forward.url !== undefined,
    ...(config.session.enabled ? { sessions: sessionRulesOf(config) } : {}),
  };
}

/** Which agents are honeypots, and which addresses may be published. @throws {ConfigError} */
export async function guardOf(config: Loaded["config"]): Promise<Guard> {
  const [allowed, names] = [await allowedOf(config), await ownNamesOf(config)];
  return createGuard({ ...config.honeypot, ...config.guard }, allowed, names);
}

function sessionRulesOf({ privacy, session }: Loaded["config"]): SessionRules {
  return {
    keepsCommands: privacy.commands !== "count",
    maxCommandBytes: session.maxCommandBytes,
  };
}

/** The rules that are read: with `honeypot.count_refused_keys` those of a connection's end, too. */
export function rulesOf({ rules, honeypot }: Loaded["config"]): ReadonlySet<string> {
  return honeypot.countRefusedKeys ? new Set([...rules.ids, ...END_RULES]) : rules.ids;
}

/** How much the buffer keeps. */
export function limitsOf({ privacy, session, buffer }: Loaded["config"]): Limits {
  return {
    maxUsernames: privacy.maxUsernames,
    sessions: session,
    maxBytes: buffer.maxBytes,
  };
}

/** A name for one lease holder; each call gives another one. */
export function ownerName(): string {
  return `${Deno.pid}-${crypto.randomUUID()}`;
}

/** The addresses that are never published; undefined: no such list. @throws {ConfigError} */
export async function allowedOf({ guard }: Loaded["config"]): Promise<NetworkSet | undefined> {
  if (guard.allowNetworks.length === 0) return undefined;
  const { allowList } = await import("../../guard/allow_list.ts");
  try {
    return allowList(guard.allowNetworks);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigError(`guard.allow_networks: ${error.message}`);
  }
}

async function ownNamesOf({ guard }: Loaded["config"]): Promise<readonly string[]> {
  if (guard.allowNetworks.length === 0) return [];
  return (await import("../../guard/allow_list.ts")).ownNames(guard.allowNetworks);
}
