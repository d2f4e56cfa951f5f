import assert from "node:assert/strict";
import { FakeMisp } from "../fake_misp/server.ts";
import { createProgram, KINDS } from "./program.ts";

const FIXTURES = new URL("../../fixtures/alerts/", import.meta.url).pathname;

for (const kind of KINDS) {
  Deno.test(`${kind}: misp.event_per day puts the fixtures into one event, closed the next day`, async (t) => {
    await using misp = await FakeMisp.start();
    await using program = await createProgram(kind, {
      mispHost: new URL(misp.url).host,
      environment: {
        WM_MISP_URL: misp.url,
        WM_MISP_API_KEY: misp.keys.orgadmin,
        WM_MISP_EVENT_PER: "day",
      },
    });
    const environment = { WM_FEED_DIRECTORY: program.feed };
    let alerts = "";
    for await (const { name } of Deno.readDir(FIXTURES)) {
      alerts += await Deno.readTextFile(FIXTURES + name);
    }
    await t.step("a preview shows one event", async () => {
      const { stdout } = await program.feedInput(["replay", "--dry-run", "-"], alerts);
      const infos = [...stdout.matchAll(/"info": ?"([^"]*)"/g)].map((match) => match[1]);
      assert.deepEqual(infos, ["SSH brute-force sources seen by honeypots, 2026-08-23"]);
    });
    await program.feedInput(["replay", "-"], alerts);
    await t.step("the day is long over: it is told and closed", async () => {
      const { code, stdout, stderr } = await program.run(["flush", "--now"], environment);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.equal(stdout.trim(), "delivered 10, waiting 0, refused 0");
      const [event, ...more] = misp.events();
      assert.equal(more.length, 0);
      assert.deepEqual([event?.analysis, event?.published, event?.Object.length], ["2", true, 4]);
      assert.match(event?.EventReport[0]?.content ?? "", /\*\*17 attempts\*\* from 4 sources/);
    });
    await t.step("report list names the day", async () => {
      const { stdout } = await program.run(["report", "list"], environment);
      assert.match(stdout, /^day 2026-08-23 +misp +delivered +17/m);
    });
    await t.step("a second flush adds nothing", async () => {
      const { stdout } = await program.run(["flush", "--now"], environment);
      assert.equal(stdout.trim(), "delivered 0, waiting 0, refused 0");
    });
  });
}
