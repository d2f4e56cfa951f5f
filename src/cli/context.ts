/**
 * What every command is given.
 *
 * @module
 */
import type { Limits } from "../buffer/buffer.ts";
import { PROGRAM } from "../config/keys.ts";
import { ConfigError, loadConfig, type Loaded, type Sources } from "../config/load.ts";
import { createGuard, type Guard } from "../guard/guard.ts";
import type { IntakeRules } from "../alert_intake.ts";

/** How the program was started. */
export interface Start {
  /** Wazuh's folder. */
  readonly root: string;
  /** Arguments behind the options that every command has. */
  readonly args: readonly string[];
  readonly configFile: string | undefined;
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

/** What alerts are decided by. */
export function intakeRules({ config }: Loaded): IntakeRules {
  return {
    guard: guardOf(config),
    ruleIds: config.rules.ids,
    takesTelnet: config.honeypot.telnet,
    takesPasswords: config.privacy.passwords,
    program: PROGRAM,
    keepsText: config.forward.url !== undefined,
  };
}

/** How much the buffer keeps. */
export function limitsOf({ privacy, buffer }: Loaded["config"]): Limits {
  return { maxUsernames: privacy.maxUsernames, maxBytes: buffer.maxBytes };
}

/** Tells lease holders apart. */
export function ownerName(): string {
  return `${Deno.pid}-${crypto.randomUUID()}`;
}

function guardOf(config: Loaded["config"]): Guard {
  try {
    return createGuard({ ...config.honeypot, ...config.guard });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigError(`guard.allow_networks: ${error.message}`);
  }
}
