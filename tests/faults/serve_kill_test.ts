/**
 * SIGKILL of `serve` at random moments while several senders post numbered alerts, one by one and in
 * batches. What was not answered by 2xx they send again, as a sender must; now and then what was, too,
 * as a sender might. In the end each alert counts once.
 *
 * `WM_TEST_SEED=N` repeats a run's choices.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { CAN_COMPILE, createProgram, type Program } from "../e2e/program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "../e2e/service.ts";
import type { StoredEvent } from "../fake_misp/server.ts";
import { seededRandom } from "../support/random.ts";
import { expectedTotals, numberedAlert, numbers, totalsOfEvents } from "./numbered.ts";

const IS_SOAK = Deno.env.get("WM_SOAK") === "1";
const SEED = Number(Deno.env.get("WM_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));

const KIND = CAN_COMPILE ? "binary" : "deno run";
const KILLS = IS_SOAK ? 400 : CAN_COMPILE ? 8 : 6;
const SOURCES = IS_SOAK ? 200 : 20;
/** Alerts in one body of each sender, at most. */
const SENDERS = [1, 1, 1, 50, 200];
/** A kill comes after so many answers at most, and so many milliseconds later. */
const ANSWERS = 60;
const LATER_MS = 40;
/** Of so many bodies that were taken one comes once more. */
const AGAIN_ONE_OF = 10;
/** No answer takes longer unless the service hangs, milliseconds. */
const LONGEST_MS = 30_000;

interface AcceptedCounts {
  readonly accepted: number;
  readonly duplicate: number;
}

class Rounds {
  readonly #program: Program;
  readonly #listen: string;
  readonly #random = seededRandom(SEED);
  #service: Promise<Service>;
  #isOver = false;
  #answered = Promise.withResolvers<void>();
  next = 0;
  kills = 0;
  answers = 0;
  /** Bodies without an answer: what the kills were for. */
  unanswered = 0;
  /** Alerts that were stored by a request that was never answered. */
  found = 0;
  again = 0;

  constructor(program: Program, listen: string) {
    this.#program = program;
    this.#listen = listen;
    this.#service = Service.start(program, listen);
  }

  async run(): Promise<void> {
    const senders = SENDERS.map((most) => this.#send(most));
    const first = await Promise.race([this.#kill(), Promise.all(senders)]);
    assert.equal(first, undefined, "the senders ended before the kills");
    this.#isOver = true;
    await Promise.all(senders);
    assert.equal(await (await this.#service).end(), 0);
  }

  async #kill(): Promise<void> {
    while (this.kills < KILLS) {
      const service = await this.#service;
      for (let answers = 1 + this.#random(ANSWERS); answers > 0; answers--) {
        await this.#answered.promise;
      }
      // In the middle of whatever comes then.
      await new Promise((resolve) => setTimeout(resolve, this.#random(LATER_MS)));
      const ended = service.end("SIGKILL");
      this.#service = ended.then(() => Service.start(this.#program, this.#listen));
      await this.#service;
      this.kills++;
    }
  }

  async #send(most: number): Promise<void> {
    while (!this.#isOver) {
      const count = 1 + this.#random(most);
      const of = numbers(this.next, count);
      this.next += count;
      const alerts = of.map((number) => JSON.stringify(numberedAlert(number, SOURCES)));
      const body = this.#random(2) === 0 ? alerts.join("\n") : `[${alerts.join(",")}]`;
      const { taken, tries } = await this.#post(body);
      assert.equal(taken.accepted + taken.duplicate, count);
      // Only a request without an answer may have left something behind.
      if (tries === 1) assert.equal(taken.duplicate, 0);
      this.found += taken.duplicate;
      if (this.#random(AGAIN_ONE_OF) > 0) continue;
      const { taken: { accepted, duplicate } } = await this.#post(body);
      assert.deepEqual([accepted, duplicate], [0, count], "what was acknowledged was lost");
      this.again++;
    }
  }

  /** Sends until it is answered. */
  async #post(body: string): Promise<{ readonly taken: AcceptedCounts; readonly tries: number }> {
    for (let tries = 1;; tries++) {
      const { url } = await this.#service;
      try {
        const signal = AbortSignal.timeout(LONGEST_MS);
        const response = await fetch(`${url}/alerts`, { method: "POST", body, signal });
        const text = await response.text();
        assert.equal(response.status, 200, text);
        this.answers++;
        this.#answered.resolve();
        this.#answered = Promise.withResolvers();
        return { taken: JSON.parse(text) as AcceptedCounts, tries };
      } catch (error) {
        // Refused, reset, or an answer that broke off.
        if (!(error instanceof TypeError)) throw error;
        this.unanswered++;
      }
    }
  }
}

function readFeed(folder: string): readonly StoredEvent[] {
  return [...Deno.readDirSync(folder)]
    .filter(({ name }) => /^[0-9a-f-]{36}\.json$/.test(name))
    .map(({ name }) =>
      (JSON.parse(Deno.readTextFileSync(`${folder}/${name}`)) as { Event: StoredEvent }).Event
    );
}

Deno.test(`${KIND}: serve, killed at random while ${SENDERS.length} senders post, loses nothing it answered for and counts nothing twice`, async () => {
  const listen = `127.0.0.1:${freePort()}`;
  await using program = await createProgram(KIND, { listen });
  const rounds = new Rounds(program, listen);
  console.log(`seed ${SEED}`);
  const start = performance.now();
  await rounds.run();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);

  // A kill in the middle of a flush leaves a lease behind, which would run out by itself.
  const db = new DatabaseSync(program.buffer);
  // Deno 2.5 cannot dispose of a database by itself.
  using _closing = { [Symbol.dispose]: () => db.close() };
  db.exec("UPDATE lease SET expires_at = 1 WHERE name = 'publish'");
  const flushed = await program.run(["flush", "--now"]);
  assert.deepEqual([flushed.code, flushed.stderr], [0, ""]);
  const status = JSON.parse((await program.run(["status", "--json"])).stdout) as {
    readonly alerts: AcceptedCounts;
  };
  const sent = rounds.next;
  const expected = expectedTotals(numbers(0, sent), SOURCES);
  const totals = totalsOfEvents(readFeed(program.feed));
  const differences = Object.entries(expected).map(([source, n]) => (totals[source] ?? 0) - n);
  const sum = (of: readonly number[]) => of.reduce((one, other) => one + other, 0);
  console.log(
    `${KIND}: ${
      rounds.kills + 1
    } rounds, ${rounds.kills} kills in ${seconds} s; ${sent} alerts of ` +
      `${SENDERS.length} senders, ${rounds.answers} answers, ${rounds.unanswered} tries without one, ` +
      `after which ${rounds.found} alerts were found stored; ${rounds.again} bodies sent again; ` +
      `${sum(differences.filter((n) => n > 0))} duplicates, ` +
      `${-sum(differences.filter((n) => n < 0))} losses`,
  );
  assert.equal(status.alerts.accepted, sent);
  assert.deepEqual(totals, expected);
  assert.equal(db.prepare("PRAGMA integrity_check").get()?.integrity_check, "ok");
  // Reachability: without a request that a kill cut off, nothing was shown.
  assert.ok(rounds.unanswered > KILLS / 3 && rounds.again > 0);
});
