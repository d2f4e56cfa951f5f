import assert from "node:assert/strict";
import { ownText } from "../src/text.ts";

Deno.test("ownText() is the same text, whatever is in it", () => {
  const block = `${"x".repeat(50)} ü 82.202.219.155 \u{1f43b}\0 \ud800 ${"y".repeat(50)}`;
  for (let start = 0; start < block.length; start++) {
    for (const length of [0, 1, 12, 13, 14, 40]) {
      const text = block.slice(start, start + length);
      assert.equal(ownText(text), text);
      assert.equal(ownText(text).length, text.length);
    }
  }
});

Deno.test("ownText() lets go of the text that it was cut out of", () => {
  const kept: string[] = [];
  const before = Deno.memoryUsage().heapUsed;
  for (let number = 0; number < 200; number++) {
    const block = `${number}`.padEnd(1024 * 1024, "0123456789abcdef");
    kept.push(ownText(block.slice(1000, 1020)));
  }
  // The blocks are 200 MiB; some may not have been collected yet.
  const grown = (Deno.memoryUsage().heapUsed - before) / 2 ** 20;
  assert.equal(kept.length, 200);
  assert.ok(grown < 120, `${grown.toFixed(0)} MiB more`);
});
