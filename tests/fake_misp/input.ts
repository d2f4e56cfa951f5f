/**
 * Request bodies as PHP would read them: numbers are texts, 1 and "1" are true, what does not fit
 * is not there.
 *
 * @module
 */

/** A JSON object of unknown content. */
export type Fields = Readonly<Record<string, unknown>>;

/** @returns The value if it is a JSON object, else an empty one. */
export function fields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** @returns Whether the value is a JSON object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @returns The JSON objects in a list; a single object counts as a list of one. */
export function items(value: unknown): Fields[] {
  if (Array.isArray(value)) return value.filter(isFields);
  return isFields(value) ? [value] : [];
}

/** @returns The value as text; undefined for null, lists and objects. */
export function text(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "1" : "";
  return undefined;
}

/** @returns The value as PHP's truth; undefined when it is not there. */
export function flag(value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  return !(value === false || value === 0 || value === "" || value === "0");
}

/** @returns Whole seconds in the value, if that is what it holds. */
export function seconds(value: unknown): number | undefined {
  const given = text(value);
  return given !== undefined && /^\d+$/.test(given) ? Number(given) : undefined;
}

/** A character that MISP's database cannot hold: one that takes four bytes in UTF-8. */
const FOUR_BYTES = /[\u{10000}-\u{10FFFF}]/u;
const FOUR_BYTES_ALL = /[\u{10000}-\u{10FFFF}]/gu;

/** Bytes that a database column of type text holds. */
export const COLUMN_BYTES = 65_535;

/** @returns How many bytes the text takes in UTF-8. */
export function bytesOf(value: string): number {
  return new TextEncoder().encode(value).length;
}

/** @returns Whether the database takes the text into a column of so many bytes. */
export function fitsColumn(value: string, bytes = COLUMN_BYTES): boolean {
  return !FOUR_BYTES.test(value) && bytesOf(value) <= bytes;
}

/** @returns The text as the value column keeps it: a question mark for each such character. */
export function withoutFourBytes(value: string): string {
  return value.replaceAll(FOUR_BYTES_ALL, "?");
}

/** @returns Whether the text is a uuid of RFC 4122's form. */
export function isUuid(value: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value);
}

/**
 * The body of a request as JSON.
 *
 * @param bytes What was sent.
 * @returns The value; undefined when MISP would call it invalid.
 */
export function parseJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    const source = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (source.trim() === "") return { value: undefined };
    return { value: JSON.parse(source, refuseLoneSurrogates) };
  } catch {
    return undefined;
  }
}

function refuseLoneSurrogates(key: string, value: unknown): unknown {
  const whole = key.isWellFormed() && (typeof value !== "string" || value.isWellFormed());
  if (!whole) throw new SyntaxError("Lone surrogate");
  return value;
}
