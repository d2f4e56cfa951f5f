/**
 * `config`: the effective configuration, and where each value came from.
 *
 * @module
 */
import { FORMAT_FIELDS } from "../../config/formats.ts";
import { LIST_FIELDS, type ListField } from "../../config/lists.ts";
import { configurationKeys, environmentName } from "../../config/keys.ts";
import type { Key, Value } from "../../config/key.ts";
import type { Loaded } from "../../config/load.ts";
import { LIST_FORMATS } from "../../list_query.ts";
import { loadStartConfig, type Start } from "../wiring/context.ts";
import { EXIT } from "../exit.ts";
import { wrap } from "../manual/help_text.ts";
import { oneLine } from "../terminal/log.ts";
import { parse } from "../terminal/options.ts";
import { type Screen, screenOf } from "../terminal/screen.ts";

/** Runs `config [--json] [--schema]`. */
export function config(start: Start): Promise<number> {
  const { values } = parse("config", start.args);
  const keys = configurationKeys(start.root);
  if (values.schema) {
    console.log(JSON.stringify(schemaOf(keys), undefined, 2));
    return Promise.resolve(EXIT.ok);
  }
  const loaded = loadStartConfig(start);
  const entries = loaded.entries.map(({ key, value, origin }) => ({
    key,
    value: keys[key]?.secret && value !== undefined ? "********" : value,
    origin,
  }));
  if (values.json) {
    const { file, fileFound } = loaded;
    console.log(JSON.stringify({ file, fileFound, entries }, undefined, 2));
    return Promise.resolve(EXIT.ok);
  }
  const file = `${loaded.file}${loaded.fileFound ? "" : " (does not exist)"}`;
  console.log(configText(file, entries, screenOf(Deno.stdout)));
  return Promise.resolve(EXIT.ok);
}

/** The file and the entries, a line each; text too long for a terminal follows on its own lines. */
export function configText(
  file: string,
  entries: Loaded["entries"],
  { columns = Infinity }: Screen,
): string {
  const width = Math.max(...entries.map(({ key }) => key.length));
  const line = (head: string, text: string) =>
    head.length + text.length <= columns
      ? [head + text]
      : [head.trimEnd(), ...wrap(text, columns - 2).map((part) => `  ${part}`)];
  return [
    ...line("file: ", oneLine(file)),
    ...entries.flatMap(({ key, value, origin }) =>
      line(`${key.padEnd(width)} ${origin.padEnd(11)} `, oneLine(shownValue(value)))
    ),
  ].join("\n");
}

function shownValue(value: Value | undefined): string {
  const text = Array.isArray(value)
    ? value.map((one) => typeof one === "string" ? one : one.name).join(", ")
    : String(value ?? "");
  return text === "" ? "-" : text;
}

/** JSON Schema of the configuration file. */
function schemaOf(keys: Readonly<Record<string, Key>>) {
  const sections: Record<
    string,
    { type: "object"; additionalProperties: false; properties: object }
  > = {};
  const whole: Record<string, object> = {};
  for (const [name, key] of Object.entries(keys)) {
    const [section = "", property] = name.split(".");
    const described = {
      ...typeOf(key),
      description: `${key.about} (${environmentName(name)})`,
      ...(key.fallback === undefined ? {} : { default: key.fallback }),
    };
    if (property === undefined) {
      whole[section] = described;
      continue;
    }
    sections[section] ??= { type: "object", additionalProperties: false, properties: {} };
    Object.assign(sections[section].properties, { [property]: described });
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    additionalProperties: false,
    properties: { $schema: { type: "string" }, ...sections, ...whole },
  };
}

function typeOf(key: Key): object {
  switch (key.kind) {
    case "choice":
      return { enum: key.choices };
    case "list": {
      const list = { type: "array", items: { type: "string" } };
      return key.orText ? { anyOf: [list, { type: "string" }] } : list;
    }
    case "number":
      return {
        type: key.whole ? "integer" : "number",
        minimum: key.minimum,
        maximum: key.maximum,
      };
    case "boolean":
      return { type: "boolean" };
    case "text":
      return { type: "string" };
    case "formats":
      return { type: "array", items: formatSchema() };
    case "lists":
      return { type: "array", items: listSchema() };
  }
}

function formatSchema(): object {
  const strings = { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] };
  const fields = Object.entries(FORMAT_FIELDS);
  return {
    type: "object",
    additionalProperties: false,
    required: fields.filter(([, { required }]) => required).map(([name]) => name),
    properties: Object.fromEntries(fields.map(([name, { kind, about }]) => {
      const type = kind === "values"
        ? strings
        : kind === "conditions"
        ? { type: "object", minProperties: 1, additionalProperties: strings }
        : { type: "string" };
      return [name, { ...type, description: about }];
    })),
  };
}

function listSchema(): object {
  const fields: readonly (readonly [string, ListField])[] = Object.entries(LIST_FIELDS);
  return {
    type: "object",
    additionalProperties: false,
    required: fields.filter(([, { required }]) => required).map(([name]) => name),
    properties: Object.fromEntries(
      fields.map(([name, field]) => [name, { ...listFieldType(field), description: field.about }]),
    ),
  };
}

function listFieldType({ kind, whole, minimum, maximum }: ListField): object {
  if (kind === "format") return { enum: LIST_FORMATS };
  if (kind === "number") return { type: whole ? "integer" : "number", minimum, maximum };
  return { type: kind === "boolean" ? "boolean" : "string" };
}
