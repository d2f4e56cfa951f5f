/**
 * The title of an event that the sources of one day share. It names no address and no sensor. Pure.
 *
 * @module
 */

const TITLE = "SSH brute-force sources seen by honeypots, ";
const COMPROMISED = ", with a SUCCESSFUL LOGIN";

/**
 * Makes the title.
 *
 * @param day `2026-11-23`
 * @param part from 1
 * @param isCompromised whether a source of it was let in
 */
export function dayTitle(day: string, part: number, isCompromised: boolean): string {
  return `${TITLE}${day}${part === 1 ? "" : ` (part ${part})`}${isCompromised ? COMPROMISED : ""}`;
}

/** Whether it is a day's title that tells of a login: no other source of the day may take that back. */
export function namesLogin(title: string): boolean {
  return title.startsWith(TITLE) && title.endsWith(COMPROMISED);
}

/** Whether it is a day's title that says nothing new to whoever has the event. */
export function isDayWithoutLogin(title: string): boolean {
  return title.startsWith(TITLE) && !title.endsWith(COMPROMISED);
}
