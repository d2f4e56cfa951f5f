/**
 * `doctor`: finds what is wrong, and says what to do about it.
 *
 * @module
 */
import { bufferExists } from "../../../buffer/sqlite/open.ts";
import { SqliteBuffer } from "../../../buffer/sqlite/sqlite_buffer.ts";
import type { Config } from "../../../config/config.ts";
import { ConfigError } from "../../../config/values.ts";
import type { Loaded } from "../../../config/load.ts";
import { INTEGRATORD_URL, PUBLISHER_PROBLEM } from "../../../publish/names.ts";
import { strandedReports, unservedSince } from "../../../publish/unserved.ts";
import { type Check, checksText, failure, ok, warning } from "../../terminal/checks.ts";
import { intakeRules, loadStartConfig, type Start } from "../../wiring/context.ts";
import { checkBuffer, checkLookups, checkOutputs, checkReports, checkSecrets } from "./files.ts";
import { checkForward, checkSpool } from "./forward.ts";
import { checkMisp } from "./misp.ts";
import { dueRules } from "../../wiring/publisher.ts";
import { EXIT } from "../../exit.ts";
import { parse } from "../../terminal/options.ts";
import { screenOf } from "../../terminal/screen.ts";

/** Runs `doctor [--json]`. Exit 1 when something must be fixed. */
export async function doctor(start: Start): Promise<number> {
  const { values } = parse("doctor", start.args);
  const checks = await examine(start);
  const isWell = checks.every(({ state }) => state !== "failure");
  console.log(
    values.json
      ? JSON.stringify({ ok: isWell, checks }, undefined, 2)
      : checksText(checks, screenOf(Deno.stdout)),
  );
  return isWell ? EXIT.ok : EXIT.failed;
}

async function examine(start: Start): Promise<readonly Check[]> {
  let loaded: Loaded;
  try {
    loaded = loadStartConfig(start);
    await intakeRules(loaded);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [failure("configuration", error.message, "fix that key; `help config` describes each")];
  }
  const { config } = loaded;
  const onDisk = checkBuffer(config);
  const isBufferWell = onDisk.every(({ state }) => state !== "failure");
  return [
    ...checkSecrets(loaded),
    checkHoneypots(config),
    ...onDisk,
    ...(isBufferWell && bufferExists(config.buffer.path) ? await checkInside(config) : []),
    ...checkOutputs(config),
    ...await checkLookups(config),
    ...await checkForward(config),
    ...await checkMisp(config),
  ];
}

function checkHoneypots({ honeypot }: Config): Check {
  const marks = [
    ...honeypot.agentPrefixes.map((prefix) => `name ${prefix}…`),
    ...honeypot.agentLabels.map((label) => `label ${label}`),
  ];
  return marks.length > 0
    ? ok("honeypots", `agents with ${marks.join(", ")}`)
    : failure("honeypots", "no agent counts as a honeypot", "set honeypot.agent_prefixes");
}

async function checkInside(config: Config): Promise<readonly Check[]> {
  using buffer = new SqliteBuffer(config.buffer.path, Date.now(), { keepDamaged: true });
  const problem = await buffer.settings.get(PUBLISHER_PROBLEM);
  const unserved = await unservedSince(buffer, dueRules(config), Date.now());
  const stranded = await strandedReports(buffer, dueRules(config).sinks);
  const hookUrl = await buffer.settings.get(INTEGRATORD_URL);
  return [
    ...checkReports(await buffer.views.status()),
    ...checkSpool(await buffer.spool.status()),
    ...(problem === undefined
      ? []
      : [warning("publisher", problem, "`flush` shows whether it is over")]),
    ...(unserved === undefined ? [] : [
      warning(
        "publisher",
        `nobody publishes what is due since ${new Date(unserved).toISOString()}`,
        "run `flush`; the next alert starts a publisher, too; see the log",
      ),
    ]),
    ...stranded.problems.map((text) => warning("sinks", text, "`report list` shows them")),
    ...(hookUrl === undefined || config.misp.url !== undefined ? [] : [
      warning(
        "misp.url",
        `only <hook_url> in ossec.conf names MISP (${hookUrl}), which commands cannot see`,
        "set misp.url and misp.api_key_file",
      ),
    ]),
  ];
}
