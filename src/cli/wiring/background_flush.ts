/**
 * What `flush --until-idle` does: it publishes for integration calls until nothing waits.
 *
 * @module
 */
import type { SqliteBuffer } from "../../buffer/sqlite/sqlite_buffer.ts";
import { HOUR, MINUTE, SECOND } from "../../clock.ts";
import type { Loaded } from "../../config/load.ts";
import { messageOf } from "../../errors.ts";
import { BACKGROUND_LEASE, PUBLISHER_PROBLEM } from "../../publish/names.ts";
import type { Log } from "../terminal/log.ts";
import { startBackgroundPublisher } from "./background_publisher.ts";
import { type Change, noteFiles } from "./changed_files.ts";
import { ownerName, type Start } from "./context.ts";
import { createEngine } from "./engine.ts";
import { createForwarding, type ForwardingRounds } from "./forwarding.ts";
import { createPublisher, type Publisher } from "./publisher.ts";

/** How often it looks, milliseconds: it also sees then that others emptied the buffer. */
const LOOK_MS = 2 * SECOND;
const PRUNE_MS = HOUR;
/** How much longer than a whole attack it waits for what falls due, milliseconds. */
const EXTRA_WAIT_MS = 5 * MINUTE;
/** How long no other one is started after one that could not work, milliseconds. */
const RESTART_AFTER_MS = 30 * SECOND;

/**
 * Publishes until nothing waits. Where the configuration is changed meanwhile, another process goes on.
 * Nobody reads what this one prints: its problems go to the log and to `status`.
 */
export async function publishInBackground(
  start: Start,
  loaded: Loaded,
  buffer: SqliteBuffer,
  log: Log,
): Promise<void> {
  try {
    using publisher = createPublisher(loaded.config, buffer, log);
    using forwarding = await createForwarding(loaded.config, buffer, log);
    if (await buffer.settings.get(PUBLISHER_PROBLEM) !== undefined) {
      await buffer.settings.put(PUBLISHER_PROBLEM, undefined);
    }
    if (await publishUntilIdle(publisher, forwarding, loaded) === "settings") {
      startBackgroundPublisher(start, loaded, log);
    }
  } catch (error) {
    const reason = messageOf(error);
    log("error", `nothing is published: ${reason}`);
    await buffer.settings.put(PUBLISHER_PROBLEM, reason);
    // It is not released, so that not every alert starts another publisher that cannot work.
    await buffer.leases.take(BACKGROUND_LEASE, ownerName(), RESTART_AFTER_MS, Date.now());
  }
}

/** @returns what was changed meanwhile; undefined: nothing waits any more */
async function publishUntilIdle(
  publisher: Publisher,
  forwarding: ForwardingRounds | undefined,
  { config, file }: Loaded,
): Promise<Change> {
  const { misp, forward, buffer: { path, maxHoldMs, periodMs } } = config;
  const settings = [file, misp.apiKeyFile, misp.caFile, forward.tokenFile, forward.caFile]
    .filter((name) => name !== undefined);
  const changeSince = await noteFiles(path, settings);
  let change: Change;
  using engine = createEngine(publisher, config, {
    ...{ lookMs: LOOK_MS, pruneMs: PRUNE_MS, graceMs: 0, forwarding },
  });
  await engine.runUntilIdle({
    worthMs: Math.max(maxHoldMs, periodMs) + EXTRA_WAIT_MS,
    mustEnd: async () => (change = await changeSince()) !== undefined,
  });
  return change;
}
