/**
 * Several `serve` on one PostgreSQL behind nginx, senders that repeat what was not answered by 2xx, and
 * what must be true in the end: MISP has each alert once.
 *
 * `WM_TEST_SEED=N` repeats a run's choices.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createProgram, KIND, type Program } from "../e2e/program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "../e2e/service.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import type { Need } from "../support/needs.ts";
import { NGINX, Nginx } from "../support/nginx.ts";
import { needsPostgres } from "../support/postgres.ts";
import { seededRandom } from "../support/random.ts";
import { tempFolder } from "../support/temp.ts";
import { expectedTotals, numberedAlert, numbers, totalsOf } from "./numbered.ts";

/** Whether hours are meant, and not seconds. */
export const IS_SOAK = Deno.env.get("WM_SOAK") === "1";

const SEED = Number(Deno.env.get("WM_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));

/** How many `serve` there are. */
export const REPLICAS = 3;
/** Alerts in one body of each sender, at most. */
const SENDERS = [1, 1, 50, 200];
const SOURCES = IS_SOAK ? 200 : 20;
/** Of so many bodies that were answered by 2xx one is sent again. */
const AGAIN_ONE_OF = 10;
/** No answer takes longer unless something hangs, milliseconds. */
const LONGEST_MS = 120_000;
/** Pause of a sender that was not answered by 2xx, milliseconds. */
const AGAIN_MS = 100;

/** Waits for so many milliseconds. */
export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The `ignore` of a test that starts such a site. */
export const needsSite = (...more: readonly Need[]) => needsPostgres(...NGINX, ...more);

/** The name of a test of such a site. */
export const nameOf = (what: string) => `${KIND}: ${REPLICAS} serve on one PostgreSQL ${what}`;

/** The replicas with all that is around them. */
export class ReplicaSite implements AsyncDisposable {
  readonly program: Program;
  readonly random: (below: number) => number = seededRandom(SEED);
  /** Alerts that were given a number. */
  next = 0;
  answers = 0;
  /** Requests that were answered by 503. */
  unavailable = 0;
  /** Alerts that were stored by a request that was not answered by 2xx. */
  found = 0;
  again = 0;
  slowestMs = 0;
  readonly #misp: FakeMisp;
  readonly #nginx: Nginx;
  readonly #ports: readonly number[];
  readonly #replicas: (Service | undefined)[] = [];
  readonly #held: AsyncDisposableStack;
  /** What failed first. */
  #failure: { readonly error: unknown } | undefined;
  #senders = 0;

  private constructor(
    program: Program,
    misp: FakeMisp,
    nginx: Nginx,
    ports: readonly number[],
    held: AsyncDisposableStack,
  ) {
    this.program = program;
    this.#misp = misp;
    this.#nginx = nginx;
    this.#ports = ports;
    this.#held = held;
    console.log(`seed ${SEED}`);
  }

  /** Starts all of it. @param database port of PostgreSQL, or of what leads to it */
  static async start(database: number): Promise<ReplicaSite> {
    await using stack = new AsyncDisposableStack();
    const misp = stack.use(await FakeMisp.start());
    const program = stack.use(
      await createProgram(KIND, {
        // Each replica has a port of its own.
        ...{ mispHost: new URL(misp.url).host, listen: "127.0.0.1" },
        bufferHost: `127.0.0.1:${database}`,
        environment: {
          ...{ WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.publisher },
          WM_BUFFER_URL: `postgres://misp@127.0.0.1:${database}/postgres?sslmode=disable`,
          WM_BUFFER_PERIOD_MINUTES: "0",
          WM_SERVER_MAX_REQUESTS_PER_MINUTE: "0",
        },
      }),
    );
    const ports = numbers(0, REPLICAS).map(freePort);
    const folder = stack.use(tempFolder());
    const nginx = stack.use(await Nginx.start(folder.path, ports, withoutLimit));
    const site = new ReplicaSite(program, misp, nginx, ports, stack.move());
    await Promise.all(ports.map((_, at) => site.begin(at)));
    return site;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const replica of this.#replicas) await replica?.[Symbol.asyncDispose]();
    await this.#held[Symbol.asyncDispose]();
  }

  /** Starts a replica, and waits until it listens. */
  async begin(at: number): Promise<void> {
    this.#replicas[at] = await Service.start(this.program, `127.0.0.1:${this.#ports[at]}`);
  }

  /** Ends a replica. @returns its exit code */
  async end(at: number, signal: Deno.Signal): Promise<number> {
    const replica = this.#replicas[at]!;
    this.#replicas[at] = undefined;
    return await replica.end(signal);
  }

  /**
   * Sends alerts while something else is done, and until there are so many.
   *
   * @param alerts how many at least
   * @param senders how many alerts each of them puts into a body at most
   */
  async during(
    work: () => Promise<void>,
    alerts: number,
    senders: readonly number[] = SENDERS,
  ): Promise<void> {
    let isOver = false;
    this.#senders = senders.length;
    const working = async () => {
      await work();
      isOver = true;
    };
    const sending = senders.map((most) => this.#send(most, () => isOver && this.next >= alerts));
    // None goes on beside the next test.
    await Promise.all([working(), ...sending].map((one) =>
      one.catch((error: unknown) => {
        this.#failure ??= { error };
      })
    ));
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #send(most: number, isOver: () => boolean): Promise<void> {
    while (!isOver() && this.#failure === undefined) {
      const count = 1 + this.random(most);
      const of = numbers(this.next, count);
      this.next += count;
      const alerts = of.map((number) => JSON.stringify(numberedAlert(number, SOURCES)));
      const body = this.random(2) === 0 ? alerts.join("\n") : `[${alerts.join(",")}]`;
      this.found += await this.#post(body, count);
      if (this.random(AGAIN_ONE_OF) > 0 && this.again > 0) continue;
      assert.equal(await this.#post(body, count), count, "what was acknowledged was lost");
      this.again++;
    }
  }

  /**
   * Sends until it is answered by 2xx. nginx answers always, so that nothing but 503 is met before.
   *
   * @returns how many alerts had come before
   */
  async #post(body: string, count: number): Promise<number> {
    for (;;) {
      if (this.#failure !== undefined) throw new Error("another part of the test has failed");
      const askedAt = performance.now();
      const response = await fetch(`${this.#nginx.url}/alerts`, {
        ...{ method: "POST", body, client: this.#nginx.client },
        signal: AbortSignal.timeout(LONGEST_MS),
      });
      const text = await response.text();
      this.slowestMs = Math.max(this.slowestMs, Math.round(performance.now() - askedAt));
      if (response.status === 200) {
        const { accepted, duplicate } = JSON.parse(text) as Record<string, number>;
        assert.equal(accepted! + duplicate!, count);
        this.answers++;
        return duplicate!;
      }
      assert.deepEqual([response.status, response.headers.get("Retry-After")], [503, "5"], text);
      this.unavailable++;
      await pause(AGAIN_MS);
    }
  }

  /** Waits until something is so. @param what is missing, for whoever waited in vain */
  async until(
    isSo: () => boolean | Promise<boolean>,
    what: string,
    longestMs = LONGEST_MS,
  ): Promise<void> {
    const deadline = performance.now() + longestMs;
    while (!await isSo()) {
      assert.ok(performance.now() < deadline, what);
      if (this.#failure !== undefined) throw new Error("a sender has failed");
      await pause(50);
    }
  }

  /** Waits until a request has been answered by 503 from now on. */
  untilUnavailable(): Promise<void> {
    const before = this.unavailable;
    return this.until(() => this.unavailable > before, "no request was answered by 503");
  }

  /** Waits until a request that was sent from now on has been answered by 2xx. */
  untilStored(): Promise<void> {
    // Each sender may have one under way.
    const before = this.answers + this.#senders;
    return this.until(() => this.answers > before, "no request is answered by 2xx");
  }

  /** Waits until nginx passes requests on to a replica that was restarted. */
  untilServing(at: number): Promise<void> {
    const stored = /custom_misp_http_requests_total\{route="\/alerts\/:token\?",.*status="200"/;
    return this.until(async () => {
      const metrics = await fetch(`${this.#replicas[at]!.url}/metrics`);
      return stored.test(await metrics.text());
    }, "a replica gets no request");
  }

  /** What the program logged. */
  log(): Promise<string> {
    return Deno.readTextFile(this.program.log);
  }

  /**
   * Ends the replicas, publishes what is left, and looks whether MISP has each alert once.
   *
   * @param faults what was done meanwhile, for the line of figures
   */
  async finish(faults: string): Promise<void> {
    for (const [at, replica] of this.#replicas.entries()) {
      if (replica !== undefined) assert.equal(await this.end(at, "SIGTERM"), 0);
    }
    // Nobody may publish before a killed publisher counts as gone.
    let last = await this.program.run(["flush", "--now"]);
    for (let tries = 5; last.code !== 0 && tries > 0; tries--) {
      last = await this.program.run(["flush", "--now"]);
    }
    assert.deepEqual([last.code, last.stderr], [0, ""]);
    const expected = expectedTotals(numbers(0, this.next), SOURCES);
    const totals = totalsOf(this.#misp);
    const off = (is: (has: number, wanted: number) => boolean) =>
      Object.entries(expected).filter(([source, wanted]) => is(totals[source] ?? 0, wanted)).length;
    console.log(
      `${KIND}: ${REPLICAS} serve, ${faults}, ${this.next} alerts in ${this.answers} answers, ` +
        `${this.unavailable} times 503, ${this.found} stored without an answer, slowest answer ` +
        `${this.slowestMs} ms, ${off((has, wanted) => has < wanted)} sources with a loss, ` +
        `${off((has, wanted) => has > wanted)} counted twice`,
    );
    assert.deepEqual(totals, expected);
    const status = JSON.parse((await this.program.run(["status", "--json"])).stdout) as {
      alerts: { accepted: number };
      pending: { attacks: number };
      reports: { waiting: number; refused: number };
    };
    assert.equal(status.alerts.accepted, this.next);
    assert.deepEqual([status.pending.attacks, status.reports.waiting, status.reports.refused], [
      ...[0, 0, 0],
    ]);
    assert.ok(this.again > 0);
  }
}

/** All senders have one address, and are meant to be as fast as they can. */
function withoutLimit(example: string): string {
  const changed = example.replaceAll(/^ *limit_(req|conn)\b.*\n/gm, "");
  assert.notEqual(changed, example);
  return changed;
}
