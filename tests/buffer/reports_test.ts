import assert from "node:assert/strict";
import type { RefusedReports } from "../../src/buffer/views.ts";
import { DatabaseSync } from "node:sqlite";
import type { Buffer } from "../../src/buffer/buffer.ts";
import type { Lease } from "../../src/buffer/leases.ts";
import type { Report } from "../../src/model.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { snapshotAttack, type SnapshotRules } from "../../src/publish/snapshot.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { tempFolder } from "../support/temp.ts";
import { eachEngine } from "./sqlite_rig.ts";

const IP = "82.202.219.155";
const OTHER_IP = "192.241.237.101";
const THIRD_IP = "212.64.151.233";
const START = Date.UTC(2026, 7, 23, 6);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const DUE = { periodMs: 0, maxHoldMs: 0, sinks: ["misp" as const] };
const PUBLISH = { name: "publish", owner: "somebody" };

/** One guess of a source, frozen into reports. */
async function snapshot(
  buffer: Buffer,
  ip = IP,
  now = START,
  sinks: SnapshotRules["sinks"] = ["misp"],
): Promise<void> {
  const message = `Failed password for root from ${ip} port 51676 ssh2`;
  await buffer.intake.accept([decideDefault(sshdAlert({ message }))], { maxUsernames: 100 }, now);
  const rules = { ...PLAIN_SNAPSHOT_RULES, sinks };
  await buffer.outbox.snapshotDue(
    DUE,
    10,
    now,
    (attack, record) => snapshotAttack(attack, record, rules, { now }),
  );
}

async function publishing(buffer: Buffer, now = START): Promise<Lease> {
  const lease = await buffer.leases.take("publish", "publisher", MINUTE, now);
  assert.ok(lease);
  return lease;
}

async function pending(buffer: Buffer, ip = IP): Promise<Report> {
  const reports = await buffer.outbox.reportsToTry(["misp", "feed"], 10, Infinity);
  const report = reports.find(({ sourceIp }) => sourceIp === ip);
  assert.ok(report);
  return report;
}

/** A report of a source that MISP refused. */
async function refused(buffer: Buffer, ip = IP, now = START): Promise<Report> {
  await snapshot(buffer, ip, now);
  const lease = await publishing(buffer, now);
  const report = await pending(buffer, ip);
  await buffer.outbox.markRefused(lease, report, "no right to add events", now + 1);
  await buffer.leases.release(lease);
  return report;
}

async function delivered(buffer: Buffer, ip = IP, now = START): Promise<Report> {
  await snapshot(buffer, ip, now);
  const lease = await publishing(buffer, now);
  const report = await pending(buffer, ip);
  await buffer.outbox.markDelivered(lease, report, "", now + 1);
  await buffer.leases.release(lease);
  return report;
}

eachEngine(
  "listReports() lists the refused, the pending by their time, the delivered, newest first",
  async (open) => {
    using buffer = open();
    await delivered(buffer, "9.0.0.1", START);
    await delivered(buffer, "9.0.0.2", START + 5);
    await refused(buffer, "9.0.0.3", START);
    await refused(buffer, "9.0.0.4", START + 5);
    await snapshot(buffer, "9.0.0.5", START + 9);
    await snapshot(buffer, "9.0.0.6", START + 7);
    const { rows, counts } = await buffer.reports.list(50);
    assert.deepEqual(rows.map(({ sourceIp, state }) => `${sourceIp} ${state}`), [
      "9.0.0.4 refused",
      "9.0.0.3 refused",
      "9.0.0.6 pending",
      "9.0.0.5 pending",
      "9.0.0.2 delivered",
      "9.0.0.1 delivered",
    ]);
    assert.deepEqual(counts, { refused: 2, pending: 2, delivered: 2 });
    const newest = await buffer.reports.list(1);
    assert.deepEqual(newest.rows.map(({ sourceIp }) => sourceIp), [
      "9.0.0.4",
      "9.0.0.6",
      "9.0.0.2",
    ]);
    assert.deepEqual(newest.counts, counts);
    assert.equal((await buffer.reports.list(Infinity)).rows.length, 6);
  },
);

eachEngine(
  "listReports() says everything of a report, and when its paused sink is tried again",
  async (open) => {
    using buffer = open();
    await snapshot(buffer);
    const lease = await publishing(buffer);
    const report = await pending(buffer);
    await buffer.outbox.markRetry(lease, report, "busy", START + MINUTE, START + 2);
    await buffer.outbox.pauseSink(
      lease,
      { uuid: "", sink: "misp" },
      "down",
      () => 5 * MINUTE,
      START,
    );
    assert.deepEqual((await buffer.reports.list(50)).rows, [{
      uuid: report.uuid,
      sink: "misp",
      sourceIp: "82.202.219.155",
      eventUuid: report.eventUuid,
      state: "pending",
      attempts: 1,
      snapshotAt: START,
      tries: 1,
      nextTryAt: START + 5 * MINUTE,
      lastTriedAt: START + 2,
      lastError: "busy",
    }]);
  },
);

eachEngine(
  "findReports() finds by report, by event, by source, and what is not delivered",
  async (open) => {
    using buffer = open();
    const report = await refused(buffer);
    await delivered(buffer, OTHER_IP);
    const sources = async (meant: Parameters<typeof buffer.reports.find>[0]) =>
      (await buffer.reports.find(meant)).map(({ sourceIp }) => sourceIp);
    assert.deepEqual(await sources({ kind: "uuid", uuid: report.uuid }), ["82.202.219.155"]);
    assert.deepEqual(await sources({ kind: "uuid", uuid: report.eventUuid }), ["82.202.219.155"]);
    assert.deepEqual(await sources({ kind: "source", sourceIp: OTHER_IP }), ["192.241.237.101"]);
    assert.deepEqual(await sources({ kind: "source", sourceIp: THIRD_IP }), []);
    assert.deepEqual(await sources({ kind: "undelivered" }), ["82.202.219.155"]);
  },
);

eachEngine("reportBody() gives the bytes that are sent, until they are delivered", async (open) => {
  using buffer = open();
  const kept = await refused(buffer);
  const gone = await delivered(buffer, OTHER_IP);
  assert.equal(await buffer.reports.body(kept), kept.body);
  assert.equal(await buffer.reports.body(gone), undefined);
  assert.equal(await buffer.reports.body({ uuid: kept.uuid, sink: "feed" }), undefined);
});

eachEngine("retryReports() makes a refused report due at once, as if never tried", async (open) => {
  using buffer = open();
  const report = await refused(buffer);
  const later = START + MINUTE;
  assert.deepEqual(await buffer.reports.retry([report], PUBLISH, later), ["changed"]);
  assert.deepEqual(await buffer.outbox.reportsToTry(["misp"], 10, later), [report]);
  const { waiting, refused: n } = await buffer.views.status();
  assert.deepEqual([waiting, n], [1, 0]);
});

eachEngine("retryReports() brings a later try forward", async (open) => {
  using buffer = open();
  await snapshot(buffer);
  const lease = await publishing(buffer);
  const report = await pending(buffer);
  await buffer.outbox.markRetry(lease, report, "busy", START + DAY, START);
  await buffer.leases.release(lease);
  assert.deepEqual(await buffer.reports.retry([report], PUBLISH, START + 1), ["changed"]);
  assert.deepEqual(await buffer.outbox.reportsToTry(["misp"], 10, START + 1), [report]);
});

eachEngine("retryReports() and dropReports() leave delivered reports as they are", async (open) => {
  using buffer = open();
  const report = await delivered(buffer);
  assert.deepEqual(await buffer.reports.retry([report], PUBLISH, START), ["delivered"]);
  assert.deepEqual(await buffer.reports.drop([report], PUBLISH, START), ["delivered"]);
  const { waiting, delivered: n, dropped } = await buffer.views.status();
  assert.deepEqual([waiting, n, dropped], [0, 1, 0]);
});

eachEngine(
  "retryReports() finds a report gone that a later one of the event has replaced",
  async (open) => {
    using buffer = open();
    const report = await refused(buffer);
    await snapshot(buffer, IP, START + MINUTE);
    assert.deepEqual(await buffer.reports.retry([report], PUBLISH, START + MINUTE), ["gone"]);
    assert.deepEqual(await buffer.reports.drop([report], PUBLISH, START + MINUTE), ["gone"]);
    assert.equal((await pending(buffer)).attempts, 2);
  },
);

for (const laterState of ["pending", "delivered", "forgotten"] as const) {
  Deno.test(`retryReports() never lets older content overwrite newer: the later one is ${laterState}`, async () => {
    using folder = tempFolder();
    const path = folder.file("buffer.db");
    using buffer = new SqliteBuffer(path, START);
    const older = await refused(buffer);
    await snapshot(buffer, IP, START + MINUTE);
    if (laterState !== "pending") {
      const lease = await publishing(buffer);
      await buffer.outbox.markDelivered(lease, await pending(buffer), "", START + MINUTE + 1);
      await buffer.leases.release(lease);
    }
    leaveBehind(path, older, laterState === "forgotten");
    assert.deepEqual(await buffer.reports.retry([older], PUBLISH, START + DAY), ["superseded"]);
    const [row] = await buffer.reports.find({ kind: "uuid", uuid: older.uuid });
    assert.equal(row!.state, "refused");
    assert.deepEqual(await buffer.reports.drop([older], PUBLISH, START + DAY), ["changed"]);
  });
}

/** Puts a refused report back that freezing has removed, and removes the delivered one if asked to. */
function leaveBehind(path: string, report: Report, forgetsDelivered: boolean): void {
  const db = new DatabaseSync(path);
  const { uuid, sink, sourceIp, eventUuid, body, attempts, snapshotAt } = report;
  db.prepare(
    `INSERT INTO report (uuid, sink, source_ip, event_uuid, state, attempts, snapshot_at,
       next_try_at) VALUES (?, ?, ?, ?, 'refused', ?, ?, ?)`,
  ).run(uuid, sink, sourceIp, eventUuid, attempts, snapshotAt, snapshotAt);
  db.prepare("INSERT INTO report_body (uuid, sink, body) VALUES (?, ?, ?)").run(uuid, sink, body);
  if (forgetsDelivered) db.exec("DELETE FROM report WHERE state = 'delivered'");
  db.close();
}

eachEngine("retryReports() takes a report to each sink by itself", async (open) => {
  using buffer = open();
  await snapshot(buffer, IP, START, ["misp", "feed"]);
  const lease = await publishing(buffer);
  for (const report of await buffer.outbox.reportsToTry(["misp", "feed"], 10, START)) {
    if (report.sink === "feed") await buffer.outbox.markDelivered(lease, report, "", START);
    else await buffer.outbox.markRefused(lease, report, "no right", START);
  }
  await buffer.leases.release(lease);
  const found = await buffer.reports.find({ kind: "source", sourceIp: IP });
  assert.deepEqual(found.map(({ sink, state }) => [sink, state]), [
    ["misp", "refused"],
    ["feed", "delivered"],
  ]);
  assert.deepEqual(await buffer.reports.retry(found, PUBLISH, START), ["changed", "delivered"]);
});

eachEngine(
  "dropReports() removes for good and counts; the source's next report includes all",
  async (open) => {
    using buffer = open();
    const report = await refused(buffer);
    await snapshot(buffer, OTHER_IP);
    const waiting = await pending(buffer, OTHER_IP);
    assert.deepEqual(await buffer.reports.drop([report, waiting], PUBLISH, START), [
      "changed",
      "changed",
    ]);
    const status = await buffer.views.status();
    assert.deepEqual([status.dropped, status.refused, status.waiting, status.knownSources], [
      ...[2, 0, 0],
      2,
    ]);
    await snapshot(buffer, IP, START + MINUTE);
    const next = await pending(buffer);
    assert.equal(next.attempts, 2);
    assert.equal(next.eventUuid, report.eventUuid);
    assert.notEqual(next.uuid, report.uuid);
  },
);

eachEngine(
  "retryReports() and dropReports() change nothing while a publisher is at work",
  async (open) => {
    using buffer = open();
    const report = await refused(buffer);
    const lease = await publishing(buffer);
    assert.equal(await buffer.reports.retry([report], PUBLISH, START), undefined);
    assert.equal(await buffer.reports.drop([report], PUBLISH, START), undefined);
    assert.equal((await buffer.views.status()).refused, 1);
    await buffer.leases.release(lease);
    assert.deepEqual(await buffer.reports.drop([report], PUBLISH, START), ["changed"]);
  },
);

eachEngine(
  "retryReports() and dropReports() use a lease that is held, and keep it",
  async (open) => {
    using buffer = open();
    const report = await refused(buffer);
    const lease = await buffer.leases.take("publish", "me", MINUTE, START);
    assert.deepEqual(await buffer.reports.retry([report], lease!, START), ["changed"]);
    assert.equal(await buffer.leases.isHeld("publish", START), true);
    await buffer.leases.release(lease!);
    await publishing(buffer, START);
    assert.equal(await buffer.reports.drop([report], lease!, START), undefined);
    assert.equal((await buffer.views.status()).waiting, 1);
  },
);

eachEngine("refused() reads page by page, the latest first, up to a time", async (open) => {
  using buffer = open();
  for (const [index, ip] of ["9.0.0.1", "9.0.0.2", "9.0.0.3"].entries()) {
    await refused(buffer, ip, START + index);
  }
  const rowsOf = (found: RefusedReports) => buffer.reports.find({ kind: "keys", keys: found.rows });
  const ips = async (found: RefusedReports) =>
    (await rowsOf(found)).map(({ sourceIp }) => sourceIp);
  const first = await buffer.views.refused({ most: 2 });
  assert.deepEqual([await ips(first), first.count.value], [["9.0.0.3", "9.0.0.2"], 3]);
  const second = await buffer.views.refused({ most: 2, after: first.next });
  assert.deepEqual([await ips(second), second.next], [["9.0.0.1"], undefined]);
  const until = second.rows[0]!.at;
  assert.deepEqual(await ips(await buffer.views.refused({ most: 9, until })), ["9.0.0.1"]);
});

eachEngine(
  "dropReports() gives the lease up, and stops a publisher whose own has run out",
  async (open) => {
    using buffer = open();
    await snapshot(buffer);
    const late = await publishing(buffer, START);
    const report = await pending(buffer);
    const now = START + 2 * MINUTE;
    assert.deepEqual(await buffer.reports.drop([report], PUBLISH, now), ["changed"]);
    assert.equal(await buffer.leases.renew(late, MINUTE, now), false);
    await buffer.outbox.markDelivered(late, report, "", now);
    assert.deepEqual((await buffer.reports.list(50)).rows, []);
    assert.equal(await buffer.leases.isHeld("publish", now), false);
  },
);

Deno.test("dropReports() does not wait for the lease of a publisher that died", async () => {
  using folder = tempFolder();
  using buffer = new SqliteBuffer(folder.file("buffer.db"), START);
  const publisher = new SqliteBuffer(folder.file("buffer.db"), START);
  await snapshot(buffer);
  const report = await pending(buffer);
  await publisher.leases.take("publish", "publisher", MINUTE, START, true);
  assert.equal(await buffer.reports.drop([report], PUBLISH, START), undefined);
  // As the kernel does when a process ends.
  publisher[Symbol.dispose]();
  assert.deepEqual(await buffer.reports.drop([report], PUBLISH, START), ["changed"]);
});
