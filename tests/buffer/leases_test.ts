import assert from "node:assert/strict";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { tempFolder } from "../support/temp.ts";
import { accept, DAY, DUE, eachEngine, guess, lease, MINUTE, START } from "./sqlite_rig.ts";

eachEngine("takeLease() gives a lease to one, and again once it is released", async (open) => {
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

eachEngine(
  "takeLease() takes a lease that ran out, and the late holder cannot touch it",
  async (open) => {
    using buffer = open();
    const late = await lease(buffer);
    assert.equal(await buffer.leases.take("publish", "b", MINUTE, START + MINUTE - 1), undefined);
    const taken = await buffer.leases.take("publish", "b", MINUTE, START + MINUTE);
    assert.deepEqual(taken, { name: "publish", owner: "b", fence: 2 });
    assert.equal(await buffer.leases.renew(late, MINUTE, START + MINUTE), false);
    await buffer.leases.release(late);
    assert.equal(await buffer.leases.isHeld("publish", START + MINUTE), true);
  },
);

eachEngine(
  "renewLease() prolongs a lease, one that ran out too while nobody took it",
  async (open) => {
    using buffer = open();
    const held = await lease(buffer);
    assert.equal(await buffer.leases.renew(held, MINUTE, START + MINUTE / 2), true);
    assert.equal(await buffer.leases.isHeld("publish", START + MINUTE), true);
    assert.equal(await buffer.leases.isHeld("publish", START + 1.5 * MINUTE), false);
    assert.equal(await buffer.leases.renew(held, MINUTE, START + DAY), true);
    assert.equal(await buffer.leases.take("publish", "b", MINUTE, START + DAY), undefined);
  },
);

eachEngine(
  "takeLease() takes a lease of a time that a corrected clock is far from",
  async (open) => {
    using buffer = open();
    await buffer.leases.take("publish", "a", MINUTE, START + 365 * DAY);
    const taken = await buffer.leases.take("publish", "b", MINUTE, START);
    assert.deepEqual(taken, { name: "publish", owner: "b", fence: 2 });
  },
);

eachEngine(
  "takeLease() does not touch a lease that its holder renewed while the taker waited its turn",
  async (open) => {
    using buffer = open();
    const held = await lease(buffer);
    // The taker read its clock first; then the holder's transaction went before it.
    assert.equal(await buffer.leases.renew(held, MINUTE, START + 1000), true);
    assert.equal(await buffer.leases.take("publish", "b", MINUTE, START + 900), undefined);
  },
);

eachEngine(
  "takeLease() does not touch a lease that was taken for longer than the taker would",
  async (open) => {
    using buffer = open();
    assert.ok(await buffer.leases.take("publish", "slow", 40 * MINUTE, START));
    assert.equal(await buffer.leases.take("publish", "fast", MINUTE, START + 1), undefined);
  },
);

Deno.test("takeLease() takes a lease at once whose holder is gone, and none of a holder that lives", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const dying = new SqliteBuffer(path, START);
  using next = new SqliteBuffer(path, START);
  const take = (buffer: SqliteBuffer, owner: string, now = START) =>
    buffer.leases.take("publish", owner, MINUTE, now, true);
  assert.equal((await take(dying, "a"))?.fence, 1);
  assert.equal(await take(next, "b"), undefined);
  assert.equal(await take(dying, "a"), undefined);
  dying[Symbol.dispose]();
  assert.equal((await take(next, "b"))?.fence, 2);
  assert.equal(Deno.statSync(`${path}.publish.lock`).mode! & 0o777, 0o640);
});

Deno.test("takeLease() takes a lease that ran out of a holder that lives, and waits for the taker's to run out", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  using late = new SqliteBuffer(path, START);
  using third = new SqliteBuffer(path, START);
  const taker = new SqliteBuffer(path, START);
  const first = await late.leases.take("publish", "late", MINUTE, START, true);
  const second = await taker.leases.take("publish", "taker", MINUTE, START + MINUTE, true);
  assert.equal(second?.fence, 2);
  assert.equal(await late.leases.renew(first!, MINUTE, START + MINUTE), false);
  await late.leases.release(first!);
  // The late holder had the lock: that it is free says nothing about the taker.
  assert.equal(await third.leases.take("publish", "c", MINUTE, START + MINUTE, true), undefined);
  taker[Symbol.dispose]();
  const last = await third.leases.take("publish", "c", MINUTE, START + 2 * MINUTE, true);
  assert.equal(last?.fence, 3);
});

Deno.test("takeLease() does not end with the process where its holder wants it to outlast it", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const ended = new SqliteBuffer(path, START);
  assert.ok(await ended.leases.take("background", "a", MINUTE, START));
  ended[Symbol.dispose]();
  using next = new SqliteBuffer(path, START);
  assert.equal(await next.leases.take("background", "b", MINUTE, START, true), undefined);
});

Deno.test("takeLease() works by time alone where the lock's file cannot be used", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  Deno.mkdirSync(`${path}.publish.lock`);
  using first = new SqliteBuffer(path, START);
  using second = new SqliteBuffer(path, START);
  assert.ok(await first.leases.take("publish", "a", MINUTE, START, true));
  assert.equal(await second.leases.take("publish", "b", MINUTE, START, true), undefined);
  assert.ok(await second.leases.take("publish", "b", MINUTE, START + MINUTE, true));
});

eachEngine(
  "releaseLeaseUnlessDue() keeps the lease while something falls due by then",
  async (open) => {
    using buffer = open();
    const held = await lease(buffer);
    await accept(buffer, [guess()], START);
    const due = START + 15 * MINUTE;
    assert.equal(await buffer.outbox.releaseUnlessDue(held, DUE, due), false);
    assert.equal(await buffer.leases.isHeld("publish", START), true);
    assert.equal(await buffer.outbox.releaseUnlessDue(held, DUE, due - 1), true);
    assert.equal(await buffer.leases.isHeld("publish", START), false);
  },
);

eachEngine("releaseLeaseUnlessDue() gives the lease up when nothing waits", async (open) => {
  using buffer = open();
  assert.equal(await buffer.outbox.releaseUnlessDue(await lease(buffer), DUE, Infinity), true);
  assert.equal(await buffer.leases.isHeld("publish", START), false);
});
