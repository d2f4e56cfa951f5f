/**
 * Keeps the buffer to what the configuration asks for.
 *
 * @module
 */
import type { Buffer } from "../../buffer/buffer.ts";
import type { Config } from "../../config/config.ts";
import { LOGGED_EVICTIONS } from "../../publish/names.ts";
import { CONNECTION_OVER_MS } from "../../publish/source_record.ts";
import type { PublisherParts } from "../../publish/publisher.ts";

/**
 * Deletes what is older than the configuration keeps it, and logs what the size limit has evicted.
 *
 * @returns whether there is more to delete
 */
export async function pruneBuffer(
  buffer: Buffer,
  config: Config,
  log: PublisherParts["log"],
): Promise<boolean> {
  const keep = {
    seenMs: config.buffer.dedupeMs,
    recordMs: config.misp.reopenAfterMs,
    connectionMs: CONNECTION_OVER_MS,
    expires: config.misp.expireAfterMs !== undefined,
    itemsExpire: config.session.expireAfterMs !== undefined,
  };
  const hasMore = await buffer.retention.prune(keep, Date.now());
  await logEvictions(buffer, config, log);
  return hasMore;
}

/** Each eviction is logged once, by the process that looks next. */
async function logEvictions(
  buffer: Buffer,
  config: Config,
  log: PublisherParts["log"],
): Promise<void> {
  const { alertIds, usernames, passwords, commands } = await buffer.views.evicted();
  const now = JSON.stringify([alertIds, usernames, passwords, commands]);
  const logged = await buffer.settings.get(LOGGED_EVICTIONS) ?? "[0,0,0,0]";
  if (logged === now) return;
  const [ids = 0, names = 0, words = 0, typed = 0] = JSON.parse(logged) as readonly number[];
  await buffer.settings.put(LOGGED_EVICTIONS, now);
  log(
    "warning",
    `the buffer is at its limit, buffer.max_bytes ${config.buffer.maxBytes}, and evicted ` +
      `${alertIds - ids} ids of old alerts, ${usernames - names} user names, ` +
      `${passwords - words} passwords and ${
        commands - typed
      } commands, but no source and no count; raise the limit to keep them`,
  );
}
