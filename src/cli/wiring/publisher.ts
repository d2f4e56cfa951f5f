/**
 * A publisher from the configuration: its sinks and its rules.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { Buffer } from "../../buffer/buffer.ts";
import type { FindDaySlot, Snapshot, SourceRecord } from "../../model.ts";
import { PROGRAM } from "../../config/defaults.ts";
import type { Config } from "../../config/config.ts";
import { ConfigError } from "../../config/values.ts";
import type { HttpProxy } from "../../http.ts";
import { type ClientOptions, MispClient } from "../../misp/client.ts";
import { FeedSink } from "../../feed/feed_sink.ts";
import { isUuid } from "../../misp/sharing/sharing_group.ts";
import { PublicationQueue, type PublicationStore } from "../../misp/published/publication_queue.ts";
import { RestSink } from "../../misp/rest_sink.ts";
import { RetryBudget, RetryingClient } from "../../misp/line/retries.ts";
import { eventNames, type Installation, namespaceOf, publisherUuid } from "../../misp/uuid.ts";
import {
  closeDay,
  expireSessionItems,
  expireSource,
  type Lookups,
  moveSource,
  retractSource,
  snapshotAttack,
  type SnapshotRules,
} from "../../publish/snapshot.ts";
import { Ownership } from "../../publish/installation.ts";
import type { PublisherParts } from "../../publish/publisher.ts";
import { PUBLICATION_QUEUE } from "../../publish/names.ts";
import type { Sink } from "../../sink.ts";
import { createCapabilities, organisationIn } from "./capabilities.ts";
import type { Log } from "../terminal/log.ts";
import { createLookups } from "./lookups.ts";
import { bufferFile } from "./buffer/database.ts";
import { fileReason } from "../../errors.ts";
import { shellWord } from "../../text.ts";

/** A publisher that must be disposed of, with its connections. */
export interface Publisher extends PublisherParts, Disposable {
  /** Withdraws the address of a source. */
  readonly retract: (record: SourceRecord, now: number) => Snapshot;
  /** What is known of an address, once `prepare()` was called. */
  readonly locate: Lookups["locate"];
  /** How many warning lists an address is on, once `prepare()` was called. */
  readonly warninglistsOf: (address: string) => number;
}

/** Where feed events go: the folder that is set, else one beside the buffer when there is no MISP. */
export function feedDirectory(config: Config): string | undefined {
  if (config.feed.directory !== undefined) return config.feed.directory;
  if (config.misp.url !== undefined) return undefined;
  return join(dirname(config.buffer.path), "feed");
}

/**
 * Builds a publisher.
 *
 * @throws {ConfigError} a key or certificate file cannot be read, `misp.url` has no key, or a feed has no
 * uuid of its sharing group
 */
export function createPublisher(config: Config, buffer: Buffer, log: Log): Publisher {
  const access = mispAccess(config);
  const client = access === undefined ? undefined : new MispClient(access);
  const directory = feedDirectory(config);
  const sinks: Sink[] = [];
  let organisation: () => Promise<string | undefined> = () => Promise.resolve(undefined);
  if (access !== undefined && client !== undefined) {
    const { url, apiKey } = access;
    const retries = new RetryBudget();
    const asking = new RetryingClient(client, { budget: retries, now: Date.now });
    const capabilities = createCapabilities(asking, { url, apiKey, buffer, now: Date.now, log });
    const queue = new PublicationQueue(publicationStore(buffer), Date.now);
    sinks.push(new RestSink(client, { ...config.misp, capabilities, queue, retries }));
    organisation = async () => organisationIn(await capabilities());
  }
  if (directory !== undefined) sinks.push(createFeedSink(config, directory));
  const names = sinks.map((sink) => sink.name);
  const lookups = createLookups(config, log);
  const path = bufferFile(config);
  const ownership = new Ownership({ buffer, path, organisation, now: Date.now, log });
  const rules = () => snapshotRules(config, names, ownership.current());
  return {
    buffer,
    sinks,
    due: dueRules(config),
    deliveryMs: config.misp.timeoutMs,
    prepare: async () => {
      await lookups.prepare();
      await ownership.prepare();
    },
    snapshot: (attack, record, now, findDaySlot) =>
      snapshotAttack(attack, record, rules(), {
        now,
        lookups: lookups.current(),
        findDaySlot: daySlotsOf(config, findDaySlot),
      }),
    close: (event, records, now) => closeDay(event, records, rules(), now),
    retract: (record, now) => retractSource(record, rules(), now, lookups.current()),
    expire: (record, now) => expireSource(record, rules(), now, lookups.current()),
    expireItems: (record, now) => expireSessionItems(record, rules(), now, lookups.current()),
    move: (record, now, findDaySlot) =>
      moveSource(record, rules(), now, lookups.current(), findDaySlot),
    locate: (address) => lookups.current().locate(address),
    warninglistsOf: (address) => lookups.current().verdictOf(address)?.lists.length ?? 0,
    now: Date.now,
    random: Math.random,
    log,
    [Symbol.dispose]: () => client?.[Symbol.dispose](),
  };
}

/** Where the buffer keeps the events that a worker of MISP has yet to publish. */
export function publicationStore({ settings }: Buffer): PublicationStore {
  return {
    get: () => settings.get(PUBLICATION_QUEUE),
    put: (text) => settings.put(PUBLICATION_QUEUE, text),
  };
}

/** Finds a slot in the event of a day, where sources share one. */
export function daySlotsOf({ misp }: Config, findDaySlot: FindDaySlot): FindDaySlot | undefined {
  return misp.eventPer === "day" ? findDaySlot : undefined;
}

/** When attacks are due, and the sinks whose reports count. */
export function dueRules(config: Config) {
  const sinks = [
    ...(config.misp.url === undefined ? [] : ["misp" as const]),
    ...(feedDirectory(config) === undefined ? [] : ["feed" as const]),
  ];
  return {
    periodMs: config.buffer.periodMs,
    maxHoldMs: config.buffer.maxHoldMs,
    sinks,
    expireAfterMs: config.misp.expireAfterMs,
    sessionExpireAfterMs: config.session.expireAfterMs,
  };
}

/** What snapshots are configured by, and whose events they make. */
export function snapshotRules(
  config: Config,
  sinks: SnapshotRules["sinks"],
  installation: Installation,
): SnapshotRules {
  const { misp, guard, honeypot, privacy, session } = config;
  const isConfigured = misp.publisher !== undefined;
  return {
    sinks,
    publishIntervalMs: misp.publishIntervalMs,
    reopenAfterMs: misp.reopenAfterMs,
    maxUsernames: privacy.maxUsernames,
    sessions: session,
    publisher: misp.publisher,
    ...eventNames((publisher) => namespaceOf(installation, publisher, isConfigured)),
    distribution: misp.distribution,
    sharingGroup: misp.sharingGroup,
    threatLevel: misp.threatLevel,
    analysis: misp.analysis,
    tags: misp.tags,
    usernames: privacy.usernames,
    sensorNames: privacy.sensorNames,
    passwords: privacy.passwords,
    commands: privacy.commands,
    correlatesHassh: misp.correlateHassh,
    minAttempts: guard.minAttempts,
    expireAfterMs: misp.expireAfterMs,
    sessionExpireAfterMs: session.expireAfterMs,
    telnet: honeypot.telnet,
  };
}

/** Whether a feed is written whose events name a sharing group that only a MISP could look up. */
export function lacksGroupUuid(config: Config): boolean {
  const { sharingGroup } = config.misp;
  return feedDirectory(config) !== undefined && sharingGroup !== undefined && !isUuid(sharingGroup);
}

/** The name of a manager would show where the sensors are: only a configured publisher is named. */
function createFeedSink(config: Config, directory: string): FeedSink {
  if (lacksGroupUuid(config)) {
    throw new ConfigError(
      "misp.sharing_group is a name, which a feed cannot look up; use the uuid of the group",
    );
  }
  const name = config.misp.publisher ?? PROGRAM;
  return new FeedSink(directory, () => ({ name, uuid: publisherUuid(name) }), config.feed.keepMs);
}

/** Keys have 40 letters and digits; older versions of MISP took others. */
export const IS_KEY = /^[\x21-\x7e]+$/;
/** The next step where a text is not one. */
export const ONLY_KEY = "put the key of a MISP user there, and nothing else";

/**
 * How to reach MISP; undefined without `misp.url`.
 *
 * @throws {ConfigError} a key or certificate file cannot be read, or `misp.url` has no key
 */
export function mispAccess(config: Config): ClientOptions | undefined {
  const { url, apiKey, apiKeyFile, caFile, timeoutMs } = config.misp;
  if (url === undefined) return undefined;
  const key = apiKey ?? readSetting("misp.api_key_file", apiKeyFile);
  if (key === undefined) {
    throw new ConfigError(
      "misp.url is set without a key",
      "put the key into a file that misp.api_key_file names",
    );
  }
  const where = apiKey === undefined ? `misp.api_key_file ${apiKeyFile}` : "misp.api_key";
  if (key.trim() === "") {
    throw new ConfigError(`${where} is empty`, "put the key of a MISP user there");
  }
  if (!IS_KEY.test(key.trim())) {
    throw new ConfigError(`${where} has characters that a key never has`, ONLY_KEY);
  }
  const caCertificate = readSetting("misp.ca_file", caFile);
  if (caCertificate !== undefined && !caCertificate.includes("-----BEGIN CERTIFICATE-----")) {
    throw new ConfigError(`misp.ca_file ${caFile} does not hold a PEM certificate`);
  }
  return { url, apiKey: key.trim(), caCertificate, timeoutMs, proxy: mispProxy(config) };
}

function mispProxy({ misp }: Config): HttpProxy | undefined {
  const { proxy, proxyAuthFile } = misp;
  if (proxy === undefined) return undefined;
  const credentials = readSetting("misp.proxy_auth_file", proxyAuthFile)?.trim();
  if (credentials !== undefined && !/^[^:\s][^:\r\n]*:[^\r\n]+$/.test(credentials)) {
    throw new ConfigError(
      `misp.proxy_auth_file ${proxyAuthFile} does not hold USER:PASSWORD in one line`,
    );
  }
  return { url: proxy, credentials };
}

/**
 * Reads the file that a configuration key names; undefined where it names none.
 *
 * @throws {ConfigError} the file cannot be read
 */
export function readSetting(key: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw unreadable(key, path, error);
  }
}

function unreadable(key: string, path: string, error: unknown): ConfigError {
  if (error instanceof Deno.errors.NotCapable) {
    const hint = "put it into the configuration folder";
    return new ConfigError(`${key} ${path}: this binary may not read there`, hint);
  }
  const what = `${key} ${path}: ${fileReason(error)}`;
  if (error instanceof Deno.errors.IsADirectory) return new ConfigError(what, "name a file");
  if (!(error instanceof Deno.errors.NotFound)) {
    return new ConfigError(what, "let root own it, with Wazuh's group and mode 640");
  }
  if (key === "server.tokens_file") return new ConfigError(what, "`serve token new NAME` makes it");
  return new ConfigError(
    what,
    key === "misp.api_key_file"
      ? `run \`setup\` as root, or \`install -o root -g wazuh -m 640 /dev/stdin ${
        shellWord(path)
      }\``
      : `put it there, or unset ${key}`,
  );
}
