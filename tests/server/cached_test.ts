import assert from "node:assert/strict";
import { cached } from "../../src/server/cached.ts";

Deno.test("cached() asks once for all who come within the time", async () => {
  let now = 0;
  let asked = 0;
  const ask = cached(() => Promise.resolve(++asked), 1000, () => now);
  assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [1, 1, 1]);
  now = 999;
  assert.equal(await ask(), 1);
  now = 1000;
  assert.equal(await ask(), 2);
  now = 500;
  assert.equal(await ask(), 3, "a clock that was set back");
});

Deno.test("cached() counts the time from the answer, not from the question", async () => {
  let now = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = 0;
  const ask = cached(() => (asked++, promise), 1000, () => now);
  const first = ask();
  now = 5000;
  const second = ask();
  resolve();
  await Promise.all([first, second]);
  await ask();
  assert.equal(asked, 1);
});

Deno.test("cached() keeps a failure as long, and asks again then", async () => {
  let now = 0;
  let asked = 0;
  const ask = cached(
    () => {
      if (++asked === 1) throw new Error("locked");
      return Promise.resolve(asked);
    },
    1000,
    () => now,
  );
  await assert.rejects(ask(), /locked/);
  await assert.rejects(ask(), /locked/);
  now = 1000;
  assert.equal(await ask(), 2);
});
