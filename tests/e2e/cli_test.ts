/**
 * The command line as people use it: help everywhere, every documented example run, and what a
 * terminal shows.
 *
 * @module
 */
// deno-lint-ignore-file no-control-regex -- what drives a terminal is looked for
import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/manual/commands.ts";
import { PROGRAM } from "../../src/config/keys.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { compileBinary } from "./binary.ts";
import { CAN_COMPILE, createProgram, KINDS, type Program } from "./program.ts";

const README = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));

const [HAS_SCRIPT, HAS_MAN] = await Promise.all(
  ["script", "man"].map((program) =>
    new Deno.Command(program, { args: ["--version"] }).output()
      .then(({ success }) => success, () => false)
  ),
);

/** The address of the examples. */
const SOURCE = "192.0.2.7";

const MISP_DOWN = {
  // Nobody listens there.
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

  Deno.test(`${kind}: version tells what is known, to people and to programs`, async () => {
    await using program = await createProgram(kind);
    const { code, stdout } = await program.run(["version", "--json"]);
    assert.equal(code, 0);
    const shown = JSON.parse(stdout);
    assert.match(shown.sqlite, /^3\.\d+\.\d+$/);
    if (kind === "binary") {
      assert.match(shown.commit, /^[\da-f]{40}\+?$/);
      assert.match(shown.date, /^\d{4}-\d\d-\d\dT/);
      assert.ok(shown.permissions.includes("--allow-run=/proc/self/exe"));
    } else assert.deepEqual([shown.commit, shown.date, shown.permissions], [null, null, null]);
    const lines = (await program.run(["--version"])).stdout.split("\n");
    assert.equal(lines[0], `${PROGRAM} ${shown.version}`);
    assert.match(lines[1]!, kind === "binary" ? /^commit {2}[\da-f]{40}/ : /^commit {2}unknown$/);
  });
}

Deno.test({
  name: "two compiles of the same source give the same bytes, for any folder and ports",
  ignore: !CAN_COMPILE,
  fn: async () => {
    const hosts = { mispHost: "127.0.0.1:40001", forwardHost: "127.0.0.1:40002" };
    const options = { ...hosts, listen: "127.0.0.1:40003" };
    // One that was compiled for other places, which were changed to these.
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

/** A folder with the program by its own name, and what the examples speak of. */
async function prepare(program: Program): Promise<string> {
  const { root } = program;
  const place = `${root}/examples`;
  const day = `${root}/logs/alerts/2026/Nov`;
  for (
    const folder of [
      `${place}/bin`,
      `${place}/dist`,
      day,
      `${root}/etc/bash_completion.d`,
      `${root}/usr/local/share/man/man8`,
    ]
  ) {
    await Deno.mkdir(folder, { recursive: true });
  }
  const project = new URL("../../", import.meta.url).pathname;
  const start =
    `#!/bin/sh\nexec ${Deno.execPath()} run --quiet -P ${project}main.ts --root ${root} "$@"\n`;
  await Deno.writeTextFile(`${place}/bin/${PROGRAM}`, start, { mode: 0o755 });
  await Deno.writeTextFile(`${place}/dist/${PROGRAM}`, start, { mode: 0o755 });
  const message = `Failed password for root from ${SOURCE} port 51676 ssh2`;
  const alert = `${JSON.stringify(sshdAlert({ message }))}\n`;
  await Deno.writeTextFile(`${root}/logs/alerts/alerts.json`, alert);
  const packed = new Blob([alert]).stream().pipeThrough(new CompressionStream("gzip"));
  await Deno.writeFile(`${day}/ossec-alerts-23.json.gz`, packed);
  return place;
}

const TOKENS = (root: string) => ({ WM_SERVER_TOKENS_FILE: `${root}/queue/custom-misp/tokens` });

/** Runs a line of a shell as it is written. Those that would go on for good are ended. */
async function runLine(program: Program, place: string, line: string, isEndless: boolean) {
  const text = line.replaceAll("/var/ossec", program.root)
    .replaceAll(/ >\/(?=etc\/bash|usr\/local)/g, ` >${program.root}/`);
  const child = new Deno.Command("sh", {
    args: ["-c", isEndless ? `exec ${text}` : text],
    cwd: place,
    clearEnv: true,
    env: {
      PATH: `${place}/bin:${Deno.env.get("PATH")}`,
      HOME: Deno.env.get("HOME") ?? "/",
      MANPAGER: "cat",
      WM_GUARD_PUBLISH_PRIVATE: "true",
      WM_SERVER_LISTEN: "127.0.0.1:0",
      // Without it `serve` is open to this machine, and needs no token.
      ...(/token/.test(line) ? TOKENS(program.root) : {}),
      ...(/report|retract|--send/.test(line) ? MISP_DOWN : {}),
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const ended = isEndless ? endSoon(child, program) : undefined;
  const { code, stdout, stderr } = await child.output();
  await ended;
  const decoded = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: decoded[0]!, stderr: decoded[1]! };
}

/** Once it says that it is at work, it is told to end. */
async function endSoon(child: Deno.ChildProcess, program: Program): Promise<void> {
  const before = await logSize(program);
  for (let tries = 0; tries < 200 && await logSize(program) === before; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill("SIGTERM");
}

const logSize = async ({ log }: Program) => (await Deno.stat(log).catch(() => undefined))?.size;

/** With a MISP that is down these cannot end with 0; they say so. */
const OTHER_CODES: Readonly<Record<string, number>> = {
  [`retract ${SOURCE}`]: 3,
  "--test --send": 3,
};

const ENDLESS = /^(?:serve(?: --follow)?|follow)(?: --since \S+)?$/;

/** Puts one report into the buffer that waits for MISP. */
async function makeWaiting(program: Program): Promise<void> {
  const environment = { ...MISP_DOWN, WM_GUARD_PUBLISH_PRIVATE: "true" };
  const replayed = await program.run(
    ["replay", `${program.root}/logs/alerts/alerts.json`],
    environment,
  );
  assert.equal(replayed.code, 0, replayed.stderr);
  assert.equal((await program.run(["flush", "--now"], environment)).code, 3);
}

Deno.test("every example of help runs", async (t) => {
  await using program = await createProgram("deno run");
  const place = await prepare(program);
  await makeWaiting(program);
  for (const { line } of COMMANDS.flatMap(({ examples }) => examples)) {
    const ignore = line.includes("| man") && !HAS_MAN;
    await t.step({
      name: line,
      ignore,
      fn: async () => {
        const full = `${PROGRAM} ${line}`;
        const { code, stderr } = await runLine(program, place, full, ENDLESS.test(line));
        assert.equal(code, OTHER_CODES[line] ?? 0, stderr);
      },
    });
  }
});

/** Lines of README's shell blocks that are not run here, and why. */
const NOT_RUN: readonly (readonly [RegExp, string])[] = [
  [/^npx /, "fetches Deno from the registry; its tasks are the tests, the demo and the compile"],
  [/^sh deploy\/install\.sh /, "install_test.ts runs it"],
  [
    /^install .*\\$|^\/var\/ossec\/etc\/.*json$/,
    "is one line in two, and install_test.ts does the same",
  ],
  [/^curl /, "needs a running serve: serve_test.ts sends the same"],
  [/^\{"accepted"/, "is what curl prints"],
];

/** Lines of README's shell blocks. */
function readmeLines(): readonly string[] {
  return [...README.matchAll(/^ *```sh\n([^]*?)^ *```$/gm)].flatMap(([, block = ""]) =>
    block.split("\n").map((line) => line.trim()).filter((line) => line !== "")
  );
}

Deno.test("every line of README's shell blocks runs, or is known not to", async (t) => {
  await using program = await createProgram("deno run");
  const place = await prepare(program);
  await makeWaiting(program);
  const names: readonly string[] = COMMANDS.map(({ name }) => name);
  const run = readmeLines().filter((line) => !NOT_RUN.some(([pattern]) => pattern.test(line)));
  assert.ok(run.length >= 8);
  for (const line of run) {
    await t.step(line, async () => {
      const [first = ""] = line.split(" ");
      const whole = (names.includes(first) ? `${PROGRAM} ${line}` : line)
        // Neither the user nor the group need be here.
        .replaceAll(/ -[og] \w+/g, "").replace(/^setpriv .* \.\//, "");
      const { code, stderr } = await runLine(program, place, whole, false);
      assert.equal(code, 0, stderr);
    });
  }
});

/** Our own commands in the documents' shell blocks, without what is said behind them. */
async function documentedCommands(): Promise<readonly string[]> {
  const folder = new URL("../../docs/", import.meta.url);
  const found = new Set<string>();
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(".md")) continue;
    const text = await Deno.readTextFile(new URL(name, folder));
    for (const [, block = ""] of text.matchAll(/^ *```sh\n([^]*?)^ *```$/gm)) {
      for (const [, line = ""] of block.matchAll(/^ *custom_misp (.+?)(?: +# .*)?$/gm)) {
        found.add(line);
      }
    }
  }
  return [...found].sort();
}

Deno.test("every command of docs/ runs", async (t) => {
  await using program = await createProgram("deno run");
  const place = await prepare(program);
  await makeWaiting(program);
  await Deno.copyFile(`${program.root}/logs/alerts/alerts.json`, `${place}/alert.json`);
  const commands = await documentedCommands();
  assert.ok(commands.length >= 10);
  for (const line of commands) {
    const [own = ""] = line.split(" | ");
    await t.step(own, async () => {
      const { code, stderr } = await runLine(program, place, `${PROGRAM} ${own}`, false);
      assert.equal(code, OTHER_CODES[own] ?? 0, stderr);
    });
  }
});

/** What a terminal of so many columns gets, line by line. */
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
  name: "status and report list fit a terminal, in colours unless NO_COLOR is set",
  ignore: !HAS_SCRIPT,
  fn: async () => {
    await using program = await createProgram("deno run");
    await prepare(program);
    await makeWaiting(program);
    for (const args of [["status"], ["report", "list"]]) {
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
  ignore: !HAS_SCRIPT,
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
