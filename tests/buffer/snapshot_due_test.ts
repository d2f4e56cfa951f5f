import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import type { Attack, SourceRecord } from "../../src/model.ts";
import {
  accept,
  AT_ONCE,
  DUE,
  eachEngine,
  freezing,
  guess,
  IP,
  MINUTE,
  OTHER_IP,
  snapshotAll,
  START,
} from "./sqlite_rig.ts";
import { tempFolder } from "../support/temp.ts";

eachEngine(
  "snapshotDue() counts a connection once whose location has a NUL in its name",
  async (open) => {
    using buffer = open();
    const attempts: number[] = [];
    for (let hours = 0; hours < 3; hours++) {
      const now = START + hours * 120 * MINUTE;
      await accept(buffer, [guess("root", IP, { location: "a\0b", pid: hours })], now);
      const [seen] = await snapshotAll(buffer, now);
      attempts.push(seen!.snapshot.record.attempts);
    }
    assert.deepEqual(attempts, [1, 2, 3]);
  },
);

eachEngine("snapshotDue() does not touch attacks whose source is still at it", async (open) => {
  using buffer = open();
  await accept(buffer, [guess()], START);
  await accept(buffer, [guess()], START + 10 * MINUTE);
  const { snapshot } = freezing(START);
  assert.equal(await buffer.outbox.snapshotDue(DUE, 10, START + 25 * MINUTE - 1, snapshot), 0);
  assert.equal(await buffer.outbox.snapshotDue(DUE, 10, START + 25 * MINUTE, snapshot), 1);
});

eachEngine(
  "snapshotDue() does not wait longer than max_hold for a source that never rests",
  async (open) => {
    using buffer = open();
    for (let minute = 0; minute < 60; minute++) {
      await accept(buffer, [guess()], START + minute * MINUTE);
      const { snapshot } = freezing(START);
      assert.equal(await buffer.outbox.snapshotDue(DUE, 10, START + minute * MINUTE, snapshot), 0);
    }
    const { seen, snapshot } = freezing(START);
    assert.equal(await buffer.outbox.snapshotDue(DUE, 10, START + 60 * MINUTE, snapshot), 1);
    assert.equal(seen[0]!.snapshot.record.attempts, 60);
  },
);

eachEngine("snapshotDue() takes at once what is due at once", async (open) => {
  using buffer = open();
  await accept(buffer, [guess()], START);
  const { snapshot } = freezing(START);
  assert.equal(await buffer.outbox.snapshotDue({ ...DUE, periodMs: 0 }, 10, START, snapshot), 1);
});

eachEngine("snapshotDue() takes so many at most, the longest open first", async (open) => {
  using buffer = open();
  for (const [index, ip] of [OTHER_IP, IP, "218.92.0.112"].entries()) {
    await accept(buffer, [guess("root", ip)], START - index);
  }
  const { seen, snapshot } = freezing(START);
  assert.equal(await buffer.outbox.snapshotDue(AT_ONCE, 2, START, snapshot), 2);
  assert.deepEqual(seen.map(({ attack }) => attack.sourceIp), ["218.92.0.112", IP]);
});

eachEngine("snapshotDue() loses no attack when building a snapshot fails", async (open) => {
  using buffer = open();
  await accept(buffer, [guess(), guess("root", OTHER_IP)]);
  const { snapshot } = freezing(START);
  const failing = (attack: Attack, record: SourceRecord | undefined) => {
    if (attack.sourceIp === IP) throw new Error("no");
    return snapshot(attack, record);
  };
  await assert.rejects(buffer.outbox.snapshotDue(AT_ONCE, 10, START, failing));
  const { pendingAttacks, pendingAttempts, waiting } = await buffer.views.status();
  assert.deepEqual([pendingAttacks, pendingAttempts, waiting], [2, 2, 0]);
});

eachEngine(
  "snapshotDue() leaves new attempts to a new attack, which knows what was reported",
  async (open) => {
    using buffer = open();
    await accept(buffer, [guess("root"), guess("pi")], START);
    const [first] = await snapshotAll(buffer, START);
    assert.equal(first!.record, undefined);
    assert.equal((await buffer.views.status()).pendingAttacks, 0);
    await accept(buffer, [guess("root")], START + MINUTE);
    const { pendingAttacks, pendingAttempts } = await buffer.views.status();
    assert.deepEqual([pendingAttacks, pendingAttempts], [1, 1]);
    const [second] = await snapshotAll(buffer, START + MINUTE);
    assert.equal(second!.attack.openedAt, START + MINUTE);
    assert.equal(second!.attack.alerts, 1);
    assert.deepEqual(second!.record, first!.snapshot.record);
    assert.deepEqual(second!.snapshot.record.usernames, { root: 2, pi: 1 });
    assert.deepEqual([second!.snapshot.record.attempts, second!.snapshot.record.alerts], [3, 3]);
    assert.equal(second!.snapshot.record.eventUuid, "fa04dc62-89e1-5024-b207-249034a5af55");
  },
);

Deno.test("snapshotDue() builds while others write, and counts what they add meanwhile", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  using buffer = new SqliteBuffer(path, START);
  using other = new SqliteBuffer(path, START);
  await accept(buffer, [guess("root", IP), guess("root", OTHER_IP)]);
  const { seen, snapshot } = freezing(START);
  let writing: Promise<unknown> | undefined;
  const taken = await buffer.outbox.snapshotDue(AT_ONCE, 10, START, (attack, record) => {
    // A lock that is held here would keep the other waiting for ever: both are of one thread.
    if (attack.sourceIp === IP) writing ??= accept(other, [guess("admin", IP)], START + 1);
    return snapshot(attack, record);
  });
  await writing;
  assert.equal(taken, 2);
  const built = seen.map(({ attack, snapshot }) =>
    `${attack.sourceIp} ${snapshot.record.attempts}`
  );
  assert.deepEqual(built, [`${OTHER_IP} 1`, `${IP} 1`, `${IP} 2`]);
  const reports = await buffer.outbox.reportsToTry(["feed"], 10, Infinity);
  assert.deepEqual(
    reports.map(({ sourceIp, attempts }) => `${sourceIp} ${attempts}`).sort(),
    [`${OTHER_IP} 1`, `${IP} 2`],
  );
  assert.equal((await buffer.views.status()).pendingAttacks, 0);
});

Deno.test("snapshotDue() leaves an attack to the publisher that took it meanwhile", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  using buffer = new SqliteBuffer(path, START);
  await accept(buffer, [guess()]);
  const { seen, snapshot } = freezing(START);
  let isFirst = true;
  const taken = await buffer.outbox.snapshotDue(AT_ONCE, 10, START, (attack, record) => {
    if (isFirst) takeAll(path);
    isFirst = false;
    return snapshot(attack, record);
  });
  assert.deepEqual([taken, seen.length], [0, 1]);
  assert.deepEqual(await buffer.outbox.reportsToTry(["feed"], 10, Infinity), []);
});

/** Takes all attacks away as a publisher does, at once. */
function takeAll(path: string): void {
  const db = new DatabaseSync(path);
  db.exec("DELETE FROM attack; DELETE FROM attack_connection; DELETE FROM attack_username");
  db.close();
}

eachEngine("status() of an empty buffer is all zeros", async (open) => {
  using buffer = open();
  const { bytes, ...status } = await buffer.views.status();
  assert.ok(bytes > 0 && bytes < 1024 * 1024, String(bytes));
  assert.deepEqual(status, {
    pendingAttacks: 0,
    pendingAttempts: 0,
    oldestOpenedAt: undefined,
    waiting: 0,
    delivered: 0,
    refused: 0,
    dropped: 0,
    knownSources: 0,
    expired: 0,
    expiredItems: 0,
    lastDeliveredAt: undefined,
    lastAcceptedAt: undefined,
    paused: [],
    lastError: undefined,
    accepted: 0,
    duplicate: 0,
    spoofedSrcip: 0,
    sessions: { sessions: 0, logins: 0, payloads: 0, hashes: 0 },
    ignored: new Map(),
    evicted: { alertIds: 0, usernames: 0, passwords: 0, commands: 0 },
  });
});
