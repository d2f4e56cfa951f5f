import assert from "node:assert/strict";
import { publicationStore } from "../../src/cli/wiring/publisher.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { decide } from "../../src/intake/decide.ts";
import { MispClient } from "../../src/misp/client.ts";
import { FeedSink } from "../../src/feed/feed_sink.ts";
import { PublicationQueue, readQueue } from "../../src/misp/published/publication_queue.ts";
import { RestSink } from "../../src/misp/rest_sink.ts";
import { dayEventUuid } from "../../src/misp/uuid.ts";
import { closeDay, moveSource, retractSource, snapshotAttack } from "../../src/publish/snapshot.ts";
import { NO_LOOKUPS } from "../../src/publish/snapshot.ts";
import { publishDue, type PublisherParts } from "../../src/publish/publisher.ts";
import { FakeMisp, type StoredEvent } from "../fake_misp/server.ts";

import { defaultRules, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const MANAGER = "wazuh-manager-01";
const TITLE = "SSH brute-force sources seen by honeypots, 2026-11-23";
const UUID = dayEventUuid(MANAGER, "2026-11-23", 1);
const TAGS = [
  "tlp:green",
  'misp-galaxy:mitre-attack-pattern="Password Guessing - T1110.001"',
  'workflow:state="complete"',
];

const RULES = { ...PLAIN_SNAPSHOT_RULES, sinks: ["misp", "feed"], tags: ["tlp:green"] } as const;

/** A publisher to a fake MISP and to a feed folder, by a clock that is moved by hand. */
class Scene implements AsyncDisposable {
  readonly buffer = new SqliteBuffer(":memory:", NOON);
  readonly logged: string[] = [];
  readonly queue = publicationStore(this.buffer);
  now = NOON;
  readonly #client: MispClient;
  readonly #folder: TempFolder;

  private constructor(readonly misp: FakeMisp, folder: TempFolder) {
    const access = { url: misp.url, apiKey: misp.keys.publisher };
    this.#client = new MispClient({ ...access, caCertificate: undefined, timeoutMs: 10_000 });
    this.#folder = folder;
  }

  static async start(): Promise<Scene> {
    return new Scene(await FakeMisp.start({ tags: TAGS }), tempFolder());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client[Symbol.dispose]();
    this.buffer[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
    await this.misp[Symbol.asyncDispose]();
  }

  async guess(...sources: readonly string[]): Promise<void> {
    const time = new Date(this.now).toISOString().replace("Z", "+0000");
    const decisions = sources.map((source) => {
      const message = `Failed password for root from ${source} port 51676 ssh2`;
      return decide(sshdAlert({ time, message }), defaultRules(), this.now);
    });
    await this.buffer.intake.accept(decisions, { maxUsernames: 100 }, this.now);
  }

  get parts(): PublisherParts {
    const organisation = { name: "a publisher", uuid: "5b0c5a0e-7a5d-5c0b-9d7e-3f1d4a2c8e61" };
    return {
      buffer: this.buffer,
      sinks: [
        new RestSink(this.#client, {
          ...{ publish: true, maxParallel: 4 },
          queue: new PublicationQueue(this.queue, () => this.now),
        }),
        new FeedSink(`${this.#folder.path}/feed`, () => organisation),
      ],
      due: { periodMs: 15 * MINUTE, maxHoldMs: 60 * MINUTE, sinks: RULES.sinks },
      deliveryMs: 10_000,
      prepare: () => Promise.resolve(),
      snapshot: (attack, record, now, place) =>
        snapshotAttack(attack, record, RULES, { now, findDaySlot: place }),
      move: (record, now, findDaySlot) => moveSource(record, RULES, now, NO_LOOKUPS, findDaySlot),
      close: (event, records, now) => closeDay(event, records, RULES, now),
      now: () => this.now,
      random: () => 0.5,
      log: (level, message) => void this.logged.push(`${level}: ${message}`),
    };
  }

  async publish(everything = true) {
    return await publishDue(this.parts, "me", everything);
  }

  async asAnalyst(path: string): Promise<void> {
    const headers = { Authorization: this.misp.keys.orgadmin, "Content-Type": "application/json" };
    const response = await fetch(this.misp.url + path, { method: "POST", headers, body: "{}" });
    await response.body?.cancel();
    assert.equal(response.status, 200);
  }

  async feedEvent(uuid: string): Promise<StoredEvent> {
    const text = await Deno.readTextFile(`${this.#folder.path}/feed/${uuid}.json`);
    return (JSON.parse(text) as { Event: StoredEvent }).Event;
  }
}

/** What both MISP and the feed should say of an event. */
function told(event: StoredEvent | undefined) {
  return {
    info: event?.info,
    analysis: event?.analysis,
    totals: Object.fromEntries(
      (event?.Object ?? []).map(({ Attribute: [address, total] }) => [address!.value, total!.value])
        .sort(),
    ),
    stories: (event?.EventReport ?? []).map(({ name }) => name),
  };
}

const A = "82.202.219.155";
const B = "192.241.237.101";
const C = "212.64.151.233";

Deno.test("publishDue() puts the sources of a day into one event, in few requests", async () => {
  await using scene = await Scene.start();
  await scene.guess(A, A, B, C);
  assert.equal((await scene.publish())?.delivered, 6);
  const expected = { info: TITLE, analysis: "1", totals: { [A]: "2", [B]: "1", [C]: "1" } };
  assert.deepEqual(scene.misp.events().map(told), [{ ...expected, stories: [] }]);
  assert.deepEqual(told(await scene.feedEvent(UUID)), { ...expected, stories: [] });
  assert.deepEqual(scene.misp.requests.map(({ path }) => path.replace(UUID, "UUID")), [
    "/events/add",
    "/events/publish/UUID",
  ]);
  assert.equal(scene.misp.event(UUID)?.published, true);
});

Deno.test("publishDue() adds later sources and counts to the day's event, with sightings", async () => {
  await using scene = await Scene.start();
  await scene.guess(A);
  await scene.publish();
  scene.now += 20 * MINUTE;
  await scene.guess(A, B);
  await scene.publish();
  const expected = { info: TITLE, analysis: "1", totals: { [A]: "2", [B]: "1" }, stories: [] };
  assert.deepEqual(scene.misp.events().map(told), [expected]);
  assert.deepEqual(told(await scene.feedEvent(UUID)), expected);
  assert.deepEqual(scene.misp.sightings().map(({ date_sighting }) => date_sighting), [
    String((NOON + 20 * MINUTE) / 1000),
  ]);
  assert.equal(scene.misp.requests.length, 4);
});

Deno.test("publishDue() closes a day once it is over, and a source that comes back leaves it closed", async () => {
  await using scene = await Scene.start();
  await scene.guess(A, A, B);
  await scene.publish();
  scene.now = Date.UTC(2026, 10, 24, 0, 59);
  await scene.publish(false);
  assert.equal(scene.misp.event(UUID)?.analysis, "1");
  assert.equal(
    await scene.buffer.outbox.nextDueAt(scene.parts.due),
    Date.UTC(2026, 10, 24, 1),
  );
  scene.now = Date.UTC(2026, 10, 24, 1);
  assert.equal((await scene.publish(false))?.delivered, 2);
  const closed = { info: TITLE, analysis: "2", totals: { [A]: "2", [B]: "1" }, stories: [TITLE] };
  assert.deepEqual(told(scene.misp.event(UUID)), closed);
  assert.deepEqual(told(await scene.feedEvent(UUID)), closed);
  assert.ok(scene.misp.event(UUID)?.Tag.some(({ name }) => name === 'workflow:state="complete"'));
  const story = scene.misp.event(UUID)?.EventReport[0]?.content ?? "";
  assert.match(story, /\*\*3 attempts\*\* from 2 sources\./);
  assert.match(story, /\| 82\.202\.219\.155 \| 2 \| 1 \| 2026-11-23 12:00:00 UTC \|/);
  assert.equal((await scene.publish(false))?.delivered, 0);
  await scene.guess(A, C);
  await scene.publish();
  assert.deepEqual(told(scene.misp.event(UUID)), { ...closed, totals: { [A]: "3", [B]: "1" } });
  assert.deepEqual(told(await scene.feedEvent(UUID)).analysis, "2");
  const next = dayEventUuid(MANAGER, "2026-11-24", 1);
  assert.deepEqual(told(scene.misp.event(next)).totals, { [C]: "1" });
});

Deno.test("snapshotDue() opens another part when a day's event is full", async () => {
  await using scene = await Scene.start();
  const sources = Array.from({ length: 700 }, (_, at) => `82.202.${at >> 8}.${at & 255}`);
  await scene.guess(...sources);
  const { due, snapshot } = scene.parts;
  await scene.buffer.outbox.snapshotDue(
    { ...due, periodMs: 0 },
    1000,
    NOON,
    (attack, record, place) => snapshot(attack, record, NOON, place),
  );
  const reports = await scene.buffer.outbox.reportsToTry(["misp"], 1000, Infinity);
  const titles = reports.map(({ body }) => (JSON.parse(body) as { info: string }).info);
  const count = (title: string) => titles.filter((one) => one === title).length;
  // 4 attributes a source, 2,000 an event.
  assert.deepEqual([count(TITLE), count(`${TITLE} (part 2)`)], [500, 200]);
});

Deno.test("publishDue() lets no source that MISP will not have hold up the others of its day", async () => {
  await using scene = await Scene.start();
  await scene.guess(A, B, C);
  scene.misp.failEvery(1, { kind: "drop", what: /^192\.241\.237\.101$/ });
  const round = await scene.publish();
  assert.deepEqual([round?.delivered, round?.refused], [5, 1]);
  assert.deepEqual(told(scene.misp.event(UUID)).totals[A], "1");
  assert.deepEqual(told(scene.misp.event(UUID)).totals[C], "1");
  assert.match(scene.logged.join("\n"), /192\.241\.237\.101: refused: MISP left out/);
});

Deno.test("publishDue() repairs a lost answer of a day's event without doubles", async () => {
  await using scene = await Scene.start();
  await scene.guess(A, B);
  scene.misp.fail({ kind: "lost-answer", on: /events\/add/ });
  assert.equal((await scene.publish())?.waiting, 0);
  assert.deepEqual(scene.misp.events().map(told), [
    { info: TITLE, analysis: "1", totals: { [A]: "1", [B]: "1" }, stories: [] },
  ]);
  assert.equal(scene.misp.event(UUID)?.published, true);
});

Deno.test("publishDue() puts new sources into the next part once a day's event was deleted for good", async () => {
  await using scene = await Scene.start();
  await scene.guess(A);
  await scene.publish();
  await scene.asAnalyst(`/events/delete/${UUID}`);
  scene.now += 20 * MINUTE;
  await scene.guess(B);
  assert.deepEqual((await scene.publish())?.refused, 0);
  scene.now += 20 * MINUTE;
  await scene.guess(C);
  assert.deepEqual((await scene.publish())?.refused, 0);
  const next = dayEventUuid(MANAGER, "2026-11-23", 2);
  assert.deepEqual(scene.misp.events().map(({ uuid }) => uuid), [next]);
  assert.deepEqual(told(scene.misp.event(next)).totals, { [B]: "1", [C]: "1" });
  await scene.guess(A);
  assert.deepEqual((await scene.publish())?.refused, 1);
  const part3 = dayEventUuid(MANAGER, "2026-11-23", 3);
  await scene.asAnalyst(`/events/delete/${next}`);
  await scene.guess("82.202.0.1");
  assert.deepEqual((await scene.publish())?.refused, 0);
  assert.deepEqual(told(scene.misp.event(part3)).totals, { "82.202.0.1": "1" });
  scene.now = Date.UTC(2026, 10, 24, 2);
  assert.deepEqual((await scene.publish(false))?.refused, 0);
  assert.equal(scene.misp.event(part3)?.analysis, "2");
});

Deno.test("publishDue() moves all new sources of an event that was deleted, by few requests", async () => {
  await using scene = await Scene.start();
  await scene.guess(A);
  await scene.publish();
  await scene.asAnalyst(`/events/delete/${UUID}`);
  const sources = Array.from({ length: 50 }, (_, at) => `82.202.0.${at}`);
  await scene.guess(...sources);
  const before = scene.misp.requests.length;
  assert.equal((await scene.publish())?.refused, 0);
  assert.equal(scene.misp.requests.length - before, 4);
});

Deno.test("publishDue() looks again whether MISP's workers published what they had queued", async () => {
  await using scene = await Scene.start();
  scene.misp.backgroundJobs = true;
  await scene.guess(A);
  await scene.publish();
  const queued = async () => readQueue(await scene.queue.get()).map(({ uuid, at }) => [uuid, at]);
  assert.deepEqual(await queued(), [[UUID, NOON]]);
  const views = () => scene.misp.requests.filter(({ method }) => method === "GET").length;
  await scene.publish();
  assert.equal(views(), 0);
  scene.now += 2 * MINUTE;
  await scene.publish();
  assert.deepEqual([await queued(), views()], [[[UUID, NOON]], 2]);
  scene.misp.work();
  scene.misp.down = true;
  scene.now += 2 * MINUTE;
  await scene.publish();
  assert.deepEqual(await queued(), [[UUID, NOON]]);
  scene.misp.down = false;
  scene.now += 2 * MINUTE;
  await scene.publish();
  assert.deepEqual([await queued(), scene.misp.event(UUID)?.published], [[], true]);
});

Deno.test("publishDue() of a source that was withdrawn touches no other of its day", async () => {
  await using scene = await Scene.start();
  await scene.guess(A, B);
  await scene.publish();
  await scene.buffer.outbox.republish(
    A,
    scene.now,
    (record) => retractSource(record, RULES, scene.now, NO_LOOKUPS),
  );
  await scene.publish();
  const toIds = scene.misp.event(UUID)?.Attribute.map(({ value, to_ids }) => [value, to_ids]);
  assert.deepEqual(toIds?.sort(), [[B, true], [A, false]]);
  const deleted = (await scene.feedEvent(UUID)).Object.map(({ deleted }) => deleted);
  assert.deepEqual(deleted, [true, undefined]);
});
