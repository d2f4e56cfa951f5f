import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { MOST_LISTENERS } from "../../src/server/pages/live.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { PageScene, SCENE_START } from "../support/page_scene.ts";
import { A, MINUTE, nextEvent, wordsOf } from "./pages_rig.ts";

async function step(scene: PageScene): Promise<void> {
  for (const work of scene.steps) work();
  // The steps do not expose their promises, which are short chains without a timer.
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}

Deno.test("GET /live sends the state at once, then again when something was accepted or delivered", async () => {
  using scene = new PageScene();
  const response = await scene.fetch("/live");
  assert.match(response.headers.get("Content-Type") ?? "", /^text\/event-stream/);
  assert.equal(response.headers.get("Cache-Control"), "no-store, no-transform");
  const reader = response.body!.getReader();
  const first = await nextEvent(reader);
  assert.match(first, /^retry: 3000\nevent: parts\n(data: [^\n]*\n)+\n$/);
  assert.match(wordsOf(first), /No attacks yet/);
  await step(scene);
  const body = JSON.stringify(sshdAlert({ time: new Date(scene.now).toISOString() }));
  assert.equal((await scene.fetch("/alerts", { method: "POST", body })).status, 200);
  await step(scene);
  const second = await nextEvent(reader);
  assert.match(second, /82\.202\.219\.155/);
  assert.match(second, /pending/);
  await scene.publish(true);
  await step(scene);
  assert.match(await nextEvent(reader), /delivered/);
  await reader.cancel();
});

Deno.test("GET /live says that it is still there when nothing changes, and time when a minute is over", async () => {
  using scene = new PageScene();
  const reader = (await scene.fetch("/live")).body!.getReader();
  await nextEvent(reader);
  for (let steps = 0; steps < 15; steps++) await step(scene);
  assert.equal(await nextEvent(reader), ": still here\n\n");
  scene.now += MINUTE;
  await step(scene);
  assert.match(await nextEvent(reader), /as of/);
  await reader.cancel();
});

Deno.test("GET /live does no work once nobody listens", async () => {
  using scene = new PageScene();
  const one = (await scene.fetch("/live")).body!;
  const other = (await scene.fetch("/live")).body!;
  assert.equal(scene.steps.size, 1);
  await one.cancel();
  assert.equal(scene.steps.size, 1);
  await other.cancel();
  assert.equal(scene.steps.size, 0);
});

Deno.test("GET /live leaves out who does not read, and keeps nothing for them", async () => {
  using scene = new PageScene();
  const reader = (await scene.fetch("/live")).body!.getReader();
  for (let index = 0; index < 5; index++) {
    await scene.attack({ source: `82.1.1.${index}` });
    await step(scene);
  }
  assert.doesNotMatch(await nextEvent(reader), /82\.1\.1\.0/);
  await scene.attack({ source: "82.1.1.9" });
  await step(scene);
  assert.match(await nextEvent(reader), /82\.1\.1\.4[^]*82\.1\.1\.9|82\.1\.1\.9[^]*82\.1\.1\.4/);
  await reader.cancel();
});

Deno.test("GET /live takes no more listeners than it can serve", async () => {
  using scene = new PageScene();
  const bodies: ReadableStream[] = [];
  for (let index = 0; index < MOST_LISTENERS; index++) {
    const response = await scene.fetch("/live", {}, `127.0.0.${index + 1}`);
    assert.equal(response.status, 200);
    bodies.push(response.body!);
  }
  const response = await scene.fetch("/live");
  assert.deepEqual([response.status, response.headers.get("Retry-After")], [503, "10"]);
  await bodies[0]!.cancel();
  const next = await scene.fetch("/live");
  assert.equal(next.status, 200);
  for (const body of [...bodies.slice(1), next.body!]) await body.cancel();
});

Deno.test("GET /live ends with the service", async () => {
  const ended = new AbortController();
  using scene = new PageScene({}, { ended: ended.signal });
  const reader = (await scene.fetch("/live")).body!.getReader();
  await nextEvent(reader);
  ended.abort();
  assert.equal((await reader.read()).done, true);
  assert.equal(scene.steps.size, 0);
  assert.equal((await scene.fetch("/live")).status, 503);
});

Deno.test("GET /live goes on after a look that failed", async () => {
  using scene = new PageScene();
  const reader = (await scene.fetch("/live")).body!.getReader();
  await nextEvent(reader);
  const { views } = scene.buffer;
  const { stamp } = views;
  views.stamp = () => Promise.reject(new Error("disk I/O error"));
  await step(scene);
  assert.deepEqual(scene.logged, ["error: live: disk I/O error"]);
  views.stamp = stamp;
  await scene.attack({ source: A });
  await step(scene);
  assert.match(await nextEvent(reader), new RegExp(A));
  await reader.cancel();
});

Deno.test("stamp() changes with every write, of other processes too", async () => {
  const path = Deno.makeTempDirSync({ dir: "/tmp", prefix: "custom-misp-" });
  try {
    using one = new PageScene({}, {}, new SqliteBuffer(`${path}/buffer.db`, SCENE_START));
    using other = new PageScene({}, {}, new SqliteBuffer(`${path}/buffer.db`, SCENE_START));
    const before = await one.buffer.views.stamp();
    assert.equal(await one.buffer.views.stamp(), before);
    await other.attack({ source: A });
    const between = await one.buffer.views.stamp();
    assert.notEqual(between, before);
    await one.attack({ source: A });
    assert.notEqual(await one.buffer.views.stamp(), between);
  } finally {
    Deno.removeSync(path, { recursive: true });
  }
});
