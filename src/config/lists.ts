/**
 * `lists`: the lists that a user asks for, and what is wrong with them.
 *
 * @module
 */
import { DAY } from "../clock.ts";
import { isFields } from "../json.ts";
import { LIST_FORMATS, type ListFormat, type ListRule } from "../list_query.ts";
import { refusal } from "./refusal.ts";

/** A field of a list. Numbers have limits. */
export interface ListField {
  readonly kind: "name" | "format" | "number" | "boolean" | "file";
  readonly required?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly whole?: boolean;
  readonly about: string;
}

/** The fields of a list, in the order of `config --schema`. */
export const LIST_FIELDS = {
  name: { kind: "name", required: true, about: "What the list is called, in `/lists/NAME` too" },
  format: { kind: "format", required: true, about: `Its form: ${LIST_FORMATS.join(", ")}` },
  within_days: {
    kind: "number",
    minimum: 0.01,
    maximum: 3650,
    about: "Leaves out sources that were silent for longer; without it: all that are known",
  },
  min_attempts: {
    kind: "number",
    minimum: 1,
    maximum: 1_000_000,
    whole: true,
    about: "Leaves out sources with fewer attempts",
  },
  min_sensors: {
    kind: "number",
    minimum: 1,
    maximum: 10_000,
    whole: true,
    about: "Leaves out sources that fewer honeypots saw",
  },
  got_in: { kind: "boolean", about: "Only sources whose login succeeded on a honeypot" },
  file: {
    kind: "file",
    about: "Its file, below the folder lists beside the buffer; NAME by default",
  },
  max_change_percent: {
    kind: "number",
    minimum: 1,
    maximum: 100_000,
    about: "A list that would change its size by more is not written",
  },
} as const satisfies Readonly<Record<string, ListField>>;

type FieldName = keyof typeof LIST_FIELDS;

const MOST_LISTS = 50;
const LONGEST_PATH = 500;

/** A name is a part of an address, of a file's name and of the name of an nftables set. */
const NAME = /^[a-z][a-z0-9-]{0,30}$/;
const A_NAME = "1 to 31 lower-case letters, digits and hyphens, a letter first";

/**
 * Checks what a file or a variable has.
 *
 * @throws {RangeError} its message has the place, the value and what is valid
 */
export function readLists(given: unknown): readonly ListRule[] {
  if (!Array.isArray(given) || given.length > MOST_LISTS) {
    throw refusal("", given, "list of lists", `a list of at most ${MOST_LISTS} objects`);
  }
  const lists = given.map((one: unknown, index) => readList(one, `[${index}]`));
  lists.forEach(({ name }, index) => {
    const before = lists.slice(0, index);
    if (before.some((one) => one.name === name)) {
      throw refusal(`[${index}].name`, name, "name", "a name that no other list has");
    }
  });
  return lists;
}

function readList(given: unknown, place: string): ListRule {
  if (!isFields(given)) throw refusal(place, given, "list", 'an object with "name" and "format"');
  const known = Object.keys(LIST_FIELDS);
  for (const field of Object.keys(given)) {
    if (!known.includes(field)) {
      throw refusal(place, field, "field", `one of ${known.join(", ")}`);
    }
  }
  const read = <T>(name: FieldName) => readField(given[name], name, place) as T;
  const name = read<string>("name");
  const format = read<ListFormat>("format");
  // `list csv` must mean one thing.
  if (LIST_FORMATS.some((one) => one === name) && name !== format) {
    throw refusal(
      `${place}.name`,
      name,
      "name",
      `a name that is not a format, or format "${name}"`,
    );
  }
  const days = read<number | undefined>("within_days");
  return {
    name,
    format,
    withinMs: days === undefined ? undefined : days * DAY,
    minAttempts: read<number | undefined>("min_attempts") ?? 0,
    minSensors: read<number | undefined>("min_sensors") ?? 1,
    gotIn: read<boolean | undefined>("got_in") ?? false,
    file: read<string | undefined>("file") ?? name,
    maxChangePercent: read<number | undefined>("max_change_percent"),
  };
}

function readField(value: unknown, name: FieldName, place: string): unknown {
  const field: ListField = LIST_FIELDS[name];
  const at = `${place}.${name}`;
  if (value === undefined) {
    if (!field.required) return undefined;
    const use = field.kind === "name" ? A_NAME : `one of ${LIST_FORMATS.join(", ")}`;
    throw new RangeError(`${at} is missing; use ${use}`);
  }
  switch (field.kind) {
    case "name":
      if (typeof value === "string" && NAME.test(value)) return value;
      throw refusal(at, value, "name", A_NAME);
    case "format":
      if (LIST_FORMATS.some((format) => format === value)) return value;
      throw refusal(at, value, "format", `one of ${LIST_FORMATS.join(", ")}`);
    case "boolean":
      if (typeof value === "boolean") return value;
      throw refusal(at, value, "choice", "true or false");
    case "number":
      if (isWithin(value, field)) return value;
      throw refusal(at, value, "number", numbersOf(field));
    case "file":
      if (isFile(value)) return value;
      throw refusal(at, value, "file", 'a name such as "attackers.txt", or an absolute path');
  }
}

function isWithin(value: unknown, { minimum = 0, maximum = 0, whole }: ListField): boolean {
  if (typeof value !== "number" || whole && !Number.isInteger(value)) return false;
  return value >= minimum && value <= maximum;
}

/** The numbers that a field allows, in words. */
export const numbersOf = ({ minimum, maximum, whole }: ListField): string =>
  `a ${whole ? "whole " : ""}number from ${minimum} to ${maximum}`;

/** A path must not lead out of the folder, and a temporary file beside it ends in .part. */
function isFile(value: unknown): value is string {
  if (typeof value !== "string" || value === "" || value.length > LONGEST_PATH) return false;
  // deno-lint-ignore no-control-regex -- they are what is looked for
  if (/[\x00-\x1f\x7f]|\.part$|\/$/.test(value)) return false;
  const parts = value.replace(/^\//, "").split("/");
  return parts.every((part) => part !== "" && part !== "." && part !== "..");
}
