/**
 * The lease of the background publisher, and waiting for it.
 *
 * @module
 */
import type { Lease, LeaseStore } from "../buffer/leases.ts";
import { SECOND } from "../clock.ts";
import { BACKGROUND_LEASE } from "./names.ts";
import { type Sleep, sleepInTime } from "./timers.ts";

/** A background publisher that hangs is replaced after so long, milliseconds. */
export const BACKGROUND_LEASE_MS = 30 * SECOND;

/** How long one waits for the lease: longer than one that was killed keeps it, milliseconds. */
const LONGEST_WAIT_MS = 40 * SECOND;
const LOOK_MS = SECOND / 2;

/** How the lease is taken. */
export interface TakeRules {
  readonly leases: LeaseStore;
  readonly owner: string;
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** Whether it is worth waiting while another holds it. By default it is not. */
  readonly mayWait?: (() => Promise<boolean>) | undefined;
  /** `setTimeout()` by default. */
  readonly sleep?: Sleep | undefined;
}

/** Takes the lease. @returns undefined when another keeps it */
export async function takeBackgroundLease(
  { leases, owner, now, mayWait, sleep = sleepInTime }: TakeRules,
): Promise<Lease | undefined> {
  for (let waited = 0;; waited += LOOK_MS) {
    const lease = await leases.take(BACKGROUND_LEASE, owner, BACKGROUND_LEASE_MS, now(), true);
    if (lease !== undefined) return lease;
    if (waited >= LONGEST_WAIT_MS || !await mayWait?.()) return undefined;
    await sleep(LOOK_MS);
  }
}
