/**
 * Whether anybody publishes what is due.
 *
 * @module
 */
import type { Buffer } from "../buffer/buffer.ts";
import type { DueRules } from "../buffer/outbox.ts";
import { MINUTE } from "../clock.ts";
import type { SinkName } from "../model.ts";
import { BACKGROUND_LEASE, INTEGRATORD_URL } from "./names.ts";
import { PUBLISH_LEASE } from "./publisher.ts";

/** A publisher looks every few seconds: what is due for longer has none, milliseconds. */
const LONGEST_DUE_MS = MINUTE;

/** Each sink, and what is missing in a configuration that does not have it. */
const MISSING: Readonly<Record<SinkName, string>> = {
  misp: "MISP, and misp.url is not set",
  feed: "the feed folder, and feed.directory is not set beside misp.url",
};

/** Reports that wait for sinks that are not configured any more. */
export interface Stranded {
  readonly reports: number;
  /** For each such sink, in one line: how many wait for it, and what to do. */
  readonly problems: readonly string[];
}

/**
 * What waits for sinks that are not configured: a configuration that lost a key delivers it to nobody.
 *
 * @param sinks those that are configured
 */
export async function strandedReports(
  buffer: Buffer,
  sinks: readonly SinkName[],
): Promise<Stranded> {
  // It is configured, but commands do not see it.
  const isMispHidden = await buffer.settings.get(INTEGRATORD_URL) !== undefined;
  const known = isMispHidden ? [...sinks, "misp"] : sinks;
  let reports = 0;
  const problems: string[] = [];
  for (const sink of ["misp", "feed"] as const) {
    const waiting = known.includes(sink) ? 0 : await buffer.outbox.countWaiting([sink]);
    if (waiting === 0) continue;
    reports += waiting;
    const what = waiting === 1 ? "1 report waits" : `${waiting} reports wait`;
    problems.push(`${what} for ${MISSING[sink]}; set it again, or remove them by \`report drop\``);
  }
  return { reports, problems };
}

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
