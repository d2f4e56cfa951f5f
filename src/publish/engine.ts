/**
 * The publisher that an integration call leaves behind: it stays until nothing waits any more, so that
 * the last burst is published too when no further alert ever comes.
 *
 * @module
 */
import { publishDue, type PublisherParts } from "./publisher.ts";
import { BACKGROUND_LEASE } from "./names.ts";
import { messageOf } from "../errors.ts";

/** How often a stayer looks, milliseconds; it also notices then that others emptied the buffer. */
const LOOK_MS = 2_000;
/** A stayer that was killed is replaced after so long, milliseconds. */
const LEASE_MS = 30_000;

/** What a stayer needs beside a publisher's parts. */
export interface UntilIdleParts extends PublisherParts {
  /** What falls due later than this is not waited for, milliseconds. */
  readonly worthMs: number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Whether the buffer is another file by now, or the configuration was changed. */
  readonly mustLeave: () => Promise<boolean>;
  /** Tells whether there is more to forget. */
  readonly prune: () => Promise<boolean>;
  /** Forwards what waits. Undefined: nothing is forwarded here. */
  readonly forward?: (() => Promise<void>) | undefined;
}

/** How often a stayer forgets what is old, milliseconds. */
const PRUNE_MS = 60 * 60_000;

/**
 * Publishes until nothing waits, or only what is not worth waiting for. At most one stays. Alerts that
 * are to be forwarded are always worth it: nobody else may ever come to send them.
 */
export async function publishUntilIdle(parts: UntilIdleParts, owner: string): Promise<void> {
  const { buffer, now } = parts;
  const due = { ...parts.due, forwards: parts.forward !== undefined };
  const lease = await buffer.leases.take(BACKGROUND_LEASE, owner, LEASE_MS, now());
  if (lease === undefined) return;
  try {
    for (let prunedAt = -Infinity;;) {
      // A busy site's alert ids of an hour are more than one transaction forgets.
      if (Math.abs(now() - prunedAt) >= PRUNE_MS && !await parts.prune()) prunedAt = now();
      await forwardWhenDue(parts);
      await publishWhenDue(parts, owner);
      if (await buffer.outbox.releaseUnlessDue(lease, due, now() + parts.worthMs)) return;
      await parts.sleep(LOOK_MS);
      if (await parts.mustLeave()) return;
      if (!await buffer.leases.renew(lease, LEASE_MS, now())) return;
    }
  } finally {
    await buffer.leases.release(lease);
  }
}

/** As with reports: what could not be sent waits for the next look. */
async function forwardWhenDue({ buffer, now, log, forward }: UntilIdleParts): Promise<void> {
  if (forward === undefined) return;
  try {
    const next = await buffer.spool.dueAt(now());
    if (next !== undefined && next <= now()) await forward();
  } catch (error) {
    log("error", `forwarding failed: ${messageOf(error)}`);
  }
}

/** A round that fails is logged; the reports wait, and the next look tries again. */
async function publishWhenDue(parts: UntilIdleParts, owner: string): Promise<void> {
  const { buffer, due, now, log } = parts;
  try {
    const next = await buffer.outbox.nextDueAt(due, now());
    if (next !== undefined && next <= now()) await publishDue(parts, owner);
  } catch (error) {
    log("error", `publishing failed: ${messageOf(error)}`);
  }
}
