import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonFault } from "../../src/config/json_fault.ts";

const CASES: readonly (readonly [text: string, line: number, column: number])[] = [
  ["", 1, 1],
  ["x", 1, 1],
  ['{"a": 1,}', 1, 9],
  ['{"a": 1 "b": 2}', 1, 9],
  ["{'a': 1}", 1, 2],
  ['{"a" 1}', 1, 6],
  ['{"a": [1, 2}', 1, 12],
  ['{"a": [1,]}', 1, 10],
  ['{"a": 1}}', 1, 9],
  ['{"a": "b\n"}', 1, 7],
  ['{\n  "a": tru\n}', 2, 8],
  ['{\n  "a": 1,\n  // why\n  "b": 2\n}', 3, 3],
  ['{"a": 01}', 1, 8],
];

Deno.test("jsonFault() gives the line and the column of what cannot be there", () => {
  for (const [text, line, column] of CASES) {
    assert.deepEqual(jsonFault(text), { line, column }, text);
    assert.throws(() => JSON.parse(text), SyntaxError);
  }
});

Deno.test("jsonFault() finds no fault before a character that was put into JSON", () => {
  fc.assert(fc.property(fc.json(), fc.nat(), (json, random) => {
    const at = random % (json.length + 1);
    const { line, column } = jsonFault(`${json.slice(0, at)}\u0001`);
    assert.equal(line, 1);
    // A text, a number or a word that is cut is at fault from its own start.
    assert.ok(
      column <= at + 1 && (column === at + 1 || !/[[\]{},:]$/.test(json.slice(0, at))) ||
        json.slice(0, at).includes('"'),
    );
  }));
});

Deno.test("jsonFault() of any text that JSON.parse() refuses ends, and lies within it", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const { line, column } = jsonFault(text);
    assert.ok(line >= 1 && column >= 1 && line + column <= text.length + 2);
  }));
});
