import assert from "node:assert/strict";
import type { Attack, EvidenceRow, Snapshot, SourceRecord } from "../../src/model.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import { totalsOf } from "../../src/buffer/totals.ts";
import { updateRecord } from "../../src/publish/source_record.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";

const START = Date.UTC(2026, 10, 23, 1, 21);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const RULES = { ...PLAIN_SNAPSHOT_RULES, sinks: ["feed", "misp"] } as const;

/** An attack of one connection with `sshd` guesses. */
function attackOf(changes: Partial<Attack> = {}, sshd = 3): Attack {
  const { openedAt = START } = changes;
  return {
    sourceIp: "82.202.219.155",
    firstSeen: Date.UTC(2026, 7, 23, 6, 14),
    lastSeen: Date.UTC(2026, 7, 23, 6, 20),
    openedAt,
    touchedAt: openedAt,
    alerts: 3,
    compromisedAt: undefined,
    services: ["ssh"],
    sourceLocation: undefined,
    furtherUsernames: 0,
    manager: "wazuh-manager-01",
    evidence: [row({ sshd, touchedAt: openedAt })],
    usernames: [],
    passwords: {},
    sensors: [],
    hours: [],
    techniques: [],
    ...changes,
  };
}

function row(changes: Partial<EvidenceRow>): EvidenceRow {
  return {
    sensor: "007@wazuh-manager-01",
    pid: 26279,
    location: "journald",
    sshd: 0,
    pamError: 0,
    refused: 0,
    pam: 0,
    connect: 0,
    touchedAt: START,
    ...changes,
  };
}

const snapshot = (attack: Attack, record: SourceRecord | undefined, now = START): Snapshot =>
  snapshotAttack(attack, record, RULES, { now });

Deno.test("snapshotAttack() gives event and report the same uuids for the same attack", () => {
  const { record, reports } = snapshot(attackOf(), undefined);
  assert.equal(record.eventUuid, "fa04dc62-89e1-5024-b207-249034a5af55");
  assert.equal(record.openedOn, "2026-08-23");
  assert.deepEqual(reports.map(({ uuid, sink, eventUuid }) => [uuid, sink, eventUuid]), [
    ["1b92157d-2fa5-5921-85af-ae1b93db3781", "feed", "fa04dc62-89e1-5024-b207-249034a5af55"],
    ["1b92157d-2fa5-5921-85af-ae1b93db3781", "misp", "fa04dc62-89e1-5024-b207-249034a5af55"],
  ]);
  assert.equal(reports[0]!.body, reports[1]!.body);
  assert.equal(snapshot(attackOf(), undefined, START + 1).reports[0]!.body, reports[0]!.body);
});

Deno.test("snapshotAttack() keeps the event while the attacker keeps coming back", () => {
  const { record } = snapshot(attackOf(), undefined);
  const firstSeen = record.lastSeen + 30 * DAY;
  const later = attackOf({ firstSeen, lastSeen: firstSeen, openedAt: START + 30 * DAY }, 2);
  const again = snapshot(later, record, START + 30 * DAY);
  assert.equal(again.record.eventUuid, "fa04dc62-89e1-5024-b207-249034a5af55");
  assert.equal(again.reports[0]!.uuid, "4d791ede-cb69-52b8-b4ce-5ed25132ef9d");
  assert.equal(again.record.openedOn, "2026-08-23");
});

Deno.test("snapshotAttack() opens a new event after long silence, and counts from nothing", () => {
  const first = snapshot(attackOf(), undefined).record;
  const firstSeen = first.lastSeen + 30 * DAY + 60 * MINUTE;
  const openedAt = START + 30 * DAY + 60 * MINUTE;
  const evidence = [row({ sshd: 3 }), row({ pid: 9, sshd: 2, touchedAt: openedAt })];
  const again = snapshot(attackOf({ firstSeen, lastSeen: firstSeen, openedAt, evidence }), first);
  assert.equal(again.record.openedOn, "2026-09-22");
  assert.notEqual(again.record.eventUuid, "fa04dc62-89e1-5024-b207-249034a5af55");
  assert.deepEqual([again.record.attempts, again.record.reports, again.record.alerts], [2, 1, 3]);
  assert.equal(again.record.firstSeen, firstSeen);
  assert.deepEqual(again.compacted.map(({ pid }) => pid), [26279]);
});

Deno.test("snapshotAttack() through the buffer counts old connections not again in a new event", async () => {
  using buffer = new SqliteBuffer(":memory:", START);
  const records: SourceRecord[] = [];
  const times = ["2026-08-23T06:14:07.412+0000", "2026-09-23T06:14:07.412+0000"];
  for (const [index, time] of times.entries()) {
    const now = START + index * 31 * DAY;
    const alerts = [1, 2].map(() => decideDefault(sshdAlert({ time, pid: 100 + index })));
    await buffer.intake.accept(alerts, { maxUsernames: 100 }, now);
    const due = { periodMs: 0, maxHoldMs: 0, sinks: [] };
    await buffer.outbox.snapshotDue(due, 1, now, (attack, record) => {
      const made = snapshot(attack, record, now);
      records.push(made.record);
      return made;
    });
  }
  assert.deepEqual(records.map(({ eventUuid, attempts }) => [eventUuid, attempts]), [
    ["fa04dc62-89e1-5024-b207-249034a5af55", 2],
    ["dda7332f-a062-5327-90fb-04e6a1b84d95", 2],
  ]);
});

Deno.test("snapshotAttack() remembers a source below min_attempts and reports it once it is there", () => {
  const rules = { ...RULES, minAttempts: 5 };
  const first = snapshotAttack(attackOf({}, 4), undefined, rules, { now: START });
  assert.deepEqual([first.reports, first.record.attempts], [[], 4]);
  const second = snapshotAttack(attackOf({}, 5), first.record, rules, { now: START });
  assert.deepEqual(second.reports.map(({ attempts }) => attempts), [5, 5]);
});

Deno.test("snapshotAttack() names the publisher that was set, whatever the manager is called", () => {
  const rules = { ...RULES, publisher: "honeypot.example" };
  const attack = attackOf({
    sourceIp: "2001:db8:bad:cafe::17",
    firstSeen: Date.UTC(2026, 10, 23, 23, 59),
  });
  const { record } = snapshotAttack(attack, undefined, rules, { now: START });
  assert.equal(record.eventUuid, "9bdf33f3-486b-5235-9192-3a52c8e3944c");
});

Deno.test("updateRecord() compacts connections that are over, at every location together", () => {
  const now = START + 60 * MINUTE;
  const attack = attackOf({
    evidence: [
      row({ pid: 1, sshd: 2, touchedAt: START - 1 }),
      row({ pid: 2, sshd: 3, touchedAt: START - 1 }),
      row({ pid: 2, sshd: 3, location: "/var/log/auth.log", touchedAt: START }),
    ],
  });
  const { record, compacted } = updateRecord(attack, undefined, RULES, { now });
  assert.deepEqual(compacted.map(({ pid }) => pid), [1]);
  assert.deepEqual(record.compacted, { pam: 0, sshd: 2, connect: 0 });
  assert.equal(record.attempts, 5);
});

Deno.test("updateRecord() adds no view of guesses to another across compacted and live connections", () => {
  const first = updateRecord(
    attackOf({ evidence: [row({ pid: 1, pam: 4, touchedAt: START - 120 * MINUTE })] }),
    undefined,
    RULES,
    { now: START },
  ).record;
  assert.deepEqual([first.compacted.pam, first.attempts], [4, 4]);
  const second = updateRecord(
    attackOf({ evidence: [row({ pid: 2, sshd: 3 })] }),
    first,
    RULES,
    { now: START },
  );
  assert.equal(second.record.attempts, 4);
});

Deno.test("updateRecord() keeps the most tried user names, adds known ones up, counts two locations once", () => {
  const names = (username: string, sshd: number, location = "journald") => ({
    ...{ username, location, sshd, pamError: 0, pam: sshd, connect: 1 },
  });
  const first = updateRecord(
    attackOf({ usernames: [names("root", 2), names("pi", 1), names("root", 3, "auth.log")] }),
    undefined,
    { ...RULES, maxUsernames: 2 },
    { now: START },
  ).record;
  assert.deepEqual(first.usernames, { root: 3, pi: 1 });
  const second = updateRecord(
    attackOf({ usernames: [names("admin", 2), names("root", 1), names("pi", 1)] }),
    first,
    { ...RULES, maxUsernames: 2 },
    { now: START },
  ).record;
  assert.deepEqual(second.usernames, { root: 4, admin: 2 });
});

Deno.test("updateRecord() adds sensors and techniques up", () => {
  const sensor = (alerts: number, firstSeen: number, lastSeen: number, name = "honeypot-fra1") => ({
    ...{ sensor: "007@m", name, alerts, firstSeen, lastSeen },
  });
  const first = updateRecord(
    attackOf({
      sensors: [sensor(2, 10, 20)],
      techniques: [{ id: "T1110", name: undefined }, { id: "T1021.004", name: "SSH" }],
    }),
    undefined,
    RULES,
    { now: START },
  ).record;
  const second = updateRecord(
    attackOf({
      sensors: [sensor(3, 5, 15, "honeypot-renamed"), { ...sensor(1, 1, 1), sensor: "008@m" }],
      techniques: [{ id: "T1110", name: "Brute Force" }, { id: "T1021.004", name: undefined }],
    }),
    first,
    RULES,
    { now: START },
  ).record;
  assert.deepEqual(second.sensors, [
    sensor(5, 5, 20, "honeypot-renamed"),
    { ...sensor(1, 1, 1), sensor: "008@m" },
  ]);
  assert.deepEqual(second.techniques, [
    { id: "T1021.004", name: "SSH" },
    { id: "T1110", name: "Brute Force" },
  ]);
});

Deno.test("totalsOf() takes of each class the location that saw most, connection by connection", () => {
  assert.deepEqual(
    totalsOf([
      row({ pid: 1, sshd: 2, pam: 1 }),
      row({ pid: 1, sshd: 1, pamError: 3, location: "auth.log" }),
      row({ pid: 2, sshd: 4, connect: 1 }),
      row({ pid: 2, sshd: 1, connect: 1, sensor: "008@wazuh-manager-01" }),
    ]),
    { pam: 1, sshd: 10, connect: 2 },
  );
});
