/**
 * The time of an alert.
 *
 * @module
 */

const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?$/;

/** Oldest time that is believed: before it there was no SSH. */
const EARLIEST = Date.UTC(1995, 0, 1);
/** MISP stores seconds of a signed 64-bit number, but four-digit years are all its forms take. */
const LATEST = Date.UTC(9999, 0, 1);

/**
 * Reads a time, such as an alert's, whose offset has no colon: `2026-08-23T06:14:07.412+0200`
 * (docs/contracts/wazuh.md 4.1). A time without an offset counts as UTC.
 *
 * @returns milliseconds since the epoch, UTC; undefined for anything else
 */
export function parseTimestamp(text: unknown): number | undefined {
  if (typeof text !== "string" || text.length > 40) return undefined;
  if (text.length === WRITTEN_LENGTH) {
    const at = writtenTime(text, 0);
    if (at !== undefined) return at;
  }
  return FORM.test(text) ? timeOf(text, 0, millisecondsOf(text), offsetOf(text)) : undefined;
}

/** `2026-08-23T06:14:07.412+0200`, as Wazuh itself writes every time. */
export const WRITTEN_LENGTH = 28;

/**
 * Reads a time of that form where it stands in a text: to cut it out first, or to ask an expression
 * about it, takes several times as long.
 *
 * @returns milliseconds since the epoch, UTC; undefined for anything else
 */
export function writtenTime(text: string, start: number): number | undefined {
  const sign = text.charCodeAt(start + 23);
  const hasSigns = text.charCodeAt(start + 4) === MINUS && text.charCodeAt(start + 7) === MINUS &&
    text.charCodeAt(start + 10) === LETTER_T && text.charCodeAt(start + 13) === COLON &&
    text.charCodeAt(start + 16) === COLON && text.charCodeAt(start + 19) === DOT &&
    (sign === PLUS || sign === MINUS);
  if (!hasSigns) return undefined;
  const milliseconds = pair(text, start + 20) * 10 + digit(text, start + 22);
  const minutes = pair(text, start + 24) * 60 + pair(text, start + 26);
  return timeOf(text, start, milliseconds, believed(sign === MINUS ? -minutes : minutes));
}

const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const COLON = 58;
const LETTER_T = 84;

/** No zone is further from UTC than 14 hours; POSIX and most databases take up to 18. Minutes. */
const FARTHEST_OFFSET = 18 * 60;

/** Minutes as milliseconds, NaN for an offset that no zone has: its time is not valid. */
function believed(minutes: number): number {
  return minutes > FARTHEST_OFFSET || minutes < -FARTHEST_OFFSET ? NaN : minutes * 60_000;
}

/** The time that starts with `2026-08-23T06:14:07`; a digit that is none makes it no time. */
function timeOf(
  text: string,
  start: number,
  milliseconds: number,
  offset: number,
): number | undefined {
  const year = pair(text, start) * 100 + pair(text, start + 2);
  const month = pair(text, start + 5);
  const day = pair(text, start + 8);
  const hour = pair(text, start + 11);
  const minute = pair(text, start + 14);
  const second = pair(text, start + 17);
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const time = ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds;
  const at = dayNumber(year, month, day) * 86_400_000 + time - offset;
  return at >= EARLIEST && at < LATEST ? at : undefined;
}

/** The number of two digits, NaN where there are none. */
function pair(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : NaN;
}

function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month === 2) return isLeap ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970, a third of the cost of `Date.UTC()`: years begin in March here, with leap days last. */
function dayNumber(year: number, month: number, day: number): number {
  const fullYears = month > 2 ? year : year - 1;
  const leapDays = Math.floor(fullYears / 4) - Math.floor(fullYears / 100) +
    Math.floor(fullYears / 400);
  const monthDays = Math.floor((153 * ((month + 9) % 12) + 2) / 5);
  return fullYears * 365 + leapDays + monthDays + day - 719_469;
}

/** Where the seconds end in every form. */
const SECONDS_END = 19;

/** Digits behind the third are cut off. */
function millisecondsOf(text: string): number {
  if (text[SECONDS_END] !== "." && text[SECONDS_END] !== ",") return 0;
  let value = 0;
  let unit = 100;
  for (let at = SECONDS_END + 1; unit >= 1; at++, unit /= 10) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    value += digit * unit;
  }
  return value;
}

/** Milliseconds that the local time is ahead of UTC. */
function offsetOf(text: string): number {
  const { length } = text;
  if (length === SECONDS_END || text.endsWith("Z")) return 0;
  const signAt = text[length - 3] === ":" ? length - 6 : length - 5;
  const sign = text[signAt];
  if (sign !== "+" && sign !== "-") return 0;
  const minutes = pair(text, signAt + 1) * 60 + pair(text, length - 2);
  return believed(sign === "-" ? -minutes : minutes);
}
