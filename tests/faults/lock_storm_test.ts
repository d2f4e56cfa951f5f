/**
 * The final oracle: several writers, a buffer that another process keeps locked, and processes that die
 * at any moment. Whatever a call ended with 0 for is at MISP once in the end, and nothing is twice. A
 * call that ended otherwise hands its alert over again. `WM_SOAK=1` has 20,000 alerts, 300 kills and
 * locks of up to 20 s, which outlast the patience of a call.
 *
 * `WM_TEST_SEED=N` repeats a run's choices.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { CAN_COMPILE, createProgram, type Program } from "../e2e/program.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { holdPublishers, Rounds, withDatabase } from "./kill_rounds.ts";
import { expectedTotals, numbers, totalsOf } from "./numbered.ts";

const IS_SOAK = Deno.env.get("WM_SOAK") === "1";
const SEED = Number(Deno.env.get("WM_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const KIND = CAN_COMPILE ? "binary" : "deno run";

const ALERTS = IS_SOAK ? 20_000 : 200;
const LONGEST_LOCK_MS = IS_SOAK ? 20_000 : 1000;
const AMOUNTS = {
  seed: SEED,
  writers: 8,
  kills: IS_SOAK ? 300 : 20,
  sources: IS_SOAK ? 200 : 12,
  oneOf: IS_SOAK ? 20 : 5,
  againOneOf: 20,
  mayFail: true,
};

/** Where a call that meets a locked buffer may leave its alert. */
const SPILL_FILE = /^spill-\d{13}-[0-9a-f]{8}\.json$/;

const spillFiles = (program: Program): readonly string[] =>
  [...Deno.readDirSync(dirname(program.buffer))].map(({ name }) => name)
    .filter((name) => SPILL_FILE.test(name));

/** Locks the buffer until it is disposed of. */
class LockStorm implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<void>;
  readonly held: number[] = [];

  constructor(file: string) {
    const script = new URL("./lock_holder.ts", import.meta.url).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", "-A", script, file, `${LONGEST_LOCK_MS}`, `${SEED}`],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#ended = this.#read();
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.held.push(...text.trim().split("\n").map(Number));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#ended;
  }
}

Deno.test(`${KIND}: killed at random while ${AMOUNTS.writers} calls write to a buffer that is locked again and again, it loses nothing and counts nothing twice`, async () => {
  await using misp = await FakeMisp.start();
  await using program = await createProgram(KIND, {
    mispHost: new URL(misp.url).host,
    environment: { WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.publisher },
  });
  holdPublishers(program.buffer);
  const all = numbers(0, ALERTS);
  const rounds = new Rounds(program, all, AMOUNTS);
  console.log(`seed ${SEED}`);
  const start = performance.now();
  let spilled = 0;
  const watch = setInterval(() => spilled = Math.max(spilled, spillFiles(program).length), 1000);
  const held: number[] = [];
  try {
    await using storm = new LockStorm(program.buffer);
    await rounds.run();
    held.push(...storm.held);
  } finally {
    clearInterval(watch);
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  withDatabase(program.buffer, (db) => db.exec("UPDATE lease SET expires_at = 1"));
  // What a flush takes in while it publishes is for the next one.
  for (let times = 0; times < 2; times++) {
    const { code, stderr } = await program.run(["flush", "--now"]);
    assert.deepEqual([code, stderr], [0, ""]);
  }
  console.log(
    `${KIND}: ${ALERTS} alerts of ${AMOUNTS.writers} writers in ${seconds} s, ${rounds.calls} calls, ` +
      `the slowest ${
        (rounds.slowestMs / 1000).toFixed(1)
      } s, ${rounds.failed} refused by a lock; ` +
      `${held.length} locks of up to ${Math.max(...held) / 1000} s; ${rounds.kills} kills ` +
      `(${rounds.killedFlushes} of flushes); up to ${spilled} spill files at a time`,
  );
  assert.deepEqual(totalsOf(misp), expectedTotals(all, AMOUNTS.sources));
  assert.deepEqual(spillFiles(program), []);
  assert.equal(
    withDatabase(
      program.buffer,
      (db) => db.prepare("PRAGMA integrity_check").get()?.integrity_check,
    ),
    "ok",
  );
  // Reachability: without kills and locks nothing was shown.
  assert.ok(rounds.kills >= AMOUNTS.kills / 3, `only ${rounds.kills} kills`);
  assert.ok(held.length > 2, `only ${held.length} locks`);
});
