/**
 * Looking into parsed JSON that somebody else wrote.
 *
 * @module
 */

/** An object of JSON: each of its values may be anything. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether a value is an object of JSON. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Own property, so that a key such as `__proto__` is never followed. */
export function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
