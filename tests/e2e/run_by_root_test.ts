import assert from "node:assert/strict";
import { sshdAlert } from "../support/fixtures.ts";
import { needs } from "../support/needs.ts";
import { createProgram, KINDS } from "./program.ts";

/** A user of whom no machine knows. */
const USER = 64_321;

for (const kind of KINDS) {
  Deno.test({
    name:
      `${kind}: what root makes belongs to Wazuh's user, and root's log follows no foreign link`,
    ...needs("root"),
    async fn() {
      await using program = await createProgram(kind);
      const state = program.buffer.replace(/\/[^/]*$/, "");
      const logs = program.log.replace(/\/[^/]*$/, "");
      Deno.mkdirSync(`${logs}/alerts`);
      for (const path of [state, logs, `${logs}/alerts`]) Deno.chownSync(path, USER, USER);
      const file = `${program.alerts}/one.json`;
      await Deno.writeTextFile(file, JSON.stringify(sshdAlert()));
      // Damage is logged, and found under a lock.
      Deno.writeTextFileSync(program.buffer, "not a database\n".repeat(500));
      assert.equal((await program.run(["replay", file])).code, 0);
      assert.equal((await program.run(["flush", "--now"])).code, 0);
      const made = [program.log, program.buffer, `${program.buffer}.lock`, program.feed];
      assert.deepEqual(made.map((path) => Deno.lstatSync(path).uid), [USER, USER, USER, USER]);

      Deno.removeSync(program.log);
      const target = `${program.root}/etc/custom-misp/of-root`;
      Deno.writeTextFileSync(target, "");
      const run = (name: string, ...args: string[]) =>
        assert.equal(new Deno.Command(name, { args }).outputSync().success, true);
      run("ln", "-s", target, program.log);
      run("chown", "-h", `${USER}:${USER}`, program.log);
      const { code, stdout } = await program.run(["doctor", "--json"]);
      assert.equal(code, 1);
      assert.match(stdout, /is a symbolic link of user 64321 to what belongs to user 0; remove it/);
      assert.equal(Deno.readTextFileSync(target), "");
    },
  });
}
