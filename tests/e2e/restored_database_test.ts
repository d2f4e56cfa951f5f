/**
 * A database that is put back from a backup: older than MISP, and than what the managers have.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FakeMisp } from "../fake_misp/server.ts";
import { expectedTotals, numberedAlert, numbers, totalsOf } from "../faults/numbered.ts";
import { ask, needsPostgres, ownServer, runPostgres } from "../support/postgres.ts";
import { createProgram, KIND } from "./program.ts";

const SOURCES = 7;
/** Alerts until the backup, and until the restoring. */
const [BEFORE, ALL] = [100, 200];

Deno.test({
  name:
    `${KIND}: a database that is restored from a backup, and a replay, leave in MISP what was there`,
  ...needsPostgres(),
  fn: async () => {
    using server = ownServer();
    await using misp = await FakeMisp.start();
    await ask(server, "CREATE DATABASE misp");
    const url = `postgres://misp@127.0.0.1:${server.port}/misp?sslmode=disable`;
    await using program = await createProgram(KIND, {
      ...{ mispHost: new URL(misp.url).host, bufferHost: `127.0.0.1:${server.port}` },
      environment: {
        ...{ WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.publisher },
        ...{ WM_BUFFER_URL: url, WM_BUFFER_PERIOD_MINUTES: "0" },
      },
    });
    const publish = async (count: number) => {
      const file = `${program.alerts}/alerts.json`;
      const lines = numbers(0, count).map((number) =>
        JSON.stringify(numberedAlert(number, SOURCES))
      );
      await Deno.writeTextFile(file, lines.join("\n"));
      for (const args of [["replay", file], ["flush", "--now"]]) {
        const { code, stderr } = await program.run(args);
        assert.equal(code, 0, stderr);
      }
      return misp.events().map(({ uuid }) => uuid).sort();
    };
    await publish(BEFORE);
    const backup = `${server.folder}/backup`;
    await runPostgres("pg_dump", "--format=custom", `--file=${backup}`, url);
    const events = await publish(ALL);
    await ask(server, "ALTER DATABASE misp RENAME TO misp_before");
    await ask(server, "CREATE DATABASE misp");
    await runPostgres("pg_restore", "--exit-on-error", "--no-owner", `--dbname=${url}`, backup);
    const { stdout } = await program.run(["status", "--json"]);
    const { alerts } = JSON.parse(stdout) as { alerts: { accepted: number } };
    assert.equal(alerts.accepted, BEFORE);
    // What is delivered once more changes nothing.
    const { code } = await program.run(["flush", "--now"]);
    assert.equal(code, 0);
    assert.deepEqual(totalsOf(misp), expectedTotals(numbers(0, ALL), SOURCES));
    assert.deepEqual(await publish(ALL), events);
    assert.deepEqual(totalsOf(misp), expectedTotals(numbers(0, ALL), SOURCES));
  },
});
