import assert from "node:assert/strict";
import { BACKGROUND_LEASE } from "../../src/publish/names.ts";
import { PUBLISH_LEASE } from "../../src/publish/publisher.ts";
import { MINUTE, Scene, START } from "./engine_rig.ts";

Deno.test("runUntilIdle() ends at once when nothing waits", async () => {
  using scene = new Scene();
  await scene.runUntilIdle();
  assert.equal(scene.sleeps, 0);
  assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, START), false);
});

Deno.test("runUntilIdle() publishes the last burst when no further alert comes, and ends", async () => {
  using scene = new Scene();
  await scene.attempt();
  await scene.attempt();
  await scene.runUntilIdle();
  assert.deepEqual(scene.sent.map(([minute, { attempts }]) => [minute, attempts]), [[15, 2]]);
  assert.equal(scene.minutes, 15);
  const { pendingAttacks, waiting, delivered } = await scene.buffer.views.status();
  assert.deepEqual([pendingAttacks, waiting, delivered], [0, 0, 1]);
  assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, scene.now), false);
});

Deno.test("runUntilIdle() publishes a source that never rests", async () => {
  using scene = new Scene();
  await scene.attempt();
  scene.onSleep = async () => {
    if (scene.sleeps % 30 === 0) await scene.attempt();
  };
  await scene.runUntilIdle();
  assert.deepEqual(scene.sent.map(([minute, { attempts }]) => [minute, attempts]), [[60, 61]]);
});

Deno.test("runUntilIdle() goes on for a retry", async () => {
  using scene = new Scene();
  await scene.attempt();
  scene.outcome = { kind: "retry", reason: "busy" };
  scene.onSleep = () => {
    if (scene.sent.length === 3) scene.outcome = { kind: "delivered", notes: [] };
  };
  await scene.runUntilIdle();
  assert.equal(scene.sent.length, 4);
  assert.equal((await scene.buffer.views.status()).waiting, 0);
});

Deno.test("runUntilIdle() ends when what is next is later than it is worth waiting for", async () => {
  using scene = new Scene();
  scene.worthMs = 20 * MINUTE;
  await scene.attempt();
  scene.outcome = { kind: "unavailable", reason: "down", afterMs: 21 * MINUTE };
  await scene.runUntilIdle();
  assert.equal(scene.minutes, 15);
  assert.equal(scene.sent.length, 1);
  assert.equal((await scene.buffer.views.status()).waiting, 1);
  assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, scene.now), false);
});

Deno.test("look() reports logins although nothing is due, and whatever becomes of publishing", async () => {
  using scene = new Scene();
  let reported = 0;
  const notify = {
    run: () => Promise.resolve(void reported++),
    isWaiting: () => Promise.resolve(false),
  };
  const engine = scene.engine({ notify });
  await engine.look();
  assert.deepEqual([reported, scene.sent.length], [1, 0]);
  await engine.round();
  assert.equal(reported, 2);
  const failing = scene.engine({
    notify: { ...notify, run: () => Promise.reject(new Error("no such file")) },
  });
  await failing.look();
  assert.deepEqual(scene.logged, ["error: notifying failed: no such file"]);
});

Deno.test("runUntilIdle() goes on while a login waits to be reported", async () => {
  using scene = new Scene();
  let rounds = 0;
  await scene.runUntilIdle({
    notify: {
      run: () => Promise.resolve(void rounds++),
      isWaiting: () => Promise.resolve(rounds < 4),
    },
  });
  assert.deepEqual([rounds, scene.sleeps], [4, 3]);
});

Deno.test("runUntilIdle() ends at once while another process does so", async () => {
  using scene = new Scene();
  await scene.attempt();
  await scene.buffer.leases.take(BACKGROUND_LEASE, "another", 30_000, START);
  await scene.runUntilIdle();
  assert.deepEqual([scene.sleeps, scene.sent.length], [0, 0]);
  assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, START), true);
});

Deno.test("runUntilIdle() waits for the lease as long as it may, and says when it has it", async () => {
  using scene = new Scene();
  await scene.attempt();
  const lease = await scene.buffer.leases.take(BACKGROUND_LEASE, "another", 30_000, START);
  const told: string[] = [];
  scene.onSleep = async () => {
    if (scene.now === START + 3_000) await scene.buffer.leases.release(lease!);
  };
  await scene.engine().runUntilIdle({
    ...scene.idle,
    mayWait: () => Promise.resolve(true),
    onLease: () => Promise.resolve(void told.push(`after ${scene.now - START} ms`)),
  });
  assert.deepEqual([told, scene.sent.length], [["after 3000 ms"], 1]);
});

Deno.test("runUntilIdle() outlasts the lease of one that was killed, and no more", async () => {
  using scene = new Scene();
  await scene.attempt();
  await scene.buffer.leases.take(BACKGROUND_LEASE, "another", 30 * MINUTE, START);
  await scene.engine().runUntilIdle({ ...scene.idle, mayWait: () => Promise.resolve(true) });
  assert.deepEqual([scene.now - START, scene.sent.length], [40_000, 0]);
});

Deno.test("runUntilIdle() ends in the middle of a round when it must", async () => {
  using scene = new Scene();
  for (const n of [1, 2, 3]) await scene.attemptOf(`82.202.219.${n}`);
  scene.onDeliver = () => {
    scene.now += 3_000;
    scene.mustEnd = true;
  };
  await scene.runUntilIdle();
  assert.equal(scene.sent.length, 1);
  assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, scene.now), false);
  [scene.mustEnd, scene.onDeliver] = [false, () => undefined];
  await scene.runUntilIdle();
  assert.equal(scene.sent.length, 3);
});

Deno.test("runUntilIdle() goes on for what comes meanwhile, with one lease all the time", async () => {
  using scene = new Scene();
  await scene.attempt();
  const held: boolean[] = [];
  scene.onSleep = async () => {
    held.push(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, scene.now));
    if (scene.minutes === 14) await scene.attempt();
  };
  await scene.runUntilIdle();
  assert.deepEqual(scene.sent.map(([minute, { attempts }]) => [minute, attempts]), [[29, 2]]);
  assert.equal(held.every(Boolean), true);
});

Deno.test("runUntilIdle() ends when another process took its lease, and it does not touch that", async () => {
  using scene = new Scene();
  await scene.attempt();
  scene.onSleep = async () => {
    scene.now += MINUTE;
    await scene.buffer.leases.take(BACKGROUND_LEASE, "another", MINUTE, scene.now);
  };
  await scene.runUntilIdle();
  assert.equal(scene.sleeps, 1);
  assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, scene.now), true);
});

Deno.test("runUntilIdle() ends when another published everything", async () => {
  using scene = new Scene();
  await scene.attempt();
  scene.onSleep = async () => {
    const { snapshot } = scene.parts;
    const due = { periodMs: 0, maxHoldMs: 0, sinks: [] };
    await scene.buffer.outbox.snapshotDue(due, 9, scene.now, (attack, record, place) => ({
      ...snapshot(attack, record, scene.now, place),
      reports: [],
    }));
  };
  await scene.runUntilIdle();
  assert.deepEqual([scene.sleeps, scene.sent.length], [1, 0]);
});

Deno.test("runUntilIdle() ends when it must", async () => {
  using scene = new Scene();
  await scene.attempt();
  scene.mustEnd = true;
  await scene.runUntilIdle();
  assert.deepEqual([scene.sleeps, scene.sent.length], [1, 0]);
});

Deno.test("runUntilIdle() waits while another publisher is at work", async () => {
  using scene = new Scene();
  await scene.attempt();
  scene.onSleep = async () => {
    if (scene.minutes !== 14) return;
    assert.ok(await scene.buffer.leases.take(PUBLISH_LEASE, "another", 2 * MINUTE, scene.now));
  };
  await scene.runUntilIdle();
  assert.deepEqual(scene.sent.map(([minute]) => minute), [16]);
});

Deno.test("runUntilIdle() prunes once an hour, and at the next looks what is left", async () => {
  using scene = new Scene();
  await scene.attempt();
  scene.outcome = { kind: "retry", reason: "busy" };
  scene.onSleep = () => {
    if (scene.minutes > 70) scene.outcome = { kind: "delivered", notes: [] };
  };
  const prunedAt: number[] = [];
  const left = [true, true, false, true, false];
  const prune = () => {
    prunedAt.push((scene.now - START) / 1000);
    return Promise.resolve(left.shift() ?? false);
  };
  await scene.runUntilIdle({ prune });
  assert.deepEqual(prunedAt, [0, 2, 4, 3604, 3606]);
});

Deno.test("runUntilIdle() makes lists after each round, and at last, whatever fails", async () => {
  using scene = new Scene();
  await scene.attempt();
  const made: string[] = [];
  const makeLists = (isLast: boolean) => {
    made.push(`${scene.sent.length} sent${isLast ? ", at last" : ""}`);
    return Promise.reject(new Error("no disk"));
  };
  let pruned = 0;
  await scene.runUntilIdle({ makeLists, prune: () => Promise.resolve(pruned++ > 0) });
  assert.deepEqual([...new Set(made)], ["0 sent", "1 sent", "1 sent, at last"]);
  assert.equal(made.filter((one) => one.endsWith("at last")).length, 1);
  assert.deepEqual([...new Set(scene.logged)], ["error: making lists failed: no disk"]);
  assert.ok(pruned > 0);
  assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, scene.now), false);
});

Deno.test("runUntilIdle() releases its lease whatever breaks", async () => {
  using scene = new Scene();
  await scene.attempt();
  const broken = () => Promise.reject(new Error("a bug"));
  for (const part of ["sleep", "mustEnd"] as const) {
    const idle = { ...scene.idle, [part]: broken };
    await assert.rejects(scene.engine().runUntilIdle(idle), /a bug/);
    assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, scene.now), false, part);
  }
});

Deno.test("runUntilIdle() goes on after rounds that fail, which it logs", async () => {
  using scene = new Scene();
  await scene.attempt();
  scene.onDeliver = () => {
    if (scene.sent.length === 1) throw new Error("no sink");
  };
  await scene.runUntilIdle({ prune: () => Promise.reject(new Error("no disk")) });
  assert.deepEqual(scene.logged, [
    "error: pruning failed: no disk",
    "error: publishing failed: no sink",
  ]);
  assert.deepEqual(scene.sent.map(([minute]) => minute), [15, 15]);
  assert.equal((await scene.buffer.views.status()).waiting, 0);
});

Deno.test("runUntilIdle() goes on until everything is forwarded, however late", async () => {
  using scene = new Scene();
  scene.worthMs = 0;
  await scene.spoolOne();
  let calls = 0;
  const forward = async () => {
    if (++calls === 1) throw new Error("no network");
    await scene.markSpoolForwarded();
  };
  await scene.runUntilIdle({ forward });
  assert.deepEqual([calls, scene.sleeps], [2, 1]);
  assert.deepEqual(scene.logged, ["error: forwarding failed: no network"]);
});

Deno.test("runUntilIdle() of two processes publishes everything once, and one of them ends at once", async () => {
  using scene = new Scene();
  await scene.attempt();
  const one = scene.runUntilIdle({ owner: "one" });
  const other = scene.engine({ owner: "other" }).runUntilIdle({
    ...scene.idle,
    sleep: () => Promise.reject(new Error("it must not go on")),
  });
  await Promise.all([one, other]);
  assert.equal(scene.sent.length, 1);
});
