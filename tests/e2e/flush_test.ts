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

  Deno.test(`${kind}: flush --until-idle ends when nothing waits, by its former name too`, async () => {
    await using program = await createProgram(kind);
    for (const option of ["--until-idle", "--stay"]) {
      const { code, stdout, stderr } = await program.run(["flush", option]);
      assert.deepEqual([code, stdout, stderr], [0, "", ""], option);
    }
  });
}
