/**
 * The title of an event that the sources of one day share. It names no address and no sensor. Pure.
 * MISP and feeds hold such titles from earlier releases: `namesLogin()` must recognise theirs too.
 *
 * @module
 */

const OF_SSH = "SSH brute-force sources seen by honeypots, ";
/** SSH and Telnet share the event of a day: a title that names one would be wrong for the other. */
const OF_ANY = "Brute-force sources seen by honeypots, ";
const COMPROMISED = "SUCCESSFUL LOGIN among ";
/** Earlier releases put it behind the first comma, where MISP shows it small. */
const EARLIER = ", with a SUCCESSFUL LOGIN";

/**
 * Makes the title.
 *
 * @param day `2026-11-23`
 * @param part from 1
 * @param isCompromised whether a login of one of its sources succeeded
 * @param hasTelnet whether one of its sources may be of Telnet alone
 */
export function dayTitle(
  day: string,
  part: number,
  isCompromised: boolean,
  hasTelnet: boolean,
): string {
  const title = hasTelnet ? OF_ANY : OF_SSH;
  return `${isCompromised ? COMPROMISED : ""}${title}${day}${part === 1 ? "" : ` (part ${part})`}`;
}

/** Whether a day's title names a successful login: no other source of the day may remove that. */
export function namesLogin(title: string): boolean {
  return title.startsWith(COMPROMISED) && isOfDay(title.slice(COMPROMISED.length)) ||
    isOfDay(title) && title.endsWith(EARLIER);
}

/** Whether it is a day's title without a login: the event has it already, or a more urgent one. */
export function isDayWithoutLogin(title: string): boolean {
  return isOfDay(title) && !title.endsWith(EARLIER);
}

function isOfDay(title: string): boolean {
  return title.startsWith(OF_SSH) || title.startsWith(OF_ANY);
}
