/**
 * One call of integratord: read the alert file, decide, commit, leave. No network.
 *
 * @module
 */
import { dirname } from "node:path";
import { decideOneAlert, type IntakeRules } from "../../intake/decide_alert.ts";
import type { Accepted } from "../../buffer/intake.ts";
import type { IntakeBuffer } from "../../buffer/buffer.ts";
import { openIntake } from "../../buffer/sqlite/intake_buffer.ts";
import type { Config } from "../../config/config.ts";
import { ConfigError } from "../../config/values.ts";
import type { Loaded } from "../../config/load.ts";
import { BACKGROUND_LEASE, INTEGRATORD_URL, NEWEST_GIVEN } from "../../publish/names.ts";
import type { Decision, IgnoreReason } from "../../model.ts";
import { parseIntegrationCall } from "../../wazuh/argv.ts";
import { intakeRules, limitsOf, loadStartConfig, type Start } from "../wiring/context.ts";
import { EXIT, Failure } from "../exit.ts";
import { createLog, type Log, logMovedAside } from "../terminal/log.ts";
import { startBackgroundPublisher } from "../wiring/background_publisher.ts";
import { digestOf, givenOf, integratordUrl } from "../wiring/given.ts";
import { faultPoint } from "../../fault_point.ts";
import { messageOf } from "../../errors.ts";

/** Longest alert file that is read, bytes. Wazuh cuts a line at 64 KiB (docs/contracts/wazuh.md 1.1). */
const LONGEST_FILE = 16 * 1024 * 1024;

/** What a call came to: nothing to say, or a line and a code for integratord. */
interface Refused {
  readonly reason: IgnoreReason;
  readonly code: number;
  readonly line: string;
}

/** Handles one call of integratord. */
export async function integration(start: Start): Promise<number> {
  const call = parseIntegrationCall(start.args);
  const loaded = loadStartConfig(start, { url: call.hookUrl, apiKey: call.apiKey });
  const { config } = loaded;
  requireSpool(config);
  const rules = await intakeRules(loaded);
  const bytes = readFile(call.alertFile);
  const now = Date.now();
  const opened = await openBuffer(config, now);
  dropPermissions(call.alertFile, loaded.file);
  const log = createLog(config.log, false);
  if (!(bytes instanceof Uint8Array)) return await refuse(opened, bytes);
  const decisions = await decide(bytes, rules, now);
  const spill = async (error: unknown) => {
    const { spillOrFail } = await import("../wiring/spill.ts");
    return spillOrFail({ start, loaded, bytes, decisions, log, now }, error);
  };
  if ("error" in opened) return await spill(opened.error);
  const buffer = opened;
  let outcome: Accepted;
  try {
    outcome = await store(buffer, decisions, config, now);
  } catch (error) {
    return await spill(error);
  }
  const { movedAside } = buffer;
  if (call.debug) console.log(describe(outcome));
  if (outcome.accepted > 0) await callPublisher(start, loaded, buffer, log, now);
  // Damage that was met only behind the commit took the alert along.
  if (buffer.movedAside !== movedAside) {
    try {
      await store(buffer, decisions, config, now);
    } catch (error) {
      return await spill(error);
    }
  }
  if (buffer.movedAside !== undefined) logMovedAside(log, buffer.movedAside);
  const unreadable = unreadableOf(decisions, call.alertFile);
  if (unreadable === undefined) return EXIT.ok;
  throw new Failure(unreadable.code, unreadable.line);
}

/** A slow database must not hold integratord up: an alert waits in the file of this machine. */
function requireSpool({ buffer, forward }: Config): void {
  if (buffer.url === undefined || forward.url !== undefined) return;
  throw new ConfigError(
    "buffer.url is set, but an integration call talks to no database; set forward.url to the " +
      "address of a `serve`, or use `follow`",
  );
}

/** Nearly every call brings one 4.x alert: what reads the other shapes is loaded when one comes. */
async function decide(
  bytes: Uint8Array,
  rules: IntakeRules,
  now: number,
): Promise<readonly Decision[]> {
  const decision = decideOneAlert(new TextDecoder().decode(bytes), rules, now);
  if (decision !== undefined) return [decision];
  const { decideFile } = await import("../../intake/decide.ts");
  return decideFile(bytes, rules, now);
}

async function store(
  buffer: IntakeBuffer,
  decisions: readonly Decision[],
  config: Config,
  now: number,
): Promise<Accepted> {
  faultPoint("after-read-before-tx");
  const accepted = await buffer.intake.accept(decisions, limitsOf(config), now);
  faultPoint("after-commit-before-ack");
  return accepted;
}

/** Why there is no buffer to store in. */
interface NotOpened {
  readonly error: unknown;
}

async function openBuffer(config: Config, now: number): Promise<IntakeBuffer | NotOpened> {
  try {
    return await openIntake(config.buffer.path, now);
  } catch (error) {
    return { error };
  }
}

/** The alert is stored: whatever goes wrong here is logged, and must not make it look lost. */
async function callPublisher(
  start: Start,
  loaded: Loaded,
  buffer: IntakeBuffer,
  log: Log,
  now: number,
): Promise<void> {
  try {
    const newest = await buffer.settings.get(NEWEST_GIVEN);
    const digest = digestOf(givenOf(loaded), newest);
    const isOther = digest !== newest;
    if (isOther) {
      await buffer.settings.put(INTEGRATORD_URL, integratordUrl(loaded));
      await buffer.settings.put(NEWEST_GIVEN, digest);
    }
    // A publisher that was given something else leaves, and this one takes its place.
    if (isOther || !await buffer.leases.isHeld(BACKGROUND_LEASE, now)) {
      startBackgroundPublisher(start, loaded, log);
    }
  } catch (error) {
    const reason = messageOf(error);
    log("error", `the alert is stored, but no publisher was called: ${reason}`);
  }
}

function describe({ accepted, duplicate, ignored }: Accepted): string {
  const reasons = [...ignored].map(([reason, n]) => `${reason} ${n}`).join(", ");
  return `accepted ${accepted}, duplicate ${duplicate}, ignored ${reasons || 0}`;
}

/** Where the file cannot be counted, what is wrong with it is said all the same. */
async function refuse(opened: IntakeBuffer | NotOpened, refused: Refused): Promise<never> {
  if (!("error" in opened)) {
    await opened.intake.countIgnored(refused.reason).catch(() => undefined);
  }
  throw new Failure(refused.code, refused.line);
}

function readFile(path: string): Uint8Array | Refused {
  if (path === "") {
    const line = "integratord gave no alert file: is /tmp full or not writable?";
    return { reason: "no_file", code: EXIT.noFile, line };
  }
  try {
    const { size, isFile } = Deno.statSync(path);
    // To open a pipe would wait for its writer, and a device may never end.
    if (!isFile) {
      const line = `${path}: it is a folder, a pipe or a device, not an alert file`;
      return { reason: "no_file", code: EXIT.noFile, line };
    }
    if (size > LONGEST_FILE) {
      const line = `${path}: ${size} bytes are more than an alert has (at most ${LONGEST_FILE})`;
      return { reason: "too_large", code: EXIT.notJson, line };
    }
    return Deno.readFileSync(path);
  } catch (error) {
    const code = EXIT.noFile;
    if (error instanceof Deno.errors.NotCapable) {
      const line = `${path}: this binary may not read there; integratord writes alerts to /tmp`;
      return { reason: "no_file", code, line };
    }
    if (error instanceof Deno.errors.NotFound) {
      return { reason: "no_file", code, line: `${path}: no such alert file` };
    }
    const message = messageOf(error);
    return { reason: "no_file", code, line: `${path}: ${message}` };
  }
}

/** Why nothing of a file could be used, when nothing could. */
function unreadableOf(decisions: readonly Decision[], file: string): Refused | undefined {
  const reasons = decisions.map((decision) =>
    decision.kind === "ignored" && decision.key === undefined ? decision.reason : undefined
  );
  const [reason] = reasons;
  if (reason === undefined || reasons.some((one) => one === undefined)) return undefined;
  const lines: Partial<Record<IgnoreReason, string>> = {
    empty_file: "it is empty: is /tmp full?",
    text_format: "it is in text format; set <alert_format>json</alert_format> in the integration",
    not_json: "it is not JSON, or was cut: is /tmp full?",
    malformed: "it is JSON, but not a Wazuh alert: rule.id or id is missing",
  };
  return { reason, code: EXIT.notJson, line: `${file}: ${lines[reason] ?? reason}` };
}

/**
 * What is left to do needs the buffer, the log and a new process of this binary; the alert that is
 * parsed from here on was written in part by an attacker. Only the binary's permissions name each
 * folder by itself: under `deno run`, dropping one would drop a wider one too, the buffer's too.
 */
function dropPermissions(alertFile: string, configFile: string): void {
  Deno.permissions.revokeSync({ name: "net" });
  Deno.permissions.revokeSync({ name: "env" });
  if (!Deno.build.standalone) return;
  Deno.permissions.revokeSync({ name: "read", path: configFile });
  const folder = dirname(alertFile);
  // These would take the buffer's folder along.
  if (folder !== "/" && folder !== ".") Deno.permissions.revokeSync({ name: "read", path: folder });
}
