import assert from "node:assert/strict";
import { explain } from "../../src/buffer/explain.ts";
import { isDamage, isOfFile } from "../../src/buffer/trouble.ts";

/** Of no class that the buffer knows, as in the binary those of a module that is loaded later. */
const named = (name: string, more: object = {}) => Object.assign(new Error("said"), { name }, more);

Deno.test("isDamage() and isOfFile() know damage by its name, whatever class it is of", () => {
  assert.deepEqual([isDamage(named("Damage")), isOfFile(named("Damage"))], [true, true]);
  assert.deepEqual([isDamage(named("Error")), isOfFile(named("Error"))], [false, false]);
});

Deno.test("explain() knows what was explained before by its name, whatever class it is of", () => {
  const before = named("BufferError");
  assert.equal(explain("/buffer.db", before), before);
  const trouble = { what: "it is a folder", remedy: "move it away" };
  assert.equal(
    explain("/buffer.db", named("Unusable", { trouble })).message,
    "buffer /buffer.db: it is a folder; move it away",
  );
});
