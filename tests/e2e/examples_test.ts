/**
 * Every example of the help, and every shell block of the documents, run as it is printed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/manual/commands.ts";
import { PROGRAM } from "../../src/config/defaults.ts";
import { blocksOf, documents, shellLines } from "../support/documents.ts";
import { needs } from "../support/needs.ts";
import { documentedFunction, ExampleFolder } from "./example_folder.ts";
import { createProgram, KINDS } from "./program.ts";
import { Service } from "./service.ts";

const PROGRAMS = ["man", "jq", "sqlite3", "curl"] as const;

/** The programs that a text starts. */
const programsIn = (text: string) =>
  PROGRAMS.filter((program) => new RegExp(`(?:^|\\| )${program} `, "m").test(text));

const ENDLESS = /^(?:serve(?: --follow)?|follow)(?: --since \S+| --format=cowrie \S+)?$/;

/** Lines that are not run here, and what runs them instead. */
const NOT_RUN: readonly (readonly [RegExp, string])[] = [
  [/^npx -y deno@\S+ task |^deno task /, "a task of deno.json: .ci/run, or a person, calls it"],
  [/^deno test /, "would run these tests in themselves"],
  [/^sh deploy\/install\.sh /, "needs root: tests/deploy/install_test.ts"],
  [
    /^(?:apt install|custom-misp(?:-hosts)?) /,
    "needs root, and changes the machine: tests/deploy/package_install_test.ts",
  ],
  [
    /^sh deploy\/packages\/allow_hosts\.sh /,
    "needs a released binary: tests/deploy/packages_test.ts",
  ],
  [/^useradd /, "needs root, and changes the machine: .ci/run"],
  [/^pkill /, "would end what other tests have started"],
  [/^\/var\/ossec\/bin\/wazuh-integratord -t/, "is Wazuh's own"],
  [/^ssh /, "needs a honeypot"],
  [/^(?:pg_dump|psql|pg_restore) /, "needs a database: tests/e2e/restored_database_test.ts"],
  [/^(?:\S+ )?buffer copy /, "needs a database: tests/e2e/copy_test.ts"],
  [
    /^(?:\S+ )?report (?:retry|drop) --reason /,
    "needs a report that was refused for it: tests/e2e/report_test.ts",
  ],
  [/^curl .*INDEXER/, "needs Wazuh's indexer"],
];

const isRun = (line: string) => !NOT_RUN.some(([pattern]) => pattern.test(line));

for (const kind of KINDS) {
  Deno.test(`${kind}: every example of help runs`, async (t) => {
    await using place = await ExampleFolder.create(kind);
    for (const { line } of COMMANDS.flatMap(({ examples }) => examples)) {
      if (!isRun(line)) continue;
      await t.step({
        name: line,
        ...needs(...programsIn(line)),
        fn: async () => {
          const script = { text: `${PROGRAM} ${line}`, isEndless: ENDLESS.test(line) };
          const { code, stderr } = await place.run(script);
          assert.equal(code, 0, stderr);
        },
      });
    }
  });
}

/** A shell block without the lines that are not run, and what it is said to print. */
function readBlock(block: string) {
  const lines = shellLines(block);
  const isOutput = (line: string) => line.startsWith("{");
  return {
    left: lines.filter((line) => !isRun(line)),
    run: lines.filter((line) => isRun(line) && !isOutput(line)),
    printed: lines.filter(isOutput),
  };
}

const COMMAND_NAMES: ReadonlySet<string> = new Set(COMMANDS.map(({ name }) => name));

/** docs/cli.md leaves out the program's name where it speaks of its commands. */
const withName = (line: string) =>
  COMMAND_NAMES.has(line.split(" ")[0]!) ? `${PROGRAM} ${line}` : line;

for (const kind of KINDS) {
  for (const path of documents()) {
    const blocks = blocksOf(path, "sh").map(readBlock).filter(({ run }) => run.length > 0);
    if (blocks.length === 0) continue;
    Deno.test(`${kind}: the shell blocks of ${path} run`, async (t) => {
      await using place = await ExampleFolder.create(kind);
      for (const { run, printed } of blocks) {
        const text = run.map(withName).join("\n");
        const name = run.find((line) => !/^(?:cd |#)/.test(line))!;
        await t.step({
          name,
          ...needs(...programsIn(text)),
          fn: async () => {
            await using _ = text.includes("http://127.0.0.1:8787")
              ? await Service.start(place.program, place.listen)
              : undefined;
            const { code, stdout, stderr } = await place.run({
              text: `${documentedFunction()}\n${text}`,
            });
            assert.equal(code, 0, stderr);
            for (const line of printed) assert.ok(stdout.includes(line), stdout);
          },
        });
      }
    });
  }
}

Deno.test("lines of documents that are not run are known one by one", () => {
  const blocks = [...documents()].flatMap((path) => blocksOf(path, "sh")).map(readBlock);
  const left = blocks.flatMap((block) => block.left);
  const examples = COMMANDS.flatMap(({ examples }) => examples.map(({ line }) => line));
  for (const [pattern] of NOT_RUN) {
    assert.ok([...left, ...examples].some((line) => pattern.test(line)), `${pattern}`);
  }
  assert.ok(blocks.flatMap(({ run }) => run).length > 50);
});

for (const kind of KINDS) {
  Deno.test(`${kind}: the configurations in the documents are taken`, async () => {
    await using program = await createProgram(kind);
    const shown = [...documents()].flatMap((path) => blocksOf(path, "json"));
    assert.ok(shown.length >= 2);
    for (const text of shown) {
      await Deno.writeTextFile(`${program.root}/etc/${PROGRAM}.json`, text);
      const { code, stdout, stderr } = await program.run(["config"]);
      assert.deepEqual([code, stderr], [0, ""], text);
      for (const [, key, url] of text.matchAll(/"(\w+)": "(https:[^"]+)"/g)) {
        // The address of a webhook is secret.
        assert.equal(stdout.includes(url!), key !== "webhook_url", url);
      }
    }
  });
}
