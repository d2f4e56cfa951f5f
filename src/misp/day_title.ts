/**
 * The title of an event that the sources of one day share. It names no address and no sensor. Pure.
 * MISP and feeds hold such titles from earlier releases: `namesLogin()` must recognise theirs too.
 *
 * @module
 */

const TITLE = "SSH brute-force sources seen by honeypots, ";
const COMPROMISED = "SUCCESSFUL LOGIN among ";
/** Earlier releases put it behind the first comma, where MISP shows it small. */
const EARLIER = ", with a SUCCESSFUL LOGIN";

/**
 * Makes the title.
 *
 * @param day `2026-11-23`
 * @param part from 1
 * @param isCompromised whether a login of one of its sources succeeded
 */
export function dayTitle(day: string, part: number, isCompromised: boolean): string {
  return `${isCompromised ? COMPROMISED : ""}${TITLE}${day}${part === 1 ? "" : ` (part ${part})`}`;
}

/** Whether a day's title names a successful login: no other source of the day may remove that. */
export function namesLogin(title: string): boolean {
  return title.startsWith(COMPROMISED + TITLE) ||
    title.startsWith(TITLE) && title.endsWith(EARLIER);
}

/** Whether it is a day's title without a login: the event has it already, or a more urgent one. */
export function isDayWithoutLogin(title: string): boolean {
  return title.startsWith(TITLE) && !title.endsWith(EARLIER);
}
