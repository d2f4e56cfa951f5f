import assert from "node:assert/strict";
import { A, B, C, MINUTE, Scene, START } from "./publisher_rig.ts";

Deno.test("publishDue() lets reports gather for a sink that rests, and no others", async () => {
  using scene = new Scene("feed", "misp");
  Object.assign(scene.feed, { restMs: 5 * MINUTE });
  await scene.guess(A);
  scene.now = START + 15 * MINUTE;
  await scene.publish();
  assert.deepEqual([scene.feed.takeSources(), scene.misp.takeSources()], [[A], [A]]);
  await scene.guess(B);
  scene.now += 4 * MINUTE;
  await scene.guess(C);
  const status = await scene.buffer.views.status();
  assert.deepEqual(status.paused, [], "it is not paused");
  scene.now += 15 * MINUTE;
  Object.assign(scene.feed, { restMs: 60 * MINUTE });
  await scene.publish();
  assert.deepEqual([scene.feed.takeSources(), scene.misp.takeSources()], [[B, C], [B, C]]);
  await scene.guess(A);
  scene.now += 15 * MINUTE;
  const round = await scene.publish();
  assert.deepEqual([scene.feed.takeSources(), scene.misp.takeSources()], [[], [A]]);
  assert.equal(round?.waiting, 1);
  const at = await scene.buffer.outbox.nextDueAt(scene.parts.due, scene.now);
  assert.equal(at, START + 94 * MINUTE, "then it falls due by itself");
  scene.now += 45 * MINUTE;
  await scene.publish();
  assert.deepEqual(scene.feed.takeSources(), [A]);
});

Deno.test("publishDue() of everything waits for no rest", async () => {
  using scene = new Scene("feed");
  Object.assign(scene.feed, { restMs: 60 * MINUTE });
  await scene.guess(A);
  await scene.publish(true);
  await scene.guess(B);
  await scene.publish(true);
  assert.deepEqual(scene.feed.takeSources(), [B, A]);
});

Deno.test("publishDue() hands a sink as many reports at once as it takes", async () => {
  using scene = new Scene("feed");
  const calls: number[] = [];
  const deliver = scene.feed.deliver.bind(scene.feed);
  Object.assign(scene.feed, {
    atOnce: 250,
    restMs: MINUTE,
    deliver: (reports: Parameters<typeof deliver>[0], now: () => number) => {
      calls.push(reports.length);
      return deliver(reports, now);
    },
  });
  await scene.guess(...Array.from({ length: 300 }, (_, at) => `82.202.${at >> 8}.${at & 255}`));
  scene.now += 15 * MINUTE;
  await scene.publish();
  assert.deepEqual(calls, [250, 50], "it does not rest while many wait");
});
