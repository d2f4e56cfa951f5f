/**
 * Whether a list may change so much at once: a wrong list breaks a network. Pure.
 *
 * @module
 */

/** Where `max_change_percent` is not set. */
const DEFAULT_PERCENT = 50;

/** Without `max_change_percent`, a change by so few addresses is always written. */
const FEW = 10;

/**
 * Decides about the next content of a list.
 *
 * @param before how many addresses the file has; undefined: there is none yet
 * @param after how many it would have
 * @param maxPercent `max_change_percent`; undefined: 50, and a change by up to ten addresses is written
 */
export function mayChange(
  before: number | undefined,
  after: number,
  maxPercent: number | undefined,
): boolean {
  // An empty list is what a list is before the first attacker.
  if (before === undefined || before === 0) return true;
  const change = Math.abs(after - before);
  if (maxPercent === undefined && change <= FEW) return true;
  return change * 100 <= before * (maxPercent ?? DEFAULT_PERCENT);
}

/** What would change, for people: `would shrink from 120 to 3 addresses, by 98 %`. */
export function changeText(before: number, after: number): string {
  const percent = Math.round(Math.abs(after - before) * 100 / before);
  return `would ${after < before ? "shrink" : "grow"} from ${before} to ${after} addresses, ` +
    `by ${percent} %`;
}
