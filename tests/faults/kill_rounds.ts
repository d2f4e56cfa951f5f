/**
 * SIGKILL at random moments while several integration calls write and a flush publishes. An alert whose
 * call ended with 0 is never handed over again; one whose call did not is, as `replay` would.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { BACKGROUND_LEASE } from "../../src/publish/names.ts";
import { CAN_COMPILE, integratordArgs, type Program, type Result } from "../e2e/program.ts";
import { seededRandom } from "../support/random.ts";
import { numberedAlert } from "./numbered.ts";

/** A call's whole life, milliseconds: a process dies anywhere in it. */
const CALL_MS = CAN_COMPILE ? 120 : 400;
const FLUSH_MS = CAN_COMPILE ? 300 : 700;

/** Flushes that die at least. */
const FLUSH_KILLS = 4;

const KILLED = 137;

/** How much is done, and how much of it dies. */
export interface KillAmounts {
  readonly seed: number;
  readonly writers: number;
  readonly kills: number;
  readonly sources: number;
  /** Of so many processes one is meant to die. */
  readonly oneOf: number;
  /** Of so many alerts that were taken one comes once more. */
  readonly againOneOf: number;
  /** Whether a call may also say that it did not store its alert, as while the buffer is locked. */
  readonly mayFail?: boolean;
}

/** Hands all alerts over, and publishes meanwhile. */
export class Rounds {
  readonly #program: Program;
  readonly #amounts: KillAmounts;
  readonly #random: (below: number) => number;
  readonly #waiting: number[];
  #calls = 0;
  kills = 0;
  killedFlushes = 0;
  flushes = 0;
  again = 0;
  /** Calls that said that they did not store their alert. */
  failed = 0;
  slowestMs = 0;

  constructor(program: Program, of: readonly number[], amounts: KillAmounts) {
    this.#program = program;
    this.#amounts = amounts;
    this.#random = seededRandom(amounts.seed);
    this.#waiting = of.toReversed();
  }

  /** Until every alert was taken, and enough flushes died. */
  async run(): Promise<void> {
    const writers = Array.from(
      { length: this.#amounts.writers },
      (_, index) => this.#write(`writer-${index}`),
    );
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
      await Deno.writeTextFile(file, JSON.stringify(numberedAlert(number, this.#amounts.sources)));
      const { code, stderr } = await this.#start(integratordArgs(file), CALL_MS);
      this.#calls++;
      if (code === KILLED || this.#hasFailed(code, stderr)) this.#waiting.unshift(number);
      else assert.deepEqual([code, stderr], [0, ""]);
      if (code === 0 && this.#random(this.#amounts.againOneOf) === 0) await this.#writeAgain(file);
    }
  }

  /** As when somebody replays a file of which some was taken. */
  async #writeAgain(file: string): Promise<void> {
    const { code, stderr } = await this.#start(integratordArgs(file), CALL_MS);
    if (code === KILLED || this.#hasFailed(code, stderr)) return;
    this.again++;
    assert.deepEqual([code, stderr], [0, ""]);
  }

  #hasFailed(code: number, stderr: string): boolean {
    if (!this.#amounts.mayFail || code !== 1 || !/locked|busy/.test(stderr)) return false;
    this.failed++;
    return true;
  }

  async #flush(isOver: () => boolean): Promise<void> {
    while (!isOver() || this.killedFlushes < FLUSH_KILLS) {
      const { code, stderr } = await this.#start(["flush", "--now"], FLUSH_MS);
      this.flushes++;
      if (code === KILLED) this.killedFlushes++;
      // 3: a lost answer leaves reports waiting.
      else if (!this.#hasFailed(code, stderr)) {
        assert.ok((code === 0 || code === 3) && stderr === "", `${code} ${stderr}`);
      }
    }
  }

  async #start(args: readonly string[], lifeMs: number): Promise<Result> {
    const isFlush = args[0] === "flush";
    const mayDie = this.kills < this.#amounts.kills || isFlush && this.killedFlushes < FLUSH_KILLS;
    const isDoomed = mayDie && this.#random(isFlush ? 2 : this.#amounts.oneOf) === 0;
    const age = this.#random(lifeMs);
    const startedAt = performance.now();
    const child = this.#program.command(args).spawn();
    const timer = isDoomed ? setTimeout(() => kill(child), age) : undefined;
    const { code, stderr } = await child.output();
    clearTimeout(timer);
    if (!isFlush) this.slowestMs = Math.max(this.slowestMs, performance.now() - startedAt);
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

/** Works with the buffer's file. */
export function withDatabase<T>(path: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA busy_timeout = 60000");
    return work(db);
  } finally {
    db.close();
  }
}

/** No call leaves a publisher behind: they would outlive the test. */
export function holdPublishers(path: string): void {
  new SqliteBuffer(path, Date.now())[Symbol.dispose]();
  withDatabase(path, (db) =>
    db.prepare(
      "INSERT OR REPLACE INTO lease (name, owner, fence, expires_at) VALUES (?, 'the test', 1, ?)",
    )
      .run(BACKGROUND_LEASE, Date.now() + 55 * 60_000));
}
