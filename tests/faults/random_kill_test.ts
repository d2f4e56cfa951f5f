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
import { CAN_COMPILE, createProgram, integratordArgs } from "../e2e/program.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { holdPublishers, Rounds, withDatabase } from "./kill_rounds.ts";
import { expectedTotals, numberedAlert, numbers, totalsOf } from "./numbered.ts";

const IS_SOAK = Deno.env.get("WM_SOAK") === "1";
const SEED = Number(Deno.env.get("WM_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));

const KIND = CAN_COMPILE ? "binary" : "deno run";

const WRITERS = IS_SOAK ? 8 : 4;
const ALERTS = IS_SOAK ? 20_000 : 120;
const KILLS = IS_SOAK ? 500 : 15;
const SOURCES = IS_SOAK ? 200 : 12;
/** Of so many processes one is meant to die. */
const ONE_OF = IS_SOAK ? 20 : 5;
/** Of so many alerts that were taken one comes once more. */
const AGAIN_ONE_OF = IS_SOAK ? 20 : 8;

Deno.test(`${KIND}: killed at random while ${WRITERS} calls write and a flush publishes, it loses nothing and counts nothing twice`, async () => {
  await using misp = await FakeMisp.start();
  misp.failEvery(11, { kind: "lost-answer" });
  await using program = await createProgram(KIND, {
    mispHost: new URL(misp.url).host,
    environment: { WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.publisher },
  });
  holdPublishers(program.buffer);
  const all = numbers(0, ALERTS);
  const rounds = new Rounds(program, all, {
    ...{ seed: SEED, writers: WRITERS, kills: KILLS, sources: SOURCES },
    ...{ oneOf: ONE_OF, againOneOf: AGAIN_ONE_OF },
  });
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
