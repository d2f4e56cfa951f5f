/**
 * The command line as people use it: help everywhere, and what a terminal shows.
 *
 * @module
 */
// deno-lint-ignore-file no-control-regex -- tests look for what drives a terminal
import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/manual/commands.ts";
import { PROGRAM } from "../../src/config/defaults.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { needs } from "../support/needs.ts";
import { changeBinary, compileBinary } from "./binary.ts";
import { ExampleFolder } from "./example_folder.ts";
import { createProgram, integratordArgs, KINDS, type Program } from "./program.ts";

const MISP_DOWN = {
  WM_GUARD_PUBLISH_PRIVATE: "true",
  // Nothing listens there.
  WM_MISP_URL: "http://127.0.0.1:47",
  WM_MISP_API_KEY: "0123456789012345678901234567890123456789",
};

for (const kind of KINDS) {
  Deno.test(`${kind}: help COMMAND and COMMAND --help say the same, in 80 columns`, async () => {
    await using program = await createProgram(kind);
    for (const { name, synopsis } of COMMANDS) {
      const [byHelp, byOption] = await Promise.all([
        program.run(["help", name]),
        program.run([name, "--help"]),
      ]);
      assert.deepEqual([byHelp.code, byHelp.stderr], [0, ""], name);
      assert.deepEqual(byOption, byHelp);
      assert.ok(byHelp.stdout.startsWith(`usage: ${synopsis[0]}\n`), byHelp.stdout);
      const tooLong = byHelp.stdout.split("\n").filter((line) => [...line].length > 80);
      // A default value may be a path.
      assert.deepEqual(tooLong.filter((line) => !line.includes("/e2e-")), [], name);
    }
    assert.deepEqual((await program.run(["-h"])).stdout, (await program.run([])).stdout);
  });

  Deno.test(`${kind}: version prints what is known, as text and as JSON`, async () => {
    await using program = await createProgram(kind);
    const { code, stdout } = await program.run(["version", "--json"]);
    assert.equal(code, 0);
    const shown = JSON.parse(stdout);
    assert.match(shown.sqlite, /^3\.\d+\.\d+$/);
    if (kind === "binary") {
      assert.match(shown.commit, /^[\da-f]{40}\+?$/);
      assert.match(shown.date, /^\d{4}-\d\d-\d\dT/);
      assert.ok(shown.permissions.includes("--allow-run=/proc/self/exe"));
      assert.equal(shown.code, "accepted", "V8 rejected the code that is built in");
    } else {
      assert.deepEqual([shown.commit, shown.date, shown.permissions], [null, null, null]);
      assert.equal(shown.code, "none");
    }
    const lines = (await program.run(["--version"])).stdout.split("\n");
    assert.equal(lines[0], `${PROGRAM} ${shown.version}`);
    assert.match(lines[1]!, kind === "binary" ? /^commit {2}[\da-f]{40}/ : /^commit {2}unknown$/);
  });
}

/** Stores an alert by an integration call, and asks what the binary says of V8's code. */
async function callAndCode(program: Program, binary: string): Promise<unknown> {
  const run = async (args: readonly string[]) => {
    const command = new Deno.Command(binary, { args: [...args], clearEnv: true, cwd: "/" });
    const { code, stdout, stderr } = await command.output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  };
  const file = `${program.alerts}/one.alert`;
  await Deno.writeTextFile(file, JSON.stringify(sshdAlert({})));
  assert.equal(
    await run(integratordArgs(file).with(3, "debug")),
    "accepted 1, duplicate 0, ignored 0\n",
  );
  return JSON.parse(await run(["version", "--json"])).code;
}

Deno.test({
  name: "a binary with the code of other V8 flags works, and says that V8 rejected it",
  ...needs("a Deno that compiles (COMPILE_DENO)"),
  fn: async () => {
    await using program = await createProgram("binary");
    const other = `${program.root}/integrations/other`;
    const flag = new Map([["--heap-growing-percent=40", "--heap-growing-percent=41"]]);
    await changeBinary(`${program.root}/integrations/${PROGRAM}`, other, flag);
    assert.equal(await callAndCode(program, other), "rejected");
  },
});

Deno.test({
  name: "a binary that is compiled with --no-start-script works, and has no code",
  ...needs("a Deno that compiles (COMPILE_DENO)"),
  fn: async () => {
    await using program = await createProgram("binary", { noStartScript: true });
    assert.equal(await callAndCode(program, `${program.root}/integrations/${PROGRAM}`), "none");
  },
});

Deno.test({
  name: "two compiles of the same source give the same bytes, for any folder and ports",
  ...needs("a Deno that compiles (COMPILE_DENO)"),
  fn: async () => {
    const hosts = { mispHost: "127.0.0.1:40001", forwardHost: "127.0.0.1:40002" };
    const options = { ...hosts, listen: "127.0.0.1:40003" };
    // It was compiled with placeholders, which were replaced by these.
    await using program = await createProgram("binary", options);
    const files = [
      `${program.root}/integrations/${PROGRAM}`,
      `${program.root}/compiled`,
    ] as const;
    await compileBinary(files[1], program.root, options);
    const { success, stdout } = await new Deno.Command("cmp", { args: [...files] }).output();
    assert.ok(success, new TextDecoder().decode(stdout));
  },
});

/** What a terminal of so many columns gets. */
async function onTerminal(
  program: Program,
  columns: number,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<string> {
  const project = new URL("../../", import.meta.url).pathname;
  const line = `stty cols ${columns}; exec ${Deno.execPath()} run --quiet -P ${project}main.ts ` +
    `--root ${program.root} ${args.join(" ")}`;
  const { stdout } = await new Deno.Command("script", {
    args: ["-qec", line, "/dev/null"],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH")!, HOME: Deno.env.get("HOME") ?? "/", ...environment },
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout).replaceAll("\r\n", "\n");
}

const STYLES = /\x1b\[[\d;]*m/g;

Deno.test({
  name: "status, report list and sources fit a terminal, in colours unless NO_COLOR is set",
  ...needs("script"),
  fn: async () => {
    await using example = await ExampleFolder.create("deno run");
    const { program } = example;
    for (const args of [["status"], ["report", "list"], ["sources"]]) {
      for (const columns of [30, 60, 80, 120]) {
        const shown = await onTerminal(program, columns, args, MISP_DOWN);
        const lines = shown.replaceAll(STYLES, "").trimEnd().split("\n");
        assert.ok(lines.length > 1, shown);
        for (const line of lines) assert.ok([...line].length <= columns, `${columns}: ${line}`);
        assert.match(shown, STYLES);
      }
      const plain = await onTerminal(program, 60, args, { ...MISP_DOWN, NO_COLOR: "1" });
      assert.doesNotMatch(plain, /\x1b/);
      const piped = await program.run(args, MISP_DOWN);
      assert.doesNotMatch(piped.stdout, /\x1b|…/);
    }
  },
});

Deno.test({
  name: "replay and flush draw one line on a terminal, take it away, and none with --json",
  ...needs("script"),
  fn: async () => {
    await using program = await createProgram("deno run");
    const file = `${program.alerts}/many.json`;
    const alerts = Array.from({ length: 20_000 }, (_, index) => {
      const address = `198.51.${100 + index % 100}.${index % 250}`;
      return JSON.stringify(
        sshdAlert({ message: `Failed password for root from ${address} port 1 ssh2` }),
      );
    });
    await Deno.writeTextFile(file, alerts.join("\n"));
    const environment = { WM_GUARD_PUBLISH_PRIVATE: "true" };
    const DRAWN = / ?\d+%(?: \[[= ]+\])? {2}[^\r]*\r\x1b\[K/;
    const replayed = await onTerminal(program, 80, ["replay", file], environment);
    assert.match(replayed, DRAWN);
    assert.match(replayed, /\d+\.\d of \d+\.\d MiB, \d+ alerts, \d+\/s/);
    const drawn = replayed.split(/\r\x1b\[K/);
    for (const line of drawn.slice(0, -1)) assert.ok(line.length < 80, line);
    assert.match(drawn.at(-1)!, /^accepted 20000, duplicate 0, ignored 0\n$/);
    const json = await onTerminal(program, 80, ["replay", "--json", file], environment);
    assert.equal(json, '{"accepted":0,"duplicate":20000,"ignored":{}}\n');
    const piped = await program.run(["replay", file], environment);
    assert.equal(piped.stderr, "");
    const flushed = await onTerminal(program, 60, ["flush", "--now"], environment);
    assert.match(flushed, /\d+ of \d+ reports delivered/);
    assert.match(flushed.split(/\r\x1b\[K/).at(-1)!, /^delivered \d+, waiting 0, refused 0\n$/);
  },
});
