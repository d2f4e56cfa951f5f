import assert from "node:assert/strict";
import type { Attack, Home } from "../../src/buffer/buffer.ts";
import {
  accept,
  AT_ONCE,
  DUE,
  freezeAll,
  freezing,
  guess,
  IP,
  MINUTE,
  open,
  OTHER_IP,
  START,
} from "./sqlite_rig.ts";

Deno.test("freezeDue() counts a connection once whose location has a NUL in its name", async () => {
  using buffer = open();
  const attempts: number[] = [];
  for (let hours = 0; hours < 3; hours++) {
    const now = START + hours * 120 * MINUTE;
    await accept(buffer, [guess("root", IP, { location: "a\0b", pid: hours })], now);
    const [seen] = await freezeAll(buffer, now);
    attempts.push(seen!.frozen.home.attempts);
  }
  assert.deepEqual(attempts, [1, 2, 3]);
});

Deno.test("freezeDue() leaves attacks alone whose source is still at it", async () => {
  using buffer = open();
  await accept(buffer, [guess()], START);
  await accept(buffer, [guess()], START + 10 * MINUTE);
  const { freeze } = freezing(START);
  assert.equal(await buffer.freezeDue(DUE, 10, START + 25 * MINUTE - 1, freeze), 0);
  assert.equal(await buffer.freezeDue(DUE, 10, START + 25 * MINUTE, freeze), 1);
});

Deno.test("freezeDue() does not wait longer than max_hold for a source that never rests", async () => {
  using buffer = open();
  for (let minute = 0; minute < 60; minute++) {
    await accept(buffer, [guess()], START + minute * MINUTE);
    const { freeze } = freezing(START);
    assert.equal(await buffer.freezeDue(DUE, 10, START + minute * MINUTE, freeze), 0);
  }
  const { seen, freeze } = freezing(START);
  assert.equal(await buffer.freezeDue(DUE, 10, START + 60 * MINUTE, freeze), 1);
  assert.equal(seen[0]!.frozen.home.attempts, 60);
});

Deno.test("freezeDue() takes at once what is due at once", async () => {
  using buffer = open();
  await accept(buffer, [guess()], START);
  const { freeze } = freezing(START);
  assert.equal(await buffer.freezeDue({ ...DUE, periodMs: 0 }, 10, START, freeze), 1);
});

Deno.test("freezeDue() freezes so many at most, the longest open first", async () => {
  using buffer = open();
  for (const [index, ip] of [OTHER_IP, IP, "218.92.0.112"].entries()) {
    await accept(buffer, [guess("root", ip)], START - index);
  }
  const { seen, freeze } = freezing(START);
  assert.equal(await buffer.freezeDue(AT_ONCE, 2, START, freeze), 2);
  assert.deepEqual(seen.map(({ attack }) => attack.sourceIp), ["218.92.0.112", IP]);
});

Deno.test("freezeDue() loses no attack when freezing fails", async () => {
  using buffer = open();
  await accept(buffer, [guess(), guess("root", OTHER_IP)]);
  const { freeze } = freezing(START);
  const failing = (attack: Attack, home: Home | undefined) => {
    if (attack.sourceIp === IP) throw new Error("no");
    return freeze(attack, home);
  };
  await assert.rejects(buffer.freezeDue(AT_ONCE, 10, START, failing));
  const { pendingAttacks, pendingAttempts, waiting } = await buffer.status();
  assert.deepEqual([pendingAttacks, pendingAttempts, waiting], [2, 2, 0]);
});

Deno.test("freezeDue() leaves new attempts to a new attack, which knows what was reported", async () => {
  using buffer = open();
  await accept(buffer, [guess("root"), guess("pi")], START);
  const [first] = await freezeAll(buffer, START);
  assert.equal(first!.home, undefined);
  assert.equal((await buffer.status()).pendingAttacks, 0);
  await accept(buffer, [guess("root")], START + MINUTE);
  const { pendingAttacks, pendingAttempts } = await buffer.status();
  assert.deepEqual([pendingAttacks, pendingAttempts], [1, 1]);
  const [second] = await freezeAll(buffer, START + MINUTE);
  assert.equal(second!.attack.openedAt, START + MINUTE);
  assert.equal(second!.attack.alerts, 1);
  assert.deepEqual(second!.home, first!.frozen.home);
  assert.deepEqual(second!.frozen.home.usernames, { root: 2, pi: 1 });
  assert.deepEqual([second!.frozen.home.attempts, second!.frozen.home.alerts], [3, 3]);
  assert.equal(second!.frozen.home.eventUuid, "fa04dc62-89e1-5024-b207-249034a5af55");
});

Deno.test("status() of an empty buffer is all zeros", async () => {
  using buffer = open();
  const { bytes, ...status } = await buffer.status();
  assert.ok(bytes > 0 && bytes < 256 * 1024, String(bytes));
  assert.deepEqual(status, {
    pendingAttacks: 0,
    pendingAttempts: 0,
    oldestOpenedAt: undefined,
    waiting: 0,
    delivered: 0,
    refused: 0,
    dropped: 0,
    knownSources: 0,
    lastDeliveredAt: undefined,
    lastAcceptedAt: undefined,
    paused: [],
    lastError: undefined,
    accepted: 0,
    duplicate: 0,
    spoofedSrcip: 0,
    ignored: new Map(),
    givenUp: { alertIds: 0, usernames: 0, passwords: 0 },
  });
});
