/**
 * The one configuration: defaults, then the file, then the environment, then what integratord gave.
 *
 * @module
 */
import { configurationKeys, environmentName, type Key, PROGRAM, type Value } from "./keys.ts";
import { messageOf } from "../errors.ts";
import { DAY, MINUTE } from "../clock.ts";

/** Where a value came from. */
export type Origin = "default" | "file" | "environment" | "integratord";

/** The configuration as the rooms use it. Durations carry their unit in the name. */
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

/** A configuration with the history that `config` prints. */
export interface Loaded {
  readonly config: Config;
  readonly file: string;
  readonly fileFound: boolean;
  readonly entries: readonly { key: string; value: Value | undefined; origin: Origin }[];
}

/** What is wrong with the configuration, one line: the key, the value, what is allowed. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/** What the start gave: where to look and what stands above the file. */
export interface Sources {
  /** Wazuh's folder, `/var/ossec` on an ordinary manager. */
  readonly root: string;
  /** `--config`; else `WM_CONFIG`, else the file in Wazuh's `etc`. */
  readonly file?: string | undefined;
  readonly environment: (name: string) => string | undefined;
  readonly readTextFile: (path: string) => string;
  /** integratord's `hook_url` and `api_key`: they count when nothing else sets the address and key. */
  readonly integratord?: { readonly url: string; readonly apiKey: string };
}

/**
 * Reads, checks and joins the configuration.
 *
 * @throws {ConfigError} a file that cannot be read, an unknown key, a value that is not allowed
 */
export function loadConfig(sources: Sources): Loaded {
  const keys = configurationKeys(sources.root);
  const named = sources.file ?? sources.environment("WM_CONFIG");
  const file = named ?? `${sources.root}/etc/${PROGRAM}.json`;
  const inFile = readFile(sources, file, named !== undefined, keys);
  const entries = Object.entries(keys).map(([key, spec]) => {
    const raw = sources.environment(environmentName(key));
    if (raw !== undefined && raw !== "") {
      return {
        key,
        value: fromText(environmentName(key), raw, spec),
        origin: "environment" as const,
      };
    }
    const value = inFile?.[key];
    if (value !== undefined) return { key, value, origin: "file" as const };
    return { key, value: spec.fallback, origin: "default" as const };
  });
  const complete = withIntegratord(entries, sources, keys);
  return { config: typed(complete), file, fileFound: inFile !== undefined, entries: complete };
}

type Entry = Loaded["entries"][number];

function withIntegratord(
  entries: readonly Entry[],
  sources: Sources,
  keys: Readonly<Record<string, Key>>,
): readonly Entry[] {
  const { url = "", apiKey = "" } = sources.integratord ?? {};
  const given = (key: string) => entries.some((e) => e.key === key && e.value !== undefined);
  const hasKey = given("misp.api_key") || given("misp.api_key_file");
  return entries.map((entry) => {
    if (entry.key === "misp.url" && entry.value === undefined && url !== "") {
      const value = fromText("<hook_url>", url, keys["misp.url"]!);
      return { ...entry, value, origin: "integratord" as const };
    }
    if (entry.key === "misp.api_key" && !hasKey && apiKey !== "") {
      return { ...entry, value: apiKey, origin: "integratord" as const };
    }
    return entry;
  });
}

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
    parsed = JSON.parse(text);
  } catch (error) {
    // V8 quotes the text around the place, and a key may stand there.
    const position = /(?: at position \d+| \(line \d+ column \d+\))+/.exec(messageOf(error))?.[0] ??
      "";
    throw new ConfigError(`${file} is not JSON${position}; check its quotes and commas`);
  }
  if (!isSection(parsed)) throw new ConfigError(`${file} must hold one JSON object`);
  const values: Record<string, Value> = {};
  for (const [section, content] of Object.entries(parsed)) {
    if (section === "$schema") continue;
    if (!isSection(content)) {
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

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

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

function bad(name: string, value: unknown, spec: Key, expected = allowed(spec)): ConfigError {
  const isSecret = spec.secret || /\/\/[^/]*@/.test(String(value));
  const shown = isSecret ? "(secret)" : JSON.stringify(value)?.slice(0, 80);
  return new ConfigError(`${name} is ${shown}; allowed is ${expected}`);
}

function fromText(name: string, raw: string, spec: Key): Value {
  if (spec.kind === "list") {
    const items = raw.split(",").map((item) => item.trim()).filter((item) => item !== "");
    return checked(name, items, spec);
  }
  if (spec.kind === "number") {
    return checked(name, raw.trim() === "" ? NaN : Number(raw), spec, raw);
  }
  if (spec.kind === "boolean") {
    if (!["true", "false"].includes(raw)) throw bad(name, raw, spec);
    return raw === "true";
  }
  return checked(name, raw, spec);
}

function fromJson(name: string, given: unknown, spec: Key): Value {
  const value = spec.orText && typeof given === "string" ? [given] : given;
  if (!isOfKind(value, spec.kind)) throw bad(name, value, spec);
  return checked(name, value, spec);
}

function isOfKind(value: unknown, kind: Key["kind"]): value is Value {
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

function checked(name: string, value: Value, spec: Key, shown: unknown = value): Value {
  if (typeof value === "number") {
    const inRange = value >= (spec.minimum ?? -Infinity) && value <= (spec.maximum ?? Infinity);
    if (!inRange || (spec.whole && !Number.isInteger(value))) throw bad(name, shown, spec);
  }
  if (spec.kind === "choice" && !spec.choices?.includes(String(value))) {
    throw bad(name, shown, spec);
  }
  if (Array.isArray(value) && (value.includes("") || spec.atLeastOne && value.length === 0)) {
    throw bad(name, shown, spec, `${allowed(spec)}, none of them empty`);
  }
  if (typeof value === "string" && value.trim() === "") throw bad(name, shown, spec);
  for (const item of Array.isArray(value) ? value : typeof value === "string" ? [value] : []) {
    const expected = spec.check?.(item);
    if (expected !== undefined) throw bad(name, item, spec, expected);
  }
  return value;
}

function typed(entries: readonly Entry[]): Config {
  const values = new Map(entries.map((entry) => [entry.key, entry.value]));
  const get = <T>(key: string) => values.get(key) as T;
  const optional = (key: string) => get<string | undefined>(key);
  const number = (key: string) => get<number>(key);
  const list = (key: string) => get<readonly string[]>(key);
  return {
    misp: {
      url: optional("misp.url"),
      apiKey: optional("misp.api_key"),
      apiKeyFile: optional("misp.api_key_file"),
      caFile: optional("misp.ca_file"),
      timeoutMs: number("misp.timeout_seconds") * 1000,
      reopenAfterMs: number("misp.reopen_after_days") * DAY,
      distribution: number("misp.distribution"),
      threatLevel: number("misp.threat_level"),
      analysis: number("misp.analysis"),
      publish: get("misp.publish"),
      tags: list("misp.tags"),
      eventPer: get("misp.event_per"),
      publishIntervalMs: number("misp.publish_interval_minutes") * MINUTE,
      maxParallel: number("misp.max_parallel"),
      publisher: optional("misp.publisher"),
    },
    feed: { directory: optional("feed.directory") },
    buffer: {
      path: get("buffer.path"),
      periodMs: number("buffer.period_minutes") * MINUTE,
      maxHoldMs: number("buffer.max_hold_minutes") * MINUTE,
      dedupeMs: number("buffer.dedupe_days") * DAY,
      maxBytes: number("buffer.max_bytes"),
    },
    forward: {
      url: optional("forward.url"),
      tokenFile: optional("forward.token_file"),
      caFile: optional("forward.ca_file"),
    },
    honeypot: {
      agentPrefixes: list("honeypot.agent_prefixes").map((prefix) => prefix.toLowerCase()),
      agentLabels: list("honeypot.agent_labels"),
      telnet: get("honeypot.telnet"),
    },
    rules: { ids: new Set(list("rules.ids")) },
    guard: {
      allowNetworks: list("guard.allow_networks"),
      publishPrivate: get("guard.publish_private"),
      warninglistsDirectory: optional("guard.warninglists_directory"),
      minAttempts: number("guard.min_attempts"),
    },
    geoip: { databases: list("geoip.database") },
    privacy: {
      usernames: get("privacy.usernames"),
      maxUsernames: number("privacy.max_usernames"),
      sensorNames: get("privacy.sensor_names"),
      passwords: get("privacy.passwords"),
    },
    server: {
      listen: get("server.listen"),
      tokensFile: optional("server.tokens_file"),
      tlsCert: optional("server.tls_cert"),
      tlsKey: optional("server.tls_key"),
      maxBodyBytes: number("server.max_body_bytes"),
      openPages: get("server.open_pages"),
      allowNetworks: list("server.allow_networks"),
      maxParallel: number("server.max_parallel"),
      maxPerMinute: number("server.max_requests_per_minute"),
      readTimeoutMs: number("server.patience_seconds") * 1000,
    },
    log: { file: get("log.file"), level: get("log.level"), format: get("log.format") },
  };
}
