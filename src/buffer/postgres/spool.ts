/**
 * Alerts that are forwarded wait in the file of their own machine: none waits here.
 *
 * @module
 */
import type { SpooledAlert, SpoolStatus, SpoolStore } from "../spool.ts";

const EMPTY: SpoolStatus = {
  waiting: 0,
  oldestAddedAt: undefined,
  bytes: 0,
  refused: 0,
  lastRefusal: undefined,
  forwarded: 0,
  duplicate: 0,
  ignored: 0,
};

/** A spool that is always empty. */
export const NO_SPOOL: SpoolStore = {
  oldest: (): Promise<readonly SpooledAlert[]> => Promise.resolve([]),
  markForwarded: () => Promise.resolve(true),
  pause: () => Promise.resolve(),
  dueAt: () => Promise.resolve(undefined),
  retryRefused: () => Promise.resolve(0),
  status: () => Promise.resolve(EMPTY),
};
