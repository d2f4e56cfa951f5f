/**
 * The time of an alert.
 *
 * @module
 */

const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?$/;

/** Oldest time taken for real: before it there was no SSH. */
const EARLIEST = Date.UTC(1995, 0, 1);
/** MISP stores seconds of a signed 64-bit number, but four-digit years are all its forms take. */
const LATEST = Date.UTC(9999, 0, 1);

/**
 * Reads an alert's timestamp, whose offset has no colon: `2026-08-23T06:14:07.412+0200`
 * (contracts/wazuh.md 4.1). A time without an offset is taken as UTC.
 *
 * @returns milliseconds since the epoch, UTC; undefined for anything else
 */
export function parseTimestamp(text: unknown): number | undefined {
  if (typeof text !== "string" || text.length > 40) return undefined;
  if (!isUsual(text) && !FORM.test(text)) return undefined;
  const year = pair(text, 0) * 100 + pair(text, 2);
  const month = pair(text, 5);
  const day = pair(text, 8);
  const hour = pair(text, 11);
  const minute = pair(text, 14);
  const second = pair(text, 17);
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) {
    return undefined;
  }
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const time = ((hour * 60 + minute) * 60 + second) * 1000 + millisecondsOf(text);
  const at = dayNumber(year, month, day) * 86_400_000 + time - offsetOf(text);
  return at >= EARLIEST && at < LATEST ? at : undefined;
}

const USUAL = "0000-00-00T00:00:00.000+0000";
const DIGIT = 48;
const PLUS = 43;
const MINUS = 45;

/** Whether a time is of the form that Wazuh itself writes: a loop costs a third of the expression. */
function isUsual(text: string): boolean {
  if (text.length !== USUAL.length) return false;
  for (let at = 0; at < USUAL.length; at++) {
    const [code, wanted] = [text.charCodeAt(at), USUAL.charCodeAt(at)];
    const fits = wanted === DIGIT
      ? code >= DIGIT && code <= DIGIT + 9
      : code === wanted || (wanted === PLUS && code === MINUS);
    if (!fits) return false;
  }
  return true;
}

/** The number of two digits at a place where they are known to stand. */
function pair(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528;
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
  return (sign === "-" ? -minutes : minutes) * 60_000;
}
