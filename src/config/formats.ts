/**
 * `honeypot.formats`: the formats of honeypots that a user describes, and what is wrong with them.
 *
 * @module
 */
import type { DecoyFormat } from "../decoy_format.ts";
import { isFields } from "../json.ts";
import { refusal } from "./refusal.ts";

type Kind = "text" | "values" | "path" | "conditions" | "protocol";

/** A field of a format. */
export interface FormatField {
  readonly kind: Kind;
  readonly required?: boolean;
  readonly about: string;
}

/** The fields of a format, in the order of `config --schema`. */
export const FORMAT_FIELDS: Readonly<Record<keyof DecoyFormat, FormatField>> = {
  name: { kind: "text", required: true, about: "What you call the honeypot" },
  when: {
    kind: "conditions",
    required: true,
    about: "Paths with the values by which an alert of it is recognised; * is any value",
  },
  event: { kind: "path", required: true, about: "Path of what happened" },
  failed: { kind: "values", about: "Values of event that are a guess that was refused" },
  success: {
    kind: "values",
    about: "Values of event that are a guess that logged in to the decoy",
  },
  key: { kind: "values", about: "Values of event that are a public key that was offered" },
  connect: { kind: "values", about: "Values of event that are a connection without a guess" },
  source: { kind: "path", required: true, about: "Path of the address, with or without a port" },
  attempts: {
    kind: "path",
    about: "Path of a list of guesses; user, password and time are then paths in its items",
  },
  user: { kind: "path", about: "Path of the user name" },
  password: { kind: "path", about: "Path of the password" },
  session: { kind: "path", about: "Path of what names the connection" },
  time: { kind: "path", about: "Path of the time; the alert's own by default" },
  protocol: { kind: "protocol", about: "ssh, telnet, or the path of one of them; ssh by default" },
};

const MOST_FORMATS = 50;
const LONGEST_TEXT = 200;

/** Paths outside of `data`. */
const OTHER_PATHS: readonly string[] = [
  "decoder.name",
  "location",
  "predecoder.program_name",
  "rule.id",
];

const A_PATH = 'a path such as "data.src_host"';
const A_TEXT = `a text of 1 to ${LONGEST_TEXT} characters`;
const TEXTS = 'a text or a list of texts, such as "4002"';

/** Fields that `attempts` makes paths in the items of its list. */
const OF_ITEMS: readonly string[] = ["user", "password", "time"];

const EVENTS = ["failed", "success", "key", "connect"] as const;

/**
 * Checks what a file or a variable has.
 *
 * @throws {RangeError} its message has the place, the value and what is valid
 */
export function readFormats(given: unknown): readonly DecoyFormat[] {
  if (!Array.isArray(given) || given.length > MOST_FORMATS) {
    throw refusal("", given, "list of formats", `a list of at most ${MOST_FORMATS} objects`);
  }
  const formats = given.map((one: unknown, index) => readFormat(one, `[${index}]`));
  formats.forEach(({ name }, index) => {
    if (formats.findIndex((one) => one.name === name) < index) {
      throw refusal(`[${index}].name`, name, "name", "a name that no other format has");
    }
  });
  return formats;
}

function readFormat(given: unknown, place: string): DecoyFormat {
  if (!isFields(given)) throw refusal(place, given, "format", 'an object with "name" and "when"');
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(FORMAT_FIELDS, name)) {
      throw refusal(place, name, "field", `one of ${Object.keys(FORMAT_FIELDS).join(", ")}`);
    }
  }
  const isInItems = given.attempts !== undefined;
  const read = Object.entries(FORMAT_FIELDS).flatMap(([name, field]) => {
    const at = `${place}.${name}`;
    if (given[name] !== undefined) {
      const isOfItem = isInItems && OF_ITEMS.includes(name);
      return [[name, isOfItem ? itemPath(given[name], at) : readField(given[name], field, at)]];
    }
    if (!field.required) return field.kind === "values" ? [[name, []]] : [];
    throw new RangeError(`${at} is missing; it is the ${lowered(field.about)}`);
  });
  const format = Object.fromEntries(read) as DecoyFormat;
  checkEvents(format, place);
  return format;
}

function lowered(about: string): string {
  return about[0]!.toLowerCase() + about.slice(1);
}

function readField(value: unknown, { kind }: FormatField, at: string): unknown {
  switch (kind) {
    case "text":
      if (!isText(value)) throw refusal(at, value, "text", A_TEXT);
      return value;
    case "values":
      return values(value, at);
    case "path":
      if (!isPath(value)) throw refusal(at, value, "path", A_PATH);
      return value;
    case "protocol":
      if (value !== "ssh" && value !== "telnet" && !isPath(value)) {
        throw refusal(at, value, "protocol", '"ssh", "telnet", or a path such as "data.protocol"');
      }
      return value;
    case "conditions":
      return conditions(value, at);
  }
}

function conditions(value: unknown, at: string): DecoyFormat["when"] {
  const expected = 'an object such as {"data.logtype": "4002"}';
  if (!isFields(value)) throw refusal(at, value, "condition", expected);
  const all = Object.entries(value);
  if (all.length === 0) throw refusal(at, value, "condition", expected);
  return Object.fromEntries(all.map(([path, allowed]) => {
    if (!isPath(path)) throw refusal(at, path, "path", A_PATH);
    return [path, values(allowed, `${at}["${path}"]`)];
  }));
}

function values(value: unknown, at: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw refusal(at, value, "value", TEXTS);
  return list.map((one) => {
    if (!isText(one)) throw refusal(at, one, "value", TEXTS);
    return one;
  });
}

function itemPath(value: unknown, at: string): string {
  if (isText(value) && isSegments(value) && !value.startsWith("data.")) return value;
  throw refusal(at, value, "path in an item of attempts", 'a path such as "username"');
}

/** A value that means two things, or none at all, would count nothing or anything. */
function checkEvents(format: DecoyFormat, place: string): void {
  const all = EVENTS.flatMap((name) => format[name]);
  const twice = all.find((value, index) => all.indexOf(value) < index);
  if (twice !== undefined) {
    throw refusal(`${place}.event`, twice, "value", `it in one of ${EVENTS.join(", ")} only`);
  }
  if (all.length > 0) return;
  throw new RangeError(`${place} counts nothing; give it one of ${EVENTS.join(", ")}`);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "" && value.length <= LONGEST_TEXT;
}

function isPath(value: unknown): value is string {
  if (!isText(value)) return false;
  return OTHER_PATHS.includes(value) || value.startsWith("data.") && isSegments(value);
}

function isSegments(path: string): boolean {
  return path.split(".").every((segment) => segment.trim() !== "");
}
