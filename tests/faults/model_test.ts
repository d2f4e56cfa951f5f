/**
 * Whatever happens in whatever order, the pipeline does what a plain count does: every guess is told to
 * MISP once. fast-check makes up the orders and shortens those that fail; it prints their seed, and
 * `WM_TEST_SEED` repeats it. `WM_SOAK=1` runs twenty times as many.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Fault } from "../fake_misp/server.ts";
import { needsPostgres } from "../support/postgres.ts";
import { emptyModel, type Guess, LEASE_MS, type Model, Rig } from "./model_rig.ts";
import { type Place, postgresPlace, sqlitePlace } from "./places.ts";
import { DAY, HOUR, MINUTE } from "./site.ts";

const SEED = Number(Deno.env.get("WM_TEST_SEED") ?? 20261123);
const RUNS = Deno.env.get("WM_SOAK") === "1" ? 1200 : 60;
const MOST_COMMANDS = 60;

/** Nothing may keep a report longer once all is well: max hold, a pause that MISP asked for, backoff. */
const LONGEST_WAIT_MS = HOUR + HOUR + 40 * MINUTE;
const ROUND_MS = 10 * MINUTE;
/** Refused reports of an operator who is slow to retry them. */
const MOST_ROUNDS = 3 * LONGEST_WAIT_MS / ROUND_MS;

const NOTHING = {
  commands: 0,
  crashes: 0,
  stalls: 0,
  duplicates: 0,
  alerts: 0,
  refused: 0,
  requests: 0,
};
let tally = { ...NOTHING };

type Command = fc.AsyncCommand<Model, Rig>;

/** A step with its name for the report, after which buffer and MISP are held against the model. */
function step(
  name: string,
  run: (model: Model, rig: Rig) => Promise<void> | void,
  check: (model: Readonly<Model>) => boolean = () => true,
): Command {
  return {
    check,
    async run(model, rig) {
      tally.commands++;
      await run(model, rig);
      await rig.check(model);
    },
    toString: () => name,
  };
}

const ingest = (guesses: readonly Guess[]) =>
  step(`ingest(${JSON.stringify(guesses)})`, async (model, rig) => {
    const batch = rig.batchOf(guesses);
    const { accepted, duplicate, ignored } = await rig.accept(batch);
    assert.deepEqual([accepted, duplicate, ignored.size], [guesses.length, 0, 0]);
    model.accepted += guesses.length;
    model.batches = [...model.batches, batch];
    for (const decision of batch.decisions) {
      if (decision.kind === "ignored") continue;
      for (const { sourceIp } of decision.attempts) {
        model.attempts[sourceIp] = (model.attempts[sourceIp] ?? 0) + 1;
      }
    }
  });

const again = (pick: number) =>
  step(`again(${pick})`, async (model, rig) => {
    const batch = model.batches[pick % model.batches.length]!;
    const { accepted, duplicate } = await rig.accept(batch);
    assert.deepEqual([accepted, duplicate], [0, batch.decisions.length]);
    model.duplicates += duplicate;
  }, (model) => model.batches.length > 0);

const tick = (ms: number) =>
  step(`tick(${ms / MINUTE} min)`, (_, rig) => {
    rig.time += ms;
  });

const jump = (ms: number) =>
  step(`clockOff(${ms / HOUR} h)`, (_, rig) => {
    rig.offMs = ms;
  });

const flush = (everything: boolean) =>
  step(`flush(${everything})`, async (model, rig) => {
    const round = await rig.flush(everything);
    if (round === undefined) {
      const leftMs = model.leases.map((until) => until - rig.now);
      assert.ok(leftMs.some((left) => left > 0 && left <= HOUR), `blocked by ${leftMs} ms`);
    }
  });

const crash = (calls: number) =>
  step(`crash(${calls})`, async (model, rig) => {
    if (await rig.crash(calls) === "ended") return;
    tally.crashes++;
    model.leases = [...model.leases, rig.now + LEASE_MS];
  });

const stall = (calls: number) =>
  step(`stall(${calls})`, async (model, rig) => {
    rig.stalled = await rig.stall(calls);
    if (rig.stalled === undefined) return;
    tally.stalls++;
    model.isStalled = true;
    model.leases = [...model.leases, rig.now + LEASE_MS];
  }, (model) => !model.isStalled);

const wake = step("wake()", async (model, rig) => {
  await rig.stalled?.wake();
  rig.stalled = undefined;
  model.isStalled = false;
}, (model) => model.isStalled);

/** One that was overtaken while it stood still may change nothing any more. */
const overtake = (calls: number) =>
  step(`overtake(${calls})`, async (_, rig) => {
    const late = await rig.stall(calls);
    if (late === undefined) return;
    tally.stalls++;
    rig.time += LEASE_MS;
    assert.notEqual(await rig.takeFence(), undefined);
    // Freezing needs no fence: it is one transaction. What is sent and marked does.
    const of = ({ delivered, refused, paused }: Awaited<ReturnType<Rig["check"]>>) => ({
      ...{ delivered, refused, paused },
    });
    const before = of(await rig.buffer.views.status());
    await late.wake();
    assert.deepEqual(of(await rig.buffer.views.status()), before);
  }, (model) => !model.isStalled);

const restart = step("restart()", (_, rig) => rig.restart());

const prune = step("prune()", async (model, rig) => {
  await rig.prune();
  model.isPruned = true;
  model.batches = model.batches.filter(({ seenAt }) => seenAt >= rig.now - 7 * DAY);
});

const down = step("down()", (_, rig) => rig.takeDown());

const up = step("up()", (_, rig) => {
  rig.misp.down = false;
});

const database = (isDown: boolean) =>
  step(isDown ? "databaseDown()" : "databaseUp()", (model, rig) => {
    rig.misp.databaseDown = isDown;
    if (isDown) model.mayRefuse = true;
  });

/** Lies that are about the moment. */
const PASSING: readonly Fault[] = [
  ...([
    { kind: "lost-answer" },
    { kind: "cut-body" },
    { kind: "close" },
    { kind: "broken-json" },
    { kind: "html" },
    { kind: "login-redirect" },
    { kind: "wrong-key" },
    { kind: "rate-limit" },
    { kind: "gateway", status: 503 },
  ] as const),
];
/** Where a refusal is one of the report: an event that may not be published is delivered all the same. */
const CONTENT = /events\/(add|edit)/;
/** Lies that are about the report, or become so when they are told of it again and again. */
const REFUSING: readonly Fault[] = [
  ...([
    { kind: "drop" },
    { kind: "drop", what: /^\d+$/ },
    { kind: "internal-error" },
    { kind: "same-body-500" },
    { kind: "partial-500", attributes: 1 },
    { kind: "not-authorised", on: CONTENT },
    { kind: "too-large", on: CONTENT },
  ] as const),
];
/** Nothing happens to that request: what comes later is hit. */
const NO_FAULT: Fault = { kind: "slow", ms: 0 };

const lie = (faults: readonly Fault[]) =>
  step(`lie(${faults.map(({ kind }) => kind).join(", ")})`, (model, rig) => {
    rig.misp.fail(...faults);
    if (faults.some(({ kind }) => REFUSING.some((fault) => fault.kind === kind))) {
      model.mayRefuse = true;
    }
  });

const honest = step("honest()", (_, rig) => rig.misp.clearFaults());

const retryRefused = step("retryRefused()", (_, rig) => rig.retryRefused());

const guess: fc.Arbitrary<Guess> = fc.record({
  source: fc.nat(2),
  sensor: fc.nat(1),
  pid: fc.nat(3),
  username: fc.nat(3),
});
const some = (from: readonly Fault[]) =>
  fc.array(fc.constantFrom(NO_FAULT, ...from), { minLength: 1, maxLength: 5 });

const steps: readonly fc.Arbitrary<Command>[] = [
  ...Array(4).fill(fc.array(guess, { minLength: 1, maxLength: 20, size: "+1" }).map(ingest)),
  fc.nat(100).map(again),
  ...Array(3).fill(fc.integer({ min: 1, max: 180 }).map((minutes) => tick(minutes * MINUTE))),
  fc.constantFrom(2, 8, 31, 40).map((days) => tick(days * DAY)),
  // An error of days that comes and goes, far below what homes are kept for.
  fc.integer({ min: -120, max: 120 }).map((hours) => jump(hours * HOUR)),
  fc.constant(jump(0)),
  ...Array(4).fill(fc.constant(flush(false))),
  fc.constant(flush(true)),
  ...Array(2).fill(fc.nat(10).map(crash)),
  fc.nat(12).map(stall),
  fc.constant(wake),
  fc.integer({ min: 1, max: 12 }).map(overtake),
  fc.constant(restart),
  fc.constant(prune),
  fc.constant(down),
  fc.constant(up),
  fc.boolean().map(database),
  fc.constant(database(false)),
  ...Array(2).fill(some(PASSING).map(lie)),
  some(REFUSING).map(lie),
  fc.constant(honest),
  fc.constant(retryRefused),
];

const of = (pid: number): Guess => ({ source: 0, sensor: 0, pid, username: 0 });
const again31DaysLater = [ingest([of(0)]), flush(true), tick(31 * DAY), ingest([of(0)])];

/** What found a defect once, as fast-check had shortened it, and what chance seldom hits. */
const FOUND: readonly [Command[]][] = [
  [[...again31DaysLater, jump(-HOUR), ingest([of(1)]), flush(true)]],
  [again31DaysLater],
  [[...again31DaysLater, prune]],
  [[ingest([of(0)]), tick(15 * MINUTE), flush(false), ingest([of(0)]), tick(40 * DAY), prune]],
  [[lie([{ kind: "lost-answer" }]), ingest([of(0)]), jump(8 * HOUR), flush(false), jump(0)]],
  [[
    ...[ingest([of(0)]), tick(15 * MINUTE), flush(false), ingest([of(0)])],
    ...[lie([{ kind: "drop", what: /^\d+$/ }]), jump(-2 * HOUR), flush(false)],
  ]],
  [[
    ...[lie([{ kind: "not-authorised", on: CONTENT }]), ingest([of(0)]), flush(true)],
    ...[tick(2 * DAY), retryRefused, jump(-9 * HOUR)],
  ]],
  [[
    ...[ingest([of(0)]), down, tick(15 * MINUTE), flush(false), jump(20 * HOUR)],
    ...[flush(false), jump(0), flush(false)],
  ]],
  // Sightings of reports that others took the place of.
  [[
    ...[ingest([of(0)]), flush(true), tick(HOUR), down, ingest([of(0)]), flush(true)],
    ...[tick(HOUR), ingest([of(0)]), flush(true)],
  ]],
];

/** All is well from now on: what waits must come through, and all of it. */
async function settle(model: Model, rig: Rig): Promise<void> {
  await rig.stalled?.wake();
  rig.stalled = undefined;
  rig.misp.clearFaults();
  rig.misp.down = false;
  rig.misp.databaseDown = false;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    rig.time += ROUND_MS;
    await rig.flush(false);
    const { pendingAttacks, pendingAttempts, waiting, refused } = await rig.check(model);
    tally.refused += refused;
    await rig.retryRefused();
    if (pendingAttacks + pendingAttempts + waiting + refused > 0) continue;
    rig.checkAllTold(model);
    return;
  }
  assert.fail(`after ${MOST_ROUNDS} rounds: ${JSON.stringify(await rig.buffer.views.status())}`);
}

async function checkAnyOrder(place: () => Place): Promise<void> {
  let rounds = 0;
  tally = { ...NOTHING };
  const property = fc.asyncProperty(
    fc.commands([...steps], { maxCommands: MOST_COMMANDS, size: "max" }),
    async (run) => {
      await using rig = await Rig.start(place());
      const model = emptyModel();
      await fc.asyncModelRun(() => ({ model, real: rig }), run);
      await settle(model, rig);
      rounds++;
      tally.alerts += model.accepted;
      tally.duplicates += model.duplicates;
      tally.requests += rig.misp.requests.length;
    },
  );
  await fc.assert(property, { numRuns: RUNS, seed: SEED, examples: [...FOUND] });
  const { commands, crashes, stalls, alerts, duplicates, refused, requests } = tally;
  console.log(
    `${rounds} rounds, ${commands} commands, ${crashes} crashes, ${stalls} stalls, ` +
      `${requests} requests, ${refused} refusals retried; ${alerts} alerts, ` +
      `${duplicates} handed over again; losses: 0`,
  );
  // Else it would not have met what it is for.
  for (const [what, count] of Object.entries({ crashes, stalls, duplicates, requests })) {
    assert.ok(count > 0, what);
  }
}

const NAME = "publishDue() reports every attempt once, whatever happens in whatever order";
Deno.test(`${NAME} [SQLite]`, () => checkAnyOrder(sqlitePlace));
Deno.test({
  name: `${NAME} [PostgreSQL]`,
  ...needsPostgres(),
  fn: () => checkAnyOrder(postgresPlace),
});
