import assert from "node:assert/strict";
import { InTurn } from "../../src/buffer/postgres/intake/in_turn.ts";
import { guess, START } from "./sqlite_rig.ts";

const LOCKED = "locked";

/** Batches of one alert each, whose first store waits until the test lets it fail. */
function begun(count: number, reason: string) {
  const gate = Promise.withResolvers<void>();
  const stored: number[] = [];
  const inTurn = new InTurn(
    async ({ batches }) => {
      stored.push(batches.length);
      if (stored.length > 1) return batches.map(() => ({ accepted: 1 }) as never);
      await gate.promise;
      throw new Error(reason);
    },
    () => true,
    (error) => error instanceof Error && error.message === LOCKED,
  );
  const all = Array.from(
    { length: count },
    () => inTurn.add({ batches: [[guess()]], limits: { maxUsernames: 100 }, now: START }),
  );
  gate.resolve();
  return { stored, outcomes: Promise.allSettled(all) };
}

Deno.test("InTurn waits for a lock once for all who wait", async () => {
  const { stored, outcomes } = begun(3, LOCKED);
  assert.deepEqual((await outcomes).map(({ status }) => status), Array(3).fill("rejected"));
  assert.deepEqual(stored, [1]);
});

Deno.test("InTurn stores what waits behind a connection that was lost", async () => {
  const { stored, outcomes } = begun(3, "lost");
  const states = (await outcomes).map(({ status }) => status);
  assert.deepEqual(states, ["rejected", "fulfilled", "fulfilled"]);
  assert.deepEqual(stored, [1, 2]);
});
