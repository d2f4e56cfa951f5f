import assert from "node:assert/strict";
import { sshdAlert } from "../support/fixtures.ts";
import { needs } from "../support/needs.ts";
import { createProgram, KINDS, type Program } from "./program.ts";

const LISTS = [
  { name: "attackers", format: "plain", max_change_percent: 50 },
  { name: "busy", format: "csv", min_attempts: 2, file: "sub/busy.csv" },
];

const folderOf = (program: Program) => program.buffer.replace(/[^/]*$/, "lists");

/** One attempt of each address, published. */
async function attack(program: Program, from: readonly string[]): Promise<void> {
  const alerts = from.map((ip) =>
    JSON.stringify(sshdAlert({ message: `Failed password for root from ${ip} port 51676 ssh2` }))
  );
  const replayed = await program.feedInput(["replay", "-"], `${alerts.join("\n")}\n`);
  assert.equal(replayed.code, 0, replayed.stderr);
  const flushed = await program.run(["flush", "--now"]);
  assert.equal(flushed.code, 0, flushed.stderr);
}

for (const kind of KINDS) {
  Deno.test(`${kind}: lists are written, held back, accepted and printed`, async (t) => {
    await using program = await createProgram(kind, {
      environment: {
        WM_GUARD_PUBLISH_PRIVATE: "true",
        WM_GUARD_ALLOW_NETWORKS: "192.0.2.128/25",
        WM_LISTS: JSON.stringify(LISTS),
      },
    });
    const file = (name: string) => Deno.readTextFile(`${folderOf(program)}/${name}`);
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await program.run(args);
      return { code, out: stdout, err: stderr.replace(/^.*?: /, "") };
    };
    await t.step("before there is a buffer", async () => {
      assert.deepEqual(await run("list", "plain"), { code: 0, out: "", err: "" });
      const { code, err } = await run("list", "attackers", "--accept");
      assert.deepEqual([code, err], [1, "there is no buffer yet, and so no list to write\n"]);
    });
    await attack(program, ["192.0.2.7", "192.0.2.7", "192.0.2.8"]);
    await t.step("flush writes them", async () => {
      assert.equal(await file("attackers"), "192.0.2.7\n192.0.2.8\n");
      assert.match(await file("sub/busy.csv"), /^address,.*\n192\.0\.2\.7,[^\n]*,2,1,no,40\n$/);
    });
    await t.step("list prints them, and others", async () => {
      assert.equal((await run("list", "attackers")).out, "192.0.2.7\n192.0.2.8\n");
      assert.equal((await run("list", "busy")).out, await file("sub/busy.csv"));
      assert.equal((await run("list", "cdb", "--min-attempts", "2")).out, "192.0.2.7:40\n");
      assert.equal((await run("list", "plain", "--got-in")).out, "");
      assert.equal((await run("list", "plain", "--min-sensors=2")).out, "");
      // The alerts are months old.
      assert.equal((await run("list", "plain", "--within-days", "1")).out, "");
      const script = 'set -o pipefail; "$@" list nftables | head -n 1';
      const piped = await program.run([], {}, ["bash", "-c", script, "bash"]);
      assert.deepEqual(
        [piped.code, piped.stdout, piped.stderr],
        [0, "add table inet custom_misp\n", ""],
      );
      assert.match((await run("list", "nftables")).out, / attackers_v4 \{ 192\.0\.2\.7, 192/);
    });
    await t.step("what is too much at once is not written, and said everywhere", async () => {
      await attack(program, ["192.0.2.9", "192.0.2.10"]);
      const problem = "list attackers would grow from 2 to 4 addresses, by 100 %, and was not " +
        "written; look at `list attackers`, and accept it once by `list attackers --accept`";
      assert.equal(await file("attackers"), "192.0.2.7\n192.0.2.8\n");
      const { lists } = JSON.parse((await run("status", "--json")).out);
      assert.deepEqual(lists, [
        { name: "attackers", addresses: 2, problem },
        { name: "busy", addresses: 1, problem: null },
      ]);
      assert.ok((await run("status")).out.includes(problem));
      const { checks } = JSON.parse((await run("doctor", "--json")).out);
      const found = checks.find(({ name }: { name: string }) => name === "list attackers");
      assert.deepEqual([found.state, found.found], ["warning", problem]);
      assert.ok((await Deno.readTextFile(program.log)).includes(problem));
      const accepted = await run("list", "attackers", "--accept");
      assert.deepEqual(accepted, {
        code: 0,
        out: "list attackers is written: 4 addresses\n",
        err: "",
      });
      assert.equal((await file("attackers")).split("\n").length, 5);
    });
    await t.step("retract takes an address out at once", async () => {
      assert.equal((await run("retract", "192.0.2.9")).code, 0);
      assert.doesNotMatch(await file("attackers"), /192\.0\.2\.9\b/);
      assert.match(await file("attackers"), /192\.0\.2\.10\b/);
    });
    await t.step("what is wrong is said in one line", async () => {
      const CASES: readonly (readonly [readonly string[], string])[] = [
        [["list"], "list takes one format or name; use one of plain, csv, cdb, nftables, jsonl, "],
        [["list", "xml"], 'unknown list "xml"; use one of plain, csv, cdb, nftables, jsonl, atta'],
        [["list", "csv", "--accept"], 'unknown list "csv"; use one of plain, csv, cdb, nftables'],
        [["list", "a", "b"], 'unknown list "a"; use one of'],
        [
          ["list", "attackers", "--got-in"],
          "list attackers has its query from the configuration; change it there, or name a format",
        ],
        [
          ["list", "csv", "--within-days", "week"],
          '--within-days: "week" is not a valid number; use a number from 0.01 to 3650',
        ],
        [
          ["list", "csv", "--min-attempts", "1.5"],
          '--min-attempts: "1.5" is not a valid number; use a whole number from 1 to 1000000',
        ],
        [["list", "csv", "--min-sensors", ""], '--min-sensors: "" is not a valid number; use a wh'],
      ];
      for (const [args, message] of CASES) {
        const { code, err } = await run(...args);
        assert.equal(code, 2, args.join(" "));
        assert.ok(err.startsWith(message), err);
      }
    });
    await t.step("a file where the binary may not write", async () => {
      const lists = JSON.stringify([{ name: "far", format: "plain", file: "/etc/far" }]);
      if (kind === "deno run") return;
      const { stdout } = await program.run(["doctor"], { WM_LISTS: lists });
      assert.match(stdout, /lists: \/etc cannot be written: this binary was compiled without/);
      await program.run(["flush"], { WM_LISTS: lists });
      const status = await program.run(["status"], { WM_LISTS: lists });
      assert.match(status.stdout, /list far was not written: this binary may not write there; use/);
    });
  });

  Deno.test({
    name: `${kind}: lists that root writes belong to Wazuh's user`,
    ...needs("root"),
    fn: async () => {
      const USER = 64_321;
      await using program = await createProgram(kind, {
        environment: {
          WM_GUARD_PUBLISH_PRIVATE: "true",
          WM_LISTS: JSON.stringify([{ ...LISTS[1], file: "sub/deep/busy.csv" }]),
        },
      });
      Deno.chownSync(program.buffer.replace(/\/[^/]*$/, ""), USER, USER);
      await attack(program, ["192.0.2.7"]);
      const made = ["", "/sub", "/sub/deep", "/sub/deep/busy.csv"];
      const owners = made.map((name) => Deno.lstatSync(`${folderOf(program)}${name}`).uid);
      assert.deepEqual(owners, [USER, USER, USER, USER]);
    },
  });
}
