/**
 * Values of keys, from the file or as texts, and what is wrong with them.
 *
 * @module
 */
import { readFormats } from "./formats.ts";
import type { Key, Kind, Kinds, Value } from "./key.ts";
import { readLists } from "./lists.ts";

/** An error in the configuration, in one line: the key, the value, what is allowed. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly what: string;
  /** The next step; undefined: `what` says it. */
  readonly hint: string | undefined;

  constructor(what: string, hint?: string) {
    super(hint === undefined ? what : `${what}; ${hint}`);
    this.what = what;
    this.hint = hint;
  }
}

/** What a key allows, in words. */
function allowed(spec: Key): string {
  switch (spec.kind) {
    case "boolean":
      return "true or false";
    case "number":
      return `${
        spec.whole ? "a whole number" : "a number"
      } from ${spec.minimum} to ${spec.maximum}`;
    case "choice":
      return `one of ${spec.choices?.join(", ")}`;
    case "list":
      return "a list of texts";
    case "text":
      return "a text";
    case "formats":
      return 'a list of objects in JSON, such as [{"name": "my-honeypot", …}]';
    case "lists":
      return 'a list of objects in JSON, such as [{"name": "attackers", "format": "plain"}]';
  }
}

function notAllowed(
  name: string,
  value: unknown,
  spec: Key,
  expected = allowed(spec),
): ConfigError {
  // A password or a token may be in an address, too.
  const isSecret = spec.secret || /[:/].*@|:\/\/.*[?#]/.test(String(value));
  const shown = isSecret ? "(secret)" : JSON.stringify(value)?.slice(0, 80);
  return new ConfigError(`${name} is ${shown}; allowed is ${expected}`);
}

/** A value from the environment or the command line of integratord. */
export function fromText(name: string, raw: string, spec: Key): Value {
  if (spec.kind === "list") {
    const items = raw.split(",").map((item) => item.trim()).filter((item) => item !== "");
    return checked(name, items, spec);
  }
  if (spec.kind === "number") {
    return checked(name, raw.trim() === "" ? NaN : Number(raw), spec, raw);
  }
  if (spec.kind === "boolean") {
    if (!["true", "false"].includes(raw)) throw notAllowed(name, raw, spec);
    return raw === "true";
  }
  if (isJson(spec.kind)) {
    let given: unknown;
    try {
      given = JSON.parse(raw);
    } catch {
      throw notAllowed(name, raw, spec);
    }
    return fromJson(name, given, spec);
  }
  return checked(name, raw, spec);
}

/** A value from the file. */
export function fromJson(name: string, given: unknown, spec: Key): Value {
  const { kind } = spec;
  if (isJson(kind)) return objectsFrom(name, given, JSON_READERS[kind]);
  const value = spec.orText && typeof given === "string" ? [given] : given;
  if (!isOfKind(value, kind)) throw notAllowed(name, value, spec);
  return checked(name, value, spec);
}

/** The kinds whose values are lists of objects. */
const JSON_READERS = { formats: readFormats, lists: readLists } as const;

type JsonKind = keyof typeof JSON_READERS;

const isJson = (kind: Kind): kind is JsonKind => Object.hasOwn(JSON_READERS, kind);

function objectsFrom(name: string, given: unknown, read: (given: unknown) => Value): Value {
  try {
    return read(given);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigError(`${name}${error.message}`);
  }
}

function isOfKind(
  value: unknown,
  kind: Exclude<Kind, JsonKind>,
): value is Kinds[Exclude<Kind, JsonKind>] {
  switch (kind) {
    case "list":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "text":
    case "choice":
      return typeof value === "string";
  }
}

/** A value that its key allows. @param shown the value as the user wrote it, for the error */
function checked(name: string, value: Value, spec: Key, shown: unknown = value): Value {
  if (typeof value === "number") {
    const inRange = value >= (spec.minimum ?? -Infinity) && value <= (spec.maximum ?? Infinity);
    if (!inRange || (spec.whole && !Number.isInteger(value))) throw notAllowed(name, shown, spec);
  }
  if (spec.kind === "choice" && !spec.choices?.includes(String(value))) {
    throw notAllowed(name, shown, spec);
  }
  if (Array.isArray(value) && (value.includes("") || spec.atLeastOne && value.length === 0)) {
    throw notAllowed(name, shown, spec, `${allowed(spec)}, none of them empty`);
  }
  if (typeof value === "string" && value.trim() === "") throw notAllowed(name, shown, spec);
  for (const item of Array.isArray(value) ? value : typeof value === "string" ? [value] : []) {
    const expected = spec.check?.(item);
    if (expected !== undefined) throw notAllowed(name, item, spec, expected);
  }
  return value;
}
