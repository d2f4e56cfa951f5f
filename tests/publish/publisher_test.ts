import assert from "node:assert/strict";
import type { Report, SinkName } from "../../src/buffer/buffer.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite.ts";
import { freezeAttack } from "../../src/publish/freeze.ts";
import { backoffMs, PUBLISH_LEASE, publishDue } from "../../src/publish/publisher.ts";
import type { Outcome, Sink } from "../../src/misp/sink.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_FREEZE_RULES } from "../support/freezing.ts";

const START = Date.UTC(2026, 7, 23, 6);
const MINUTE = 60_000;
const DELIVERED: Outcome = { kind: "delivered", notes: [] };

/** A sink that answers as it is told and remembers what it was sent. */
class StubSink implements Sink {
  readonly name: SinkName;
  readonly sent: Report[] = [];
  answer: (report: Report) => Outcome = () => DELIVERED;

  constructor(name: SinkName) {
    this.name = name;
  }

  async *deliver(reports: readonly Report[]) {
    for (const report of reports) {
      this.sent.push(report);
      const outcome = this.answer(report);
      yield await Promise.resolve({ report, outcome });
      if (outcome.kind === "unavailable") return;
    }
  }

  /** The sources that were sent since the last look. */
  takeSources(): string[] {
    return this.sent.splice(0).map(({ sourceIp }) => sourceIp).sort();
  }
}

/** A publisher with a clock that stands still until it is moved. */
class Scene implements Disposable {
  readonly buffer = new SqliteBuffer(":memory:", START);
  readonly feed = new StubSink("feed");
  readonly misp = new StubSink("misp");
  readonly logged: string[] = [];
  now = START;
  publishIntervalMs = 0;
  sinks: readonly StubSink[];

  constructor(...names: SinkName[]) {
    this.sinks = [this.feed, this.misp].filter(({ name }) => names.includes(name));
  }

  [Symbol.dispose]() {
    this.buffer[Symbol.dispose]();
  }

  /** One guess from each source. */
  async guess(...sources: string[]) {
    const decisions = sources.map((source) =>
      decideDefault(
        sshdAlert({ message: `Failed password for root from ${source} port 51676 ssh2` }),
      )
    );
    await this.buffer.accept(decisions, { maxUsernames: 100 }, this.now);
  }

  get parts() {
    const sinks = this.sinks.map(({ name }) => name);
    return {
      buffer: this.buffer,
      sinks: this.sinks,
      due: { periodMs: 15 * MINUTE, maxHoldMs: 60 * MINUTE, sinks },
      deliveryMs: 30_000,
      prepare: () => Promise.resolve(),
      close: () => [],
      freeze: (
        attack: Parameters<typeof freezeAttack>[0],
        home: Parameters<typeof freezeAttack>[1],
        now: number,
      ) =>
        freezeAttack(attack, home, {
          ...PLAIN_FREEZE_RULES,
          sinks,
          publishIntervalMs: this.publishIntervalMs,
        }, now),
      now: () => this.now,
      random: () => 0.5,
      log: (level: string, message: string) => void this.logged.push(`${level}: ${message}`),
    };
  }

  publish(everything = false) {
    return publishDue(this.parts, "me", everything);
  }
}

const A = "82.202.219.155";
const B = "192.241.237.101";
const C = "212.64.151.233";

Deno.test("publishDue() publishes what is due and leaves alone what is not", async () => {
  using scene = new Scene("feed");
  await scene.guess(A);
  scene.now += 10 * MINUTE;
  await scene.guess(B);
  scene.now += 5 * MINUTE;
  assert.deepEqual(await scene.publish(), {
    frozen: 1,
    delivered: 1,
    refused: 0,
    waiting: 0,
    problems: [],
  });
  assert.deepEqual(scene.feed.takeSources(), [A]);
  assert.equal((await scene.buffer.status()).pendingAttacks, 1);
  assert.deepEqual(await scene.publish(), {
    frozen: 0,
    delivered: 0,
    refused: 0,
    waiting: 0,
    problems: [],
  });
  assert.deepEqual(scene.feed.takeSources(), []);
});

Deno.test("publishDue() of everything publishes what is not due yet too", async () => {
  using scene = new Scene("feed", "misp");
  await scene.guess(A, B);
  assert.deepEqual(await scene.publish(true), {
    frozen: 2,
    delivered: 4,
    refused: 0,
    waiting: 0,
    problems: [],
  });
  assert.deepEqual([scene.feed.takeSources(), scene.misp.takeSources()], [[B, A], [B, A]]);
});

Deno.test("publishDue() is not held up by a report that is refused, nor by one that must wait", async () => {
  using scene = new Scene("misp");
  await scene.guess(A, B, C);
  scene.misp.answer = ({ sourceIp }) =>
    sourceIp === A
      ? { kind: "refused", reason: "Attribute value invalid" }
      : sourceIp === B
      ? { kind: "retry", reason: "the event is locked" }
      : DELIVERED;
  assert.deepEqual(await scene.publish(true), {
    frozen: 3,
    delivered: 1,
    refused: 1,
    waiting: 1,
    problems: [],
  });
  assert.deepEqual(scene.misp.takeSources(), [B, A, C].sort());
  assert.deepEqual(scene.logged.toSorted(), [
    `error: ${A}: refused: Attribute value invalid`,
    `warning: ${B}: later: the event is locked`,
  ]);
  const { refused, delivered, waiting } = await scene.buffer.status();
  assert.deepEqual([refused, delivered, waiting], [1, 1, 1]);
});

Deno.test("publishDue() tries a report again after its backoff, with the same bytes", async () => {
  using scene = new Scene("misp");
  await scene.guess(A);
  scene.misp.answer = () => ({ kind: "retry", reason: "busy" });
  await scene.publish(true);
  const [first] = scene.misp.sent.splice(0);
  scene.now += 29_999;
  await scene.publish();
  assert.equal(scene.misp.sent.length, 0);
  scene.now += 1;
  await scene.publish();
  const [second] = scene.misp.sent.splice(0);
  assert.equal(second?.body, first?.body);
  assert.deepEqual([second?.tries, second?.uuid], [1, first?.uuid]);
  scene.now += 60_000;
  scene.misp.answer = () => DELIVERED;
  assert.equal((await scene.publish())?.delivered, 1);
  const [third] = scene.misp.sent;
  assert.equal(third?.body, first?.body);
  assert.equal(third?.tries, 2);
});

Deno.test("publishDue() leaves a sink alone that is unavailable and goes on with the other", async () => {
  using scene = new Scene("feed", "misp");
  await scene.guess(A, B);
  scene.misp.answer = () => ({ kind: "unavailable", reason: "connection refused" });
  assert.deepEqual(await scene.publish(true), {
    frozen: 2,
    delivered: 2,
    refused: 0,
    waiting: 2,
    problems: ["connection refused"],
  });
  assert.equal(scene.misp.takeSources().length, 1);
  assert.deepEqual(scene.feed.takeSources(), [B, A]);
  assert.deepEqual(scene.logged, ["error: nothing can be delivered now: connection refused"]);
  assert.deepEqual((await scene.buffer.status()).paused.map(({ sink }) => sink), ["misp"]);
});

Deno.test("publishDue() waits longer with every failure of a sink, and no report gets older by it", async () => {
  using scene = new Scene("misp");
  await scene.guess(A);
  scene.misp.answer = () => ({ kind: "unavailable", reason: "down" });
  await scene.publish(true);
  assert.equal(await scene.buffer.nextDueAt(scene.parts.due), START + 30_000);
  scene.now = START + 29_999;
  await scene.publish();
  assert.equal(scene.misp.takeSources().length, 1);
  scene.now = START + 30_000;
  await scene.publish();
  assert.equal(scene.misp.takeSources().length, 1);
  assert.equal(await scene.buffer.nextDueAt(scene.parts.due), START + 90_000);
  scene.now = START + 90_000;
  scene.misp.answer = () => DELIVERED;
  await scene.publish();
  assert.deepEqual(scene.misp.sent.map(({ tries }) => tries), [0]);
  assert.deepEqual((await scene.buffer.status()).paused, []);
});

Deno.test("publishDue() delivers all others although a sink never answers to one report", async () => {
  using scene = new Scene("misp");
  await scene.guess(A, B, C);
  scene.misp.answer = ({ sourceIp }) =>
    sourceIp === scene.misp.sent[0]?.sourceIp
      ? { kind: "unavailable", reason: "no answer in time" }
      : DELIVERED;
  scene.now += 15 * MINUTE;
  const delivered: (number | undefined)[] = [];
  for (let round = 0; round < 3; round++) {
    delivered.push((await scene.publish())?.delivered);
    scene.now += MINUTE;
  }
  assert.deepEqual(delivered, [0, 2, 0]);
  assert.equal((await scene.buffer.status()).waiting, 1);
});

Deno.test("publishDue() stays away from a sink as long as it says", async () => {
  using scene = new Scene("misp");
  await scene.guess(A);
  scene.misp.answer = () => ({ kind: "unavailable", reason: "slow down", afterMs: 5000 });
  await scene.publish(true);
  assert.equal(await scene.buffer.nextDueAt(scene.parts.due), START + 5000);
});

Deno.test("publishDue() of everything ignores pauses and backoff, and tries each report once", async () => {
  using scene = new Scene("feed", "misp");
  await scene.guess(A, B);
  scene.misp.answer = () => ({ kind: "unavailable", reason: "down" });
  scene.feed.answer = () => ({ kind: "retry", reason: "busy" });
  await scene.publish(true);
  assert.deepEqual([scene.feed.takeSources().length, scene.misp.takeSources().length], [2, 1]);
  scene.misp.answer = () => DELIVERED;
  assert.deepEqual(await scene.publish(true), {
    frozen: 0,
    delivered: 2,
    refused: 0,
    waiting: 2,
    problems: [],
  });
  assert.deepEqual([scene.feed.takeSources(), scene.misp.takeSources()], [[B, A], [B, A]]);
});

Deno.test("publishDue() does nothing while another publisher is at work", async () => {
  using scene = new Scene("feed");
  await scene.guess(A);
  const other = await scene.buffer.takeLease(PUBLISH_LEASE, "another", MINUTE, START);
  assert.equal(await scene.publish(true), undefined);
  assert.deepEqual(scene.feed.takeSources(), []);
  assert.equal((await scene.buffer.status()).pendingAttacks, 1);
  await scene.buffer.releaseLease(other!);
  assert.equal((await scene.publish(true))?.delivered, 1);
  assert.equal(await scene.buffer.isLeaseHeld(PUBLISH_LEASE, START), false);
});

Deno.test("publishDue() keeps its lease while one delivery takes longer than the lease lasts", async () => {
  using scene = new Scene("feed");
  await scene.guess(A);
  const beats: { work: () => void; milliseconds: number }[] = [];
  let stops = 0;
  const others: unknown[] = [];
  const slow: Sink = {
    name: "feed",
    async *deliver(reports) {
      for (let minute = 0; minute < 10; minute++) {
        scene.now += MINUTE;
        for (const { work, milliseconds } of beats) if (milliseconds <= MINUTE) work();
        await Promise.resolve();
        others.push(await publishDue(scene.parts, "another", true));
      }
      for (const report of reports) yield { report, outcome: DELIVERED };
    },
  };
  const round = await publishDue(
    {
      ...scene.parts,
      sinks: [slow],
      repeat: (work, milliseconds) => {
        beats.push({ work, milliseconds });
        return { stop: () => void stops++ };
      },
    },
    "me",
    true,
  );
  assert.deepEqual(others, Array(10).fill(undefined));
  assert.equal(round?.delivered, 1);
  assert.deepEqual([beats.length, stops], [1, 1]);
});

Deno.test("publishDue() stops when another publisher took over, and marks nothing any more", async () => {
  using scene = new Scene("feed");
  await scene.guess(A, B);
  scene.feed.answer = () => {
    scene.now += 24 * 60 * MINUTE;
    void scene.buffer.takeLease(PUBLISH_LEASE, "another", MINUTE, scene.now);
    return DELIVERED;
  };
  await assert.rejects(scene.publish(true), /another publisher has taken over/);
  assert.equal(scene.feed.takeSources().length, 1);
  assert.equal(await scene.buffer.isLeaseHeld(PUBLISH_LEASE, scene.now), true);
  const { delivered, waiting } = await scene.buffer.status();
  assert.deepEqual([delivered, waiting], [0, 2]);
});

Deno.test("publishDue() gives its lease back when a sink breaks", async () => {
  using scene = new Scene("feed");
  await scene.guess(A);
  scene.feed.answer = () => {
    throw new Error("a bug");
  };
  await assert.rejects(scene.publish(true), /a bug/);
  assert.equal(await scene.buffer.isLeaseHeld(PUBLISH_LEASE, START), false);
  scene.feed.answer = () => DELIVERED;
  assert.equal((await scene.publish())?.delivered, 1);
});

Deno.test("publishDue() delivers what arrives meanwhile in the next round only", async () => {
  using scene = new Scene("feed");
  await scene.guess(A);
  scene.feed.answer = () => {
    scene.now += 1;
    void scene.guess(B);
    return DELIVERED;
  };
  assert.equal((await scene.publish(true))?.frozen, 1);
  assert.equal((await scene.buffer.status()).pendingAttacks, 1);
});

Deno.test("publishDue() tells notes of a delivery", async () => {
  using scene = new Scene("misp");
  await scene.guess(A);
  scene.misp.answer = () => ({ kind: "delivered", notes: ["MISP left out a tag"] });
  assert.equal((await scene.publish(true))?.delivered, 1);
  assert.deepEqual(scene.logged, [`warning: ${A}: MISP left out a tag`]);
});

Deno.test("publishDue() tells the same note once a day, and another one at once", async () => {
  using scene = new Scene("misp");
  let note = "MISP left out a tag";
  scene.misp.answer = () => ({ kind: "delivered", notes: [note] });
  await scene.guess(A, B);
  await scene.publish(true);
  note = "the role may not publish";
  await scene.guess(C);
  await scene.publish(true);
  const told = [...scene.logged];
  scene.now += 25 * 60 * MINUTE;
  await scene.guess(C);
  await scene.publish(true);
  assert.deepEqual(told.map((line) => line.replace(/[\d.]{7,}/, "SOURCE")), [
    "warning: SOURCE: MISP left out a tag",
    "warning: SOURCE: the role may not publish",
  ]);
  assert.deepEqual(scene.logged.slice(2), [`warning: ${C}: the role may not publish`]);
});

Deno.test("publishDue() updates an event at most once in the publish interval", async () => {
  using scene = new Scene("misp");
  scene.publishIntervalMs = 30 * MINUTE;
  await scene.guess(A);
  await scene.publish(true);
  assert.deepEqual(scene.misp.takeSources(), [A]);
  scene.now += 5 * MINUTE;
  await scene.guess(A, B);
  scene.now += 15 * MINUTE;
  assert.equal((await scene.publish())?.waiting, 1);
  assert.deepEqual(scene.misp.takeSources(), [B]);
  scene.now += 9 * MINUTE;
  await scene.publish();
  assert.deepEqual(scene.misp.takeSources(), []);
  scene.now += 1 * MINUTE;
  await scene.publish();
  assert.deepEqual(scene.misp.takeSources(), [A]);
});

Deno.test("publishDue() publishes many more than it takes at once, and counts all that wait", async () => {
  using scene = new Scene("feed", "misp");
  const sources = Array.from({ length: 1201 }, (_, index) => `82.202.${index >> 8}.${index & 255}`);
  await scene.guess(...sources);
  scene.misp.answer = () => ({ kind: "retry", reason: "busy" });
  assert.deepEqual(await scene.publish(true), {
    frozen: 1201,
    delivered: 1201,
    refused: 0,
    waiting: 1201,
    problems: [],
  });
  assert.equal(new Set(scene.feed.takeSources()).size, 1201);
  assert.equal(scene.misp.takeSources().length, 1201);
});

Deno.test("publishDue() of everything publishes attacks of a time that the clock has not reached", async () => {
  using scene = new Scene("feed");
  await scene.guess(A);
  scene.now -= 60 * MINUTE;
  assert.equal((await scene.publish(true))?.delivered, 1);
});

Deno.test("backoffMs() doubles from half a minute to half an hour, spread by a quarter", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8, 100, 1e9].map((n) => backoffMs(n, 0.5)), [
    ...[30_000, 60_000, 120_000, 240_000, 480_000, 960_000],
    ...[1_800_000, 1_800_000, 1_800_000, 1_800_000],
  ]);
  assert.deepEqual([backoffMs(1, 0), backoffMs(1, 1)], [22_500, 37_500]);
  assert.deepEqual([backoffMs(100, 0), backoffMs(100, 1)], [1_350_000, 2_250_000]);
});
