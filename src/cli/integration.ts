/**
 * One call of integratord: read the alert file, decide, commit, leave. No network.
 *
 * @module
 */
import { SqliteBuffer } from "../buffer/sqlite.ts";
import { decide } from "../intake.ts";
import { STAY_LEASE } from "../publish/stay_lease.ts";
import type { Decision, IgnoreReason } from "../types.ts";
import { readAlertFile } from "../wazuh/alert_file.ts";
import { parseIntegrationCall } from "../wazuh/argv.ts";
import { intakeRules, loadStartConfig, type Start } from "./context.ts";
import { EXIT, Failure } from "./exit.ts";
import { createLog } from "./log.ts";
import { startStayer } from "./stayer.ts";

/** Longest alert file that is read, bytes. Wazuh cuts a line at 64 KiB (contracts/wazuh.md 1.1). */
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
  const bytes = readFile(call.alertFile);
  const now = Date.now();
  const buffer = new SqliteBuffer(config.buffer.path, now);
  giveUpPermissions(config.buffer.path);
  const log = createLog(config.log, false);
  if (buffer.movedAside !== undefined) {
    log(
      "error",
      `the buffer was damaged; it is kept as ${buffer.movedAside}, a new one was started`,
    );
  }
  if (!(bytes instanceof Uint8Array)) return await refuse(buffer, bytes);
  const items = readAlertFile(bytes);
  const rules = intakeRules(loaded);
  const decisions = items.map((item): Decision =>
    "reason" in item
      ? { kind: "ignored", key: undefined, reason: item.reason }
      : decide(item.value, rules, now)
  );
  const { maxUsernames } = config.privacy;
  const outcome = await buffer.accept(decisions, { maxUsernames }, now);
  if (call.debug) {
    console.log(
      `accepted ${outcome.accepted}, duplicate ${outcome.duplicate}, ignored ${
        [...outcome.ignored].map(([reason, n]) => `${reason} ${n}`).join(", ") || 0
      }`,
    );
  }
  if (outcome.accepted > 0 && !await buffer.isLeaseHeld(STAY_LEASE, now)) {
    startStayer(start, config, log);
  }
  const unreadable = unreadableOf(decisions, call.alertFile);
  if (unreadable === undefined) return EXIT.ok;
  throw new Failure(unreadable.code, unreadable.line);
}

async function refuse(buffer: SqliteBuffer, refused: Refused): Promise<never> {
  await buffer.countIgnored(refused.reason);
  throw new Failure(refused.code, refused.line);
}

function readFile(path: string): Uint8Array | Refused {
  if (path === "") {
    const line = "integratord gave no alert file: is /tmp full or not writable?";
    return { reason: "no_file", code: EXIT.noFile, line };
  }
  try {
    const { size } = Deno.statSync(path);
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
    const message = error instanceof Error ? error.message : String(error);
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
    malformed: "it is JSON, but no Wazuh alert: rule.id or id is missing",
  };
  return { reason, code: EXIT.notJson, line: `${file}: ${lines[reason] ?? reason}` };
}

/**
 * What is left to do needs the open buffer, the log and a new process of this binary; the alert that
 * is parsed from here on was written in part by an attacker.
 */
function giveUpPermissions(bufferPath: string): void {
  const path = bufferPath.slice(0, bufferPath.lastIndexOf("/")) || "/";
  Deno.permissions.revokeSync({ name: "read" });
  Deno.permissions.revokeSync({ name: "write", path });
  Deno.permissions.revokeSync({ name: "net" });
  Deno.permissions.revokeSync({ name: "env" });
}
