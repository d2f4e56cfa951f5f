/**
 * Spans of time, and times that cannot be.
 *
 * @module
 */

/** Milliseconds. */
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/**
 * Nothing of ours lies further in the future, milliseconds. A time that does was written while the clock
 * was ahead, before somebody set it back: waiting for it would keep alerts or reports for hours or years.
 */
export const FAR_AHEAD_MS = HOUR;

/**
 * Whether a time was written by a clock that was set back since.
 *
 * @param at milliseconds UTC
 * @param now milliseconds UTC
 */
export const isFarAhead = (at: number, now: number): boolean => at > now + FAR_AHEAD_MS;
