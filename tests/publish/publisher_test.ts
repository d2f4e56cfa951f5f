import assert from "node:assert/strict";
import { backoffMs } from "../../src/publish/backoff.ts";
import { publishDue } from "../../src/publish/publisher.ts";
import type { Outcome, Sink } from "../../src/sink.ts";
import { A, B, C, DELIVERED, MINUTE, Scene, START } from "./publisher_rig.ts";

Deno.test("publishDue() publishes what is due and leaves alone what is not", async () => {
  using scene = new Scene("feed");
  await scene.guess(A);
  scene.now += 10 * MINUTE;
  await scene.guess(B);
  scene.now += 5 * MINUTE;
  assert.deepEqual(await scene.publish(), {
    snapshots: 1,
    delivered: 1,
    refused: 0,
    waiting: 0,
    problems: [],
  });
  assert.deepEqual(scene.feed.takeSources(), [A]);
  assert.equal((await scene.buffer.views.status()).pendingAttacks, 1);
  assert.deepEqual(await scene.publish(), {
    snapshots: 0,
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
    snapshots: 2,
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
    snapshots: 3,
    delivered: 1,
    refused: 1,
    waiting: 1,
    problems: [],
  });
  assert.deepEqual(scene.misp.takeSources(), [B, A, C].sort());
  assert.deepEqual(scene.logged.toSorted(), [
    `error: ${A}: refused: Attribute value invalid`,
    `warning: ${B}: tried again later: the event is locked`,
  ]);
  const { refused, delivered, waiting } = await scene.buffer.views.status();
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

Deno.test("publishDue() pauses a sink that is unavailable and goes on with the other", async () => {
  using scene = new Scene("feed", "misp");
  await scene.guess(A, B);
  scene.misp.answer = () => ({ kind: "unavailable", reason: "connection refused" });
  assert.deepEqual(await scene.publish(true), {
    snapshots: 2,
    delivered: 2,
    refused: 0,
    waiting: 2,
    problems: ["connection refused"],
  });
  assert.equal(scene.misp.takeSources().length, 1);
  assert.deepEqual(scene.feed.takeSources(), [B, A]);
  assert.deepEqual(scene.logged, ["error: nothing can be delivered now: connection refused"]);
  assert.deepEqual((await scene.buffer.views.status()).paused.map(({ sink }) => sink), ["misp"]);
});

Deno.test("publishDue() waits longer with every failure of a sink, and no report gets older by it", async () => {
  using scene = new Scene("misp");
  await scene.guess(A);
  scene.misp.answer = () => ({ kind: "unavailable", reason: "down" });
  await scene.publish(true);
  assert.equal(await scene.buffer.outbox.nextDueAt(scene.parts.due), START + 30_000);
  scene.now = START + 29_999;
  await scene.publish();
  assert.equal(scene.misp.takeSources().length, 1);
  scene.now = START + 30_000;
  await scene.publish();
  assert.equal(scene.misp.takeSources().length, 1);
  assert.equal(await scene.buffer.outbox.nextDueAt(scene.parts.due), START + 90_000);
  scene.now = START + 90_000;
  scene.misp.answer = () => DELIVERED;
  await scene.publish();
  assert.deepEqual(scene.misp.sent.map(({ tries }) => tries), [0]);
  assert.deepEqual((await scene.buffer.views.status()).paused, []);
});

Deno.test("publishDue() keeps the pause that a 429 asks for while what was under way is delivered", async () => {
  using scene = new Scene("misp");
  await scene.guess(A, B, C);
  const outcomes: Outcome[] = [
    { kind: "unavailable", reason: "gateway" },
    { kind: "unavailable", reason: "too many requests", afterMs: 10 * MINUTE },
    DELIVERED,
  ];
  const parallel: Sink = {
    name: "misp",
    async *deliver(reports, now) {
      const startedAt = now();
      for (const report of reports) {
        scene.now += 1000;
        yield await Promise.resolve({ report, outcome: outcomes.shift()!, startedAt });
      }
    },
  };
  await publishDue({ ...scene.parts, sinks: [parallel] }, "me", true);
  const { paused, delivered } = await scene.buffer.views.status();
  assert.equal(delivered, 1);
  assert.deepEqual(paused.map(({ until }) => until), [START + 2000 + 10 * MINUTE]);
  scene.now = START + 2000 + 10 * MINUTE - 1;
  assert.equal((await scene.publish())?.delivered, 0);
  scene.now++;
  assert.equal((await scene.publish())?.delivered, 2);
  assert.deepEqual((await scene.buffer.views.status()).paused, []);
});

Deno.test("publishDue() refuses nothing while an instance answers and can store nothing", async () => {
  using scene = new Scene("misp");
  await scene.guess(A, B, C);
  scene.misp.answer = () => ({ kind: "failed", reason: "MISP answered 507: full" });
  for (let round = 0; round < 10; round++) {
    await scene.publish(true);
    scene.now += MINUTE;
  }
  const { refused, waiting, paused } = await scene.buffer.views.status();
  assert.deepEqual([refused, waiting], [0, 3]);
  assert.deepEqual(paused.map(({ reason }) => reason), ["MISP answered 507: full"]);
  assert.equal(scene.logged[0], "error: nothing can be delivered now: MISP answered 507: full");
  scene.misp.answer = () => DELIVERED;
  assert.equal((await scene.publish(true))?.delivered, 3);
  assert.deepEqual((await scene.buffer.views.status()).paused, []);
});

Deno.test("publishDue() refuses a report that fails three times while others are delivered", async () => {
  using scene = new Scene("misp");
  const bad = A;
  scene.misp.answer = ({ sourceIp }) =>
    sourceIp === bad ? { kind: "failed", reason: "MISP answered 500: no" } : DELIVERED;
  const refused: number[] = [];
  for (const others of [[A, B], [], [B], [], [C], []]) {
    await scene.guess(...others);
    await scene.publish(true);
    refused.push((await scene.buffer.views.status()).refused);
    scene.now += MINUTE;
  }
  assert.deepEqual(refused, [0, 0, 0, 0, 1, 1]);
  assert.deepEqual((await scene.buffer.views.status()).waiting, 0);
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
  assert.equal((await scene.buffer.views.status()).waiting, 1);
});

Deno.test("publishDue() stays away from a sink as long as it says", async () => {
  using scene = new Scene("misp");
  await scene.guess(A);
  scene.misp.answer = () => ({ kind: "unavailable", reason: "slow down", afterMs: 5000 });
  await scene.publish(true);
  assert.equal(await scene.buffer.outbox.nextDueAt(scene.parts.due), START + 5000);
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
    snapshots: 0,
    delivered: 2,
    refused: 0,
    waiting: 2,
    problems: [],
  });
  assert.deepEqual([scene.feed.takeSources(), scene.misp.takeSources()], [[B, A], [B, A]]);
});

Deno.test("publishDue() delivers what arrives meanwhile in the next round only", async () => {
  using scene = new Scene("feed");
  await scene.guess(A);
  scene.feed.answer = () => {
    scene.now += 1;
    void scene.guess(B);
    return DELIVERED;
  };
  assert.equal((await scene.publish(true))?.snapshots, 1);
  assert.equal((await scene.buffer.views.status()).pendingAttacks, 1);
});

Deno.test("publishDue() says notes of a delivery", async () => {
  using scene = new Scene("misp");
  await scene.guess(A);
  scene.misp.answer = () => ({ kind: "delivered", notes: ["MISP left out a tag"] });
  assert.equal((await scene.publish(true))?.delivered, 1);
  assert.deepEqual(scene.logged, [`warning: ${A}: MISP left out a tag`]);
});

Deno.test("publishDue() says the same note once a day, and another one at once", async () => {
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
    snapshots: 1201,
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
