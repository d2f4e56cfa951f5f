/**
 * Whether a list may change so much at once: a wrong list breaks a network. Pure.
 *
 * @module
 */

/** Where `max_change_percent` is not set. */
const DEFAULT_PERCENT = 50;

/** Without `max_change_percent`, a change by so few addresses is always written. */
const FEW = 10;

/** A change of a list. */
export interface ListChange {
  /** How many addresses the file has; undefined: there is none yet. */
  readonly before: number | undefined;
  /** How many it would have. */
  readonly after: number;
  /** How many of those in the file may be in no list now: of the guard, warning lists, withdrawn, expired. */
  readonly keptOut: number;
}

/**
 * Decides about the next content of a list. What somebody has kept out leaves the list, however much
 * that is.
 *
 * @param maxPercent `max_change_percent`; undefined: 50, and a change by up to ten addresses is written
 */
export function mayChange(
  { before, after, keptOut }: ListChange,
  maxPercent: number | undefined,
): boolean {
  // An empty list is what a list is before the first attacker.
  if (before === undefined || before === 0) return true;
  const change = Math.abs(after - (before - keptOut));
  if (maxPercent === undefined && change <= FEW) return true;
  return change * 100 <= before * (maxPercent ?? DEFAULT_PERCENT);
}

/** What would change, for people: `would shrink from 120 to 3 addresses, by 98 %`. */
export function changeText(before: number, after: number): string {
  const percent = Math.round(Math.abs(after - before) * 100 / before);
  return `would ${after < before ? "shrink" : "grow"} from ${before} to ${after} addresses, ` +
    `by ${percent} %`;
}
