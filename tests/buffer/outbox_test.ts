import assert from "node:assert/strict";
import {
  accept,
  DAY,
  DUE,
  eachEngine,
  guess,
  lease,
  MINUTE,
  onlyReport,
  snapshotAll,
  START,
} from "./sqlite_rig.ts";

eachEngine(
  "snapshotDue() supersedes a waiting report of the same event, sink by sink",
  async (open) => {
    using buffer = open();
    await accept(buffer, [guess()]);
    await snapshotAll(buffer, START, ["feed", "misp"]);
    const held = await lease(buffer);
    const [toFeed] = await buffer.outbox.reportsToTry(["feed"], 10, START);
    await buffer.outbox.markDelivered(held, toFeed!, "", START);
    const [toMisp] = await buffer.outbox.reportsToTry(["misp"], 10, START);
    await buffer.outbox.markRetry(held, toMisp!, "MISP is asleep", START + DAY, START);
    await accept(buffer, [guess()], START + 1);
    await snapshotAll(buffer, START + 1, ["feed", "misp"]);
    const reports = await buffer.outbox.reportsToTry(["feed", "misp"], 10, START + 1);
    assert.deepEqual(
      reports.map(({ uuid, sink, attempts, tries, isKnownThere }) => [
        ...[uuid, sink, attempts, tries, isKnownThere],
      ]).sort(),
      [
        ["4d791ede-cb69-52b8-b4ce-5ed25132ef9d", "feed", 2, 0, true],
        ["4d791ede-cb69-52b8-b4ce-5ed25132ef9d", "misp", 2, 0, false],
      ],
    );
    const { waiting, delivered } = await buffer.views.status();
    assert.deepEqual([waiting, delivered], [2, 1]);
  },
);

eachEngine(
  "markDelivered() of a report that was superseded on its way leaves the newer one waiting",
  async (open) => {
    using buffer = open();
    await accept(buffer, [guess()]);
    await snapshotAll(buffer, START);
    const held = await lease(buffer);
    const old = await onlyReport(buffer);
    await accept(buffer, [guess()], START + 1);
    await snapshotAll(buffer, START + 1);
    await buffer.outbox.markDelivered(held, old, "", START + 2);
    assert.equal((await onlyReport(buffer)).attempts, 2);
  },
);

eachEngine("markDelivered() ends a report, and the next one of the event knows", async (open) => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await snapshotAll(buffer, START);
  assert.equal((await onlyReport(buffer)).isKnownThere, false);
  await buffer.outbox.markDelivered(await lease(buffer), await onlyReport(buffer), "", START + 7);
  assert.deepEqual(await buffer.outbox.reportsToTry(["feed"], 10, Infinity), []);
  const { waiting, delivered, lastDeliveredAt } = await buffer.views.status();
  assert.deepEqual([waiting, delivered, lastDeliveredAt], [0, 1, START + 7]);
  await accept(buffer, [guess()], START + 8);
  await snapshotAll(buffer, START + 8);
  assert.equal((await onlyReport(buffer)).isKnownThere, true);
});

eachEngine("markRefused() ends a report with its reason and keeps it", async (open) => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await snapshotAll(buffer, START);
  await buffer.outbox.markRefused(
    await lease(buffer),
    await onlyReport(buffer),
    "bad ip",
    START + 7,
  );
  assert.deepEqual(await buffer.outbox.reportsToTry(["feed"], 10, Infinity), []);
  const { waiting, refused, lastError } = await buffer.views.status();
  assert.deepEqual([waiting, refused, lastError], [0, 1, { at: START + 7, text: "bad ip" }]);
});

eachEngine("markRetry() puts a report off with the same bytes", async (open) => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await snapshotAll(buffer, START);
  const before = await onlyReport(buffer);
  await buffer.outbox.markRetry(await lease(buffer), before, "later", START + MINUTE, START);
  assert.deepEqual(await buffer.outbox.reportsToTry(["feed"], 10, START + MINUTE - 1), []);
  assert.equal(await buffer.outbox.nextDueAt(DUE), START + MINUTE);
  assert.deepEqual(await onlyReport(buffer, START + MINUTE), { ...before, tries: 1 });
});

eachEngine(
  "markDelivered(), markRefused(), markRetry() and pauseSink() of a publisher that was overtaken change nothing",
  async (open) => {
    using buffer = open();
    await accept(buffer, [guess()]);
    await snapshotAll(buffer, START);
    const late = await lease(buffer);
    await buffer.leases.take("publish", "another", MINUTE, START + 2 * MINUTE);
    const report = await onlyReport(buffer);
    await buffer.outbox.markDelivered(late, report, "", START);
    await buffer.outbox.markRefused(late, report, "no", START);
    await buffer.outbox.markRetry(late, report, "no", START + DAY, START);
    await buffer.outbox.pauseSink(late, { uuid: "", sink: "feed" }, "no", () => DAY, START);
    assert.deepEqual(await onlyReport(buffer, START), report);
    const { paused, lastError, delivered, refused } = await buffer.views.status();
    assert.deepEqual([paused, lastError, delivered, refused], [[], undefined, 0, 0]);
  },
);

eachEngine(
  "pauseSink() holds a sink's reports back, longer each time, and no other's",
  async (open) => {
    using buffer = open();
    await accept(buffer, [guess()]);
    await snapshotAll(buffer, START, ["feed", "misp"]);
    const held = await lease(buffer);
    const failures: number[] = [];
    const pause = (count: number) => {
      failures.push(count);
      return count * MINUTE;
    };
    await buffer.outbox.pauseSink(held, { uuid: "", sink: "misp" }, "unreachable", pause, START);
    const sinksOf = async (at: number) =>
      (await buffer.outbox.reportsToTry(["feed", "misp"], 10, at)).map(({ sink }) => sink);
    assert.deepEqual(await sinksOf(START), ["feed"]);
    assert.deepEqual(await sinksOf(START + MINUTE), ["feed", "misp"]);
    assert.deepEqual(await sinksOf(Infinity), ["feed", "misp"]);
    assert.equal(await buffer.outbox.nextDueAt({ ...DUE, sinks: ["misp"] }), START + MINUTE);
    assert.equal(await buffer.outbox.nextDueAt(DUE), START);
    await buffer.outbox.pauseSink(
      held,
      { uuid: "", sink: "misp" },
      "still unreachable",
      pause,
      START + MINUTE,
    );
    assert.deepEqual(failures, [1, 2]);
    assert.deepEqual((await buffer.views.status()).paused, [
      { sink: "misp", until: START + 3 * MINUTE, since: START, reason: "still unreachable" },
    ]);
  },
);

eachEngine(
  "pauseSink() forgets when a report was to be tried by a clock that was set back since",
  async (open) => {
    using buffer = open();
    await accept(buffer, [guess()]);
    await snapshotAll(buffer, START);
    const held = await lease(buffer);
    const pause = async (now: number) =>
      await buffer.outbox.pauseSink(held, await onlyReport(buffer, now), "down", () => MINUTE, now);
    await pause(START + DAY);
    // It is tried at once, and meets the same trouble.
    await pause(START + MINUTE);
    assert.equal(await buffer.outbox.nextDueAt(DUE, START + MINUTE), START + 2 * MINUTE);
    assert.equal((await buffer.outbox.reportsToTry(["feed"], 10, START + 2 * MINUTE)).length, 1);
  },
);

eachEngine(
  "pauseSink() is over with the first report that is sent afterwards and delivered",
  async (open) => {
    using buffer = open();
    await accept(buffer, [guess()]);
    await snapshotAll(buffer, START);
    const held = await lease(buffer);
    await buffer.outbox.pauseSink(held, { uuid: "", sink: "feed" }, "full", () => DAY, START);
    await buffer.outbox.markDelivered(held, await onlyReport(buffer), "", START + 2, START + 1);
    assert.deepEqual((await buffer.views.status()).paused, []);
  },
);

eachEngine("pauseSink() is not over with a report that was on its way by then", async (open) => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await snapshotAll(buffer, START);
  const held = await lease(buffer);
  await buffer.outbox.pauseSink(held, { uuid: "", sink: "feed" }, "429", () => DAY, START);
  await buffer.outbox.markDelivered(held, await onlyReport(buffer), "", START + 2, START);
  assert.deepEqual((await buffer.views.status()).paused.map(({ until }) => until), [START + DAY]);
});

eachEngine(
  "pauseSink() is over with a report that is delivered after the clock was set back",
  async (open) => {
    using buffer = open();
    await accept(buffer, [guess()]);
    await snapshotAll(buffer, START);
    const held = await lease(buffer);
    const ahead = START + DAY;
    await buffer.outbox.pauseSink(held, { uuid: "", sink: "feed" }, "full", () => DAY, ahead);
    await buffer.outbox.markDelivered(held, await onlyReport(buffer), "", START + 2, START + 1);
    assert.deepEqual((await buffer.views.status()).paused, []);
  },
);

eachEngine("pauseSink() does not shorten a pause that was asked for", async (open) => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await snapshotAll(buffer, START);
  const held = await lease(buffer);
  const pause = (milliseconds: number) =>
    buffer.outbox.pauseSink(held, { uuid: "", sink: "feed" }, "429", () => milliseconds, START);
  await pause(10 * MINUTE);
  await pause(1000);
  const { paused } = await buffer.views.status();
  assert.deepEqual(paused.map(({ until }) => until), [START + 10 * MINUTE]);
});

eachEngine("nextDueAt() says when the first attack, report or sink comes up", async (open) => {
  using buffer = open();
  assert.equal(await buffer.outbox.nextDueAt(DUE), undefined);
  await accept(buffer, [guess()], START);
  assert.equal(await buffer.outbox.nextDueAt(DUE), START + 15 * MINUTE);
  for (let minute = 10; minute <= 50; minute += 10) {
    await accept(buffer, [guess()], START + minute * MINUTE);
  }
  assert.equal(await buffer.outbox.nextDueAt(DUE), START + 60 * MINUTE);
  await snapshotAll(buffer, START + 60 * MINUTE, ["misp"]);
  assert.equal(await buffer.outbox.nextDueAt(DUE), START + 60 * MINUTE);
  assert.equal(await buffer.outbox.nextDueAt({ ...DUE, sinks: ["feed"] }), undefined);
});
