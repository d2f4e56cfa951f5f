/**
 * `flush`: publishes what is due.
 *
 * @module
 */
import type { Buffer } from "../../buffer/buffer.ts";
import { replaced } from "../../buffer/sqlite/error_text.ts";
import { SqliteBuffer } from "../../buffer/sqlite/sqlite_buffer.ts";
import { type Config, ConfigError, type Loaded } from "../../config/load.ts";
import { CONNECTION_OVER_MS } from "../../publish/source_record.ts";
import {
  BACKGROUND_LEASE,
  INTEGRATORD_URL,
  LOGGED_EVICTIONS,
  PUBLISHER_PROBLEM,
} from "../../publish/names.ts";
import { publishDue, type Round, type RoundProgress } from "../../publish/publisher.ts";
import { publishUntilIdle } from "../../publish/engine.ts";
import { loadStartConfig, ownerName, type Start } from "../wiring/context.ts";
import { EXIT, Failure } from "../exit.ts";
import { createLog, type Log, logMovedAside } from "../terminal/log.ts";
import { type Change, noteFiles } from "../wiring/changed_files.ts";
import { parse } from "../terminal/options.ts";
import type { ForwardRound } from "../../forward/forwarder.ts";
import { type Done, Progress } from "../terminal/progress.ts";
import { createPublisher, type Publisher } from "../wiring/publisher.ts";
import { startBackgroundPublisher } from "../wiring/background_publisher.ts";
import { messageOf } from "../../errors.ts";

/** How long no other publisher is left behind after one that could not work, milliseconds. */
const RESTART_AFTER_MS = 30_000;

/** How long a flush waits for another one to end, milliseconds. */
const LOCK_TIMEOUT_MS = 30_000;

/** Runs `flush [--now] [--json] [--stay]`. */
export async function flush(start: Start): Promise<number> {
  const { values } = parse("flush", start.args);
  const loaded = loadStartConfig(start);
  const { config } = loaded;
  using buffer = new SqliteBuffer(config.buffer.path, Date.now());
  const log = createLog(config.log, false);
  if (values.stay) {
    if (buffer.movedAside !== undefined) logMovedAside(log, buffer.movedAside);
    await stay(start, loaded, buffer, log);
    return EXIT.ok;
  }
  try {
    // What waited in the old one is not delivered: whoever asked must not read "all delivered".
    if (buffer.movedAside !== undefined) throw replaced(config.buffer.path, buffer.movedAside);
    return await flushOnce(buffer, config, log, values);
  } finally {
    if (buffer.movedAside !== undefined) logMovedAside(log, buffer.movedAside);
  }
}

async function flushOnce(
  buffer: SqliteBuffer,
  config: Config,
  log: Log,
  values: { readonly now?: boolean; readonly json?: boolean },
): Promise<number> {
  const everything = values.now ?? false;
  using forwarding = await createForwarding(config, buffer, log);
  const forward = forwarding === undefined
    ? undefined
    : await waitForTurn(() => forwarding.forward(everything));
  await requireMispOfIntegratord(buffer, config);
  using publisher = createPublisher(config, buffer, log);
  using progress = new Progress(!(values.json ?? false));
  const parts = progress.isShown
    ? { ...publisher, onProgress: (done: RoundProgress) => progress.show(() => progressOf(done)) }
    : publisher;
  const round = await publishAndWait(parts, everything);
  progress.clear();
  await pruneBuffer(buffer, config, log);
  if (values.json) {
    console.log(JSON.stringify({ ...round, ...(forward === undefined ? {} : { forward }) }));
  } else {
    if (forward !== undefined) console.log(describeForward(forward));
    console.log(describe(round));
  }
  if (round.refused + (forward?.refused ?? 0) > 0) return EXIT.refused;
  return round.waiting + (forward?.waiting ?? 0) > 0 ? EXIT.waiting : EXIT.ok;
}

/** Forwards what waits, by connections that must be closed. */
export interface ForwardingRounds extends Disposable {
  /** @returns undefined while another forwarder is at work */
  readonly forward: (everything?: boolean) => Promise<ForwardRound | undefined>;
}

/** What forwards here; undefined without `forward.url`: then nothing that it needs is loaded. */
export async function createForwarding(
  config: Config,
  buffer: Buffer,
  log: Log,
): Promise<ForwardingRounds | undefined> {
  if (config.forward.url === undefined) return undefined;
  const { createForwarder } = await import("../wiring/forwarder.ts");
  const { forwardWaiting } = await import("../../forward/forwarder.ts");
  const forwarder = createForwarder(config, buffer, log)!;
  const owner = ownerName();
  return {
    forward: (everything) => forwardWaiting(forwarder, owner, everything),
    [Symbol.dispose]: () => forwarder[Symbol.dispose](),
  };
}

/** What is refused is done, too; what waits for a later try is not. */
function progressOf({ snapshots, delivered, refused, toDeliver }: RoundProgress): Done {
  if (toDeliver === undefined) {
    return { done: 0, total: undefined, text: `${snapshots} attacks made into reports` };
  }
  const text = `${delivered} of ${toDeliver} reports delivered`;
  return {
    done: delivered + refused,
    total: toDeliver,
    text: refused === 0 ? text : `${text}, ${refused} refused`,
  };
}

/**
 * Reports are frozen for the sinks that are known. Where only integratord's block names MISP, a flush
 * from elsewhere would freeze them for the feed folder, and MISP would never get them.
 *
 * @throws {ConfigError}
 */
export async function requireMispOfIntegratord(buffer: Buffer, config: Config): Promise<void> {
  if (config.misp.url !== undefined) return;
  const url = await buffer.settings.get(INTEGRATORD_URL);
  if (url === undefined) return;
  throw new ConfigError(
    `only <hook_url> in ossec.conf names MISP (${url}), and only Wazuh passes it on; set misp.url ` +
      "and misp.api_key_file in the configuration file",
  );
}

/** Publishes, and waits a while for another publisher to end. */
export function publishAndWait(publisher: Publisher, everything: boolean): Promise<Round> {
  const owner = ownerName();
  return waitForTurn(() => publishDue(publisher, owner, everything));
}

async function waitForTurn<Round>(work: () => Promise<Round | undefined>): Promise<Round> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const round = await work();
    if (round !== undefined) return round;
    if (performance.now() > deadline) {
      throw new Failure(EXIT.waiting, "another flush is at work; try again when it is done");
    }
    await sleep(100);
  }
}

const sleep = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Nobody reads what a publisher that was left behind prints: its troubles go to log and status. */
async function stay(start: Start, loaded: Loaded, buffer: SqliteBuffer, log: Log): Promise<void> {
  try {
    using publisher = createPublisher(loaded.config, buffer, log);
    using forwarding = await createForwarding(loaded.config, buffer, log);
    if (await buffer.settings.get(PUBLISHER_PROBLEM) !== undefined) {
      await buffer.settings.put(PUBLISHER_PROBLEM, undefined);
    }
    if (await publishInBackground(publisher, forwarding, loaded)) {
      startBackgroundPublisher(start, loaded.config, log);
    }
  } catch (error) {
    const reason = messageOf(error);
    log("error", `nothing is published: ${reason}`);
    await buffer.settings.put(PUBLISHER_PROBLEM, reason);
    // Kept until it runs out, so that not every alert starts another publisher that cannot work.
    await buffer.leases.take(BACKGROUND_LEASE, ownerName(), RESTART_AFTER_MS, Date.now());
  }
}

/** @returns whether the configuration was changed, and another publisher must go on */
async function publishInBackground(
  publisher: Publisher,
  forwarding: ForwardingRounds | undefined,
  { config, file }: Loaded,
): Promise<boolean> {
  const { path, maxHoldMs, periodMs } = config.buffer;
  const { misp, forward } = config;
  const settings = [file, misp.apiKeyFile, misp.caFile, forward.tokenFile, forward.caFile]
    .filter((name) => name !== undefined);
  const changeSince = await noteFiles(path, settings);
  let change: Change;
  await publishUntilIdle({
    ...publisher,
    worthMs: Math.max(maxHoldMs, periodMs) + 5 * 60_000,
    sleep,
    mustLeave: async () => (change = await changeSince()) !== undefined,
    prune: () => pruneBuffer(publisher.buffer, config, publisher.log),
    forward: forwarding === undefined ? undefined : async () => void await forwarding.forward(),
  }, ownerName());
  return change === "settings";
}

/**
 * Forgets what is older than the configuration keeps it, and tells what was given up before its time.
 *
 * @returns whether there is more to forget
 */
export async function pruneBuffer(
  buffer: Buffer,
  config: Config,
  log: Publisher["log"],
): Promise<boolean> {
  const keep = {
    seenMs: config.buffer.dedupeMs,
    recordMs: config.misp.reopenAfterMs,
    connectionMs: CONNECTION_OVER_MS,
  };
  const hasMore = await buffer.retention.prune(keep, Date.now());
  await logEvictions(buffer, config, log);
  return hasMore;
}

/** Every loss is told once, by whoever looks next. */
async function logEvictions(buffer: Buffer, config: Config, log: Publisher["log"]): Promise<void> {
  const { alertIds, usernames, passwords } = await buffer.views.evicted();
  const now = JSON.stringify([alertIds, usernames, passwords]);
  const told = await buffer.settings.get(LOGGED_EVICTIONS) ?? "[0,0,0]";
  if (told === now) return;
  const [ids = 0, names = 0, words = 0] = JSON.parse(told) as readonly number[];
  await buffer.settings.put(LOGGED_EVICTIONS, now);
  log(
    "warning",
    `the buffer is at its limit, buffer.max_bytes ${config.buffer.maxBytes}, and gave up ` +
      `${alertIds - ids} ids of old alerts, ${usernames - names} user names and ` +
      `${passwords - words} passwords, but no source and no count; raise the limit to keep them`,
  );
}

function describeForward({ forwarded, waiting, refused, problem }: ForwardRound): string {
  const lines = [`forwarded ${forwarded}, waiting ${waiting}, set aside ${refused}`];
  if (problem !== null) lines.push(`waiting because: ${problem}`);
  return lines.join("\n");
}

/** A round for people. */
export function describe(round: Round): string {
  const { delivered, waiting, refused } = round;
  const lines = [`delivered ${delivered}, waiting ${waiting}, refused ${refused}`];
  for (const problem of round.problems) lines.push(`waiting because: ${problem}`);
  if (refused > 0) lines.push("`report list` tells why they were refused");
  return lines.join("\n");
}
