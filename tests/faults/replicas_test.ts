/**
 * Several `serve` on one PostgreSQL while replicas are killed by SIGKILL and the database stops as if
 * its machine failed, at random moments. Senders repeat what was not answered by 2xx, at whichever
 * replica; now and then what was, too. In the end MISP has each alert once.
 *
 * `WM_TEST_SEED=N` repeats a run's choices.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createProgram, KIND, type Program } from "../e2e/program.ts";
import { freePort, Service } from "../e2e/service.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import {
  needsPostgres,
  ownServer,
  restart,
  stop,
  type TestServer,
  urlOf,
} from "../support/postgres.ts";
import { seededRandom } from "../support/random.ts";
import { expectedTotals, numberedAlert, numbers, totalsOf } from "./numbered.ts";

const IS_SOAK = Deno.env.get("WM_SOAK") === "1";
const SEED = Number(Deno.env.get("WM_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));

const REPLICAS = 3;
const KILLS = IS_SOAK ? 500 : 6;
const RESTARTS = IS_SOAK ? 20 : 2;
const ALERTS = IS_SOAK ? 100_000 : 600;
const SOURCES = IS_SOAK ? 200 : 20;
/** Alerts in one body of each sender, at most. */
const SENDERS = [1, 1, 50, 200];
const AGAIN_ONE_OF = 10;
/** A fault comes so many milliseconds after the last one at most. */
const LATER_MS = 300;
/** No answer takes longer unless something hangs, milliseconds. */
const LONGEST_MS = 60_000;
/** Pause of a sender that was not answered, milliseconds. */
const AGAIN_MS = 100;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

class Rounds {
  readonly #program: Program;
  readonly #server: TestServer;
  readonly #random = seededRandom(SEED);
  readonly #ports = numbers(0, REPLICAS).map(freePort);
  readonly #replicas: Promise<Service>[];
  #isOver = false;
  next = 0;
  kills = 0;
  restarts = 0;
  answers = 0;
  unanswered = 0;
  /** Alerts that were stored by a request that was never answered. */
  found = 0;
  again = 0;

  constructor(program: Program, server: TestServer) {
    this.#program = program;
    this.#server = server;
    this.#replicas = this.#ports.map((port) => this.#start(port));
  }

  async run(): Promise<void> {
    const senders = SENDERS.map((most) => this.#send(most));
    await Promise.all([this.#faults(), ...senders]);
    for (const replica of this.#replicas) assert.equal(await (await replica).end(), 0);
  }

  #start(port: number): Promise<Service> {
    return Service.start(this.#program, `127.0.0.1:${port}`);
  }

  async #faults(): Promise<void> {
    const stops = new Set(
      numbers(1, RESTARTS).map((n) => Math.floor(n * KILLS / (RESTARTS + 1))),
    );
    for (let kill = 0; kill < KILLS; kill++) {
      await pause(this.#random(LATER_MS));
      const at = this.#random(REPLICAS);
      const ended = (await this.#replicas[at]!).end("SIGKILL");
      this.#replicas[at] = ended.then(() => this.#start(this.#ports[at]!));
      this.kills++;
      if (stops.has(kill)) {
        stop(this.#server, "immediate");
        await pause(this.#random(LATER_MS));
        restart(this.#server);
        this.restarts++;
      }
      await this.#replicas[at];
    }
    this.#isOver = true;
  }

  async #send(most: number): Promise<void> {
    while (!this.#isOver || this.next < ALERTS) {
      const count = 1 + this.#random(most);
      const of = numbers(this.next, count);
      this.next += count;
      const alerts = of.map((number) => JSON.stringify(numberedAlert(number, SOURCES)));
      const body = this.#random(2) === 0 ? alerts.join("\n") : `[${alerts.join(",")}]`;
      this.found += await this.#post(body, count);
      if (this.#random(AGAIN_ONE_OF) > 0) continue;
      assert.equal(await this.#post(body, count), count, "what was acknowledged was lost");
      this.again++;
    }
  }

  /** Sends until it is answered. @returns how many alerts had come before */
  async #post(body: string, count: number): Promise<number> {
    for (;;) {
      const port = this.#ports[this.#random(REPLICAS)];
      try {
        const response = await fetch(`http://127.0.0.1:${port}/alerts`, {
          ...{ method: "POST", body },
          signal: AbortSignal.timeout(LONGEST_MS),
        });
        const text = await response.text();
        assert.ok(response.status === 200 || response.status === 503, text);
        if (response.status === 200) {
          const { accepted, duplicate } = JSON.parse(text) as Record<string, number>;
          assert.equal(accepted! + duplicate!, count);
          this.answers++;
          return duplicate!;
        }
        assert.equal(response.headers.get("Retry-After"), "5");
      } catch (error) {
        // Refused, reset, or an answer that broke off.
        if (!(error instanceof TypeError)) throw error;
      }
      this.unanswered++;
      await pause(AGAIN_MS);
    }
  }
}

Deno.test({
  name:
    `${KIND}: ${REPLICAS} serve on one PostgreSQL, killed at random as it is itself, publish each alert once`,
  ...needsPostgres(),
  fn: async () => {
    using server = ownServer();
    await using misp = await FakeMisp.start();
    await using program = await createProgram(KIND, {
      // Each replica has a port of its own.
      ...{ mispHost: new URL(misp.url).host, listen: "127.0.0.1" },
      bufferHost: `127.0.0.1:${server.port}`,
      environment: {
        ...{ WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.publisher },
        ...{ WM_BUFFER_URL: urlOf(server, "replicas"), WM_BUFFER_PERIOD_MINUTES: "0" },
        WM_SERVER_MAX_REQUESTS_PER_MINUTE: "0",
      },
    });
    console.log(`seed ${SEED}`);
    const rounds = new Rounds(program, server);
    await rounds.run();
    // What a killed replica holds may not be taken before it counts as gone.
    let last = await program.run(["flush", "--now"]);
    for (let tries = 5; last.code !== 0 && tries > 0; tries--) {
      last = await program.run(["flush", "--now"]);
    }
    assert.deepEqual([last.code, last.stderr], [0, ""]);
    const expected = expectedTotals(numbers(0, rounds.next), SOURCES);
    const totals = totalsOf(misp);
    const losses = Object.entries(expected).filter(([source, n]) => (totals[source] ?? 0) < n);
    console.log(
      `${KIND}: ${REPLICAS} serve, ${rounds.kills} kills, ${rounds.restarts} restarts of the ` +
        `database, ${rounds.next} alerts in ${rounds.answers} answers, ${rounds.unanswered} ` +
        `without 2xx, ${rounds.found} stored without an answer, ${losses.length} losses`,
    );
    assert.deepEqual(totals, expected);
    const status = JSON.parse((await program.run(["status", "--json"])).stdout) as {
      alerts: { accepted: number };
      pending: { attacks: number };
      reports: { waiting: number; refused: number };
    };
    assert.equal(status.alerts.accepted, rounds.next);
    assert.deepEqual([status.pending.attacks, status.reports.waiting, status.reports.refused], [
      ...[0, 0, 0],
    ]);
    assert.ok(rounds.unanswered > 0 && rounds.again > 0);
  },
});
