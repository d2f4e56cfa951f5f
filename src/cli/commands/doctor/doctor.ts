/**
 * `doctor`: finds what is wrong, and says what to do about it.
 *
 * @module
 */
import { bufferExists } from "../../../buffer/sqlite/open.ts";
import type { Config } from "../../../config/config.ts";
import { refuseUnknownVariables } from "../../../config/unknown_variables.ts";
import { ConfigError } from "../../../config/values.ts";
import type { Guard } from "../../../guard/guard.ts";
import type { Loaded } from "../../../config/load.ts";
import { readQueue } from "../../../misp/published/publication_queue.ts";
import {
  ALERTS_STREAM,
  INTEGRATORD_URL,
  PUBLICATION_QUEUE,
  PUBLISHER_PROBLEM,
} from "../../../publish/names.ts";
import { ownershipProblems } from "../../../publish/installation.ts";
import { strandedReports, unservedSince } from "../../../publish/unserved.ts";
import { type Check, checksText, failure, warning } from "../../terminal/checks.ts";
import { intakeRules, loadStartConfig, type Start } from "../../wiring/context.ts";
import { lookIntoBuffer } from "../../wiring/buffer/open.ts";
import { bufferFile, databaseOf } from "../../wiring/buffer/database.ts";
import { alertsPath } from "../../wiring/following.ts";
import { ossecConf } from "../../ossec_conf.ts";
import { checkBuffer, checkLookups, checkOutputs, checkReports, checkSecrets } from "./files.ts";
import { checkDatabase } from "./database.ts";
import { checkForward, checkSpool } from "./forward.ts";
import { checkHoneypots } from "./honeypots.ts";
import { checkIntegrationBlock } from "./integration_block.ts";
import { checkListFolders, checkLists } from "./lists.ts";
import { checkMisp, checkQueue } from "./misp.ts";
import { checkServe } from "./serve.ts";
import { dueRules } from "../../wiring/publisher.ts";
import { EXIT, Failure } from "../../exit.ts";
import { parse } from "../../terminal/options.ts";
import { screenOf } from "../../terminal/screen.ts";

/** Runs `doctor [--fix [--yes]] [--json]`. Exit 1 when something must be fixed. */
export async function doctor(start: Start): Promise<number> {
  const { values } = parse("doctor", start.args);
  if (values.yes && !values.fix) throw new Failure(EXIT.usage, "--yes is for doctor --fix; add it");
  const fixed = values.fix ? await fix(start, values.yes ?? false) : [];
  const checks = [...fixed, ...await examine(start)];
  const isWell = checks.every(({ state }) => state !== "failure");
  console.log(
    values.json
      ? JSON.stringify({ ok: isWell, checks }, undefined, 2)
      : checksText(checks, screenOf(Deno.stdout)),
  );
  return isWell ? EXIT.ok : EXIT.failed;
}

async function fix(start: Start, yes: boolean): Promise<readonly Check[]> {
  const { fixFiles } = await import("./fix_files.ts");
  const { fixMisp } = await import("./fix.ts");
  const isAtTerminal = Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
  try {
    const { config } = loadStartConfig(start);
    return [
      ...fixFiles(config, start.root),
      ...await fixMisp(config, (question) => yes || isAtTerminal && confirm(question)),
    ];
  } catch (error) {
    // The checks report it.
    if (error instanceof ConfigError) return [];
    throw error;
  }
}

async function examine(start: Start): Promise<readonly Check[]> {
  let loaded: Loaded;
  let guard: Guard;
  try {
    refuseUnknownVariables(start.root, (name) => Deno.env.get(name) !== undefined);
    loaded = loadStartConfig(start);
    ({ guard } = await intakeRules(loaded));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { what, hint = "fix that key; `help config` describes each" } = error;
    return [failure("configuration", what, hint)];
  }
  const { config } = loaded;
  const isDatabase = databaseOf(config) !== undefined;
  const onDisk = isDatabase ? await checkDatabase(config) : checkBuffer(config, start.root);
  const isBufferWell = onDisk.every(({ state }) => state !== "failure");
  const inside = isBufferWell && (isDatabase || bufferExists(config.buffer.path))
    ? await checkInside(config)
    : { checks: [], isFollowing: false };
  return [
    ...checkSecrets(loaded),
    ...checkHoneypots(config, guard, alertsPath(start.root)),
    ...checkIntegrationBlock(config, ossecConf(start.root), inside.isFollowing),
    ...onDisk,
    ...inside.checks,
    ...checkOutputs(config, start.root),
    ...checkListFolders(config, start.root),
    ...await checkLookups(config),
    ...await checkForward(config),
    ...await checkServe(loaded),
    ...await checkMisp(config),
  ];
}

interface Inside {
  readonly checks: readonly Check[];
  /** Whether `follow` has read alerts. */
  readonly isFollowing: boolean;
}

async function checkInside(config: Config): Promise<Inside> {
  const { buffer: opened } = await lookIntoBuffer(config);
  using buffer = opened;
  const problem = await buffer.settings.get(PUBLISHER_PROBLEM);
  const unserved = await unservedSince(buffer, dueRules(config), Date.now());
  const stranded = await strandedReports(buffer, dueRules(config).sinks);
  const hookUrl = await buffer.settings.get(INTEGRATORD_URL);
  const isFollowing = await buffer.intake.followState(ALERTS_STREAM) !== undefined;
  const checks = [
    ...checkReports(await buffer.views.status()),
    ...checkSpool(await buffer.spool.status()),
    ...checkQueue(readQueue(await buffer.settings.get(PUBLICATION_QUEUE)), Date.now()),
    ...await checkLists(config, buffer.settings),
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
    ...(await ownershipProblems(buffer.settings, bufferFile(config)))
      .map(({ found, hint }) => warning("shared events", found, hint)),
    ...stranded.problems.map((text) => warning("sinks", text, "`report list` shows them")),
    ...(hookUrl === undefined || config.misp.url !== undefined ? [] : [
      warning(
        "misp.url",
        `only <hook_url> in ossec.conf names MISP (${hookUrl}), which commands cannot see`,
        "set misp.url and misp.api_key_file",
      ),
    ]),
  ];
  return { checks, isFollowing };
}
