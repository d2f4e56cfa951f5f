/**
 * The time of an alert.
 *
 * @module
 */

const FORM =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:Z|([+-])(\d\d):?(\d\d))?$/;

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
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", sign, offsetHour, offsetMinute] =
    match;
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, "0"));
  const local = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second!, milliseconds);
  const isRealDate = new Date(local).getUTCDate() === +day! && +month! <= 12 && +hour! < 24;
  if (!isRealDate || +minute! > 59 || +second! > 60) return undefined;
  const offset = sign === undefined ? 0 : (+offsetHour! * 60 + +offsetMinute!) * 60_000;
  const at = sign === "-" ? local + offset : local - offset;
  return at >= EARLIEST && at < LATEST ? at : undefined;
}
