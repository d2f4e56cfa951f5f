import assert from "node:assert/strict";
import { accept, DAY, DUE, guess, lease, MINUTE, open, START } from "./sqlite_rig.ts";

Deno.test("takeLease() gives a lease to one, and again once it is released", async () => {
  using buffer = open();
  const first = await buffer.leases.take("publish", "a", MINUTE, START);
  assert.deepEqual(first, { name: "publish", owner: "a", fence: 1 });
  assert.equal(await buffer.leases.take("publish", "b", MINUTE, START), undefined);
  assert.equal(await buffer.leases.take("publish", "a", MINUTE, START), undefined);
  assert.equal(await buffer.leases.isHeld("publish", START), true);
  assert.equal(await buffer.leases.isHeld("stay", START), false);
  assert.deepEqual(await buffer.leases.take("stay", "b", MINUTE, START), {
    name: "stay",
    owner: "b",
    fence: 1,
  });
  await buffer.leases.release(first!);
  assert.equal(await buffer.leases.isHeld("publish", START), false);
  const second = await buffer.leases.take("publish", "b", MINUTE, START);
  assert.deepEqual(second, { name: "publish", owner: "b", fence: 2 });
});

Deno.test("takeLease() takes a lease that ran out, and the late holder cannot touch it", async () => {
  using buffer = open();
  const late = await lease(buffer);
  assert.equal(await buffer.leases.take("publish", "b", MINUTE, START + MINUTE - 1), undefined);
  const taken = await buffer.leases.take("publish", "b", MINUTE, START + MINUTE);
  assert.deepEqual(taken, { name: "publish", owner: "b", fence: 2 });
  assert.equal(await buffer.leases.renew(late, MINUTE, START + MINUTE), false);
  await buffer.leases.release(late);
  assert.equal(await buffer.leases.isHeld("publish", START + MINUTE), true);
});

Deno.test("renewLease() prolongs a lease, one that ran out too while nobody took it", async () => {
  using buffer = open();
  const held = await lease(buffer);
  assert.equal(await buffer.leases.renew(held, MINUTE, START + MINUTE / 2), true);
  assert.equal(await buffer.leases.isHeld("publish", START + MINUTE), true);
  assert.equal(await buffer.leases.isHeld("publish", START + 1.5 * MINUTE), false);
  assert.equal(await buffer.leases.renew(held, MINUTE, START + DAY), true);
  assert.equal(await buffer.leases.take("publish", "b", MINUTE, START + DAY), undefined);
});

Deno.test("takeLease() takes a lease of a time that a corrected clock is far from", async () => {
  using buffer = open();
  await buffer.leases.take("publish", "a", MINUTE, START + 365 * DAY);
  const taken = await buffer.leases.take("publish", "b", MINUTE, START);
  assert.deepEqual(taken, { name: "publish", owner: "b", fence: 2 });
});

Deno.test("takeLease() does not touch a lease that its holder renewed while the taker waited its turn", async () => {
  using buffer = open();
  const held = await lease(buffer);
  // The taker read its clock first; then the holder's transaction went before it.
  assert.equal(await buffer.leases.renew(held, MINUTE, START + 1000), true);
  assert.equal(await buffer.leases.take("publish", "b", MINUTE, START + 900), undefined);
});

Deno.test("takeLease() does not touch a lease that was taken for longer than the taker would", async () => {
  using buffer = open();
  assert.ok(await buffer.leases.take("publish", "slow", 40 * MINUTE, START));
  assert.equal(await buffer.leases.take("publish", "fast", MINUTE, START + 1), undefined);
});

Deno.test("releaseLeaseUnlessDue() keeps the lease while something falls due by then", async () => {
  using buffer = open();
  const held = await lease(buffer);
  await accept(buffer, [guess()], START);
  const due = START + 15 * MINUTE;
  assert.equal(await buffer.outbox.releaseUnlessDue(held, DUE, due), false);
  assert.equal(await buffer.leases.isHeld("publish", START), true);
  assert.equal(await buffer.outbox.releaseUnlessDue(held, DUE, due - 1), true);
  assert.equal(await buffer.leases.isHeld("publish", START), false);
});

Deno.test("releaseLeaseUnlessDue() gives the lease up when nothing waits", async () => {
  using buffer = open();
  assert.equal(await buffer.outbox.releaseUnlessDue(await lease(buffer), DUE, Infinity), true);
  assert.equal(await buffer.leases.isHeld("publish", START), false);
});
