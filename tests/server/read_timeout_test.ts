import assert from "node:assert/strict";
import { ReadTimeout } from "../../src/server/ingest/read_timeout.ts";

Deno.test("ReadTimeout gives up whom nobody ended, in the order in which they began", async () => {
  using readTimeout = new ReadTimeout(20);
  const evicted: string[] = [];
  const last = Promise.withResolvers<void>();
  readTimeout.begin(() => evicted.push("first"));
  const ended = readTimeout.begin(() => evicted.push("ended"));
  readTimeout.begin(() => {
    evicted.push("last");
    last.resolve();
  });
  readTimeout.end(ended);
  await last.promise;
  readTimeout.end(ended);
  assert.deepEqual(evicted, ["first", "last"]);
});

Deno.test("ReadTimeout gives everybody the whole time, also who begins while another is given up", async () => {
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

Deno.test("ReadTimeout gives nobody up once it is disposed of", () => {
  // The test's own check for timers that are left over sees that none is.
  const readTimeout = new ReadTimeout(60_000);
  readTimeout.begin(() => assert.fail());
  readTimeout[Symbol.dispose]();
});
