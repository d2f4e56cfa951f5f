/**
 * SIGKILL at random moments while several integration calls write and a flush publishes, to a MISP
 * that loses answers. Every alert whose call ended with 0 is never handed over again; one whose call
 * was killed is, as `replay` would. In the end MISP has each exactly once.
 *
 * `WM_TEST_SEED=N` repeats a run's choices: which process dies, and how old it gets.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { BACKGROUND_LEASE } from "../../src/publish/names.ts";
import {
  CAN_COMPILE,
  createProgram,
  integratordArgs,
  type Program,
  type Result,
} from "../e2e/program.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { seededRandom } from "../support/random.ts";
import { expectedTotals, numberedAlert, numbers, totalsOf } from "./numbered.ts";

const IS_SOAK = Deno.env.get("WM_SOAK") === "1";
const SEED = Number(Deno.env.get("WM_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));

const KIND = CAN_COMPILE ? "binary" : "deno run";
/** A call's whole life, milliseconds: a process dies anywhere in it. */
const CALL_MS = CAN_COMPILE ? 120 : 400;
const FLUSH_MS = CAN_COMPILE ? 300 : 700;

const WRITERS = IS_SOAK ? 8 : 4;
const ALERTS = IS_SOAK ? 20_000 : 120;
const KILLS = IS_SOAK ? 500 : 15;
/** Flushes that die at least. */
const FLUSH_KILLS = 4;
const SOURCES = IS_SOAK ? 200 : 12;
/** Of so many processes one is meant to die. */
const ONE_OF = IS_SOAK ? 20 : 5;
/** Of so many alerts that were taken one comes once more. */
const AGAIN_ONE_OF = IS_SOAK ? 20 : 8;

const KILLED = 137;

class Rounds {
  readonly #program: Program;
  readonly #random = seededRandom(SEED);
  readonly #waiting: number[];
  #calls = 0;
  kills = 0;
  killedFlushes = 0;
  flushes = 0;
  again = 0;

  constructor(program: Program, of: readonly number[]) {
    this.#program = program;
    this.#waiting = of.toReversed();
  }

  /** Until every alert was taken, and enough flushes died. */
  async run(): Promise<void> {
    const writers = Array.from({ length: WRITERS }, (_, index) => this.#write(`writer-${index}`));
    let isOver = false;
    const flusher = this.#flush(() => isOver);
    await Promise.all(writers);
    isOver = true;
    await flusher;
  }

  /** Hands over one alert after the other; one that was not taken goes back to the others. */
  async #write(name: string): Promise<void> {
    const file = `${this.#program.alerts}/${name}.alert`;
    for (let number = this.#waiting.pop(); number !== undefined; number = this.#waiting.pop()) {
      await Deno.writeTextFile(file, JSON.stringify(numberedAlert(number, SOURCES)));
      const { code, stderr } = await this.#start(integratordArgs(file), CALL_MS);
      this.#calls++;
      if (code === KILLED) this.#waiting.unshift(number);
      else assert.deepEqual([code, stderr], [0, ""]);
      if (code === 0 && this.#random(AGAIN_ONE_OF) === 0) await this.#writeAgain(file);
    }
  }

  /** As when somebody replays a file of which some was taken. */
  async #writeAgain(file: string): Promise<void> {
    const { code, stderr } = await this.#start(integratordArgs(file), CALL_MS);
    if (code === KILLED) return;
    this.again++;
    assert.deepEqual([code, stderr], [0, ""]);
  }

  async #flush(isOver: () => boolean): Promise<void> {
    while (!isOver() || this.killedFlushes < FLUSH_KILLS) {
      const { code, stderr } = await this.#start(["flush", "--now"], FLUSH_MS);
      this.flushes++;
      if (code === KILLED) this.killedFlushes++;
      // 3: a lost answer leaves reports waiting.
      else assert.ok((code === 0 || code === 3) && stderr === "", `${code} ${stderr}`);
    }
  }

  async #start(args: readonly string[], lifeMs: number): Promise<Result> {
    const isFlush = args[0] === "flush";
    const mayDie = this.kills < KILLS || isFlush && this.killedFlushes < FLUSH_KILLS;
    const isDoomed = mayDie && this.#random(isFlush ? 2 : ONE_OF) === 0;
    const age = this.#random(lifeMs);
    const child = this.#program.command(args).spawn();
    const timer = isDoomed ? setTimeout(() => kill(child), age) : undefined;
    const { code, stderr } = await child.output();
    clearTimeout(timer);
    if (code === KILLED) this.kills++;
    return { code, stdout: "", stderr: new TextDecoder().decode(stderr) };
  }

  get calls(): number {
    return this.#calls;
  }
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof TypeError)) throw error;
  }
}

function withDatabase<T>(path: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA busy_timeout = 10000");
    return work(db);
  } finally {
    db.close();
  }
}

/** No call leaves a publisher behind: they would outlive the test. */
function holdPublishers(path: string): void {
  new SqliteBuffer(path, Date.now())[Symbol.dispose]();
  withDatabase(
    path,
    (db) =>
      db.prepare(
        "INSERT OR REPLACE INTO lease (name, owner, fence, expires_at) VALUES (?, 'the test', 1, ?)",
      )
        .run(BACKGROUND_LEASE, Date.now() + 55 * 60_000),
  );
}

Deno.test(`${KIND}: killed at random while ${WRITERS} calls write and a flush publishes, it loses nothing and counts nothing twice`, async () => {
  await using misp = await FakeMisp.start();
  misp.failEvery(11, { kind: "lost-answer" });
  await using program = await createProgram(KIND, {
    mispHost: new URL(misp.url).host,
    environment: { WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.publisher },
  });
  holdPublishers(program.buffer);
  const all = numbers(0, ALERTS);
  const rounds = new Rounds(program, all);
  console.log(`seed ${SEED}`);
  await rounds.run();
  misp.clearFaults();

  // Liveness: a fresh alert gets through once nothing dies any more.
  const file = `${program.alerts}/last.alert`;
  await Deno.writeTextFile(file, JSON.stringify(numberedAlert(ALERTS, SOURCES)));
  assert.equal((await program.run(integratordArgs(file))).code, 0);
  const last = await program.run(["flush", "--now"]);
  assert.deepEqual([last.code, last.stderr], [0, ""]);

  const expected = expectedTotals([...all, ALERTS], SOURCES);
  const totals = totalsOf(misp);
  const status = JSON.parse((await program.run(["status", "--json"])).stdout) as {
    alerts: { accepted: number; duplicate: number };
    pending: { attacks: number };
    reports: { waiting: number; refused: number };
  };
  const losses = Object.entries(expected).filter(([source, n]) => (totals[source] ?? 0) < n).length;
  console.log(
    `${KIND}: ${rounds.calls} calls of ${WRITERS} writers, ${rounds.flushes} flushes, ` +
      `${rounds.kills} kills (${rounds.killedFlushes} of flushes), ` +
      `${status.alerts.duplicate} duplicates seen, ${losses} losses`,
  );
  assert.deepEqual(totals, expected);
  assert.equal(status.alerts.accepted, ALERTS + 1);
  assert.equal(status.pending.attacks, 0);
  assert.deepEqual(status.reports.waiting + status.reports.refused, 0);
  assert.equal(
    withDatabase(
      program.buffer,
      (db) => db.prepare("PRAGMA integrity_check").get()?.integrity_check,
    ),
    "ok",
  );
  // Reachability: a run in which nothing died proves nothing.
  assert.ok(rounds.kills >= (IS_SOAK ? KILLS : KILLS / 3), `only ${rounds.kills} kills`);
  assert.ok(rounds.again > 0);
  assert.ok(status.alerts.duplicate >= rounds.again);
});
