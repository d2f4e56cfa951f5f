import assert from "node:assert/strict";
import { ReadTimeout } from "../../src/server/ingest/read_timeout.ts";

Deno.test("ReadTimeout expires each wait that was not ended, in the order of their begins", async () => {
  using readTimeout = new ReadTimeout(20);
  const expired: string[] = [];
  const last = Promise.withResolvers<void>();
  readTimeout.begin(() => expired.push("first"));
  const ended = readTimeout.begin(() => expired.push("ended"));
  readTimeout.begin(() => {
    expired.push("last");
    last.resolve();
  });
  readTimeout.end(ended);
  await last.promise;
  readTimeout.end(ended);
  assert.deepEqual(expired, ["first", "last"]);
});

Deno.test("ReadTimeout gives each wait its full time, also one that begins while another expires", async () => {
  using readTimeout = new ReadTimeout(20);
  const start = performance.now();
  const times: number[] = [];
  const third = Promise.withResolvers<void>();
  const begin = () => {
    readTimeout.begin(() => {
      times.push(performance.now() - start);
      if (times.length === 3) third.resolve();
      else begin();
    });
  };
  begin();
  await third.promise;
  const waits = times.map((time, at) => time - (times[at - 1] ?? 0));
  assert.ok(waits.every((wait) => wait >= 20), waits.join());
});

Deno.test("ReadTimeout expires no wait once it is disposed of", () => {
  // The test's own check for timers that are left over sees that none is.
  const readTimeout = new ReadTimeout(60_000);
  readTimeout.begin(() => assert.fail());
  readTimeout[Symbol.dispose]();
});
