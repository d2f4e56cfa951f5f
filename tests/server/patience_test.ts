import assert from "node:assert/strict";
import { Patience } from "../../src/server/patience.ts";

Deno.test("Patience gives up whom nobody ended, in the order in which they began", async () => {
  using patience = new Patience(20);
  const givenUp: string[] = [];
  const last = Promise.withResolvers<void>();
  patience.begin(() => givenUp.push("first"));
  const ended = patience.begin(() => givenUp.push("ended"));
  patience.begin(() => {
    givenUp.push("last");
    last.resolve();
  });
  patience.end(ended);
  await last.promise;
  patience.end(ended);
  assert.deepEqual(givenUp, ["first", "last"]);
});

Deno.test("Patience gives everybody the whole time, also who begins while another is given up", async () => {
  using patience = new Patience(20);
  const start = performance.now();
  const times: number[] = [];
  const third = Promise.withResolvers<void>();
  const begin = () => {
    patience.begin(() => {
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

Deno.test("Patience gives nobody up once it is disposed of", () => {
  // The test's own check for timers that are left over sees that none is.
  const patience = new Patience(60_000);
  patience.begin(() => assert.fail());
  patience[Symbol.dispose]();
});
