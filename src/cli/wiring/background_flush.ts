/**
 * What `flush --until-idle` does: it publishes for integration calls until nothing waits.
 *
 * @module
 */
import { isNamed } from "../../buffer/sqlite/errors.ts";
import type { Buffer } from "../../buffer/buffer.ts";
import { HOUR, MINUTE, SECOND } from "../../clock.ts";
import { ConfigError } from "../../config/values.ts";
import { loadConfig, type Loaded } from "../../config/load.ts";
import { messageOf } from "../../errors.ts";
import { BACKGROUND_LEASE_MS, takeBackgroundLease } from "../../publish/background_lease.ts";
import {
  BACKGROUND_LEASE,
  NEWEST_GIVEN,
  PUBLISHER_GIVEN,
  PUBLISHER_PROBLEM,
} from "../../publish/names.ts";
import { sleepInTime } from "../../publish/timers.ts";
import { createLog, type Log } from "../terminal/log.ts";
import { startBackgroundPublisher } from "./background_publisher.ts";
import { type Change, noteFiles } from "./changed_files.ts";
import { loadStartConfig, ownerName, type Start } from "./context.ts";
import { createEngine } from "./engine.ts";
import { createForwarding, type ForwardingRounds } from "./forwarding.ts";
import { digestOf, givenOf, HOOK_KEY, HOOK_URL } from "./given.ts";
import { createPublisher, dueRules, type Publisher } from "./publisher.ts";
import { SpillIntake } from "./spilled.ts";

/** How often it looks, milliseconds: it also sees then that others emptied the buffer. */
const LOOK_MS = 2 * SECOND;
const PRUNE_MS = HOUR;
/** How much longer than a whole attack it waits for what falls due, milliseconds. */
const EXTRA_WAIT_MS = 5 * MINUTE;
/** How long no other one is started after one that could not work, milliseconds. */
const RESTART_AFTER_MS = 30 * SECOND;
/** How long a start waits for a file that somebody is just writing, milliseconds. */
const START_WAIT_MS = MINUTE;

/**
 * Loads the configuration as the integration call did that started this process. What was readable
 * then may be shut or half written now, so that it is tried again for a while.
 *
 * @throws {ConfigError} it stays unusable
 */
export async function loadBackgroundConfig(start: Start): Promise<Loaded> {
  for (let waited = 0;; waited += LOOK_MS) {
    try {
      return loadGiven(start);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (waited === 0) logOf(start)("error", `nothing is published yet: ${error.message}`);
      if (waited >= START_WAIT_MS) throw error;
      await sleepInTime(LOOK_MS);
    }
  }
}

/** The log where it is by default: no other is known while the configuration is not usable. */
function logOf({ root }: Start): Log {
  const readTextFile = () => {
    throw new Deno.errors.NotFound();
  };
  const { config } = loadConfig({ root, environment: () => undefined, readTextFile });
  return createLog(config.log, false);
}

const loadGiven = (start: Start) =>
  loadStartConfig(start, {
    url: Deno.env.get(HOOK_URL) ?? "",
    apiKey: Deno.env.get(HOOK_KEY) ?? "",
  });

/** What publishing by a configuration came to: it is to be read again, or this process is to end. */
type Outcome = "read again" | "over";

/** What a publisher works with beside its configuration. */
interface Surroundings {
  readonly buffer: Buffer;
  readonly log: Log;
  /** Whether the newest integration call was given something else. */
  readonly isOver: () => Promise<boolean>;
}

/**
 * Publishes until nothing waits, or until an integration call was given something else. It follows
 * the files of its configuration; while one of them is not usable, it waits. Nobody reads what this
 * process prints: its problems go to the log and to `status`.
 */
export async function publishInBackground(
  start: Start,
  first: Loaded,
  buffer: Buffer,
  firstLog: Log,
): Promise<void> {
  let [loaded, log] = [first, firstLog];
  try {
    for (;;) {
      const around = { buffer, log, isOver: overRule(givenOf(loaded), buffer) };
      if (await publishAs(loaded, around) === "over") return;
      const next = await nextConfig(start, loaded, around);
      if (next === undefined) return;
      if (next.config.buffer.path !== first.config.buffer.path) {
        startBackgroundPublisher(start, next, log);
        return;
      }
      [loaded, log] = [next, createLog(next.config.log, false)];
    }
  } catch (error) {
    const reason = messageOf(error);
    log("error", `nothing is published: ${reason}`);
    // Where the buffer cannot be written, it cannot keep the reason either.
    if (isNamed(error, "BufferError")) return;
    await buffer.settings.put(PUBLISHER_PROBLEM, reason);
    // It is not released, so that not every alert starts another publisher that cannot work.
    await buffer.leases.take(BACKGROUND_LEASE, ownerName(), RESTART_AFTER_MS, Date.now());
  }
}

function overRule(given: string, buffer: Buffer): () => Promise<boolean> {
  return async () => {
    const newest = await buffer.settings.get(NEWEST_GIVEN);
    return newest !== undefined && digestOf(given, newest) !== newest;
  };
}

async function publishAs(
  loaded: Loaded,
  { buffer, log, isOver }: Surroundings,
): Promise<Outcome> {
  // They are noted before they are read: what is written meanwhile counts as changed.
  const changeSince = await noteFiles(loaded.config.buffer.path, filesOf(loaded));
  let parts: Parts;
  try {
    parts = await partsOf(loaded, buffer, log);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return "read again";
  }
  using publisher = parts.publisher;
  using forwarding = parts.forwarding;
  let change: Change;
  let mustLeave = false;
  const spilled = new SpillIntake(loaded, buffer, log);
  using engine = createEngine(publisher, loaded.config, {
    ...{ lookMs: LOOK_MS, pruneMs: PRUNE_MS, graceMs: 0, forwarding },
    takeIn: () => spilled.take(),
  });
  const publish = () =>
    engine.runUntilIdle({
      worthMs: worthMs(loaded),
      mustEnd: async () => {
        change = await changeSince();
        mustLeave = await isOver();
        return change !== undefined || mustLeave;
      },
      mayWait: async () =>
        await changeSince() !== "buffer" && await mayWait(givenOf(loaded), buffer, isOver),
      onLease: async () => {
        await takeOver(givenOf(loaded), buffer);
        if (await buffer.settings.get(PUBLISHER_PROBLEM) !== undefined) {
          await buffer.settings.put(PUBLISHER_PROBLEM, undefined);
        }
      },
    });
  do {
    await publish();
    // A call that spilled its alert just before this one ended has seen its lease, and started none.
  } while (change === undefined && !mustLeave && await spilled.take() > 0);
  return change === "settings" && !mustLeave ? "read again" : "over";
}

interface Parts {
  readonly publisher: Publisher;
  readonly forwarding: ForwardingRounds | undefined;
}

async function partsOf({ config }: Loaded, buffer: Buffer, log: Log): Promise<Parts> {
  const publisher = createPublisher(config, buffer, log);
  try {
    return { publisher, forwarding: await createForwarding(config, buffer, log) };
  } catch (error) {
    publisher[Symbol.dispose]();
    throw error;
  }
}

const worthMs = ({ config: { buffer } }: Loaded) =>
  Math.max(buffer.maxHoldMs, buffer.periodMs) + EXTRA_WAIT_MS;

function filesOf({ config: { misp, forward, notify }, file }: Loaded): readonly string[] {
  const ofMisp = [misp.apiKeyFile, misp.caFile, misp.proxyAuthFile];
  return [file, ...ofMisp, forward.tokenFile, forward.caFile, notify.caFile]
    .filter((name) => name !== undefined);
}

/** One that was given what the holder of the lease was given, too, is not needed. */
async function mayWait(
  given: string,
  buffer: Buffer,
  isOver: () => Promise<boolean>,
): Promise<boolean> {
  const holder = await buffer.settings.get(PUBLISHER_GIVEN);
  if (holder !== undefined && digestOf(given, holder) === holder) return false;
  return !await isOver();
}

/** What failed by another key or address is tried at once. */
async function takeOver(given: string, buffer: Buffer): Promise<void> {
  const before = await buffer.settings.get(PUBLISHER_GIVEN);
  const digest = digestOf(given, before);
  if (digest === before) return;
  await buffer.settings.put(PUBLISHER_GIVEN, digest);
  if (before !== undefined) await buffer.outbox.endPauses();
}

/**
 * The configuration to go on with. While it is not usable, the lease is held: other publishers could
 * not work either.
 *
 * @returns undefined: nobody is to go on
 */
async function nextConfig(
  start: Start,
  loaded: Loaded,
  { buffer, log, isOver }: Surroundings,
): Promise<Loaded | undefined> {
  const { config } = loaded;
  const given = givenOf(loaded);
  const changeSince = await noteFiles(config.buffer.path, []);
  const due = { ...dueRules(config), forwards: config.forward.url !== undefined };
  const { leases, outbox } = buffer;
  const lease = await takeBackgroundLease({
    ...{ leases, owner: ownerName(), now: Date.now },
    mayWait: async () => await changeSince() === undefined && await mayWait(given, buffer, isOver),
  });
  if (lease === undefined) return undefined;
  let problem: string | undefined;
  try {
    await takeOver(given, buffer);
    for (;;) {
      const next = await usableConfig(start, buffer, log);
      if (typeof next !== "string") {
        // A key, an address or an authority may be another one: what failed is tried at once.
        await outbox.endPauses();
        return next;
      }
      if (next !== problem) {
        problem = next;
        log("error", `nothing is published until the configuration is usable: ${problem}`);
        await buffer.settings.put(PUBLISHER_PROBLEM, problem);
      }
      if (await outbox.releaseUnlessDue(lease, due, Date.now() + worthMs(loaded))) return undefined;
      await sleepInTime(LOOK_MS);
      if (await isOver() || await changeSince() !== undefined) return undefined;
      if (!await leases.renew(lease, BACKGROUND_LEASE_MS, Date.now())) return undefined;
    }
  } finally {
    await leases.release(lease);
  }
}

/** @returns why it is not usable, or the configuration */
async function usableConfig(
  start: Start,
  buffer: Buffer,
  log: Log,
): Promise<Loaded | string> {
  try {
    const loaded = loadGiven(start);
    const { publisher, forwarding } = await partsOf(loaded, buffer, log);
    publisher[Symbol.dispose]();
    forwarding?.[Symbol.dispose]();
    return loaded;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
}
