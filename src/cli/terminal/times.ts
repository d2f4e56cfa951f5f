/**
 * Times as users write them.
 *
 * @module
 */
import { DAY, HOUR, MINUTE } from "../../clock.ts";
import { parseTimestamp } from "../../wazuh/time.ts";
import { EXIT, Failure } from "../exit.ts";

const UNITS: Readonly<Record<string, number>> = { m: MINUTE, h: HOUR, d: DAY };

/**
 * A time, a day, or how long ago: `2026-11-23T06:00:00Z`, `2026-11-23`, `24h`.
 *
 * @param option with its dashes, for the error
 * @param now milliseconds UTC
 * @returns milliseconds UTC
 * @throws {Failure} it is none of these
 */
export function timeOf(option: string, text: string, now: number): number {
  const ago = /^(\d{1,6})([mhd])$/.exec(text);
  const at = ago === null ? momentOf(text) : now - Number(ago[1]) * UNITS[ago[2]!]!;
  if (at !== undefined) return at;
  throw new Failure(
    EXIT.usage,
    `${option} "${text}" is not valid; use a time such as 24h, 7d, 2026-11-23 or ` +
      "2026-11-23T06:00:00Z",
  );
}

/** A time or the beginning of a day, milliseconds UTC; undefined: neither. */
export const momentOf = (text: string): number | undefined =>
  parseTimestamp(text.length === 10 ? `${text}T00:00:00Z` : text);
