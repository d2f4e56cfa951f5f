/**
 * The configuration: defaults, overridden by the file, overridden by the environment. Integratord's
 * address and key of MISP are used where none of them sets these.
 *
 * @module
 */
import { type Config, typedConfig } from "./config.ts";
import { PROGRAM } from "./defaults.ts";
import { configurationKeys, environmentName } from "./keys.ts";
import type { Key, Value } from "./key.ts";
import { ConfigError, fromJson, fromText } from "./values.ts";
import { fileReason } from "../errors.ts";
import { jsonFault } from "./json_fault.ts";
import { didYouMean } from "../nearest.ts";
import { isFields } from "../json.ts";
import { listPath } from "../list_query.ts";

/** Where a value came from. */
export type Origin = "default" | "file" | "environment" | "integratord";

/** A key with its value. */
export interface Entry {
  readonly key: string;
  readonly value: Value | undefined;
  readonly origin: Origin;
}

/** A configuration, and where each value came from. */
export interface Loaded {
  readonly config: Config;
  readonly file: string;
  readonly fileFound: boolean;
  readonly entries: readonly Entry[];
  /** The variables that were set, for a process that is to have the same configuration. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Where the configuration comes from. */
export interface Sources {
  /** Wazuh's folder, `/var/ossec` on an ordinary manager. */
  readonly root: string;
  /** `--config`; undefined: `WM_CONFIG`, or else the file in Wazuh's `etc`. */
  readonly file?: string | undefined;
  readonly environment: (name: string) => string | undefined;
  readonly readTextFile: (path: string) => string;
  /** Integratord's `hook_url` and `api_key`, used where nothing else sets address and key. */
  readonly integratord?: { readonly url: string; readonly apiKey: string };
}

/**
 * Reads and checks the configuration.
 *
 * @throws {ConfigError} a file that cannot be read, an unknown key, a value that is not allowed
 */
export function loadConfig(sources: Sources): Loaded {
  const keys = configurationKeys(sources.root);
  const variables: Record<string, string> = {};
  const variableOf = (name: string) => {
    const raw = sources.environment(name);
    if (raw !== undefined) variables[name] = raw;
    return raw;
  };
  const named = sources.file ?? variableOf("WM_CONFIG");
  const file = named ?? `${sources.root}/etc/${PROGRAM}.json`;
  const inFile = readFile(sources, file, named !== undefined, keys);
  const entries = Object.entries(keys).map(([key, spec]): Entry => {
    const variable = environmentName(key);
    const raw = variableOf(variable) ?? "";
    if (raw !== "") return { key, value: fromText(variable, raw, spec), origin: "environment" };
    const value = inFile?.[key];
    if (value !== undefined) return { key, value, origin: "file" };
    return { key, value: spec.fallback, origin: "default" };
  });
  const complete = withIntegratord(entries, sources, keys);
  const fileFound = inFile !== undefined;
  const config = typedConfig(complete);
  checkTogether(config);
  return { config, file, fileFound, entries: complete, variables };
}

/** Keys that only make sense together. */
function checkTogether({ misp: { distribution, sharingGroup }, lists, buffer }: Config): void {
  if (distribution === 4 && sharingGroup === undefined) {
    throw new ConfigError(
      "misp.distribution is 4 without misp.sharing_group; name the group by its uuid or its name",
    );
  }
  if (distribution !== 4 && sharingGroup !== undefined) {
    throw new ConfigError(
      `misp.sharing_group is set, but misp.distribution is ${distribution}; set it to 4`,
    );
  }
  const paths = lists.map(({ file }) => listPath(file, buffer.path));
  const second = paths.findIndex((path, index) => paths.indexOf(path) < index);
  if (second >= 0) {
    throw new ConfigError(
      `lists[${second}].file is ${paths[second]}, as is that of another list; name another file`,
    );
  }
}

function withIntegratord(
  entries: readonly Entry[],
  sources: Sources,
  keys: Readonly<Record<string, Key>>,
): readonly Entry[] {
  const { url = "", apiKey = "" } = sources.integratord ?? {};
  const isSet = (key: string) =>
    entries.some((entry) => entry.key === key && entry.value !== undefined);
  const hasKey = isSet("misp.api_key") || isSet("misp.api_key_file");
  return entries.map((entry): Entry => {
    const { key } = entry;
    if (key === "misp.url" && entry.value === undefined && url !== "") {
      return { key, value: fromText("<hook_url>", url, keys[key]!), origin: "integratord" };
    }
    if (key === "misp.api_key" && !hasKey && apiKey !== "") {
      return { key, value: apiKey, origin: "integratord" };
    }
    return entry;
  });
}

/** The values of the file by key; undefined where there is no file, and none was named. */
function readFile(
  sources: Sources,
  file: string,
  mustExist: boolean,
  keys: Readonly<Record<string, Key>>,
): Record<string, Value> | undefined {
  let text: string;
  try {
    text = sources.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && !mustExist) return undefined;
    throw unreadable(file, sources.root, error);
  }
  // Editors of Windows begin a file with a byte order mark.
  return valuesIn(file, parsed(file, text.replace(/^\ufeff/, "")), keys);
}

function unreadable(file: string, root: string, error: unknown): ConfigError {
  const what = `cannot read the configuration file ${file}: ${fileReason(error)}`;
  if (error instanceof Deno.errors.NotFound) {
    return new ConfigError(what, "check the name after --config or in WM_CONFIG");
  }
  if (error instanceof Deno.errors.NotCapable) {
    const readable = `${root}/etc/${PROGRAM}.json and files in ${root}/etc/custom-misp`;
    return new ConfigError(what, `it may read ${readable}`);
  }
  if (error instanceof Deno.errors.IsADirectory) return new ConfigError(what, "name a file");
  return new ConfigError(what, "let root own it, with Wazuh's group and mode 640");
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const { line, column } = jsonFault(text);
    throw new ConfigError(
      `${file} is not JSON: line ${line}, column ${column}`,
      "check the quotes and commas before that place",
    );
  }
}

function valuesIn(
  file: string,
  json: unknown,
  keys: Readonly<Record<string, Key>>,
): Record<string, Value> {
  if (!isFields(json)) throw new ConfigError(`${file} must hold one JSON object`);
  const sections = new Set(Object.keys(keys).map((key) => key.split(".")[0]!));
  const values: Record<string, Value> = {};
  for (const [section, content] of Object.entries(json)) {
    if (section === "$schema") continue;
    const isWhole = !section.includes(".") && Object.hasOwn(keys, section);
    const whole = isWhole ? keys[section] : undefined;
    if (whole !== undefined) {
      values[section] = fromJson(`${file}: ${section}`, content, whole);
      continue;
    }
    if (!isFields(content)) {
      throw new ConfigError(`${file}: "${section}" must be an object of keys, such as "misp": {…}`);
    }
    if (!sections.has(section)) throw unknown(file, "section", section, [...sections]);
    for (const [name, value] of Object.entries(content)) {
      const key = `${section}.${name}`;
      const spec = Object.hasOwn(keys, key) ? keys[key] : undefined;
      if (spec === undefined) throw unknown(file, "key", key, Object.keys(keys));
      values[key] = fromJson(`${file}: ${key}`, value, spec);
    }
  }
  return values;
}

function unknown(
  file: string,
  kind: "section" | "key",
  name: string,
  known: readonly string[],
): ConfigError {
  return new ConfigError(
    `${file}: unknown ${kind} "${name}"`,
    `${didYouMean(name, known)}\`help config\` lists the keys`,
  );
}
