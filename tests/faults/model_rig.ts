/**
 * What the model test runs: the real buffer in a file or in a database, the real publisher and REST sink, a
 * fake MISP and a clock that is moved by hand; and beside it the model, which only counts what was handed
 * over.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Buffer } from "../../src/buffer/buffer.ts";
import type { BufferStatus } from "../../src/buffer/views.ts";
import { decide } from "../../src/intake/decide.ts";
import { MispClient } from "../../src/misp/client.ts";
import { RestSink } from "../../src/misp/rest_sink.ts";
import { snapshotAttack, type SnapshotRules } from "../../src/publish/snapshot.ts";
import { CONNECTION_OVER_MS } from "../../src/publish/source_record.ts";
import {
  PUBLISH_LEASE,
  publishDue,
  type PublisherParts,
  type Round,
} from "../../src/publish/publisher.ts";
import type { Sink } from "../../src/sink.ts";
import type { Decision } from "../../src/model.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { defaultRules, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import type { Place } from "./places.ts";
import { DAY, HOUR, MINUTE, TAGS } from "./site.ts";

const START = Date.UTC(2026, 0, 5);
/** A publisher asks for its lease for so long: four deliveries of 30 seconds. */
export const LEASE_MS = 2 * MINUTE;
const KEEP = { seenMs: 7 * DAY, recordMs: 30 * DAY, connectionMs: CONNECTION_OVER_MS };
const INTAKE = defaultRules();

const SOURCES = ["82.202.219.155", "192.241.237.101", "2a02:c207::7"];
const SENSORS = ["honeypot-fra1", "honeypot-ams2"];
const USERNAMES = ["root", "admin", "git", "pi"];
const RULES: SnapshotRules = {
  ...PLAIN_SNAPSHOT_RULES,
  reopenAfterMs: KEEP.recordMs,
  tags: ["tlp:green"],
};

/** One guess, by numbers of what there is to choose from. */
export interface Guess {
  readonly source: number;
  readonly sensor: number;
  /** Few, so that one connection has lines in several reports. */
  readonly pid: number;
  readonly username: number;
}

/** Alerts that were handed over together. */
export interface Batch {
  readonly decisions: readonly Decision[];
  /** Of our clock. */
  readonly seenAt: number;
}

/** What the pipeline is held against. */
export interface Model {
  /** Alerts that were handed over, by source, each counted once: that many guesses. */
  readonly attempts: Record<string, number>;
  accepted: number;
  duplicates: number;
  /** Those whose alerts are not forgotten yet. */
  batches: readonly Batch[];
  /** Until when publishers that died or stand still may hold the lease, of our clock. */
  leases: readonly number[];
  /** Whether MISP has told a lie that refuses a report. */
  mayRefuse: boolean;
  isPruned: boolean;
  isStalled: boolean;
}

/** A model of nothing. */
export function emptyModel(): Model {
  return {
    attempts: {},
    accepted: 0,
    duplicates: 0,
    batches: [],
    leases: [],
    mayRefuse: false,
    isPruned: false,
    isStalled: false,
  };
}

/** That a process was ended in the middle of its work. */
export class Killed extends Error {
  override name = "Killed";
}

/** A publisher that stands still, and goes on as if nothing had happened. */
export interface Stalled {
  /** Goes on to its end. @returns undefined when it found that it was overtaken */
  wake(): Promise<Round | undefined>;
}

/** What a report told of an event, by the event's uuid. */
interface Issued {
  readonly source: string;
  readonly attempts: number;
}

/** The system under test. */
export class Rig implements AsyncDisposable {
  readonly misp: FakeMisp;
  buffer: Buffer;
  /** What is true, and by how much our clock is off. */
  time = START;
  offMs = 0;
  stalled: Stalled | undefined;
  readonly #place: Place;
  readonly #client: MispClient;
  readonly #issued = new Map<string, Issued>();
  /** The latest event of each source: the one that offers its address. */
  readonly #latest = new Map<string, string>();
  readonly #issuedSightings = new Set<string>();
  #alerts = 0;

  private constructor(misp: FakeMisp, place: Place) {
    this.misp = misp;
    this.#place = place;
    this.buffer = this.#open();
    this.#client = new MispClient({
      url: misp.url,
      apiKey: misp.keys.publisher,
      caCertificate: undefined,
      timeoutMs: 10_000,
    });
  }

  static async start(place: Place): Promise<Rig> {
    let rig: Rig | undefined = undefined;
    const now = () => rig?.time ?? START;
    return rig = new Rig(await FakeMisp.start({ tags: TAGS, now }), place);
  }

  async [Symbol.asyncDispose]() {
    await this.stalled?.wake();
    this.buffer[Symbol.dispose]();
    this.#client[Symbol.dispose]();
    this.#place[Symbol.dispose]();
    await this.misp[Symbol.asyncDispose]();
  }

  /** Our clock. */
  get now(): number {
    return this.time + this.offMs;
  }

  /** Nobody listens at MISP's port any more, and it can be listened at again. */
  async takeDown(): Promise<void> {
    this.misp.down = true;
    const port = Number(new URL(this.misp.url).port);
    for (;;) {
      try {
        using _connection = await Deno.connect({ hostname: "127.0.0.1", port });
      } catch (error) {
        if (error instanceof Deno.errors.ConnectionRefused) return;
        // The listener that closes cuts what it had not accepted, before or after we ask for its name.
        const isCut = error instanceof Deno.errors.ConnectionReset ||
          error instanceof Deno.errors.NotConnected;
        if (!isCut) throw error;
      }
    }
  }

  restart() {
    this.buffer[Symbol.dispose]();
    this.buffer = this.#open();
  }

  #open(): Buffer {
    return this.#place.open(this.now);
  }

  /** Alerts that nobody has handed over yet. */
  batchOf(guesses: readonly Guess[]): Batch {
    const { now } = this;
    const decisions = guesses.map(({ source, sensor, pid, username }) => {
      const from = SOURCES[source]!;
      const alert = sshdAlert({
        id: `${Math.floor(now / 1000)}.${++this.#alerts}`,
        time: new Date(now).toISOString().replace("Z", "+0000"),
        agent: SENSORS[sensor]!,
        agentId: `00${sensor + 1}`,
        pid: 1000 + pid,
        message: `Failed password for ${USERNAMES[username]} from ${from} port 51676 ssh2`,
      });
      return decide(alert, INTAKE, now);
    });
    return { decisions, seenAt: now };
  }

  accept({ decisions }: Batch) {
    return this.buffer.intake.accept(decisions, { maxUsernames: 100 }, this.now);
  }

  /** Prunes as every `flush` does. */
  prune() {
    return this.buffer.retention.prune(KEEP, this.now);
  }

  /** One round of a publisher that nothing happens to. */
  flush(everything: boolean): Promise<Round | undefined> {
    return publishDue(this.#parts(this.buffer), "flush", everything);
  }

  /** A round that ends for good at the n-th call of the buffer: nothing is released. */
  async crash(calls: number): Promise<"killed" | "ended"> {
    using buffer = this.#open();
    const dying = interrupted(buffer, calls, () => Promise.reject(new Killed()));
    try {
      await publishDue(this.#parts(dying), "dying");
      return "ended";
    } catch (error) {
      if (error instanceof Killed) return "killed";
      throw error;
    }
  }

  /** A round of another process that stands still before its n-th call of the buffer. */
  async stall(calls: number): Promise<Stalled | undefined> {
    const buffer = this.#open();
    const stopped = Promise.withResolvers<"stopped">();
    const gate = Promise.withResolvers<void>();
    const slow = interrupted(buffer, calls, () => {
      stopped.resolve("stopped");
      return gate.promise;
    });
    const end = publishDue(this.#parts(slow), "slow").catch((error: unknown) => {
      if (error instanceof Error && /took over/.test(error.message)) return undefined;
      throw error;
    }).finally(() => buffer[Symbol.dispose]());
    if (await Promise.race([stopped.promise, end]) !== "stopped") return undefined;
    const wake = () => {
      gate.resolve();
      return end;
    };
    return { wake };
  }

  /** Takes the lease as `report retry` does, and gives it back: the fence has grown. */
  takeFence() {
    return this.buffer.reports.retry([], { name: PUBLISH_LEASE, owner: "report" }, this.now);
  }

  /** Retries what was refused as an operator would. */
  async retryRefused(): Promise<void> {
    const { rows } = await this.buffer.reports.list(Infinity);
    const refused = rows.filter(({ state }) => state === "refused");
    if (refused.length === 0) return;
    await this.buffer.reports.retry(refused, { name: PUBLISH_LEASE, owner: "report" }, this.now);
  }

  #parts(buffer: Buffer): PublisherParts {
    const sink = new RestSink(this.#client, { publish: true, maxParallel: 1 });
    return {
      buffer,
      sinks: [oneByOne(sink)],
      due: { periodMs: 15 * MINUTE, maxHoldMs: HOUR, sinks: ["misp"] },
      deliveryMs: LEASE_MS / 4,
      prepare: () => Promise.resolve(),
      close: () => [],
      snapshot: (attack, record, now) => {
        const snapshot = snapshotAttack(attack, record, RULES, { now });
        const { eventUuid, sourceIp, attempts } = snapshot.record;
        this.#issued.set(eventUuid, { source: sourceIp, attempts });
        this.#latest.set(sourceIp, eventUuid);
        for (const { sightings } of snapshot.reports) {
          for (const { uuid } of sightings) this.#issuedSightings.add(uuid);
        }
        return snapshot;
      },
      now: () => this.now,
      random: () => 0.5,
      log: () => {},
    };
  }

  /** Holds the buffer, and what MISP has so far, against the model. */
  async check(model: Model): Promise<BufferStatus> {
    const status = await this.buffer.views.status();
    assert.deepEqual([status.accepted, status.duplicate], [model.accepted, model.duplicates]);
    const told = [...this.#issued.values()].reduce((sum, { attempts }) => sum + attempts, 0);
    assert.equal(
      told + status.pendingAttempts,
      model.accepted,
      `${told} told and ${status.pendingAttempts} pending`,
    );
    if (!model.mayRefuse) assert.equal(status.refused, 0, status.lastError?.text);
    for (const [source, total] of this.#totals("at most")) {
      assert.ok(total <= model.attempts[source]!, `${total} of ${source} in MISP`);
    }
    return status;
  }

  /** Holds what MISP has, now that nothing waits, against the model. */
  checkAllTold(model: Model) {
    assert.deepEqual(Object.fromEntries(this.#totals("exactly")), model.attempts);
    assert.equal(this.misp.events().length, this.#issued.size);
    for (const { uuid, Attribute } of this.misp.events()) {
      const isLatest = this.#latest.get(this.#issued.get(uuid)!.source) === uuid;
      // What was refused, or forgotten, ended nothing.
      if (!isLatest && (model.mayRefuse || model.isPruned)) continue;
      assert.deepEqual(Attribute.map(({ to_ids }) => to_ids), [isLatest], uuid);
    }
    // A refusal of sightings is noted only; those that wait for longer than homes are kept are forgotten.
    if (model.mayRefuse || model.isPruned) return;
    const sightings = this.misp.sightings().map(({ uuid }) => uuid);
    assert.deepEqual(new Set(sightings), this.#issuedSightings);
  }

  /** Guesses by source as MISP has them; everything else there is checked on the way. */
  #totals(compare: "at most" | "exactly"): ReadonlyMap<string, number> {
    const totals = new Map<string, number>();
    const addresses = new Map<string, string>();
    const uuids: string[] = [];
    for (const event of this.misp.events()) {
      const issued = this.#issued.get(event.uuid);
      assert.ok(issued !== undefined, `nobody issued ${event.info}`);
      const inObjects = event.Object.flatMap((object) => object.Attribute);
      const attributes = [...event.Attribute, ...inObjects];
      uuids.push(event.uuid, ...[...event.Object, ...attributes].map(({ uuid }) => uuid));
      for (const { id, type, object_relation, value } of attributes) {
        if (object_relation === "total") {
          assert.ok(Number(value) <= issued.attempts, `${event.info}: total ${value}`);
          totals.set(issued.source, (totals.get(issued.source) ?? 0) + Number(value));
        }
        if (type !== "ip-src") continue;
        assert.equal(value, issued.source);
        addresses.set(id, value);
      }
      if (compare === "at most") continue;
      assert.deepEqual(event.Attribute.map(({ value }) => value), [issued.source]);
      assert.deepEqual(event.Object.map(({ name }) => name), ["authentication-failure-report"]);
      assert.deepEqual(
        inObjects.map(({ object_relation }) => object_relation).sort(),
        ["ip-src", "total", "type"],
      );
      assert.equal(event.published, true, event.info);
      assert.match(
        event.info,
        new RegExp(`from ${issued.source} \\(${issued.attempts} attempts?\\)`),
      );
    }
    const sightings = this.misp.sightings();
    for (const { attribute_id, uuid } of sightings) {
      assert.ok(addresses.has(attribute_id) && this.#issuedSightings.has(uuid));
    }
    uuids.push(...sightings.map(({ uuid }) => uuid));
    assert.equal(new Set(uuids).size, uuids.length, "a uuid is there twice");
    return totals;
  }
}

/** A buffer that is stopped before the n-th call of any of its stores, and before each call after that. */
function interrupted(buffer: Buffer, calls: number, stop: () => Promise<void>): Buffer {
  let left = calls;
  const storeOf = (store: object) =>
    new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return async (...values: unknown[]) => {
          if (--left < 0) await stop();
          return await member.apply(target, values);
        };
      },
    });
  return new Proxy(buffer, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      return typeof member === "object" && member !== null ? storeOf(member) : member;
    },
  });
}

/** A process that stands still sends nothing: no request is under way while a report is marked. */
function oneByOne(sink: Sink): Sink {
  return {
    name: sink.name,
    async *deliver(reports, now) {
      for (const report of reports) {
        for await (const delivery of sink.deliver([report], now)) {
          yield delivery;
          if (delivery.outcome.kind === "unavailable") return;
        }
      }
    },
  };
}
