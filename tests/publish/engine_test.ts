import assert from "node:assert/strict";
import type { Report } from "../../src/model.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import { PUBLISH_LEASE } from "../../src/publish/publisher.ts";
import type { Outcome } from "../../src/sink.ts";
import { publishUntilIdle, type UntilIdleParts } from "../../src/publish/engine.ts";
import { BACKGROUND_LEASE } from "../../src/publish/names.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";

const START = Date.UTC(2026, 7, 23, 6);
const MINUTE = 60_000;

/** A publisher that stays, on a clock that moves only while it sleeps. */
class Scene implements Disposable {
  readonly buffer = new SqliteBuffer(":memory:", START);
  readonly sent: [minute: number, report: Report][] = [];
  now = START;
  outcome: Outcome = { kind: "delivered", notes: [] };
  /** What else happens at a look. */
  onSleep: () => void | Promise<void> = () => undefined;
  isThere = true;
  worthMs = 65 * MINUTE;
  sleeps = 0;

  [Symbol.dispose]() {
    this.buffer[Symbol.dispose]();
  }

  async guess() {
    await this.buffer.intake.accept([decideDefault(sshdAlert())], { maxUsernames: 100 }, this.now);
  }

  get minutes() {
    return (this.now - START) / MINUTE;
  }

  get parts(): UntilIdleParts {
    // deno-lint-ignore no-this-alias -- the generator below has no `this` of the scene
    const scene = this;
    return {
      buffer: this.buffer,
      sinks: [{
        name: "feed",
        async *deliver(reports) {
          for (const report of reports) {
            scene.sent.push([Math.round(scene.minutes), report]);
            yield await Promise.resolve({ report, outcome: scene.outcome });
          }
        },
      }],
      due: { periodMs: 15 * MINUTE, maxHoldMs: 60 * MINUTE, sinks: ["feed"] },
      deliveryMs: 30_000,
      prepare: () => Promise.resolve(),
      close: () => [],
      snapshot: (attack, record, now) =>
        snapshotAttack(attack, record, { ...PLAIN_SNAPSHOT_RULES, sinks: ["feed"] }, now),
      now: () => this.now,
      random: () => 0.5,
      log: () => undefined,
      worthMs: this.worthMs,
      sleep: async (milliseconds) => {
        if (++this.sleeps > 10_000) throw new Error("it stays for ever");
        this.now += milliseconds;
        await this.onSleep();
      },
      mustLeave: () => Promise.resolve(!this.isThere),
      prune: () => Promise.resolve(false),
    };
  }

  stay() {
    return publishUntilIdle(this.parts, "me");
  }
}

Deno.test("publishUntilIdle() leaves at once when nothing waits", async () => {
  using scene = new Scene();
  await scene.stay();
  assert.equal(scene.sleeps, 0);
  assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, START), false);
});

Deno.test("publishUntilIdle() publishes the last burst when no further alert comes, and leaves", async () => {
  using scene = new Scene();
  await scene.guess();
  await scene.guess();
  await scene.stay();
  assert.deepEqual(scene.sent.map(([minute, { attempts }]) => [minute, attempts]), [[15, 2]]);
  assert.equal(scene.minutes, 15);
  const { pendingAttacks, waiting, delivered } = await scene.buffer.views.status();
  assert.deepEqual([pendingAttacks, waiting, delivered], [0, 0, 1]);
  assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, scene.now), false);
});

Deno.test("publishUntilIdle() publishes a source that never rests, too", async () => {
  using scene = new Scene();
  await scene.guess();
  scene.onSleep = async () => {
    if (scene.sleeps % 30 === 0) await scene.guess();
  };
  await scene.stay();
  assert.deepEqual(scene.sent.map(([minute, { attempts }]) => [minute, attempts]), [[60, 61]]);
});

Deno.test("publishUntilIdle() stays for a retry", async () => {
  using scene = new Scene();
  await scene.guess();
  scene.outcome = { kind: "retry", reason: "busy" };
  scene.onSleep = () => {
    if (scene.sent.length === 3) scene.outcome = { kind: "delivered", notes: [] };
  };
  await scene.stay();
  assert.equal(scene.sent.length, 4);
  assert.equal((await scene.buffer.views.status()).waiting, 0);
});

Deno.test("publishUntilIdle() leaves when what is next is later than it is worth waiting for", async () => {
  using scene = new Scene();
  scene.worthMs = 20 * MINUTE;
  await scene.guess();
  scene.outcome = { kind: "unavailable", reason: "down", afterMs: 21 * MINUTE };
  await scene.stay();
  assert.equal(scene.minutes, 15);
  assert.equal(scene.sent.length, 1);
  assert.equal((await scene.buffer.views.status()).waiting, 1);
  assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, scene.now), false);
});

Deno.test("publishUntilIdle() leaves at once when another stays", async () => {
  using scene = new Scene();
  await scene.guess();
  await scene.buffer.leases.take(BACKGROUND_LEASE, "another", 30_000, START);
  await scene.stay();
  assert.deepEqual([scene.sleeps, scene.sent.length], [0, 0]);
  assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, START), true);
});

Deno.test("publishUntilIdle() stays for what comes while it stays, with one lease all the time", async () => {
  using scene = new Scene();
  await scene.guess();
  const held: boolean[] = [];
  scene.onSleep = async () => {
    held.push(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, scene.now));
    if (scene.minutes === 14) await scene.guess();
  };
  await scene.stay();
  assert.deepEqual(scene.sent.map(([minute, { attempts }]) => [minute, attempts]), [[29, 2]]);
  assert.equal(held.every(Boolean), true);
});

Deno.test("publishUntilIdle() leaves when its lease was taken, and leaves it to the other", async () => {
  using scene = new Scene();
  await scene.guess();
  scene.onSleep = async () => {
    scene.now += MINUTE;
    await scene.buffer.leases.take(BACKGROUND_LEASE, "another", MINUTE, scene.now);
  };
  await scene.stay();
  assert.equal(scene.sleeps, 1);
  assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, scene.now), true);
});

Deno.test("publishUntilIdle() leaves when another published everything", async () => {
  using scene = new Scene();
  await scene.guess();
  scene.onSleep = async () => {
    const { snapshot } = scene.parts;
    const due = { periodMs: 0, maxHoldMs: 0, sinks: [] };
    await scene.buffer.outbox.snapshotDue(due, 9, scene.now, (attack, record, place) => ({
      ...snapshot(attack, record, scene.now, place),
      reports: [],
    }));
  };
  await scene.stay();
  assert.deepEqual([scene.sleeps, scene.sent.length], [1, 0]);
});

Deno.test("publishUntilIdle() leaves when the buffer is another file by now", async () => {
  using scene = new Scene();
  await scene.guess();
  scene.isThere = false;
  await scene.stay();
  assert.deepEqual([scene.sleeps, scene.sent.length], [1, 0]);
});

Deno.test("publishUntilIdle() waits while another publisher is at work", async () => {
  using scene = new Scene();
  await scene.guess();
  scene.onSleep = async () => {
    if (scene.minutes !== 14) return;
    assert.ok(await scene.buffer.leases.take(PUBLISH_LEASE, "another", 2 * MINUTE, scene.now));
  };
  await scene.stay();
  assert.deepEqual(scene.sent.map(([minute]) => minute), [16]);
});

Deno.test("publishUntilIdle() forgets what is old once an hour, and at the next looks what is left of it", async () => {
  using scene = new Scene();
  await scene.guess();
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
  await publishUntilIdle({ ...scene.parts, prune }, "me");
  assert.deepEqual(prunedAt, [0, 2, 4, 3604, 3606]);
});

Deno.test("publishUntilIdle() gives its lease back whatever breaks", async () => {
  using scene = new Scene();
  await scene.guess();
  const broken = () => Promise.reject(new Error("a bug"));
  for (const part of ["sleep", "mustLeave", "prune"] as const) {
    await assert.rejects(publishUntilIdle({ ...scene.parts, [part]: broken }, "me"), /a bug/);
    assert.equal(await scene.buffer.leases.isHeld(BACKGROUND_LEASE, scene.now), false, part);
  }
});
