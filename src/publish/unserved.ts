/**
 * Whether anybody publishes what is due.
 *
 * @module
 */
import type { Buffer } from "../buffer/buffer.ts";
import type { DueRules } from "../buffer/outbox.ts";
import { MINUTE } from "../clock.ts";
import { BACKGROUND_LEASE, INTEGRATORD_URL } from "./names.ts";
import { PUBLISH_LEASE } from "./publisher.ts";

/** A publisher looks every few seconds: what is due for longer has none, milliseconds. */
const LONGEST_DUE_MS = MINUTE;

/**
 * Since when something is due that nobody publishes, milliseconds UTC. Undefined: nothing is, or
 * somebody is at work.
 */
export async function unservedSince(
  buffer: Buffer,
  rules: DueRules,
  now: number,
): Promise<number | undefined> {
  const { leases, outbox, settings } = buffer;
  // Commands do not see the MISP that only integratord names; what waits for it counts all the same.
  const isMispHidden = await settings.get(INTEGRATORD_URL) !== undefined;
  const sinks = isMispHidden ? [...new Set([...rules.sinks, "misp" as const])] : rules.sinks;
  const dueAt = await outbox.nextDueAt({ ...rules, sinks });
  if (dueAt === undefined || dueAt > now - LONGEST_DUE_MS) return undefined;
  for (const lease of [BACKGROUND_LEASE, PUBLISH_LEASE]) {
    if (await leases.isHeld(lease, now)) return undefined;
  }
  return dueAt;
}
