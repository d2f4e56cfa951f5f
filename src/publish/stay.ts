/**
 * The publisher that an integration call leaves behind: it stays until nothing waits any more, so that
 * the last burst is published too when no further alert ever comes.
 *
 * @module
 */
import { publishDue, type PublisherParts } from "./publisher.ts";
import { STAY_LEASE } from "./stay_lease.ts";

/** How often a stayer looks, milliseconds; it also notices then that others emptied the buffer. */
const LOOK_MS = 2_000;
/** A stayer that was killed is replaced after so long, milliseconds. */
const LEASE_MS = 30_000;

/** What a stayer needs beside a publisher's parts. */
export interface StayParts extends PublisherParts {
  /** What falls due later than this is not waited for, milliseconds. */
  readonly worthMs: number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Whether the buffer is still the file that was opened. */
  readonly isThere: () => Promise<boolean>;
  readonly prune: () => Promise<void>;
}

/** Publishes until nothing waits, or only what is not worth waiting for. At most one stays. */
export async function stayAndPublish(parts: StayParts, owner: string): Promise<void> {
  const { buffer, due, now } = parts;
  const lease = await buffer.takeLease(STAY_LEASE, owner, LEASE_MS, now());
  if (lease === undefined) return;
  try {
    await parts.prune();
    for (;;) {
      const next = await buffer.nextDueAt(due);
      if (next !== undefined && next <= now()) await publishDue(parts, owner);
      if (await buffer.releaseLeaseUnlessDue(lease, due, now() + parts.worthMs)) return;
      await parts.sleep(LOOK_MS);
      if (!await parts.isThere()) return;
      if (!await buffer.renewLease(lease, LEASE_MS, now())) return;
    }
  } finally {
    await buffer.releaseLease(lease);
  }
}
