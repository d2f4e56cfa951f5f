/**
 * Times in events.
 *
 * @module
 */

/** A time in the form of MISP's answers: `2026-11-23T00:04:11.000000+00:00`. */
export function mispTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace("Z", "000+00:00");
}
