/**
 * Files that are too long to be read whole, and are not lines.
 *
 * @module
 */
import assert from "node:assert/strict";
import { decisionsOf } from "../../src/intake/files.ts";
import { itemsOfValues } from "../../src/intake/items.ts";
import { defaultRules, sshdAlert } from "../support/fixtures.ts";
import { tempFolder } from "../support/temp.ts";

const RULES = defaultRules();
const NOW = Date.UTC(2026, 10, 23);
const COUNT = 500;
/** With it, so many alerts are longer than 16 MiB. */
const FILLER = "x".repeat(36_000);

async function countsOf(text: string) {
  using folder = tempFolder();
  const path = folder.file("alerts.json");
  Deno.writeTextFileSync(path, text);
  const counts: Record<string, number> = {};
  for await (const decisions of decisionsOf(path, RULES, NOW)) {
    for (const one of decisions) {
      const what = one.kind === "attempts" ? one.kind : `${one.where} ${one.reason}`;
      counts[what] = (counts[what] ?? 0) + 1;
    }
  }
  return counts;
}

const values = Array.from({ length: COUNT }, () => ({ ...sshdAlert(), filler: FILLER }));

Deno.test("decisionsOf() reads values over many lines that are longer than 16 MiB", async () => {
  const text = values.map((one) => JSON.stringify(one, undefined, 2)).join("\n");
  assert.ok(text.length > 16 * 1024 * 1024);
  assert.deepEqual(await countsOf(text), { attempts: COUNT });
});

Deno.test("decisionsOf() says where damage stands in such values, and reads all others", async () => {
  const texts = values.map((one) => JSON.stringify(one, undefined, 2));
  const lines = texts[0]!.split("\n").length;
  texts[400] = texts[400]!.slice(0, -2);
  assert.deepEqual(await countsOf(texts.join("\n")), {
    attempts: COUNT - 1,
    [`line ${400 * lines + 1} not_json`]: 1,
  });
});

Deno.test("decisionsOf() reads an array that is longer than 16 MiB", async () => {
  for (const indent of [0, 2]) {
    assert.deepEqual(await countsOf(JSON.stringify(values, undefined, indent)), {
      attempts: COUNT,
    });
  }
});

Deno.test("itemsOfValues() gives the same whatever blocks the values come in", async () => {
  const text = '{\n "a": 1\n}\n{\n "b": "ü"\n}\n{ "c\n[\n {}\n]\n';
  const bytes = new TextEncoder().encode(text);
  for (const length of [1, 2, 3, 7, bytes.length]) {
    const blocks = Array.from(
      { length: Math.ceil(bytes.length / length) },
      (_, index) => bytes.slice(index * length, (index + 1) * length),
    );
    const found = await Array.fromAsync(itemsOfValues(blocks));
    assert.deepEqual(found.flat(), [
      { value: { a: 1 }, where: "line 1" },
      { value: { b: "ü" }, where: "line 4" },
      { reason: "not_json", where: "line 7" },
      { value: {}, where: "line 8" },
    ], `${length}`);
  }
});

Deno.test("itemsOfValues() leaves out a value that is too long, and reads the next one", async () => {
  const long = `{\n "a": "${"x".repeat(300)}"\n}\n`;
  const bytes = new TextEncoder().encode(`${long}{\n "b": 1\n}\n`);
  const blocks = [bytes.slice(0, 150), bytes.slice(150, 250), bytes.slice(250)];
  assert.deepEqual((await Array.fromAsync(itemsOfValues(blocks, 100))).flat(), [
    { reason: "too_large", where: "line 1" },
    { value: { b: 1 }, where: "line 4" },
  ]);
});
