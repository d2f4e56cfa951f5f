import assert from "node:assert/strict";
import type { BufferStatus } from "../../src/buffer/views.ts";
import { createNetworkSet, parseNetwork } from "../../src/guard/network_set.ts";
import { createRig, NOW, oneToken } from "./rig.ts";

const STRANGER = "198.51.100.7";
const MINUTE = 60_000;

Deno.test("GET /healthz and /readyz answer everybody, tokens or not", async () => {
  using rig = await createRig({ tokens: oneToken });
  const health = await rig.ask("/healthz", {}, STRANGER);
  assert.deepEqual([health.status, await health.json()], [200, { status: "ok" }]);
  const ready = await rig.ask("/readyz", {}, STRANGER);
  assert.deepEqual([ready.status, await ready.json()], [
    200,
    { status: "ready", reasons: [], last_delivered: null },
  ]);
});

Deno.test("GET /livez answers 200 while the buffer can be neither read nor written", async () => {
  const failing = () => Promise.reject(new Error("the database is away"));
  using rig = await createRig({ isStoring: failing, probeWrite: failing, status: failing });
  const answers = await Promise.all(["/livez", "/healthz", "/readyz"].map((path) => rig.ask(path)));
  assert.deepEqual(answers.map(({ status }) => status), [200, 503, 503]);
  assert.deepEqual(await answers[0]!.json(), { status: "ok" });
});

Deno.test("GET /healthz and /readyz wait for no database that does not answer", async () => {
  const never = () => new Promise<never>(() => undefined);
  using rig = await createRig({ isStoring: never, probeWrite: never, status: never, healthMs: 1 });
  const health = await rig.ask("/healthz");
  assert.deepEqual([health.status, await health.json()], [
    503,
    { status: "the buffer cannot be read" },
  ]);
  const ready = await rig.ask("/readyz");
  assert.equal(ready.status, 503);
  const { reasons } = await ready.json() as { reasons: readonly string[] };
  assert.deepEqual(reasons, ["the buffer cannot be written", "the buffer cannot be read"]);
});

Deno.test("GET /readyz answers nobody from outside the allowed networks", async () => {
  const networks = [parseNetwork("192.0.2.0/24")!];
  using rig = await createRig({ allowNetworks: createNetworkSet([{ name: "a", networks }]) });
  assert.equal((await rig.ask("/readyz", {}, STRANGER)).status, 403);
  assert.equal((await rig.ask("/readyz", {}, "192.0.2.1")).status, 200);
});

Deno.test("GET /readyz really writes, and not more often than every two seconds", async () => {
  let now = NOW;
  let writes = 0;
  using rig = await createRig({
    now: () => now,
    probeWrite: () => {
      writes++;
      return Promise.resolve();
    },
  });
  for (let asked = 0; asked < 20; asked++) assert.equal((await rig.ask("/readyz")).status, 200);
  assert.equal(writes, 1);
  now += 2000;
  await rig.ask("/readyz");
  assert.equal(writes, 2);
});

Deno.test("GET /readyz says what is wrong, and nothing of the inside", async () => {
  using rig = await createRig({
    probeWrite: () => Promise.reject(new Error("disk full: /var/ossec/queue/buffer.db")),
    status: () => Promise.reject(new Error("/var/ossec/queue/buffer.db is gone")),
  });
  const ready = await rig.ask("/readyz");
  assert.equal(ready.status, 503);
  assert.deepEqual(await ready.json(), {
    status: "not ready",
    reasons: ["the buffer cannot be written", "the buffer cannot be read"],
    last_delivered: null,
  });
});

Deno.test("GET /readyz is not content with a sink that has been paused for a quarter of an hour", async () => {
  using source = await createRig();
  const quiet = await source.buffer.views.status();
  const statusOf = (since: number): BufferStatus => ({
    ...quiet,
    lastDeliveredAt: NOW - 60 * MINUTE,
    paused: [{
      sink: "misp",
      since,
      until: NOW + MINUTE,
      reason: "https://misp.internal: refused",
    }],
  });
  for (const [minutes, status] of [[14, 200], [15, 503], [600, 503]] as const) {
    using rig = await createRig({
      status: () => Promise.resolve(statusOf(NOW - minutes * MINUTE)),
    });
    const ready = await rig.ask("/readyz");
    const text = await ready.text();
    assert.equal(ready.status, status, text);
    assert.equal(JSON.parse(text).last_delivered, "2026-11-23T11:00:00.000Z");
    assert.doesNotMatch(text, /internal|refused/);
    if (minutes === 15) {
      assert.deepEqual(JSON.parse(text).reasons, [
        "misp has accepted nothing since 2026-11-23T11:45:00.000Z",
      ]);
    }
  }
});
