import assert from "node:assert/strict";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { wakeWhenDue, type Waking } from "../../src/publish/wake.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";

const START = Date.UTC(2026, 7, 23, 6);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Lets everything go on that waits for nothing but promises. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve));

/** A clock that is moved by hand, and what is woken by it. */
class Scene implements Disposable {
  readonly buffer = new SqliteBuffer(":memory:", START);
  readonly logged: string[] = [];
  now = START;
  /** Seconds after the start of each round. */
  readonly rounds: number[] = [];
  publish = (): Promise<void> => Promise.resolve();
  everyMs = 0;
  isStopped = false;
  #look: () => void = () => undefined;
  readonly waking: Waking;

  constructor() {
    this.waking = wakeWhenDue({
      buffer: this.buffer,
      due: { periodMs: 15 * MINUTE, maxHoldMs: 60 * MINUTE, sinks: ["feed"] },
      now: () => this.now,
      log: (level, message) => this.logged.push(`${level}: ${message}`),
      publish: () => {
        this.rounds.push((this.now - START) / SECOND);
        return this.publish();
      },
      repeat: (work, milliseconds) => {
        this.#look = work;
        this.everyMs = milliseconds;
        return { stop: () => this.isStopped = true };
      },
    });
  }

  [Symbol.dispose]() {
    this.waking[Symbol.dispose]();
    this.buffer[Symbol.dispose]();
  }

  async guess() {
    await this.buffer.intake.accept([decideDefault(sshdAlert())], { maxUsernames: 100 }, this.now);
  }

  async goTo(at: number) {
    while (this.now < at) {
      this.now += this.everyMs;
      this.#look();
      await turn();
    }
  }
}

Deno.test("wakeWhenDue() publishes within seconds after something is due, not before", async () => {
  using scene = new Scene();
  scene.now += 7 * SECOND;
  await scene.guess();
  await scene.goTo(START + 15 * MINUTE);
  assert.deepEqual(scene.rounds, []);
  await scene.goTo(START + 15 * MINUTE + 7 * SECOND);
  assert.deepEqual(scene.rounds, [15 * 60 + 7]);
});

Deno.test("wakeWhenDue() sleeps while nothing waits", async () => {
  using scene = new Scene();
  await scene.goTo(START + 30 * MINUTE);
  assert.deepEqual(scene.rounds, []);
});

Deno.test("wakeWhenDue() begins no round beside one that takes long", async () => {
  using scene = new Scene();
  await scene.guess();
  const long = Promise.withResolvers<void>();
  scene.publish = () => long.promise;
  await scene.goTo(START + 16 * MINUTE);
  assert.deepEqual(scene.rounds, [15 * 60]);
  long.resolve();
  await turn();
  await scene.goTo(START + 16 * MINUTE + 5 * SECOND);
  assert.deepEqual(scene.rounds, [15 * 60, 16 * 60 + 5]);
});

Deno.test("wakeWhenDue() goes on after a failure, which it tells", async () => {
  using scene = new Scene();
  await scene.guess();
  scene.publish = () => Promise.reject(new Error("no"));
  await scene.goTo(START + 15 * MINUTE + 5 * SECOND);
  assert.deepEqual(scene.rounds, [15 * 60, 15 * 60 + 5]);
  assert.deepEqual(scene.logged, ["error: publishing: no", "error: publishing: no"]);
});

Deno.test("wakeWhenDue() ends when it is disposed of", () => {
  const scene = new Scene();
  scene[Symbol.dispose]();
  assert.equal(scene.isStopped, true);
});

Deno.test("wakeWhenDue() ends after the round that goes on", async () => {
  using scene = new Scene();
  await scene.guess();
  const long = Promise.withResolvers<void>();
  scene.publish = () => long.promise;
  await scene.goTo(START + 15 * MINUTE);
  let isOver = false;
  const ending = scene.waking.end().then(() => isOver = true);
  await turn();
  assert.deepEqual([scene.isStopped, isOver], [true, false]);
  long.resolve();
  await ending;
});
