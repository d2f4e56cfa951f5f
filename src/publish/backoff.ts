/**
 * How long to wait after failures. Pure.
 *
 * @module
 */
import { MINUTE, SECOND } from "../clock.ts";

const SHORTEST_PAUSE_MS = 30 * SECOND;
const LONGEST_PAUSE_MS = 30 * MINUTE;

/**
 * How long to wait after so many failures in a row: doubling from 30 s to 30 minutes, spread by a
 * quarter so that many publishers do not come back together.
 *
 * @param failures from 1
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function backoffMs(failures: number, random: number): number {
  const pause = Math.min(SHORTEST_PAUSE_MS * 2 ** Math.min(failures - 1, 20), LONGEST_PAUSE_MS);
  return Math.round(pause * (0.75 + random / 2));
}
