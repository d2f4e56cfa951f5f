/**
 * A site for tests that take simulated days: the real buffer in a file, the real publisher and REST sink,
 * a fake MISP, and a clock that is moved by hand.
 *
 * @module
 */
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { createCapabilities } from "../../src/cli/wiring/capabilities.ts";
import { MispClient } from "../../src/misp/client.ts";
import { RestSink } from "../../src/misp/rest_sink.ts";
import { snapshotAttack, type SnapshotRules } from "../../src/publish/snapshot.ts";
import { publishDue, type PublisherParts } from "../../src/publish/publisher.ts";
import type { Decision } from "../../src/model.ts";
import { FakeMisp, type StoredEvent } from "../fake_misp/server.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const START = Date.UTC(2026, 7, 23);

export const LONG_READ_TIMEOUT_MS = 30_000;

/** `misp.max_parallel` of a default installation. */
export const MAX_PARALLEL = 2;

/** What the fake MISP has of what events are tagged with. */
export const TAGS = [
  "tlp:green",
  'misp-galaxy:mitre-attack-pattern="Brute Force - T1110"',
  'misp-galaxy:mitre-attack-pattern="Password Guessing - T1110.001"',
];

const RULES: SnapshotRules = {
  ...PLAIN_SNAPSHOT_RULES,
  sensorNames: "name",
  tags: ["tlp:green"],
};

const KEEP = { seenMs: 7 * DAY, recordMs: 30 * DAY, connectionMs: HOUR };

/** A request that was tried, whether anybody answered or not. */
export interface Try {
  readonly at: number;
  readonly path: string;
  /** The event that it is about; empty: none. */
  readonly about: string;
}

/** How a site is set up. */
export interface SiteOptions {
  /** The buffer's file, or `:memory:`. */
  readonly path: string;
  /** Whether first contact is asked for, as every command does; else everything is tried. */
  readonly asksFirst: boolean;
  /** Whether the fake MISP keeps what it received; by default it does. */
  readonly keepsRequests?: boolean;
}

/** The site. */
export class Site implements AsyncDisposable {
  readonly misp: FakeMisp;
  buffer: SqliteBuffer;
  now = START;
  /** How long clients wait for an answer, in real milliseconds: short only while none will come. */
  readTimeoutMs = LONG_READ_TIMEOUT_MS;
  readonly tries: Try[] = [];
  /** What was logged as an error. */
  readonly errors: Set<string> = new Set();
  readonly #options: SiteOptions;
  readonly #clients: MispClient[] = [];
  #parts: PublisherParts;

  private constructor(misp: FakeMisp, options: SiteOptions) {
    this.misp = misp;
    this.#options = options;
    this.buffer = new SqliteBuffer(options.path, START);
    this.#parts = this.partsOf(this.buffer);
  }

  static async open(options: SiteOptions): Promise<Site> {
    let site: Site | undefined = undefined;
    const now = () => site?.now ?? START;
    const { keepsRequests = true } = options;
    site = new Site(await FakeMisp.start({ tags: TAGS, now, keepsRequests }), options);
    return site;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client[Symbol.dispose]();
    this.buffer[Symbol.dispose]();
    await this.misp[Symbol.asyncDispose]();
  }

  /** The process ends, and another one starts: only what is in the file is left. */
  restart(): void {
    this.buffer[Symbol.dispose]();
    this.buffer = new SqliteBuffer(this.#options.path, this.now);
    this.#parts = this.partsOf(this.buffer);
  }

  /** What a publisher of its own works with, as one of another process would. */
  partsOf(buffer: SqliteBuffer): PublisherParts {
    const { url, keys } = this.misp;
    const access = { url, apiKey: keys.publisher, caCertificate: undefined };
    const readTimeout = () => this.readTimeoutMs;
    const client = new CountingClient(
      {
        ...access,
        get timeoutMs() {
          return readTimeout();
        },
      },
      (path, about) => this.tries.push({ at: this.now, path, about }),
    );
    this.#clients.push(client);
    const now = () => this.now;
    const capabilities = createCapabilities(client, { ...access, buffer, now, log: () => {} });
    const rules = { publish: true, maxParallel: MAX_PARALLEL };
    const sink = new RestSink(client, this.#options.asksFirst ? { ...rules, capabilities } : rules);
    return {
      buffer,
      sinks: [sink],
      due: { periodMs: 15 * MINUTE, maxHoldMs: HOUR, sinks: ["misp"] },
      deliveryMs: 30_000,
      prepare: () => Promise.resolve(),
      close: () => [],
      snapshot: (attack, record, at) => snapshotAttack(attack, record, RULES, { now: at }),
      now,
      random: () => 0.5,
      log: (level, message) => {
        if (level === "error") this.errors.add(message);
      },
    };
  }

  /** One look of a stayer: it publishes only when something is due. */
  async look(): Promise<void> {
    const next = await this.buffer.outbox.nextDueAt(this.#parts.due);
    if (next !== undefined && next <= this.now) await publishDue(this.#parts, "stayer");
  }

  accept(decisions: readonly Decision[]) {
    return this.buffer.intake.accept(
      decisions,
      { maxUsernames: 100, maxBytes: 1024 ** 3 },
      this.now,
    );
  }

  prune(): Promise<boolean> {
    return this.buffer.retention.prune(KEEP, this.now);
  }
}

class CountingClient extends MispClient {
  readonly #count: (path: string, about: string) => void;

  constructor(
    options: ConstructorParameters<typeof MispClient>[0],
    count: (path: string, about: string) => void,
  ) {
    super(options);
    this.#count = count;
  }

  override request(...[method, path, body]: Parameters<MispClient["request"]>) {
    const added = path === "/events/add" ? /"uuid":"([^"]+)"/.exec(body ?? "")?.[1] : undefined;
    this.#count(path, added ?? "");
    return super.request(method, path, body);
  }
}

type Attempts = Extract<Decision, { kind: "attempts" }>;

const READ = decideDefault(sshdAlert()) as Attempts;

/** What a made-up guess is about. */
export interface Guess {
  readonly source: string;
  readonly at: number;
  readonly sensor: string;
  readonly username: string;
  readonly pid: number;
}

let handedOver = 0;

/** What is decided on the alert of a guess. It is not read from JSON: that would take most of the time. */
export function decisionOf({ source, at, sensor, username, pid }: Guess): Decision {
  const [attempt] = READ.attempts;
  const { manager } = READ.key;
  return {
    ...READ,
    key: { manager, id: `${Math.floor(at / 1000)}.${++handedOver}` },
    attempts: [{
      ...attempt!,
      sourceIp: source,
      at,
      username,
      pid,
      sensor: { manager, id: sensor, name: sensor },
    }],
  };
}

/** The total that an event shows; 0: it is not there. */
export function totalOf(event: StoredEvent | undefined): number {
  const attributes = event?.Object.flatMap((object) => object.Attribute) ?? [];
  return attributes.filter((attribute) => attribute.object_relation === "total")
    .reduce((sum, { value }) => sum + Number(value), 0);
}

/** The totals that MISP shows, by source. */
export function totalsAt(misp: FakeMisp): ReadonlyMap<string, number> {
  return new Map(
    [...misp.stored()].map((event) => {
      const attributes = event.Object.flatMap((object) => object.Attribute);
      return [attributes.find(({ type }) => type === "ip-src")!.value, totalOf(event)];
    }),
  );
}
