import assert from "node:assert/strict";
import { LineCutter } from "../../src/intake/lines.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("LineCutter.take() gives whole lines, whatever blocks they come in", () => {
  const text = "ä1\n\n" + "x".repeat(300) + "\r\n" + "last\n";
  for (const size of [1, 2, 3, 7, 299, 1000]) {
    const cutter = new LineCutter({ offset: 100 });
    let taken = "";
    const all = bytes(text);
    for (let at = 0; at < all.length; at += size) {
      const block = all.slice(at, at + size);
      taken += cutter.take(block).text;
      // It may not keep the block: the next one is read into it.
      block.fill(0);
    }
    assert.equal(taken, text, `blocks of ${size}`);
    assert.equal(cutter.offset, 100 + all.length);
    assert.deepEqual(cutter.tail, all.slice(-256));
  }
});

Deno.test("LineCutter.takeRest() gives a line that has no end, and stands behind it", () => {
  const cutter = new LineCutter();
  assert.equal(cutter.take(bytes("one\ntw")).text, "one\n");
  assert.equal(cutter.offset, 4);
  assert.deepEqual(cutter.takeRest(), { text: "tw\n", tooLong: 0, offset: 6 });
  assert.equal(cutter.takeRest().text, "");
});
