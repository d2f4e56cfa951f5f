/**
 * The configuration: defaults, overridden by the file, overridden by the environment. Integratord's
 * address and key of MISP are used where none of them sets these.
 *
 * @module
 */
import {
  configurationKeys,
  environmentName,
  type Key,
  type KeyName,
  type Kind,
  PROGRAM,
  type Value,
  type ValueOf,
} from "./keys.ts";
import { DAY, MINUTE, SECOND } from "../clock.ts";
import { messageOf } from "../errors.ts";
import { isFields } from "../json.ts";

/** Where a value came from. */
export type Origin = "default" | "file" | "environment" | "integratord";

/** The configuration as the modules use it. The name of a duration ends in its unit. */
export interface Config {
  readonly misp: {
    readonly url: string | undefined;
    readonly apiKey: string | undefined;
    readonly apiKeyFile: string | undefined;
    readonly caFile: string | undefined;
    readonly timeoutMs: number;
    readonly reopenAfterMs: number;
    readonly distribution: number;
    readonly threatLevel: number;
    readonly analysis: number;
    readonly publish: boolean;
    readonly tags: readonly string[];
    readonly eventPer: "source" | "day";
    readonly publishIntervalMs: number;
    readonly maxParallel: number;
    readonly publisher: string | undefined;
  };
  readonly feed: { readonly directory: string | undefined };
  readonly buffer: {
    readonly path: string;
    readonly periodMs: number;
    readonly maxHoldMs: number;
    readonly dedupeMs: number;
    readonly maxBytes: number;
  };
  readonly forward: {
    readonly url: string | undefined;
    readonly tokenFile: string | undefined;
    readonly caFile: string | undefined;
  };
  readonly honeypot: {
    readonly agentPrefixes: readonly string[];
    readonly agentLabels: readonly string[];
    readonly telnet: boolean;
  };
  readonly rules: { readonly ids: ReadonlySet<string> };
  readonly guard: {
    readonly allowNetworks: readonly string[];
    readonly publishPrivate: boolean;
    readonly warninglistsDirectory: string | undefined;
    readonly minAttempts: number;
  };
  readonly privacy: {
    readonly usernames: "top" | "all" | "count";
    readonly maxUsernames: number;
    readonly sensorNames: "pseudonym" | "name";
    readonly passwords: boolean;
  };
  readonly geoip: { readonly databases: readonly string[] };
  readonly server: {
    readonly listen: string;
    readonly tokensFile: string | undefined;
    readonly tlsCert: string | undefined;
    readonly tlsKey: string | undefined;
    readonly maxBodyBytes: number;
    readonly openPages: boolean;
    readonly allowNetworks: readonly string[];
    readonly maxParallel: number;
    readonly maxPerMinute: number;
    readonly readTimeoutMs: number;
  };
  readonly log: {
    readonly file: string;
    readonly level: "debug" | "info" | "warning" | "error";
    readonly format: "text" | "json";
  };
}

/** A configuration, and where each value came from. */
export interface Loaded {
  readonly config: Config;
  readonly file: string;
  readonly fileFound: boolean;
  readonly entries: readonly { key: string; value: Value | undefined; origin: Origin }[];
  /** The variables that were set, for a process that is to have the same configuration. */
  readonly variables: Readonly<Record<string, string>>;
}

/** An error in the configuration, in one line: the key, the value, what is allowed. */
export class ConfigError extends Error {
  override name = "ConfigError";
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
  return { config: typed(complete), file, fileFound, entries: complete, variables };
}

type Entry = Loaded["entries"][number];

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
    throw new ConfigError(`cannot read the configuration file ${file}: ${messageOf(error)}`);
  }
  let parsed: unknown;
  try {
    // Editors of Windows begin a file with a byte order mark.
    parsed = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    // V8 quotes the text around the error, which may be the key of MISP.
    const position = /(?: at position \d+| \(line \d+ column \d+\))+/.exec(messageOf(error))?.[0] ??
      "";
    throw new ConfigError(`${file} is not JSON${position}; check its quotes and commas`);
  }
  if (!isFields(parsed)) throw new ConfigError(`${file} must hold one JSON object`);
  const values: Record<string, Value> = {};
  for (const [section, content] of Object.entries(parsed)) {
    if (section === "$schema") continue;
    if (!isFields(content)) {
      throw new ConfigError(`${file}: "${section}" must be an object of keys, such as "misp": {…}`);
    }
    for (const [name, value] of Object.entries(content)) {
      const key = `${section}.${name}`;
      const spec = Object.hasOwn(keys, key) ? keys[key] : undefined;
      if (spec === undefined) {
        throw new ConfigError(`${file}: unknown key "${key}"; \`help config\` lists the keys`);
      }
      values[key] = fromJson(`${file}: ${key}`, value, spec);
    }
  }
  return values;
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
  }
}

function notAllowed(
  name: string,
  value: unknown,
  spec: Key,
  expected = allowed(spec),
): ConfigError {
  // A password or a token may be in an address, too.
  const isSecret = spec.secret || /\/\/[^/]*@|:\/\/.*[?#]/.test(String(value));
  const shown = isSecret ? "(secret)" : JSON.stringify(value)?.slice(0, 80);
  return new ConfigError(`${name} is ${shown}; allowed is ${expected}`);
}

/** A value from the environment or the command line of integratord. */
function fromText(name: string, raw: string, spec: Key): Value {
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
  return checked(name, raw, spec);
}

/** A value from the file. */
function fromJson(name: string, given: unknown, spec: Key): Value {
  const value = spec.orText && typeof given === "string" ? [given] : given;
  if (!isOfKind(value, spec.kind)) throw notAllowed(name, value, spec);
  return checked(name, value, spec);
}

function isOfKind(value: unknown, kind: Kind): value is Value {
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

/** The values by module, in milliseconds where they are durations. */
function typed(entries: readonly Entry[]): Config {
  const values = new Map(entries.map((entry) => [entry.key, entry.value]));
  // The one cast: every value was checked against its key, or is the key's default.
  const get = <Name extends KeyName>(name: Name) => values.get(name) as ValueOf<Name>;
  return {
    misp: {
      url: get("misp.url"),
      apiKey: get("misp.api_key"),
      apiKeyFile: get("misp.api_key_file"),
      caFile: get("misp.ca_file"),
      timeoutMs: get("misp.timeout_seconds") * SECOND,
      reopenAfterMs: get("misp.reopen_after_days") * DAY,
      distribution: get("misp.distribution"),
      threatLevel: get("misp.threat_level"),
      analysis: get("misp.analysis"),
      publish: get("misp.publish"),
      tags: get("misp.tags"),
      eventPer: get("misp.event_per"),
      publishIntervalMs: get("misp.publish_interval_minutes") * MINUTE,
      maxParallel: get("misp.max_parallel"),
      publisher: get("misp.publisher"),
    },
    feed: { directory: get("feed.directory") },
    buffer: {
      path: get("buffer.path"),
      periodMs: get("buffer.period_minutes") * MINUTE,
      maxHoldMs: get("buffer.max_hold_minutes") * MINUTE,
      dedupeMs: get("buffer.dedupe_days") * DAY,
      maxBytes: get("buffer.max_bytes"),
    },
    forward: {
      url: get("forward.url"),
      tokenFile: get("forward.token_file"),
      caFile: get("forward.ca_file"),
    },
    honeypot: {
      agentPrefixes: get("honeypot.agent_prefixes").map((prefix) => prefix.toLowerCase()),
      agentLabels: get("honeypot.agent_labels"),
      telnet: get("honeypot.telnet"),
    },
    rules: { ids: new Set(get("rules.ids")) },
    guard: {
      allowNetworks: get("guard.allow_networks"),
      publishPrivate: get("guard.publish_private"),
      warninglistsDirectory: get("guard.warninglists_directory"),
      minAttempts: get("guard.min_attempts"),
    },
    geoip: { databases: get("geoip.database") },
    privacy: {
      usernames: get("privacy.usernames"),
      maxUsernames: get("privacy.max_usernames"),
      sensorNames: get("privacy.sensor_names"),
      passwords: get("privacy.passwords"),
    },
    server: {
      listen: get("server.listen"),
      tokensFile: get("server.tokens_file"),
      tlsCert: get("server.tls_cert"),
      tlsKey: get("server.tls_key"),
      maxBodyBytes: get("server.max_body_bytes"),
      openPages: get("server.open_pages"),
      allowNetworks: get("server.allow_networks"),
      maxParallel: get("server.max_parallel"),
      maxPerMinute: get("server.max_requests_per_minute"),
      readTimeoutMs: get("server.patience_seconds") * SECOND,
    },
    log: { file: get("log.file"), level: get("log.level"), format: get("log.format") },
  };
}
