/**
 * `--test`: takes a sample alert through every step, without touching the buffer or MISP.
 *
 * @module
 */
import { SqliteBuffer } from "../../buffer/sqlite/sqlite_buffer.ts";
import type { Config } from "../../config/config.ts";
import { createGuard } from "../../guard/guard.ts";
import { decide } from "../../intake/decide.ts";
import type { Installation } from "../../misp/uuid.ts";
import { installationText } from "../../publish/installation_file.ts";
import { INSTALLATION } from "../../publish/names.ts";
import { publishDue } from "../../publish/publisher.ts";
import { sampleAlert } from "../../wazuh/sample_alert.ts";
import type { Decision } from "../../model.ts";
import {
  allowedOf,
  intakeRules,
  loadStartConfig,
  ownerName,
  type Start,
} from "../wiring/context.ts";
import { previewEvents } from "./events_preview.ts";
import { EXIT, Failure } from "../exit.ts";
import { createLog, type Log, oneLine } from "../terminal/log.ts";
import { parse } from "../terminal/options.ts";
import { createPublisher } from "../wiring/publisher.ts";

/** Runs `--test [--send]`. */
export async function testAlert(start: Start): Promise<number> {
  const { values } = parse("--test", start.args);
  const loaded = loadStartConfig(start);
  const { config } = loaded;
  const now = Date.now();
  const alert = sampleAlert(now);
  const agentPrefixes = [...config.honeypot.agentPrefixes, "honeypot-test"];
  const guard = createGuard({
    ...config.honeypot,
    agentPrefixes,
    publishPrivate: true,
  }, await allowedOf(config));
  const ofSite = await intakeRules(loaded);
  const rules = { ...ofSite, ruleIds: new Set([...config.rules.ids, "5710"]), guard };
  const decision = decide(alert, rules, now);
  if (decision.kind === "ignored") {
    throw new Failure(EXIT.failed, `the sample alert was ignored: ${decision.reason}`);
  }
  const shown = {
    ...config,
    guard: { ...config.guard, minAttempts: 1, publishPrivate: true },
    ...(values.send ? { misp: { ...config.misp, ...OF_TEST } } : {}),
  };
  const installation = values.send ? ofThisTest() : undefined;
  using buffer = new SqliteBuffer(":memory:", now);
  await buffer.intake.accept([decision], { maxUsernames: config.privacy.maxUsernames }, now);
  const log = createLog(config.log, false);
  const [event] = await previewEvents(buffer, shown, log, installation);
  console.log(JSON.stringify(event, undefined, 2));
  if (installation !== undefined) return await sendSample(decision, shown, now, installation);
  console.error(
    "This event was not sent. A real alert from its private address would be ignored.",
  );
  return EXIT.ok;
}

/** Nobody else needs the event of a test. */
const OF_TEST = {
  distribution: 0,
  sharingGroup: undefined,
  publish: false,
  publisher: undefined,
};

/** It is nobody's, and another one each time: MISP never takes the uuid of one that was deleted. */
const ofThisTest = (): Installation => ({ id: crypto.randomUUID(), organisation: undefined });

/** Sends the sample event from a temporary buffer, and prints what happened. */
async function sendSample(
  decision: Decision,
  config: Config,
  now: number,
  installation: Installation,
): Promise<number> {
  const { url } = config.misp;
  if (url === undefined) {
    throw new Failure(EXIT.usage, "--send needs a MISP instance; set misp.url");
  }
  using buffer = new SqliteBuffer(":memory:", now);
  await buffer.intake.accept([decision], { maxUsernames: config.privacy.maxUsernames }, now);
  await buffer.settings.put(INSTALLATION, installationText(installation));
  const mispOnly = {
    ...config,
    feed: { directory: undefined, keepMs: undefined },
    // No file of an installation is beside it.
    buffer: { ...config.buffer, path: ":memory:" },
  };
  const logged: string[] = [];
  const log: Log = (_level, message) => void logged.push(message);
  using publisher = createPublisher(mispOnly, buffer, log);
  const round = await publishDue(publisher, ownerName(), true);
  for (const message of logged) console.error(oneLine(message));
  const { delivered = 0, refused = 0 } = round ?? {};
  if (delivered > 0) {
    console.error(`MISP at ${url} stored this event as it was sent, unpublished.`);
    return EXIT.ok;
  }
  console.error(`MISP at ${url} ${refused > 0 ? "refused" : "did not accept"} this event.`);
  return refused > 0 ? EXIT.refused : EXIT.waiting;
}
