/**
 * `follow` and `serve` as processes of their own on one PostgreSQL, which get the same alerts at the same
 * time, as where a manager forwards what it also writes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FakeMisp } from "../fake_misp/server.ts";
import { expectedTotals, numberedAlert, numbers, totalsOf } from "../faults/numbered.ts";
import { WazuhSite } from "../follow/wazuh_site.ts";
import { freshSchema, needsPostgres, sharedServer, urlOf } from "../support/postgres.ts";
import { createProgram, KIND } from "./program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "./service.ts";

const ALERTS = 600;
const BODY = 25;
const SOURCES = 7;
const LONGEST_MS = 60_000;

Deno.test({
  name: `${KIND}: follow and serve on one PostgreSQL with the same alerts count each once`,
  ...needsPostgres(),
  fn: async () => {
    const server = sharedServer();
    await using misp = await FakeMisp.start();
    const listen = `127.0.0.1:${freePort()}`;
    await using program = await createProgram(KIND, {
      ...{ mispHost: new URL(misp.url).host, listen },
      bufferHost: `127.0.0.1:${server.port}`,
      environment: {
        ...{ WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.publisher },
        ...{ WM_BUFFER_URL: urlOf(server, freshSchema()), WM_BUFFER_PERIOD_MINUTES: "0" },
      },
    });
    using site = new WazuhSite(`${program.root}/logs/alerts`);
    site.open();
    const statusOf = async () =>
      JSON.parse((await program.run(["status", "--json"])).stdout) as {
        alerts: { accepted: number; duplicate: number };
        follow: { lines: number } | null;
      };
    await using service = await Service.start(program, listen);
    const following = program.command(["follow", "--from-start"]).spawn();
    try {
      const lines = numbers(0, ALERTS).map((number) =>
        `${JSON.stringify(numberedAlert(number, SOURCES))}\n`
      );
      const answers = { accepted: 0, duplicate: 0 };
      for (let at = 0; at < ALERTS; at += BODY) {
        const body = lines.slice(at, at + BODY).join("");
        site.append(body);
        const [status, answer] = await service.post(body);
        assert.equal(status, 200);
        const { accepted, duplicate } = answer as typeof answers;
        answers.accepted += accepted;
        answers.duplicate += duplicate;
      }
      assert.equal(answers.accepted + answers.duplicate, ALERTS);
      const deadline = performance.now() + LONGEST_MS;
      let shown = await statusOf();
      while (shown.follow?.lines !== ALERTS) {
        assert.ok(performance.now() < deadline, JSON.stringify(shown));
        await new Promise((resolve) => setTimeout(resolve, 100));
        shown = await statusOf();
      }
      assert.deepEqual(shown.alerts.accepted, ALERTS);
      // What either of them had was a duplicate for the other one.
      assert.deepEqual(shown.alerts.duplicate, ALERTS);
      assert.equal(await service.end(), 0);
    } finally {
      following.kill("SIGTERM");
      await following.output();
    }
    const { code, stderr } = await program.run(["flush", "--now"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(totalsOf(misp), expectedTotals(numbers(0, ALERTS), SOURCES));
  },
});
