import assert from "node:assert/strict";
import type { SourceRecord } from "../../src/model.ts";
import { PUBLISH_LEASE } from "../../src/publish/publisher.ts";
import { MINUTE, Scene, SECOND, START, turn } from "./engine_rig.ts";

Deno.test("start() publishes within seconds after something is due, not before", async () => {
  using scene = new Scene();
  scene.now += 7 * SECOND;
  await scene.attempt();
  using engine = scene.engine({ lookMs: 5 * SECOND });
  engine.start();
  await scene.goTo(15, 5 * SECOND);
  assert.equal(scene.rounds.length, 0);
  scene.onDeliver = () => assert.equal((scene.now - START) / SECOND, 15 * 60 + 7);
  await scene.goTo(16, 5 * SECOND);
  assert.deepEqual(scene.rounds.map(({ delivered }) => delivered), [1]);
});

Deno.test("start() begins no round while nothing waits", async () => {
  using scene = new Scene();
  using engine = scene.engine();
  engine.start();
  await scene.goTo(30);
  assert.deepEqual(scene.rounds, []);
});

Deno.test("start() twice has one timer, and none once the engine is disposed of", () => {
  using scene = new Scene();
  {
    using engine = scene.engine();
    engine.start();
    engine.start();
    assert.equal(scene.timers.size, 1);
  }
  assert.equal(scene.timers.size, 0);
});

/** A delivery that goes on until the test ends it, and how many go on at once. */
function longDelivery(scene: Scene) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const seen = { running: 0, most: 0, finish: resolve };
  scene.onDeliver = async () => {
    seen.most = Math.max(seen.most, ++seen.running);
    await promise;
    seen.running--;
  };
  return seen;
}

Deno.test("look() begins no round beside one that takes long", async () => {
  using scene = new Scene();
  await scene.attempt();
  using engine = scene.engine();
  engine.start();
  const delivery = longDelivery(scene);
  await scene.goTo(15.5);
  assert.equal(delivery.running, 1);
  assert.equal(engine.look(), engine.look());
  await scene.goTo(17);
  delivery.finish();
  await engine.look();
  assert.deepEqual([delivery.most, scene.sent.length, scene.rounds.length], [1, 1, 1]);
});

Deno.test("start() goes on after a round that failed, which it logs", async () => {
  using scene = new Scene();
  await scene.attempt();
  using engine = scene.engine({ lookMs: 5 * SECOND });
  engine.start();
  scene.onDeliver = () => {
    if (scene.sent.length < 3) throw new Error("no sink");
  };
  await scene.goTo(16, 5 * SECOND);
  assert.deepEqual(scene.logged, [
    "error: publishing failed: no sink",
    "error: publishing failed: no sink",
  ]);
  assert.equal(scene.sent.length, 3);
  assert.equal((await scene.buffer.views.status()).delivered, 1);
});

Deno.test("start() goes on where forwarding or pruning fails, and publishes all the same", async () => {
  using scene = new Scene();
  await scene.attempt();
  await scene.spoolOne();
  const forward = () => Promise.reject(new Error("no network"));
  const prune = () => Promise.reject(new Error("no disk"));
  using engine = scene.engine({ forward, prune });
  await engine.look();
  scene.now += 15 * MINUTE;
  await engine.look();
  assert.deepEqual(scene.logged, [
    "error: forwarding failed: no network",
    "error: pruning failed: no disk",
    "error: forwarding failed: no network",
  ]);
  assert.equal(scene.sent.length, 1);
});

Deno.test("look() forwards before it publishes, and only what is due", async () => {
  using scene = new Scene();
  await scene.attempt();
  const done: string[] = [];
  scene.onDeliver = () => void done.push("publish");
  const forward = async () => {
    done.push("forward");
    await scene.markSpoolForwarded();
  };
  using engine = scene.engine({ forward });
  await engine.look();
  assert.deepEqual(done, []);
  scene.now += 15 * MINUTE;
  await scene.spoolOne();
  await engine.look();
  await engine.look();
  assert.deepEqual(done, ["forward", "publish"]);
});

Deno.test("look() begins a round when an address expires, and waits for no such thing", async () => {
  using scene = new Scene();
  await scene.attempt();
  const expireAfterMs = 24 * 60 * MINUTE * 90;
  const due = { ...scene.parts.due, expireAfterMs };
  const expired: string[] = [];
  const expire = (record: SourceRecord) => {
    expired.push(record.sourceIp);
    return {
      record: { ...record, expiredAt: scene.now },
      reports: [],
      compacted: [],
      activity: [],
    };
  };
  await scene.engine({}, { due, expire }).runUntilIdle(scene.idle);
  assert.equal(scene.minutes < 20, true, "it ends when the report is delivered");
  using engine = scene.engine({}, { due, expire });
  scene.now += expireAfterMs - 60 * MINUTE;
  await engine.look();
  assert.deepEqual(expired, []);
  scene.now += 120 * MINUTE;
  await engine.look();
  await engine.look();
  assert.deepEqual(expired, ["82.202.219.155"]);
});

Deno.test("look() prunes every minute, after a job's rounds too, and goes on while there is more", async () => {
  using scene = new Scene();
  const prunedAt: number[] = [];
  const left = [true, false];
  const prune = () => {
    prunedAt.push((scene.now - START) / SECOND);
    return Promise.resolve(left.shift() ?? false);
  };
  using engine = scene.engine({ lookMs: 5 * SECOND, pruneMs: MINUTE, prune });
  engine.start();
  await scene.goTo(1.5, 5 * SECOND);
  await engine.round();
  assert.deepEqual(prunedAt, [5, 10, 70]);
  scene.now -= 30 * MINUTE;
  await engine.look();
  assert.equal(prunedAt.length, 4, "the clock was set back");
});

Deno.test("round() publishes a round even where nothing is due, as a job each minute wants", async () => {
  using scene = new Scene();
  using engine = scene.engine();
  await engine.round();
  assert.deepEqual(scene.rounds, [{
    snapshots: 0,
    delivered: 0,
    refused: 0,
    waiting: 0,
    problems: [],
  }]);
});

Deno.test("round() of a job and the timer's looks never publish at the same time", async () => {
  using scene = new Scene();
  using engine = scene.engine();
  engine.start();
  let running = 0;
  let most = 0;
  scene.onDeliver = async () => {
    most = Math.max(most, ++running);
    await turn();
    await turn();
    running--;
  };
  for (let minute = 1; minute <= 40; minute++) {
    await scene.attempt();
    // Both fall into the same moment, in either order.
    const job = minute % 2 === 0
      ? [engine.round(), engine.look()]
      : [engine.look(), engine.round()];
    await scene.goTo(minute);
    await Promise.all(job);
    scene.now += 20 * MINUTE;
    await Promise.all([engine.look(), engine.round(), engine.look()]);
  }
  assert.equal(most, 1);
  assert.ok(scene.sent.length >= 20, String(scene.sent.length));
  assert.equal(scene.sent.reduce((sum, [, { attempts }]) => Math.max(sum, attempts), 0), 40);
});

Deno.test("look() leaves a round to another process that publishes", async () => {
  using scene = new Scene();
  await scene.attempt();
  scene.now += 15 * MINUTE;
  const delivery = longDelivery(scene);
  using one = scene.engine({ owner: "one" });
  using other = scene.engine({ owner: "other" });
  const round = one.look();
  while (delivery.running === 0) await turn();
  await other.round();
  delivery.finish();
  await round;
  assert.deepEqual([delivery.most, scene.sent.length, scene.rounds.length], [1, 1, 1]);
  assert.equal(await scene.buffer.leases.isHeld(PUBLISH_LEASE, scene.now), false);
});

Deno.test("end() stops looking, and resolves when the round that runs is over", async () => {
  using scene = new Scene();
  await scene.attempt();
  const engine = scene.engine();
  engine.start();
  const delivery = longDelivery(scene);
  await scene.goTo(15.5);
  let isOver = false;
  const ending = engine.end().then(() => isOver = true);
  await turn();
  assert.deepEqual([isOver, delivery.running], [false, 1]);
  assert.equal([...scene.timers].some(({ milliseconds }) => milliseconds === 2 * SECOND), false);
  delivery.finish();
  await ending;
  assert.equal((await scene.buffer.views.status()).delivered, 1);
});

Deno.test("end() waits no longer than its grace for a round that hangs", async () => {
  using scene = new Scene();
  await scene.attempt();
  scene.now += 15 * MINUTE;
  const engine = scene.engine({ graceMs: 1 });
  const delivery = longDelivery(scene);
  const round = engine.look();
  while (delivery.running === 0) await turn();
  await engine.end();
  assert.equal(delivery.running, 1);
  // As a process does then, whose configuration is read again.
  scene.buffer[Symbol.dispose]();
  delivery.finish();
  await round;
  assert.deepEqual(scene.logged, [], "what was not marked is sent again");
});

Deno.test("end() without a round is over at once, and one last round works behind it", async () => {
  using scene = new Scene();
  await scene.attempt();
  scene.now += 15 * MINUTE;
  const engine = scene.engine();
  engine.start();
  await engine.end();
  assert.deepEqual([scene.timers.size, scene.sent.length], [0, 0]);
  await engine.round();
  assert.equal(scene.sent.length, 1);
});
