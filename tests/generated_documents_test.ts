import assert from "node:assert/strict";
import { GENERATED } from "../deploy/documents/generated.ts";
import {
  between,
  putBetween,
  rowsBehind,
  table,
  withoutLayout,
} from "../deploy/documents/markdown.ts";
import { COMMANDS } from "../src/cli/manual/commands.ts";
import { configurationKeys } from "../src/config/keys.ts";
import { readProjectFile as read } from "./support/documents.ts";

for (const { path, name, write } of GENERATED) {
  Deno.test(`${path} has the ${name} of the code; \`deno task docs\` writes them`, async () => {
    const text = read(path);
    assert.equal(withoutLayout(between(text, name)), withoutLayout(await write(text)));
  });
}

Deno.test("docs/configuration.md says of a key what it may be", () => {
  const rows = rowsBehind(read("docs/configuration.md"), "<!-- keys -->");
  assert.equal(rows.length, Object.keys(configurationKeys("/")).length);
  const values = new Map(rows.map((row) => [row[0], row[3]]));
  assert.equal(values.get("`misp.timeout_seconds`"), "number, 1 to 600");
  assert.equal(values.get("`misp.distribution`"), "whole number, 0 to 4");
  assert.equal(values.get("`misp.event_per`"), "`source`, `day`");
  assert.equal(values.get("`misp.publish`"), "`true`, `false`");
  assert.equal(values.get("`rules.ids`"), "list: rule numbers; at least one");
  assert.equal(values.get("`server.listen`"), "HOST:PORT, such as 127.0.0.1:8787");
});

Deno.test("docs/cli.md has each command with its options", () => {
  const text = read("docs/cli.md");
  for (const { name, options } of COMMANDS) {
    const start = text.indexOf(`\n### \`${name}\`\n`);
    const end = text.indexOf("\n### ", start + 1);
    const section = text.slice(start, end < 0 ? undefined : end);
    assert.ok(start > 0, name);
    for (const option of options) assert.ok(section.includes(`| \`--${option.name}`), option.name);
  }
});

const TABLE = "<!-- one -->\n\n| a | b |\n| - | - |\n| `x` | y \\| z |\n\n<!-- /one -->\nend\n";

Deno.test("rowsBehind() reads the cells of a table, or of none", () => {
  assert.deepEqual(rowsBehind(TABLE, "<!-- one -->"), [["`x`", "y \\| z"]]);
  assert.deepEqual(rowsBehind(TABLE, "<!-- two -->"), []);
  assert.deepEqual(rowsBehind("# no table", "#"), []);
});

Deno.test("table() writes what rowsBehind() reads", () => {
  const rows = [["`a | b`", "c"]];
  assert.deepEqual(rowsBehind(table(["x", "y"], rows), "|"), [["`a \\| b`", "c"]]);
});

Deno.test("putBetween() replaces only what stands between the markers", () => {
  assert.equal(putBetween(TABLE, "one", "new"), "<!-- one -->\n\nnew\n\n<!-- /one -->\nend\n");
  assert.throws(() => putBetween(TABLE, "two", ""), /<!-- two --> and <!-- \/two -->/);
});

Deno.test("a word that people wrote beside an endpoint or a metric is kept", async () => {
  const parts = GENERATED.filter(({ name }) => name === "endpoints" || name === "metrics");
  assert.equal(parts.length, 2);
  for (const { path, name, write } of parts) {
    const text = read(path);
    const rows = rowsBehind(text, `<!-- ${name} -->`);
    const [first] = rows;
    const own = putBetween(text, name, table(first!, [[...first!.slice(0, -1), "my words"]]));
    const written = rowsBehind(`${await write(own)}\n`, "|");
    assert.equal(written[0]!.at(-1), "my words");
    assert.equal(written.length, rows.length);
    assert.ok(written.every((row) => row.at(-1) !== ""));
  }
});
