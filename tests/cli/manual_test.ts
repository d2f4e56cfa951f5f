import assert from "node:assert/strict";
import fc from "fast-check";
import { EXIT, Failure } from "../../src/cli/exit.ts";
import { type CommandName, COMMANDS } from "../../src/cli/manual/commands.ts";
import { EXIT_CODES } from "../../src/cli/manual/shared.ts";
import { SCRIPTS } from "../../src/cli/manual/completion_scripts.ts";
import { commandHelp, overview } from "../../src/cli/manual/help_text.ts";
import { manPage } from "../../src/cli/manual/man_page.ts";
import { distance, nearest } from "../../src/nearest.ts";
import { parse } from "../../src/cli/terminal/options.ts";
import { PROGRAM } from "../../src/config/defaults.ts";
import { needs } from "../support/needs.ts";

Deno.test("the synopsis of a command names its options, and no others", () => {
  for (const { name, options, synopsis } of COMMANDS) {
    const written = synopsis.join(" ").match(/(?<=[ [])--[\w-]+/g) ?? [];
    assert.deepEqual(
      [...new Set(written)].filter((option) => option !== name).sort(),
      options.map((option) => `--${option.name}`).sort(),
      name,
    );
  }
});

Deno.test("every exit code of a command is one of the program", () => {
  assert.deepEqual(Object.keys(EXIT_CODES), Object.values(EXIT).map(String));
  for (const { name, exit } of COMMANDS) {
    for (const code of Object.keys(exit)) assert.ok(Object.hasOwn(EXIT_CODES, code), name);
  }
});

Deno.test("every example begins with its command, and every command has one", () => {
  for (const { name, examples } of COMMANDS) {
    assert.ok(examples.length > 0, name);
    for (const { line } of examples) assert.equal(line.split(" ")[0], name);
  }
});

Deno.test("help fits 80 columns", () => {
  for (const text of [overview(), ...COMMANDS.map(commandHelp)]) {
    for (const line of text.split("\n")) assert.ok([...line].length <= 80, line);
  }
});

Deno.test("nearest() finds the word behind a slip, and none for other words", () => {
  const names = COMMANDS.map(({ name }) => name);
  const SLIPS: readonly (readonly [string, string | undefined])[] = [
    ["flsuh", "flush"],
    ["Flush", "flush"],
    ["stat", "status"],
    ["replya", "replay"],
    ["reports", "report"],
    ["serv", "serve"],
    ["docter", "doctor"],
    ["test", "--test"],
    ["hlep", "help"],
    ["frobnicate", undefined],
    ["", undefined],
    ["x".repeat(1_000_000), undefined],
  ];
  for (const [word, meant] of SLIPS) assert.equal(nearest(word, names), meant, word.slice(0, 20));
});

Deno.test("distance() is symmetric, and 0 for equal words only", () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", "c") });
  fc.assert(fc.property(word, word, (a, b) => {
    const steps = distance(a, b);
    assert.equal(steps, distance(b, a));
    assert.equal(steps === 0, a === b);
    assert.ok(steps >= Math.abs(a.length - b.length) && steps <= Math.max(a.length, b.length));
  }));
  assert.equal(distance("flsuh", "flush"), 1);
  assert.equal(distance("kitten", "sitting"), 3);
});

/** What parse() says about arguments; undefined when it takes them. */
function refused(name: CommandName, ...args: string[]): string | undefined {
  try {
    parse(name, args);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof Failure);
    return error.message;
  }
}

Deno.test("parse() reads the options and arguments that the manual lists", () => {
  assert.deepEqual({ ...parse("flush", ["--now"]).values }, { now: true });
  const { values, positionals } = parse("follow", ["--since", "2026-11-23", "--json", "a.json"]);
  assert.deepEqual([{ ...values }, positionals], [{ since: "2026-11-23", json: true }, ["a.json"]]);
  assert.equal(parse("serve", ["--listen=127.0.0.1:1"]).values.listen, "127.0.0.1:1");
  assert.deepEqual(parse("replay", ["-", "--", "--now"]).positionals, ["-", "--now"]);
});

Deno.test("parse() says in one line of ours what is wrong", () => {
  const help = "`help flush` lists the options";
  assert.equal(refused("flush", "--nwo"), `unknown option --nwo; did you mean --now? ${help}`);
  assert.equal(refused("flush", "--frobnicate=1"), `unknown option --frobnicate; ${help}`);
  assert.equal(refused("flush", "--constructor"), `unknown option --constructor; ${help}`);
  assert.equal(refused("flush", "-n"), `unknown option -n; ${help}`);
  assert.equal(refused("flush", "--now=yes"), `--now takes no value; ${help}`);
  assert.equal(refused("flush", "now"), `unexpected argument "now"; ${help}`);
  for (const args of [["--since"], ["--since", "--json"]]) {
    assert.equal(
      refused("follow", ...args),
      "--since needs a value; `help follow` lists the options",
    );
  }
});

async function run(program: string, args: readonly string[], input?: string) {
  const child = new Deno.Command(program, {
    args: [...args],
    // What a distribution adds to every fish or zsh is not under test.
    env: { HOME: "/tmp", LC_ALL: "C.UTF-8", MANWIDTH: "80" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  if (input !== undefined) await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

const PAGE = manPage("0.1.0", "2026-11-25T00:00:00Z", "/var/ossec") + "\n";

Deno.test("the manual page names every command, option, exit code and example", () => {
  const shown = PAGE.replaceAll("\\-", "-").replaceAll(/\\f[BR]/g, "");
  for (const { name, options, examples } of COMMANDS) {
    assert.ok(shown.includes(`.SS ${name}\n`), name);
    for (const option of options) assert.ok(shown.includes(`--${option.name}`), option.name);
    for (const { line } of examples) assert.ok(shown.includes(`${PROGRAM} ${line}\n`), line);
  }
  // deno-lint-ignore no-control-regex -- ASCII is what is looked for
  assert.match(PAGE, /^[\x00-\x7f]*$/);
});

Deno.test({
  name: "mandoc has nothing to say against the manual page",
  ...needs("mandoc"),
  fn: async () => {
    const { stdout, stderr } = await run("mandoc", ["-Tlint", "-Wwarning"], PAGE);
    assert.equal(stdout + stderr, "");
  },
});

Deno.test({
  name: "groff has nothing to say against the manual page",
  ...needs("groff"),
  fn: async () => {
    const { code, stdout, stderr } = await run("groff", ["-man", "-ww", "-Tutf8", "-P-c"], PAGE);
    assert.deepEqual([code, stderr], [0, ""]);
    // Bold is a character, a step back, and the character once more.
    const text = stdout.split("\b").map((part, index, all) =>
      index < all.length - 1 ? part.slice(0, -1) : part
    ).join("");
    assert.match(text, /flush \[--now\] \[--json\] \[--until-idle\]/);
    assert.match(text, /FILE…/);
  },
});

/** Command lines, the last word of which is completed, and what must come. */
const COMPLETED: readonly (readonly [line: string, expected: readonly string[]])[] = [
  [`${PROGRAM} fl`, ["flush"]],
  [`${PROGRAM} re`, ["replay", "report", "retract"]],
  [`${PROGRAM} flush --`, ["--config", "--help", "--json", "--now", "--until-idle"]],
  [`${PROGRAM} --config /tmp/x report s`, ["show"]],
  [`${PROGRAM} report show 192.0.2.7 --js`, ["--json"]],
  [`${PROGRAM} serve t`, ["token"]],
  [`${PROGRAM} completions `, ["bash", "fish", "zsh"]],
  [`${PROGRAM} help ver`, ["version"]],
  [`${PROGRAM} --test --s`, ["--send"]],
  [`${PROGRAM} frobnicate x`, []],
  [`${PROGRAM} replay /etc/host_that_is_not_ther`, []],
  [`${PROGRAM} replay /etc/passw`, ["/etc/passwd"]],
  [`${PROGRAM} status --config /etc/passw`, ["/etc/passwd"]],
];

Deno.test("bash completes commands, words, options and files", async () => {
  for (const [line, expected] of COMPLETED) {
    const words = line.split(" ").map((word) => `'${word}'`);
    const { stdout, stderr } = await run(
      "bash",
      ["--noprofile", "--norc"],
      `
${SCRIPTS.bash!()}
COMP_WORDS=(${words.join(" ")})
COMP_CWORD=${words.length - 1}
_${PROGRAM.replaceAll("-", "_")}
printf '%s\\n' "\${COMPREPLY[@]}"
`,
    );
    const found = stdout.trim().split("\n").filter((word) => word !== "");
    // /etc has other files that begin so.
    const wanted = found.filter((word) => word !== "/etc/passwd-");
    assert.deepEqual([wanted.sort(), stderr], [[...expected], ""], line);
  }
});

Deno.test({
  name: "fish completes commands, words, options and files",
  ...needs("fish"),
  fn: async () => {
    const file = await Deno.makeTempFile({ dir: "/tmp", suffix: ".fish" });
    await Deno.writeTextFile(file, SCRIPTS.fish!());
    for (const [line, expected] of COMPLETED) {
      const { stdout, stderr } = await run("fish", [
        "--no-config",
        "-c",
        `source ${file}; complete -C '${line}'`,
      ]);
      const found = stdout.trim().split("\n").map((one) => one.split("\t")[0]!)
        .filter((word) => word !== "" && word !== "/etc/passwd-");
      assert.deepEqual([found.sort(), stderr], [[...expected], ""], line);
    }
    await Deno.remove(file);
  },
});

Deno.test({
  name: "zsh completes commands, words, options and files",
  ...needs("zsh"),
  fn: async () => {
    const file = await Deno.makeTempFile({ dir: "/tmp", suffix: ".zsh" });
    await Deno.writeTextFile(file, SCRIPTS.zsh!());
    assert.deepEqual(await run("zsh", ["-n", file]), { code: 0, stdout: "", stderr: "" });
    // A terminal of its own, in which keys are pressed: nothing else asks zsh. It takes a while.
    const some = COMPLETED.filter(([line]) => / (?:re|--js|t|--s)$|config .*passw$/.test(line));
    assert.equal(some.length, 5);
    await Promise.all(some.map(async ([line, expected]) => {
      const { stdout } = await run("zsh", ["-f", "-c", ZSH_ASKS, "zsh", file, line]);
      for (const word of expected) assert.ok(stdout.includes(word), `${line}: ${stdout}`);
    }));
    await Deno.remove(file);
  },
});

const ZSH_ASKS = `
zmodload zsh/zpty
zpty asked zsh -f -i
zpty -w asked "PS1= ; stty cols 200; autoload -Uz compinit; compinit -u -D; source $1"
zpty -w asked "zstyle ':completion:*' list-prompt ''; LISTMAX=0; unsetopt beep; echo READY"
while zpty -r asked got; do [[ $got == READY* ]] && break; done
zpty -w -n asked "$2"$'\\t\\t'
sleep 1
zpty -w -n asked $'\\x15'"exit"$'\\n'
while zpty -r asked got; do print -r -- "$got"; done
`;
