import assert from "node:assert/strict";
import type { Buffer } from "../../src/buffer/buffer.ts";
import type { SourceRecord } from "../../src/model.ts";
import { decide } from "../../src/intake/decide.ts";
import { closeDay, snapshotAttack } from "../../src/publish/snapshot.ts";
import { record as cowrieRecord, sessionRules } from "../cowrie/session_rig.ts";
import { defaultRules, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { eachEngine } from "./sqlite_rig.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOON = Date.UTC(2026, 10, 23, 12);
const MIDNIGHT = Date.UTC(2026, 10, 24);
const PART_2 = "906671e4-4aa1-5724-b2c0-8955ffd61fab";
const DAY_1 = "bc5c49ae-210a-5cfc-a64d-a9dc46534fc2";
const DAY_2 = "95db292e-f610-5342-8f19-7ffc47321c44";
const A = "82.202.219.155";
const B = "192.241.237.101";
const C = "212.64.151.233";
const DUE = { periodMs: 0, maxHoldMs: 60 * MINUTE, sinks: ["misp" as const] };

/** One guess from each source, frozen at once. */
async function guess(
  buffer: Buffer,
  now: number,
  sources: readonly string[],
  rules = PLAIN_SNAPSHOT_RULES,
  isOfDay = true,
): Promise<readonly SourceRecord[]> {
  const time = new Date(now).toISOString().replace("Z", "+0000");
  const decisions = sources.map((source) => {
    const message = `Failed password for root from ${source} port 51676 ssh2`;
    return decide(sshdAlert({ time, message }), defaultRules(), now);
  });
  await buffer.intake.accept(decisions, { maxUsernames: 100 }, now);
  const records: SourceRecord[] = [];
  await buffer.outbox.snapshotDue(DUE, 1000, now, (attack, record, findDaySlot) => {
    const snapshot = snapshotAttack(attack, record, rules, {
      now,
      findDaySlot: isOfDay ? findDaySlot : undefined,
    });
    records.push(snapshot.record);
    return snapshot;
  });
  return records;
}

/** Freezes what closes the days that are over. */
const close = (buffer: Buffer, now: number) =>
  buffer.outbox.closeDays(
    now - DUE.maxHoldMs,
    (event, records) => closeDay(event, records, PLAIN_SNAPSHOT_RULES, now),
  );

/** The reports that wait, by source. */
async function waiting(buffer: Buffer) {
  const reports = await buffer.outbox.reportsToTry(["misp"], 10_000, Infinity);
  return reports.map(({ sourceIp, eventUuid, attempts }) => `${sourceIp} ${eventUuid} ${attempts}`)
    .sort();
}

const eventsOf = (records: readonly SourceRecord[]) => records.map((record) => record.eventUuid);

eachEngine(
  "snapshotDue() places the sources of a day in one event, those of two days in two",
  async (open) => {
    using buffer = open();
    assert.deepEqual(eventsOf(await guess(buffer, NOON, [A, B])), [DAY_1, DAY_1]);
    assert.deepEqual(eventsOf(await guess(buffer, MIDNIGHT - 1, [C])), [DAY_1]);
    assert.deepEqual(eventsOf(await guess(buffer, MIDNIGHT, ["80.94.95.112"])), [DAY_2]);
    assert.deepEqual(await waiting(buffer), [
      `${B} ${DAY_1} 1`,
      `${C} ${DAY_1} 1`,
      `80.94.95.112 ${DAY_2} 1`,
      `${A} ${DAY_1} 1`,
    ]);
  },
);

eachEngine("snapshotDue() keeps a source in the event of its first day", async (open) => {
  using buffer = open();
  await guess(buffer, NOON, [A]);
  const [later] = await guess(buffer, NOON + 2 * DAY, [A]);
  assert.deepEqual([later?.eventUuid, later?.openedOn, later?.attempts], [DAY_1, "2026-11-23", 2]);
  const [reopened] = await guess(buffer, NOON + 40 * DAY, [A]);
  assert.equal(reopened?.openedOn, "2027-01-02");
});

eachEngine(
  "snapshotDue() opens part 2 with the source that would be over 2,000 attributes",
  async (open) => {
    using buffer = open();
    const sources = Array.from({ length: 501 }, (_, at) => `82.202.${at >> 8}.${at & 255}`);
    const events = eventsOf(await guess(buffer, NOON, sources));
    const count = (uuid: string) => events.filter((one) => one === uuid).length;
    assert.deepEqual([count(DAY_1), count(PART_2)], [500, 1]);
    const [again] = await guess(buffer, NOON + MINUTE, ["82.202.0.0"]);
    assert.equal(again?.eventUuid, DAY_1);
  },
);

eachEngine(
  "snapshotDue() leaves a source in the event that it has when the setting changes",
  async (open) => {
    using buffer = open();
    const [own] = await guess(buffer, NOON, [A], PLAIN_SNAPSHOT_RULES, false);
    assert.notEqual(own?.eventUuid, DAY_1);
    assert.deepEqual(eventsOf(await guess(buffer, NOON + MINUTE, [A])), [own?.eventUuid]);
    assert.deepEqual(eventsOf(await guess(buffer, NOON + MINUTE, [B])), [DAY_1]);
    assert.deepEqual(eventsOf(await guess(buffer, NOON + DAY, [B], PLAIN_SNAPSHOT_RULES, false)), [
      DAY_1,
    ]);
  },
);

eachEngine(
  "closeDays() closes a day once, when it is over and its last attacks are due",
  async (open) => {
    using buffer = open();
    assert.equal(await buffer.outbox.nextDueAt({ ...DUE, sinks: [] }), undefined);
    await guess(buffer, NOON, [A, B]);
    const due = MIDNIGHT + 60 * MINUTE;
    assert.equal(await buffer.outbox.nextDueAt({ ...DUE, sinks: [] }), due);
    assert.equal(await close(buffer, due - 1), 0);
    assert.equal(await close(buffer, due), 1);
    assert.equal(await close(buffer, due + DAY), 0);
    assert.equal(await buffer.outbox.nextDueAt({ ...DUE, sinks: [] }), undefined);
    assert.deepEqual(await waiting(buffer), [
      `${B} ${DAY_1} 1`,
      `${A} ${DAY_1} 1`,
      `day 2026-11-23 ${DAY_1} 2`,
    ]);
  },
);

eachEngine(
  "closeDays() that is broken off leaves the day open, and is done once the next time",
  async (open) => {
    using buffer = open();
    await guess(buffer, NOON, [A]);
    const at = MIDNIGHT + 60 * MINUTE;
    const broken = buffer.outbox.closeDays(at, () => {
      throw new Error("a crash");
    });
    await assert.rejects(broken, /a crash/);
    assert.deepEqual(await waiting(buffer), [`${A} ${DAY_1} 1`]);
    assert.deepEqual([await close(buffer, at), await close(buffer, at)], [1, 0]);
  },
);

eachEngine(
  "closeDays() leaves a day closed whose source comes back, and closes it again for a new one",
  async (open) => {
    using buffer = open();
    await guess(buffer, NOON, [A]);
    const at = MIDNIGHT + 60 * MINUTE;
    await close(buffer, at);
    await guess(buffer, at, [A]);
    assert.equal(await close(buffer, at), 0);
    await guess(buffer, NOON + MINUTE, [B]);
    assert.equal(await close(buffer, at), 1);
    assert.deepEqual((await waiting(buffer)).at(-1), `day 2026-11-23 ${DAY_1} 3`);
  },
);

eachEngine(
  "closeDays() says nothing of a day none of whose sources was published",
  async (open) => {
    using buffer = open();
    await guess(buffer, NOON, [A], { ...PLAIN_SNAPSHOT_RULES, minAttempts: 5 });
    assert.equal(await close(buffer, MIDNIGHT + 60 * MINUTE), 1);
    assert.deepEqual(await waiting(buffer), []);
    assert.equal(await buffer.outbox.nextDueAt({ ...DUE, sinks: [] }), undefined);
  },
);

eachEngine("findDaySlot() counts what a source of the day brings later", async (open) => {
  using buffer = open();
  await guess(buffer, NOON, [A]);
  const time = new Date(NOON).toISOString().replace("Z", "+0000");
  const decisions = Array.from({ length: 12 }, (_, at) =>
    decide(
      {
        ...cowrieRecord({
          ...{ eventid: "cowrie.session.file_download", src_ip: A },
          ...{ shasum: at.toString(16).padStart(64, "0"), url: `http://203.0.113.9/${at}.sh` },
        }),
        timestamp: time,
      },
      sessionRules(),
      NOON,
    ));
  await buffer.intake.accept(decisions, { maxUsernames: 100 }, NOON);
  const [grown] = await guess(buffer, NOON, [A]);
  assert.equal(grown?.session?.items.length, 12);
  const others = Array.from({ length: 499 }, (_, at) => `82.7.${at >> 8}.${at & 255}`);
  const parts = (await guess(buffer, NOON, others)).map(({ part }) => part);
  // Ten files, each with a name and an address, take 30 of the 2,000 attributes of a part.
  assert.equal(parts.filter((part) => part === 2).length, 8);
});
