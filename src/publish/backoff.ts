/**
 * How long to wait after failures. Pure.
 *
 * @module
 */
import { MINUTE, SECOND } from "../clock.ts";

const SHORTEST_PAUSE_MS = 30 * SECOND;
const LONGEST_PAUSE_MS = 30 * MINUTE;

/** A quarter less to a quarter more, so that many publishers do not come back together. */
const spread = (milliseconds: number, random: number) =>
  Math.round(milliseconds * (0.75 + random / 2));

/**
 * How long to wait after so many failures in a row: doubling from 30 s to 30 minutes, spread by a
 * quarter.
 *
 * @param failures from 1
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function backoffMs(failures: number, random: number): number {
  const pause = Math.min(SHORTEST_PAUSE_MS * 2 ** Math.min(failures - 1, 20), LONGEST_PAUSE_MS);
  return spread(pause, random);
}

/**
 * How long a report waits that failed by itself, where its tries do not count: as long again as it has
 * waited so far, from 30 s to 30 minutes, spread by a quarter.
 *
 * @param ageMs how long it has waited, milliseconds; negative: the clock was set back
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function ageBackoffMs(ageMs: number, random: number): number {
  return spread(Math.min(Math.max(ageMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS), random);
}
