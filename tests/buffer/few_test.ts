import assert from "node:assert/strict";
import { Few } from "../../src/buffer/sqlite/intake/few.ts";

function entriesOf<Key, Value>(few: Few<Key, Value>): readonly (readonly [Key, Value])[] {
  const entries: [Key, Value][] = [];
  few.forEach((value, key) => entries.push([key, value]));
  return entries;
}

Deno.test("Few() keeps no entry, one and many as a Map does", () => {
  const few = new Few<string, number | undefined>();
  assert.deepEqual([few.size, few.get("a"), entriesOf(few)], [0, undefined, []]);
  few.set("a", 1);
  assert.deepEqual([few.size, few.get("a"), few.get("b")], [1, 1, undefined]);
  few.set("a", 2);
  assert.deepEqual([few.size, entriesOf(few)], [1, [["a", 2]]]);
  few.set("b", 3);
  few.set("c", undefined);
  few.set("a", 4);
  assert.deepEqual([few.size, few.get("a"), few.get("b"), few.get("c")], [3, 4, 3, undefined]);
  assert.deepEqual(entriesOf(few), [["a", 4], ["b", 3], ["c", undefined]]);
});
