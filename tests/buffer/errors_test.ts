import assert from "node:assert/strict";
import { toBufferError } from "../../src/buffer/sqlite/error_text.ts";
import { isDamage, isOfFile } from "../../src/buffer/sqlite/errors.ts";

/** Of no class that the buffer knows, as in the binary those of a module that is loaded later. */
const named = (name: string, more: object = {}) => Object.assign(new Error("said"), { name }, more);

Deno.test("isDamage() and isOfFile() know damage by its name, whatever class it is of", () => {
  assert.deepEqual([isDamage(named("Damage")), isOfFile(named("Damage"))], [true, true]);
  assert.deepEqual([isDamage(named("Error")), isOfFile(named("Error"))], [false, false]);
});

Deno.test("toBufferError() knows what was describedError before by its name, whatever class it is of", () => {
  const before = named("BufferError");
  assert.equal(toBufferError("/buffer.db", before), before);
  const problem = { what: "it is a folder", hint: "move it away" };
  assert.equal(
    toBufferError("/buffer.db", named("Unusable", { problem })).message,
    "buffer /buffer.db: it is a folder; move it away",
  );
});
