/**
 * A site with a MISP and a feed, whose attackers come and go, with a clock that is moved by hand.
 *
 * @module
 */
import type { SessionItem } from "../../src/session_evidence.ts";
import type { Buffer } from "../../src/buffer/buffer.ts";
import { FeedSink } from "../../src/feed/feed_sink.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { MispClient } from "../../src/misp/client.ts";
import { RestSink } from "../../src/misp/rest_sink.ts";
import type { Decision, FindDaySlot, SinkName } from "../../src/model.ts";
import { publishDue, type PublisherParts } from "../../src/publish/publisher.ts";
import {
  closeDay,
  expireSessionItems,
  expireSource,
  NO_LOOKUPS,
  retractSource,
  snapshotAttack,
  type SnapshotRules,
} from "../../src/publish/snapshot.ts";
import { DirectRequests } from "../fake_misp/direct.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

export const DAY = 24 * 60 * 60_000;
const MINUTE = 60_000;
export const START = Date.UTC(2026, 0, 1, 12);
export const IP = "82.202.219.155";
const TAGS = [
  "tlp:green",
  'misp-galaxy:mitre-attack-pattern="Brute Force - T1110"',
  'misp-galaxy:mitre-attack-pattern="Password Guessing - T1110.001"',
  'misp-galaxy:mitre-attack-pattern="Valid Accounts - T1078"',
  'workflow:state="complete"',
  'false-positive:risk="high"',
];

/** What a site is configured by. */
export interface SiteOptions {
  readonly expireDays?: number;
  readonly reopenDays?: number;
  readonly keepDays?: number;
  /** Days after which files and URLs expire; they do not by default. */
  readonly sessionDays?: number;
  readonly eventPer?: "source" | "day";
  /** Whether requests to MISP go without a socket: for many thousands of sources. */
  readonly isDirect?: boolean;
  /** Opens the buffer; one in memory by default. */
  readonly open?: () => Buffer;
}

/** One attempt; all else of it is of no concern. */
const [MODEL] = [decideDefault(sshdAlert())];

/** A site with a MISP and a feed. */
export class Site implements AsyncDisposable {
  readonly buffer: Buffer;
  readonly folder: TempFolder = tempFolder();
  readonly misp: FakeMisp;
  readonly #client: MispClient;
  readonly #options: SiteOptions;
  readonly parts: PublisherParts;
  readonly rules: SnapshotRules;
  readonly logged: string[] = [];
  now = START;
  #alerts = 0;

  private constructor(misp: FakeMisp, options: SiteOptions) {
    const { expireDays = 90, reopenDays = 30, keepDays = 120, eventPer = "source" } = options;
    const { sessionDays } = options;
    this.misp = misp;
    this.#options = options;
    this.buffer = options.open?.() ?? new SqliteBuffer(":memory:", START);
    this.#client = new MispClient({
      ...{ url: misp.url, apiKey: misp.keys.publisher, caCertificate: undefined },
      timeoutMs: 10_000,
    });
    const sinks: readonly SinkName[] = ["misp", "feed"];
    const expiry = {
      expireAfterMs: expireDays === 0 ? undefined : expireDays * DAY,
      sessionExpireAfterMs: sessionDays === undefined ? undefined : sessionDays * DAY,
    };
    const rules: SnapshotRules = {
      ...{ ...PLAIN_SNAPSHOT_RULES, tags: ["tlp:green"], sinks, ...expiry },
      reopenAfterMs: reopenDays * DAY,
    };
    const slots = (find: FindDaySlot) => eventPer === "day" ? find : undefined;
    this.rules = rules;
    this.parts = {
      buffer: this.buffer,
      sinks: [
        new RestSink(
          options.isDirect ? new DirectRequests(misp, misp.keys.publisher) : this.#client,
          { publish: true, maxParallel: 4 },
        ),
        new FeedSink(
          this.folder.path,
          () => ({ name: "honeypots", uuid: "372029bf-485a-504c-8f75-0ba5cf9baddf" }),
          keepDays * DAY,
        ),
      ],
      due: { periodMs: 15 * MINUTE, maxHoldMs: 60 * MINUTE, sinks, ...expiry },
      deliveryMs: 30_000,
      prepare: () => Promise.resolve(),
      close: (event, records, now) => closeDay(event, records, rules, now),
      snapshot: (attack, record, now, findDaySlot) =>
        snapshotAttack(attack, record, rules, { now, findDaySlot: slots(findDaySlot) }),
      expire: (record, now) => expireSource(record, rules, now, NO_LOOKUPS),
      expireItems: (record, now) => expireSessionItems(record, rules, now, NO_LOOKUPS),
      now: () => this.now,
      random: () => 0.5,
      log: (level, message) => void this.logged.push(`${level}: ${message}`),
    };
  }

  static async start(options: SiteOptions = {}): Promise<Site> {
    let site: Site | undefined = undefined;
    const misp = await FakeMisp.start({ tags: TAGS, now: () => site?.now ?? START });
    return site = new Site(misp, options);
  }

  /** One attempt of each source, now. */
  async attack(...sources: readonly string[]): Promise<void> {
    if (MODEL?.kind !== "attempts") throw new Error("the alert is not an attempt");
    const { key, attempts } = MODEL;
    const decisions = sources.map((sourceIp) => ({
      ...MODEL,
      key: { ...key, id: `a${++this.#alerts}` },
      attempts: [{ ...attempts[0]!, sourceIp, at: this.now, pid: this.#alerts }],
    }));
    await this.buffer.intake.accept(decisions, { maxUsernames: 100 }, this.now);
  }

  /** A session of a source at a decoy, now, in which it brings something. */
  async bring(sourceIp: string, ...items: readonly SessionItem[]): Promise<void> {
    if (MODEL?.kind !== "attempts") throw new Error("the alert is not an attempt");
    const id = `a${++this.#alerts}`;
    const { sensor, techniques } = MODEL.attempts[0]!;
    const decision: Decision = {
      ...MODEL,
      key: { ...MODEL.key, id },
      attempts: [],
      session: {
        ...{ sourceIp, at: this.now, sensor, techniques, service: "ssh", session: id, items },
        ...{ sourceLocation: undefined, isConnect: true, isLogin: true, durationMs: 1000 },
        furtherCommands: 0,
      },
    };
    await this.buffer.intake.accept([decision], { maxUsernames: 100 }, this.now);
  }

  /** Publishes until nothing waits, and prunes, as the engine does. */
  async publish(): Promise<void> {
    for (;;) {
      const round = await this.publishOnce();
      if (round === undefined || round.problems.length > 0 || round.refused > 0) {
        throw new Error(JSON.stringify([round, this.logged]));
      }
      const at = await this.buffer.outbox.nextExpiryAt(this.parts.due);
      if (at !== undefined && at <= this.now) continue;
      if (round.waiting === 0) break;
      // A feed of many events rests for some seconds after each round.
      this.now += MINUTE;
    }
    const { reopenDays = 30 } = this.#options;
    const keep = { seenMs: 14 * DAY, recordMs: reopenDays * DAY, connectionMs: DAY / 24 };
    const itemsExpire = this.#options.sessionDays !== undefined;
    await this.buffer.retention.prune({ ...keep, expires: true, itemsExpire }, this.now);
  }

  /** One round. */
  publishOnce() {
    return publishDue(this.parts, "me");
  }

  /** An attack now, published an hour later. */
  async attackAndPublish(...sources: readonly string[]): Promise<void> {
    await this.attack(...sources);
    await this.pass(1 / 24);
  }

  /** So many days pass, then what is due is published. */
  async pass(days: number): Promise<void> {
    this.now += days * DAY;
    await this.publish();
  }

  /** Withdraws an address. */
  async retract(sourceIp: string): Promise<void> {
    await this.buffer.outbox.republish(
      sourceIp,
      this.now,
      (record) => retractSource(record, this.rules, this.now, NO_LOOKUPS),
    );
    await this.publish();
  }

  /** What a colleague does in MISP. */
  async asAnalyst(path: string, body: unknown): Promise<void> {
    const headers = {
      Authorization: this.misp.keys.orgadmin,
      "Content-Type": "application/json",
    };
    const response = await fetch(this.misp.url + path, {
      ...{ method: "POST", headers, body: JSON.stringify(body) },
    });
    await response.body?.cancel();
    if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
  }

  /** The addresses that MISP gives to detection, once for each event that does. */
  inMisp(): readonly string[] {
    return [...this.misp.stored()].flatMap(({ Attribute }) => Attribute)
      .filter((one) => one.to_ids && !one.deleted).map(({ value }) => value).sort();
  }

  /** The same of the events that the feed lists. */
  inFeed(): readonly string[] {
    return this.listed().flatMap((uuid) => this.feedEvent(uuid).Attribute)
      .filter((one) => one.to_ids && !one.deleted).map(({ value }) => value).sort();
  }

  /** The files and URLs that MISP gives to detection, once for each object that does. */
  itemsInMisp(): readonly string[] {
    return offeredItems(this.misp.events());
  }

  /** The same of the events that the feed lists. */
  itemsInFeed(): readonly string[] {
    return offeredItems(this.listed().map((uuid) => this.feedEvent(uuid)));
  }

  /** The uuids that the manifest lists. */
  listed(): readonly string[] {
    return Object.keys(JSON.parse(this.#read("manifest.json")) as object);
  }

  feedEvent(uuid: string): {
    readonly Attribute: readonly FeedAttribute[];
    readonly Object: readonly FeedObject[];
  } {
    return JSON.parse(this.#read(`${uuid}.json`)).Event;
  }

  /** The lines of `hashes.csv`. */
  hashes(): readonly string[] {
    return this.#read("hashes.csv").split("\n").filter((line) => line !== "");
  }

  #read(name: string): string {
    return Deno.readTextFileSync(this.folder.file(name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client[Symbol.dispose]();
    this.buffer[Symbol.dispose]();
    this.folder[Symbol.dispose]();
    await this.misp[Symbol.asyncDispose]();
  }
}

interface FeedAttribute {
  readonly value: string;
  readonly to_ids: boolean;
  readonly deleted?: boolean;
}

interface FeedObject {
  readonly name: string;
  readonly deleted?: boolean;
  readonly Attribute: readonly FeedAttribute[];
}

const offeredItems = (events: readonly { readonly Object: readonly FeedObject[] }[]) =>
  events.flatMap((event) => event.Object).filter(({ deleted }) => deleted !== true)
    .flatMap(({ Attribute }) => Attribute)
    .filter((one) => one.to_ids && one.deleted !== true).map(({ value }) => value).sort();
