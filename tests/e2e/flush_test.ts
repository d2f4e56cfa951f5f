import assert from "node:assert/strict";
import { fixture } from "../support/fixtures.ts";
import { createProgram, KINDS } from "./program.ts";

for (const kind of KINDS) {
  Deno.test(`${kind}: flush --json says snapshots, and frozen for one release more`, async () => {
    await using program = await createProgram(kind);
    const alert = `${program.alerts}/one.json`;
    await Deno.writeTextFile(alert, JSON.stringify(fixture("04-5760-failed-password")));
    assert.equal((await program.run(["replay", alert])).code, 0);
    const { code, stdout } = await program.run(["flush", "--now", "--json"]);
    assert.deepEqual([code, JSON.parse(stdout)], [0, {
      snapshots: 1,
      delivered: 1,
      refused: 0,
      waiting: 0,
      problems: [],
      frozen: 1,
    }]);
  });

  Deno.test(`${kind}: flush and doctor want the uuid of a sharing group where a feed is written`, async () => {
    await using program = await createProgram(kind);
    const named = { WM_MISP_DISTRIBUTION: "4", WM_MISP_SHARING_GROUP: "Honeypots" };
    const { code, stderr } = await program.run(["flush"], named);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /misp\.sharing_group is a name, which a feed cannot look up; use the uuid/,
    );
    const { stdout } = await program.run(["doctor", "--json"], named);
    assert.match(stdout, /"sharing group".*a name, which a feed cannot look up/s);
    const byUuid = { ...named, WM_MISP_SHARING_GROUP: "1b4e28ba-2fa1-4ad2-883f-0016d3cca427" };
    assert.equal((await program.run(["flush"], byUuid)).code, 0);
  });

  Deno.test(`${kind}: flush says so when reports wait for a MISP that is not configured any more`, async () => {
    await using program = await createProgram(kind);
    const alert = `${program.alerts}/one.json`;
    await Deno.writeTextFile(alert, JSON.stringify(fixture("04-5760-failed-password")));
    assert.equal((await program.run(["replay", alert])).code, 0);
    const misp = { WM_MISP_URL: "http://127.0.0.1:10", WM_MISP_API_KEY: "k".repeat(40) };
    assert.equal((await program.run(["flush", "--now"], misp)).code, 3);
    const { code, stdout } = await program.run(["flush", "--now"]);
    const problem =
      "1 report waits for MISP, and misp.url is not set; set it again, or remove them " +
      "by `report drop`";
    assert.deepEqual([code, stdout.trim()], [
      3,
      `delivered 0, waiting 1, refused 0\nwaiting because: ${problem}`,
    ]);
    const status = await program.run(["status", "--json"]);
    assert.deepEqual((JSON.parse(status.stdout) as { stranded: unknown }).stranded, [problem]);
    assert.match((await program.run(["doctor"])).stdout, /1 report waits for MISP/);
  });

  Deno.test(`${kind}: flush --until-idle ends when nothing waits, by its former name too`, async () => {
    await using program = await createProgram(kind);
    for (const option of ["--until-idle", "--stay"]) {
      const { code, stdout, stderr } = await program.run(["flush", option]);
      assert.deepEqual([code, stdout, stderr], [0, "", ""], option);
    }
  });
}
