/**
 * Who may publish an event, and what comes of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Bench, BROKEN, EVENT, MISSING, NO_PERMISSION, said } from "./rig.ts";

Deno.test("publishEvent() publishes, again and again", async () => {
  await using bench = await Bench.start();
  await bench.add({});
  for (const body of [{}, undefined]) {
    bench.clock.seconds += 1;
    const { status, json } = await bench.post(`/events/publish/${EVENT}`, body);
    assert.equal(status, 200);
    assert.deepEqual(json, {
      saved: true,
      success: true,
      name: "Event published without alerts",
      message: "Event published without alerts",
      url: "/events/publish/1",
      id: "1",
    });
  }
  assert.equal(bench.misp.event(EVENT)?.published, true);
  assert.equal(bench.misp.event(EVENT)?.publish_timestamp, "1795394028");
});

Deno.test("publishEvent() only queues with background jobs on", async () => {
  await using bench = await Bench.start({ backgroundJobs: true });
  await bench.add({});
  for (let round = 0; round < 2; round++) {
    const { status, json } = await bench.post(`/events/publish/${EVENT}`, {});
    assert.equal(status, 200);
    assert.deepEqual(json, {
      saved: true,
      success: true,
      name: "Job queued",
      message: "Job queued",
      url: "/events/publish/1",
      id: "1",
    });
  }
  assert.equal((await bench.get(`/events/view/${EVENT}`)).json.Event.published, false);
  assert.equal(bench.misp.jobs().length, 2);
});

Deno.test("publishEvent() refuses users, others, missing events and GET in its own ways", async () => {
  await using bench = await Bench.start();
  await bench.add({ distribution: "1" });
  const url = `/events/publish/${EVENT}`;
  const user = await bench.post(url, {}, "user");
  const other = await bench.post(url, {}, "other");
  const missing = await bench.post(`/events/publish/${MISSING}`, {});
  const get = await bench.get(url);
  assert.equal(user.status, 403);
  assert.deepEqual(user.json, said(NO_PERMISSION, url));
  assert.equal(other.status, 405);
  assert.deepEqual(other.json, said("You do not have the permission to do that.", url));
  assert.equal(missing.status, 404);
  assert.deepEqual(missing.json, said("Invalid event.", `/events/publish/${MISSING}`));
  assert.equal(get.status, 500);
  assert.deepEqual(get.json, said(BROKEN, url));
});
