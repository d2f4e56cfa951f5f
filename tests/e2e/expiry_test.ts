import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { FakeMisp } from "../fake_misp/server.ts";
import { createProgram, KINDS } from "./program.ts";

const FIXTURES = new URL("../../fixtures/alerts/", import.meta.url).pathname;
const DAY = 24 * 60 * 60_000;

for (const kind of KINDS) {
  Deno.test(`${kind}: flush ends an address that was silent for too long`, async (t) => {
    await using misp = await FakeMisp.start();
    await using program = await createProgram(kind, {
      mispHost: new URL(misp.url).host,
      environment: { WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.orgadmin },
    });
    const one = await Deno.readTextFile(`${FIXTURES}04-5760-failed-password.json`);
    await program.feedInput(["replay", "-"], one);
    await program.run(["flush", "--now"]);
    const toIds = () => misp.events().map(({ Attribute }) => Attribute[0]!.to_ids);
    const expired = async () =>
      JSON.parse((await program.run(["status", "--json"])).stdout).sources;
    assert.deepEqual(toIds(), [true]);
    const db = new DatabaseSync(program.buffer);
    db.prepare("UPDATE source_record SET last_seen = ?, snapshot_at = ?")
      .run(Date.now() - 60 * DAY, Date.now() - 60 * DAY);
    db.close();
    await t.step("not before", async () => {
      await program.run(["flush"]);
      assert.deepEqual(toIds(), [true]);
      assert.deepEqual(await expired(), { known: 1, expired: 0 });
    });
    await t.step("with a sighting", async () => {
      await program.run(["flush"], { WM_MISP_EXPIRE_AFTER_DAYS: "60" });
      assert.deepEqual(toIds(), [false]);
      assert.deepEqual(misp.sightings().map(({ type }) => type), ["2"]);
      assert.deepEqual(await expired(), { known: 1, expired: 1 });
    });
  });
}
