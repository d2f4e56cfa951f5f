import assert from "node:assert/strict";
import { createLog, oneLine } from "../../src/cli/terminal/log.ts";
import { tempFolder } from "../support/temp.ts";

const FORGED = "user \r\n2026-11-23T00:00:00.000Z custom-misp_ssh_bruteforce-publish error: forged";

Deno.test("createLog() writes one line, whatever an attacker put into the message", () => {
  using folder = tempFolder();
  const file = folder.file("integrations.log");
  const log = createLog({ file, level: "info", format: "text" }, false);
  log("warning", FORGED);
  const text = Deno.readTextFileSync(file);
  assert.equal(text.split("\n").length, 2);
  assert.match(
    text,
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z custom-misp_ssh_bruteforce-publish warning: user \\u000d\\u000a2026-/,
  );
});

Deno.test("createLog() writes one JSON object a line", () => {
  using folder = tempFolder();
  const file = folder.file("integrations.log");
  const log = createLog({ file, level: "info", format: "json" }, false);
  log("error", FORGED);
  log("info", '{"level":"error"}\u2028');
  const lines = Deno.readTextFileSync(file).trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ level, program, message }) => [level, program, message]), [
    [
      "error",
      "custom-misp_ssh_bruteforce-publish",
      "user \\u000d\\u000a2026-11-23T00:00:00.000Z custom-misp_ssh_bruteforce-publish error: forged",
    ],
    ["info", "custom-misp_ssh_bruteforce-publish", '{"level":"error"}\\u2028'],
  ]);
});

Deno.test("createLog() leaves out what is less important than wanted", () => {
  using folder = tempFolder();
  const file = folder.file("integrations.log");
  const log = createLog({ file, level: "warning", format: "text" }, false);
  for (const level of ["debug", "info", "warning", "error"] as const) log(level, level);
  assert.deepEqual(
    Deno.readTextFileSync(file).trimEnd().split("\n").map((line) => line.split(" ").at(-1)),
    ["warning", "error"],
  );
});

Deno.test("createLog() appends, and makes a file that others cannot read", () => {
  using folder = tempFolder();
  const file = folder.file("integrations.log");
  createLog({ file, level: "info", format: "text" }, false)("info", "one");
  createLog({ file, level: "info", format: "text" }, false)("info", "two");
  assert.equal(Deno.readTextFileSync(file).split("\n").length, 3);
  assert.equal((Deno.statSync(file).mode ?? 0) & 0o007, 0);
});

Deno.test("createLog() cuts a message that is endless", () => {
  using folder = tempFolder();
  const file = folder.file("integrations.log");
  createLog({ file, level: "info", format: "text" }, false)("info", "a\n".repeat(1_000_000));
  assert.ok(Deno.statSync(file).size < 3000);
});

Deno.test("createLog() says on the screen what cannot be logged, in one line, and goes on", () => {
  const said: string[] = [];
  const original = console.error;
  console.error = (...words: unknown[]) => said.push(words.join(" "));
  try {
    createLog({ file: "/tmp", level: "info", format: "text" }, false)("error", "a\nb");
  } finally {
    console.error = original;
  }
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /^a\\u000ab \(not logged: [^\n]+\)$/);
});

Deno.test("oneLine() shows every character that could drive a terminal or turn a text round", () => {
  assert.equal(oneLine("a\0\t\x1b[31m\x7f\x9b1m"), "a\\u0000\\u0009\\u001b[31m\\u007f\\u009b1m");
  assert.equal(oneLine("\u2028\u2029\u202e\u2066"), "\\u2028\\u2029\\u202e\\u2066");
  assert.equal(oneLine("a\u200bb\u2060\ufeff\u061c"), "a\\u200bb\\u2060\\ufeff\\u061c");
  assert.equal(oneLine("müller 𝄞 \ud800"), "müller 𝄞 \ufffd");
});
