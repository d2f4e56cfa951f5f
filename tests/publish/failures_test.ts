import assert from "node:assert/strict";
import { ageBackoffMs } from "../../src/publish/backoff.ts";
import { publishDue } from "../../src/publish/publisher.ts";
import type { Outcome, Sink } from "../../src/sink.ts";
import { A, B, C, DELIVERED, MINUTE, Scene } from "./publisher_rig.ts";

const LONE: readonly Outcome[] = [
  { kind: "failed", reason: "MISP answered 500: no" },
  { kind: "unanswered", reason: "the line was cut" },
];

for (const outcome of LONE) {
  Deno.test(`publishDue() pauses no sink for a report that is always ${outcome.kind} once it took another`, async () => {
    using scene = new Scene("misp");
    await scene.guess(A, B);
    scene.misp.answer = ({ sourceIp }) => sourceIp === A ? outcome : DELIVERED;
    scene.now += 15 * MINUTE;
    assert.equal((await scene.publish())?.waiting, 1);
    for (let minute = 0; minute < 20; minute++) {
      scene.now += MINUTE;
      await scene.publish();
      assert.deepEqual((await scene.buffer.views.status()).paused, []);
    }
    await scene.guess(C);
    scene.now += 15 * MINUTE;
    assert.equal((await scene.publish())?.delivered, 1);
  });
}

Deno.test("publishDue() tries a report that fails by itself less and less often, and refuses it not", async () => {
  using scene = new Scene("misp");
  await scene.guess(A);
  scene.misp.answer = () => ({ kind: "failed", reason: "MISP answered 500: no" });
  scene.now += 15 * MINUTE;
  const tries: number[] = [];
  for (let second = 0; second < 4 * 3600; second += 10) {
    await scene.publish();
    if (scene.misp.sent.splice(0).length > 0) tries.push(second);
    scene.now += 10_000;
  }
  assert.deepEqual(tries.slice(0, 8), [0, 30, 60, 120, 240, 480, 960, 1920]);
  assert.equal(tries.length, 14);
  const { refused, waiting, paused } = await scene.buffer.views.status();
  assert.deepEqual([refused, waiting, paused], [0, 1, []]);
});

Deno.test("publishDue() tries a report whose answers were lost once more in the round, and no third time", async () => {
  using scene = new Scene("misp");
  await scene.guess(A, B, C);
  const lost = new Map([[A, 1], [B, 9]]);
  scene.misp.answer = ({ sourceIp }) => {
    const left = lost.get(sourceIp) ?? 0;
    lost.set(sourceIp, left - 1);
    return left > 0 ? { kind: "unanswered", reason: "the line was cut" } : DELIVERED;
  };
  assert.deepEqual(await scene.publish(true), {
    snapshots: 3,
    delivered: 2,
    refused: 0,
    waiting: 1,
    problems: ["the line was cut"],
  });
  assert.deepEqual(scene.misp.takeSources(), [A, A, B, B, C].sort());
});

Deno.test("publishDue() probes a sink that was paused with one report, one that has not failed before", async () => {
  using scene = new Scene("misp");
  await scene.guess(A, B, C);
  scene.misp.answer = () => ({ kind: "unavailable", reason: "the line was cut" });
  scene.now += 15 * MINUTE;
  await scene.publish();
  const [first] = scene.misp.sent.splice(0);
  scene.now += MINUTE;
  await scene.publish();
  const probes = scene.misp.sent.splice(0);
  assert.equal(probes.length, 1);
  assert.notEqual(probes[0]?.sourceIp, first?.sourceIp);
  scene.now += 2 * MINUTE;
  scene.misp.answer = () => DELIVERED;
  assert.equal((await scene.publish())?.delivered, 3);
});

Deno.test("publishDue() of everything goes on behind reports that fail, and ends where all do", async () => {
  using scene = new Scene("misp");
  const sources = Array.from({ length: 20 }, (_, n) => `82.202.219.${n}`);
  await scene.guess(...sources);
  let works = true;
  // As the REST sink does: it begins no other after three in a row.
  const threeInARow: Sink = {
    name: "misp",
    async *deliver(reports, now) {
      let failed = 0;
      for (const report of reports) {
        if (failed === 3) return;
        const isLost = !works || Number(report.sourceIp.split(".")[3]) < 5;
        failed = isLost ? failed + 1 : 0;
        const outcome: Outcome = isLost ? { kind: "unanswered", reason: "lost" } : DELIVERED;
        yield await Promise.resolve({ report, outcome, startedAt: now() });
      }
    },
  };
  const parts = { ...scene.parts, sinks: [threeInARow] };
  const round = await publishDue(parts, "me", true);
  assert.deepEqual([round?.delivered, round?.waiting], [15, 5]);
  assert.deepEqual((await scene.buffer.views.status()).paused, []);
  works = false;
  await scene.guess(...sources);
  const lost = await publishDue(parts, "me", true);
  assert.deepEqual([lost?.delivered, lost?.problems], [0, ["lost"]]);
  assert.equal((await scene.buffer.views.status()).paused.length, 1);
});

Deno.test("ageBackoffMs() is as long as a report has waited, from half a minute to half an hour", () => {
  const ages = [-5000, 0, 30_000, 90_000, 1_800_000, 1e9];
  assert.deepEqual(ages.map((age) => ageBackoffMs(age, 0.5)), [
    ...[30_000, 30_000, 30_000, 90_000],
    ...[1_800_000, 1_800_000],
  ]);
  assert.deepEqual([ageBackoffMs(0, 0), ageBackoffMs(0, 1)], [22_500, 37_500]);
});
