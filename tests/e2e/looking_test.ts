import assert from "node:assert/strict";
import { sshdAlert } from "../support/fixtures.ts";
import { createProgram, KIND, type Program } from "./program.ts";

/** Two sources: one is known by its user names, the other by its sensor. */
async function withSources(): Promise<Program> {
  const program = await createProgram(KIND, {
    environment: { WM_GUARD_PUBLISH_PRIVATE: "true" },
  });
  const failed = (name: string, ip: string, agent: string, pid: number) =>
    sshdAlert({
      ...{
        agent,
        agentId: agent,
        pid,
        time: new Date(Date.now() - 60_000).toISOString().replace("Z", "+0000"),
      },
      message: `Failed password for ${name} from ${ip} port 4711 ssh2`,
    });
  const alerts = [
    failed("root", "192.0.2.7", "honeypot-fra1", 1),
    failed("nl", "192.0.2.7", "honeypot-fra1", 2),
    failed("root", "198.51.100.9", "honeypot-ams2", 3),
  ];
  const file = `${program.alerts}/alerts.json`;
  await Deno.writeTextFile(file, alerts.map((alert) => JSON.stringify(alert)).join("\n"));
  assert.equal((await program.run(["replay", file])).code, 0);
  return program;
}

Deno.test("sources: words and options find sources by what they mean", async () => {
  await using program = await withSources();
  const FOUND: readonly (readonly [args: string, addresses: readonly string[]])[] = [
    ["", ["192.0.2.7", "198.51.100.9"]],
    ["192.0.2.7", ["192.0.2.7"]],
    ["198.51.100.0/24", ["198.51.100.9"]],
    ["honeypot-ams2", ["198.51.100.9"]],
    ["root", ["192.0.2.7", "198.51.100.9"]],
    ["nl", ["192.0.2.7"]],
    ["root honeypot-fra1", ["192.0.2.7"]],
    ["--user root --sensor honeypot-ams2", ["198.51.100.9"]],
    ["T1110.001 --since 1h --limit 1", ["192.0.2.7"]],
    ["AS64500", []],
    ["--country DE", []],
    ["--since 0m", []],
    ["nobody", []],
    ["--state open", ["192.0.2.7", "198.51.100.9"]],
    ["--state compromised", []],
  ];
  for (const [args, addresses] of FOUND) {
    const words = args === "" ? [] : args.split(" ");
    const { code, stdout, stderr } = await program.run(["sources", ...words, "--json"]);
    assert.deepEqual([code, stderr], [0, ""], args);
    const found = JSON.parse(stdout).map(({ address }: { address: string }) => address);
    assert.deepEqual(found, addresses, args);
  }
  assert.equal((await program.run(["sources", "nobody"])).stdout, "no such sources\n");
  const { stdout } = await program.run(["sources", "--limit", "1"]);
  assert.match(stdout, /\nthere are more: `--limit` lists more, `--csv` and `--json` all\n$/);
});

Deno.test("sources, top: what is wrong is said in one line, with exit code 2", async () => {
  await using program = await withSources();
  const WRONG: readonly (readonly [args: readonly string[], said: string])[] = [
    [["sources", "root", "admin"], '"admin" is a second user name; sources takes one of each kind'],
    [
      ["sources", "192.0.2.0/40"],
      '"192.0.2.0/40" is not a valid network; use one such as 192.0.2.0/24 or 2001:db8::/32',
    ],
    [["sources", "--country", "NLD"], '--country "NLD" is not valid; use two letters such as NL'],
    [["sources", "--network", "x"], '--network "x" is not valid; use a number such as AS64500'],
    [["sources", "--technique", "x"], '--technique "x" is not valid; use an id such as T1110.001'],
    [
      ["sources", "--state", "opne"],
      '--state "opne" is not valid; did you mean open? use one of compromised, open, waiting, ' +
      "refused, withdrawn, expired",
    ],
    [["sources", "--limit", "0"], '--limit "0" is not valid; use a whole number from 1'],
    [["sources", "--json", "--csv"], "use --json or --csv, not both"],
    [["sources", "show"], "sources show takes one address, such as 192.0.2.7"],
    [["sources", "show", "x"], "x is not a valid address; use one such as 192.0.2.1"],
    [["sources", "show", "192.0.2.9"], "192.0.2.9 is not known; `sources` lists those that are"],
    [["sources", "show", "192.0.2.7", "--csv"], "--csv is for lists, not for sources show"],
    [
      ["top", "--span", "year"],
      '--span "year" is not valid; use one of hour, day, week, month',
    ],
  ];
  for (const [args, said] of WRONG) {
    const { code, stdout, stderr } = await program.run(args);
    const line = stderr.trimEnd().replace(/^custom-misp_ssh_bruteforce-publish: /, "");
    assert.deepEqual([code, stdout, line], [2, "", said], args.join(" "));
  }
});

Deno.test("sources and top make no buffer where there is none", async () => {
  await using program = await createProgram(KIND);
  assert.equal((await program.run(["sources", "--json"])).stdout, "[]\n");
  assert.match((await program.run(["top"])).stdout, /^no attempts since 20/);
  await assert.rejects(Deno.stat(program.buffer), Deno.errors.NotFound);
});
