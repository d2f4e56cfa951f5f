/**
 * Dates and times as MISP reads and prints them.
 *
 * @module
 */

const ISO_8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

interface Moment {
  /** Seconds since the epoch, UTC. */
  readonly seconds: number;
  /** Six digits. */
  readonly micros: string;
  /** Wall clock as written, `2026-11-20T10:00:00`. */
  readonly wall: string;
  /** Offset as PHP prints it, `+0000`. */
  readonly offset: string;
}

/**
 * first_seen or last_seen as MISP stores it.
 *
 * @param text What was sent.
 * @returns UTC with microseconds; undefined when it is not ISO 8601.
 */
export function normaliseSeen(text: string): string | undefined {
  const moment = parse(text);
  if (moment === undefined) return undefined;
  const utc = new Date(moment.seconds * 1000).toISOString().slice(0, 19);
  return `${utc}.${moment.micros}+00:00`;
}

/**
 * The value of an attribute of type datetime as MISP stores it.
 *
 * @param text What was sent.
 * @returns The same moment with microseconds and a plain offset; undefined when it is not a time.
 */
export function normaliseDatetime(text: string): string | undefined {
  const moment = parse(text);
  return moment && `${moment.wall}.${moment.micros}${moment.offset}`;
}

/** @returns Whether the text is a date of the form YYYY-MM-DD. */
export function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && parse(text) !== undefined;
}

function parse(text: string): Moment | undefined {
  const match = ISO_8601.exec(text.trim());
  if (match === null) return undefined;
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] =
    match;
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const local = Date.parse(`${wall}Z`);
  if (Number.isNaN(local) || new Date(local).toISOString().slice(0, 19) !== wall) return undefined;
  const offset = zone === "Z" ? "+0000" : zone.replace(":", "");
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3));
  const shift = offset.startsWith("-") ? minutes : -minutes;
  return {
    seconds: local / 1000 + shift * 60,
    micros: fraction.slice(0, 6).padEnd(6, "0"),
    wall,
    offset,
  };
}
