import assert from "node:assert/strict";
import { valuesOf } from "../../src/wazuh/json_values.ts";

const read = (text: string) =>
  [...valuesOf(text)].map(({ text, line }) => text === undefined ? line : [line, JSON.parse(text)]);

Deno.test("valuesOf() finds values in a row, over many lines and on one", () => {
  const pretty = (value: unknown) => JSON.stringify(value, undefined, 2);
  const first = { a: "}", b: ['{"', "\\"], c: {} };
  assert.deepEqual(read(`${pretty(first)}\n${pretty([1])}\r\n\n{"b":2}{"c":3}`), [
    [1, first],
    [9, [1]],
    [13, { b: 2 }],
    [13, { c: 3 }],
  ]);
  assert.deepEqual(read('\x1e{"a":1}\n\x1e{"b":2}\n'), [[1, { a: 1 }], [2, { b: 2 }]]);
});

Deno.test("valuesOf() goes on behind damage, and never inside of it", () => {
  assert.deepEqual(read('{\n  "a": oops\n}\n{\n  "b": 2\n}\n'), [1, [4, { b: 2 }]]);
  assert.deepEqual(read('{"cut\n{"b":2}'), [1, [2, { b: 2 }]]);
  assert.deepEqual(read('{\n  "list": [\n    {"id": 1},\n    {\n'), [1]);
  assert.deepEqual(read('{\n  "list": [\n    {"id": 1}\n  ] oops\n}\n[2]'), [1, [6, [2]]]);
  assert.deepEqual(read("word\nword\n[1]"), [1, [3, [1]]]);
  assert.deepEqual(read('{"cut\n{}\n7\nnull\r\n[1]'), [1, [2, {}], [3, 7], [4, null], [5, [1]]]);
  assert.deepEqual(read(""), []);
});

Deno.test("valuesOf() takes time in proportion to the length of a damaged text", () => {
  const looked = (lines: number) => {
    const text = '{"a":{\n'.repeat(lines);
    const start = performance.now();
    assert.equal([...valuesOf(text)].length, lines);
    return performance.now() - start;
  };
  looked(1000);
  assert.ok(looked(200_000) < 5000);
});
