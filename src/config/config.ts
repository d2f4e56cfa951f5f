/**
 * The configuration as the modules use it.
 *
 * @module
 */
import { DAY, MINUTE, SECOND } from "../clock.ts";
import type { DecoyFormat } from "../decoy_format.ts";
import type { ListRule } from "../list_query.ts";
import type { KeyName, ValueOf } from "./keys.ts";
import type { Value } from "./key.ts";

/** The configuration as the modules use it. The name of a duration ends in its unit. */
export interface Config {
  readonly misp: {
    readonly url: string | undefined;
    readonly apiKey: string | undefined;
    readonly apiKeyFile: string | undefined;
    readonly caFile: string | undefined;
    readonly proxy: string | undefined;
    readonly proxyAuthFile: string | undefined;
    readonly timeoutMs: number;
    readonly reopenAfterMs: number;
    /** Undefined: never. */
    readonly expireAfterMs: number | undefined;
    readonly distribution: number;
    readonly sharingGroup: string | undefined;
    readonly threatLevel: number;
    readonly analysis: number;
    readonly publish: boolean;
    readonly correlateHassh: boolean;
    readonly tags: readonly string[];
    readonly eventPer: "source" | "day";
    readonly publishIntervalMs: number;
    readonly maxParallel: number;
    readonly publisher: string | undefined;
  };
  readonly feed: {
    readonly directory: string | undefined;
    /** Undefined: for ever. */
    readonly keepMs: number | undefined;
  };
  readonly notify: {
    readonly webhookUrl: string | undefined;
    readonly format: "json" | "slack" | "text";
    readonly caFile: string | undefined;
  };
  readonly buffer: {
    readonly path: string;
    readonly url: string | undefined;
    readonly passwordFile: string | undefined;
    readonly caFile: string | undefined;
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
    readonly hostnames: readonly string[];
    readonly locations: readonly string[];
    readonly telnet: boolean;
    readonly countRefusedKeys: boolean;
    readonly formats: readonly DecoyFormat[];
  };
  readonly rules: { readonly ids: ReadonlySet<string> };
  readonly guard: {
    readonly allowNetworks: readonly string[];
    readonly publishPrivate: boolean;
    readonly warninglistsDirectory: string | undefined;
    readonly minAttempts: number;
  };
  readonly session: {
    readonly enabled: boolean;
    readonly maxCommands: number;
    readonly maxCommandBytes: number;
    readonly maxItems: number;
    /** Undefined: files and URLs never expire. */
    readonly expireAfterMs: number | undefined;
  };
  readonly privacy: {
    readonly usernames: "top" | "all" | "count";
    readonly commands: "top" | "all" | "count";
    readonly maxUsernames: number;
    readonly sensorNames: "pseudonym" | "name";
    readonly passwords: boolean;
  };
  readonly geoip: { readonly databases: readonly string[] };
  readonly lists: readonly ListRule[];
  readonly server: {
    readonly listen: string;
    readonly tokensFile: string | undefined;
    readonly tlsCert: string | undefined;
    readonly tlsKey: string | undefined;
    readonly maxBodyBytes: number;
    readonly openPages: boolean;
    /** It begins with a slash and does not end with one. */
    readonly basePath: string | undefined;
    /** NAME=URL with {ip}. */
    readonly sourceLinks: readonly string[];
    /** 0: no sensor is called silent. */
    readonly silentSensorMs: number;
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

/** The values by module, in milliseconds where they are durations. */
export function typedConfig(
  entries: readonly { readonly key: string; readonly value: Value | undefined }[],
): Config {
  const values = new Map(entries.map((entry) => [entry.key, entry.value]));
  // The one cast: every value was checked against its key, or is the key's default.
  const get = <Name extends KeyName>(name: Name) => values.get(name) as ValueOf<Name>;
  return {
    misp: {
      url: get("misp.url"),
      apiKey: get("misp.api_key"),
      apiKeyFile: get("misp.api_key_file"),
      caFile: get("misp.ca_file"),
      proxy: get("misp.proxy"),
      proxyAuthFile: get("misp.proxy_auth_file"),
      timeoutMs: get("misp.timeout_seconds") * SECOND,
      reopenAfterMs: get("misp.reopen_after_days") * DAY,
      expireAfterMs: unlessZero(get("misp.expire_after_days") * DAY),
      distribution: get("misp.distribution"),
      sharingGroup: get("misp.sharing_group"),
      threatLevel: get("misp.threat_level"),
      analysis: get("misp.analysis"),
      publish: get("misp.publish"),
      correlateHassh: get("misp.correlate_hassh"),
      tags: get("misp.tags"),
      eventPer: get("misp.event_per"),
      publishIntervalMs: get("misp.publish_interval_minutes") * MINUTE,
      maxParallel: get("misp.max_parallel"),
      publisher: get("misp.publisher"),
    },
    feed: {
      directory: get("feed.directory"),
      keepMs: unlessZero(get("feed.keep_days") * DAY),
    },
    notify: {
      webhookUrl: get("notify.webhook_url"),
      format: get("notify.format"),
      caFile: get("notify.ca_file"),
    },
    buffer: {
      path: get("buffer.path"),
      url: get("buffer.url"),
      passwordFile: get("buffer.password_file"),
      caFile: get("buffer.ca_file"),
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
      hostnames: get("honeypot.hostnames"),
      locations: get("honeypot.locations"),
      telnet: get("honeypot.telnet"),
      countRefusedKeys: get("honeypot.count_refused_keys"),
      formats: get("honeypot.formats"),
    },
    rules: { ids: new Set(get("rules.ids")) },
    guard: {
      allowNetworks: get("guard.allow_networks"),
      publishPrivate: get("guard.publish_private"),
      warninglistsDirectory: get("guard.warninglists_directory"),
      minAttempts: get("guard.min_attempts"),
    },
    geoip: { databases: get("geoip.database") },
    session: {
      enabled: get("session.enabled"),
      maxCommands: get("session.max_commands"),
      maxCommandBytes: get("session.max_command_bytes"),
      maxItems: get("session.max_items"),
      expireAfterMs: unlessZero(get("session.expire_after_days") * DAY),
    },
    lists: get("lists"),
    privacy: {
      usernames: get("privacy.usernames"),
      commands: get("privacy.commands"),
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
      basePath: get("server.base_path"),
      sourceLinks: get("server.source_links"),
      silentSensorMs: get("server.silent_sensor_minutes") * MINUTE,
      allowNetworks: get("server.allow_networks"),
      maxParallel: get("server.max_parallel"),
      maxPerMinute: get("server.max_requests_per_minute"),
      readTimeoutMs: get("server.patience_seconds") * SECOND,
    },
    log: { file: get("log.file"), level: get("log.level"), format: get("log.format") },
  };
}

const unlessZero = (value: number) => value === 0 ? undefined : value;
