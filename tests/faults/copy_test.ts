/**
 * `buffer copy` is killed where it has the most to lose, and run again; then the other engine goes on. MISP
 * has each alert once.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PostgresBuffer } from "../../src/buffer/postgres/postgres_buffer.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { pictureOf } from "../publish/lossy_rig.ts";
import { decideDefault } from "../support/fixtures.ts";
import { accessTo, freshSchema, needsPostgres, sharedServer, urlOf } from "../support/postgres.ts";
import { type Fault, FaultyProgram, KILLED } from "./faulty_program.ts";
import { expectedTotals, numberedAlert, numbers, totalsOf } from "./numbered.ts";

const SOURCES = 3;
const ROUND = 24;
const alertsOf = (of: readonly number[]) => of.map((number) => numberedAlert(number, SOURCES));
const TAGS = ['misp-galaxy:mitre-attack-pattern="Password Guessing - T1110.001"'];

const openPostgres = (url: string) => new PostgresBuffer(accessTo(url));

/** Requests that could change something. */
const aboutEvents = (misp: FakeMisp) =>
  misp.requests.map(({ path }) => path).filter((path) =>
    /^\/(events|attributes|objects|sightings|tags|eventReports)/i.test(path)
  );

/** Stores alerts. @returns how many had not come before */
async function store(
  buffer: PostgresBuffer | SqliteBuffer,
  of: readonly number[],
): Promise<number> {
  using opened = buffer;
  const decisions = alertsOf(of).map(decideDefault);
  const limits = { maxUsernames: 100 };
  return (await opened.intake.accept(decisions, limits, Date.now())).accepted;
}

/** Where the copy dies: at a chunk of a table, or when all is written. */
const FAULTS: readonly Fault[] = [
  { point: "in-copy", time: 1 },
  { point: "in-copy", time: 9 },
  { point: "copied-before-commit" },
];

Deno.test({
  name: "buffer copy that dies leaves nothing, is run again, and MISP has each alert once:",
  ...needsPostgres(),
  fn: async (t) => {
    for (const fault of FAULTS) {
      await t.step(`${fault.point}, passed ${fault.time ?? 1} times`, async () => {
        await using misp = await FakeMisp.start({ tags: TAGS });
        const url = urlOf(sharedServer(), freshSchema());
        const environment = { WM_BUFFER_URL: url };
        using program = new FaultyProgram(misp);
        using moved = new FaultyProgram(misp, environment, program);
        await program.accept(alertsOf(numbers(0, ROUND)));
        assert.equal(await program.run(["flush", "--now"]), 0);
        await program.accept(alertsOf(numbers(ROUND, ROUND)));
        const before = pictureOf(misp);
        const copy = (to: string, at?: Fault) => moved.run(["buffer", "copy", "--to", to], at);
        assert.equal(await copy("postgres", fault), KILLED);
        {
          using buffer = openPostgres(url);
          assert.equal((await buffer.views.status()).accepted, 0);
        }
        assert.equal(await copy("postgres"), 0);
        assert.deepEqual(pictureOf(misp), before);
        // What came before is known, what is new counts.
        assert.equal(await store(openPostgres(url), numbers(0, 3 * ROUND)), ROUND);
        assert.equal(await moved.run(["flush", "--now"]), 0);
        assert.deepEqual(totalsOf(misp), expectedTotals(numbers(0, 3 * ROUND), SOURCES));
        Deno.removeSync(program.buffer);
        assert.equal(await copy("sqlite", fault), KILLED);
        assert.equal(await copy("sqlite"), 0);
        // All was published: nothing is to be sent by either.
        const sent = aboutEvents(misp);
        assert.equal(await moved.run(["flush", "--now"]), 0);
        assert.equal(await program.run(["flush", "--now"]), 0);
        assert.deepEqual(aboutEvents(misp), sent);
        const back = () => new SqliteBuffer(program.buffer, Date.now());
        assert.equal(await store(back(), numbers(0, 4 * ROUND)), ROUND);
        assert.equal(await program.run(["flush", "--now"]), 0);
        assert.deepEqual(totalsOf(misp), expectedTotals(numbers(0, 4 * ROUND), SOURCES));
      });
    }
  },
});
