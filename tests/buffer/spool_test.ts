import assert from "node:assert/strict";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { decideItem } from "../../src/intake/decide.ts";
import { readLine } from "../../src/wazuh/alert_file.ts";
import { numberedAlert, numbers } from "../faults/numbered.ts";
import { defaultRules, sshdAlert } from "../support/fixtures.ts";

const NOW = Date.UTC(2026, 7, 23, 6);
const LIMITS = { maxUsernames: 100 };
const RULES = { ...defaultRules(), keepsText: true };

const decideValue = (value: unknown) => decideItem({ value, where: "" }, RULES, NOW);
const numbered = (of: readonly number[]) =>
  of.map((number) => decideValue(numberedAlert(number, 5)));

Deno.test("accept() spools an alert that is forwarded and makes no attack of it", async () => {
  using buffer = new SqliteBuffer(":memory:", NOW);
  const alert = sshdAlert();
  const line = JSON.stringify(alert);
  const [written] = readLine(line, "line");
  const decisions = [
    decideItem(written!, RULES, NOW),
    decideValue(alert),
    decideValue(sshdAlert({ agent: "web" })),
  ];
  const { accepted, duplicate, ignored } = await buffer.intake.accept(decisions, LIMITS, NOW);
  assert.deepEqual([accepted, duplicate, [...ignored]], [1, 1, [["not_honeypot", 1]]]);
  assert.deepEqual(await buffer.spool.oldest(10, 1e6), [{ number: 1, body: line }]);
  assert.equal((await buffer.views.status()).pendingAttacks, 0);
});

Deno.test("accept() moves a checkpoint only together with the alerts that it spools", async () => {
  using buffer = new SqliteBuffer(":memory:", NOW);
  const checkpoint = {
    ...{ stream: "alerts", name: "", device: "1", inode: "2", offset: 77, fingerprint: "f" },
  };
  const followed = { checkpoint, lines: 1, skipped: 0, rotations: 0 };
  await buffer.intake.accept(numbered([1]), LIMITS, NOW, followed);
  const full = { ...LIMITS, maxBytes: 1 };
  const later = { ...followed, checkpoint: { ...checkpoint, offset: 99 } };
  await assert.rejects(
    buffer.intake.accept(numbered([2]), full, NOW, later),
    /fill buffer.max_bytes 1;/,
  );
  assert.equal((await buffer.intake.followState("alerts"))?.offset, 77);
  assert.equal((await buffer.spool.status()).waiting, 1);
});

Deno.test("accept() refuses alerts once those that wait fill the buffer, and drops none", async () => {
  using buffer = new SqliteBuffer(":memory:", NOW);
  const limits = { ...LIMITS, maxBytes: 100_000 };
  let taken = 0;
  await assert.rejects(async () => {
    for (;;) {
      await buffer.intake.accept(numbered([taken]), limits, NOW);
      taken++;
    }
  }, { name: "SpoolFull" });
  const { waiting, bytes, oldestAddedAt } = await buffer.spool.status();
  assert.deepEqual([waiting, oldestAddedAt], [taken, NOW]);
  assert.ok(bytes >= 100_000 && bytes < 101_000, String(bytes));
  // What takes no room is taken.
  assert.equal((await buffer.intake.accept(numbered([0]), limits, NOW)).duplicate, 1);
  const lease = (await buffer.leases.take("forward", "me", 60_000, NOW))!;
  const sent = await buffer.spool.oldest(10, 1e6);
  const arrived = {
    accepted: sent.map(({ number }) => number),
    refused: [],
    duplicate: 0,
    ignored: 0,
  };
  assert.equal(await buffer.spool.markForwarded(lease, arrived, NOW), true);
  // A refused one was not remembered: it comes again.
  assert.equal((await buffer.intake.accept(numbered([taken]), limits, NOW)).accepted, 1);
});

Deno.test("accept() takes an alert that is larger than the limit while nothing waits", async () => {
  using buffer = new SqliteBuffer(":memory:", NOW);
  assert.equal(
    (await buffer.intake.accept(numbered([1]), { ...LIMITS, maxBytes: 1 }, NOW)).accepted,
    1,
  );
});

Deno.test("alertsToForward() stays within its bytes, and always gives one", async () => {
  using buffer = new SqliteBuffer(":memory:", NOW);
  await buffer.intake.accept(numbered(numbers(0, 10)), LIMITS, NOW);
  const [first] = await buffer.spool.oldest(1, 1);
  assert.equal(first?.number, 1);
  assert.equal((await buffer.spool.oldest(10, 1)).length, 1);
  assert.equal((await buffer.spool.oldest(10, 3 * first.body.length + 10)).length, 3);
  assert.equal((await buffer.spool.oldest(4, 1e6)).length, 4);
});

Deno.test("markForwarded() takes nothing out for who does not hold the lease", async () => {
  using buffer = new SqliteBuffer(":memory:", NOW);
  await buffer.intake.accept(numbered([1]), LIMITS, NOW);
  const late = (await buffer.leases.take("forward", "late", 1000, NOW))!;
  const holder = (await buffer.leases.take("forward", "holder", 1000, NOW + 1000))!;
  const arrived = { accepted: [1], refused: [], duplicate: 0, ignored: 0 };
  assert.equal(await buffer.spool.markForwarded(late, arrived, NOW), false);
  // As it may be in a buffer that took the place of a damaged one.
  const namesake = { ...holder, owner: "late" };
  assert.equal(await buffer.spool.markForwarded(namesake, arrived, NOW), false);
  assert.equal((await buffer.spool.status()).waiting, 1);
  assert.equal(await buffer.spool.markForwarded(holder, arrived, NOW), true);
});

Deno.test("releaseLeaseUnlessDue() keeps the lease while an alert waits to be forwarded, however long", async () => {
  using buffer = new SqliteBuffer(":memory:", NOW);
  const due = { periodMs: 0, maxHoldMs: 0, sinks: [], forwards: true };
  const lease = (await buffer.leases.take("stay", "me", 60_000, NOW))!;
  await buffer.intake.accept(numbered([1]), LIMITS, NOW);
  const forwarder = (await buffer.leases.take("forward", "me", 60_000, NOW))!;
  await buffer.spool.pause(forwarder, "away", () => 30 * 60_000, NOW);
  assert.equal(await buffer.outbox.releaseUnlessDue(lease, due, NOW), false);
  assert.equal(await buffer.outbox.releaseUnlessDue(lease, { ...due, forwards: false }, NOW), true);
});

Deno.test("forwardDueAt() is not held up by a pause of a clock that was set back since", async () => {
  using buffer = new SqliteBuffer(":memory:", NOW);
  await buffer.intake.accept(numbered([1]), LIMITS, NOW);
  const lease = (await buffer.leases.take("forward", "me", 60_000, NOW))!;
  await buffer.spool.pause(lease, "away", () => 60_000, NOW);
  assert.equal(await buffer.spool.dueAt(NOW), NOW + 60_000);
  assert.equal(await buffer.spool.dueAt(NOW - 2 * 60 * 60_000), 0);
});
