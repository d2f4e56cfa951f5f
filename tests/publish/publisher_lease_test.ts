import assert from "node:assert/strict";
import { PUBLISH_LEASE, publishDue } from "../../src/publish/publisher.ts";
import type { Sink } from "../../src/sink.ts";
import { A, B, DELIVERED, MINUTE, Scene, START } from "./publisher_rig.ts";

Deno.test("publishDue() does nothing while another publisher is at work", async () => {
  using scene = new Scene("feed");
  await scene.guess(A);
  const other = await scene.buffer.leases.take(PUBLISH_LEASE, "another", MINUTE, START);
  assert.equal(await scene.publish(true), undefined);
  assert.deepEqual(scene.feed.takeSources(), []);
  assert.equal((await scene.buffer.views.status()).pendingAttacks, 1);
  await scene.buffer.leases.release(other!);
  assert.equal((await scene.publish(true))?.delivered, 1);
  assert.equal(await scene.buffer.leases.isHeld(PUBLISH_LEASE, START), false);
});

Deno.test("publishDue() keeps its lease while one delivery takes longer than the lease lasts", async () => {
  using scene = new Scene("feed");
  await scene.guess(A);
  const beats: { work: () => void; milliseconds: number }[] = [];
  let stops = 0;
  const others: unknown[] = [];
  const slow: Sink = {
    name: "feed",
    async *deliver(reports, now) {
      for (let minute = 0; minute < 10; minute++) {
        scene.now += MINUTE;
        for (const { work, milliseconds } of beats) if (milliseconds <= MINUTE) work();
        await Promise.resolve();
        others.push(await publishDue(scene.parts, "another", true));
      }
      for (const report of reports) yield { report, outcome: DELIVERED, startedAt: now() };
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
    void scene.buffer.leases.take(PUBLISH_LEASE, "another", MINUTE, scene.now);
    return DELIVERED;
  };
  await assert.rejects(scene.publish(true), /another publisher took over/);
  assert.equal(scene.feed.takeSources().length, 1);
  assert.equal(await scene.buffer.leases.isHeld(PUBLISH_LEASE, scene.now), true);
  const { delivered, waiting } = await scene.buffer.views.status();
  assert.deepEqual([delivered, waiting], [0, 2]);
});

Deno.test("publishDue() gives its lease back when a sink breaks", async () => {
  using scene = new Scene("feed");
  await scene.guess(A);
  scene.feed.answer = () => {
    throw new Error("a bug");
  };
  await assert.rejects(scene.publish(true), /a bug/);
  assert.equal(await scene.buffer.leases.isHeld(PUBLISH_LEASE, START), false);
  scene.feed.answer = () => DELIVERED;
  assert.equal((await scene.publish())?.delivered, 1);
});
