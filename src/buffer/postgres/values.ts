/**
 * Parameters as PostgreSQL reads them. Pure.
 *
 * @module
 */
import { storable } from "../batch/storable.ts";

/** What a statement may be given. */
export type Value = string | number | boolean | null | readonly (string | number | null)[];

/** A parameter as text; an array in braces. */
export function encode(value: Value): string | null {
  if (value === null) return null;
  if (typeof value === "string") return storable(value);
  if (!Array.isArray(value)) return String(value);
  return `{${value.map(element).join(",")}}`;
}

function element(value: string | number | null): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return String(value);
  return `"${storable(value).replace(/["\\]/g, "\\$&")}"`;
}
