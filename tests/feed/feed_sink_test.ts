import assert from "node:assert/strict";
import type { Report, SourceRecord } from "../../src/model.ts";
import { buildEvent } from "../../src/misp/event.ts";
import { FeedSink } from "../../src/feed/feed_sink.ts";
import { eventUuid } from "../../src/misp/uuid.ts";
import type { Outcome } from "../../src/sink.ts";
import { withPartsDeleted } from "../../src/misp/objects.ts";
import { asEarlierRelease } from "../support/earlier_release.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { firstReport, sourceRecord } from "../support/source_record.ts";

const IP = "82.202.219.155";
const UUID = "fa04dc62-89e1-5024-b207-249034a5af55";
const OTHER_IP = "192.241.237.101";
const SECOND = 1000;
const NOW = Date.UTC(2026, 10, 23, 1, 0, 0, 999);
/** NOW as MISP writes it. */
const STAMP = 1795395600;
const ORGANISATION = { name: "honeypots", uuid: "372029bf-485a-504c-8f75-0ba5cf9baddf" };

function reportOf(attempts: number, sourceIp = IP, changes: Partial<SourceRecord> = {}): Report {
  const uuid = eventUuid("wazuh-manager-01", sourceIp, "2026-08-23");
  const record = sourceRecord({ sourceIp, eventUuid: uuid, attempts, ...changes });
  const event = buildEvent(record, { ...PLAIN_SNAPSHOT_RULES, tags: ["tlp:green"] });
  return firstReport({ sourceIp, eventUuid: uuid, attempts }, event, {
    uuid: `report ${attempts} of ${sourceIp}`,
    sink: "feed",
    snapshotAt: NOW,
  });
}

async function deliver(
  directory: string,
  reports: readonly Report[],
  now = NOW,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const sink = new FeedSink(directory, () => ORGANISATION);
  for await (const { outcome } of sink.deliver(reports, () => now)) outcomes.push(outcome);
  return outcomes;
}

const DELIVERED = { kind: "delivered", notes: [] };

function json(folder: TempFolder, name: string) {
  return JSON.parse(Deno.readTextFileSync(folder.file(name)));
}

/** All files and what is in them. */
function contentsOf(folder: TempFolder): Record<string, string> {
  return Object.fromEntries(
    folder.names().map((name) => [name, Deno.readTextFileSync(folder.file(name))]),
  );
}

Deno.test("deliver() writes the event, its hashes and the manifest", async () => {
  using folder = tempFolder();
  assert.deepEqual(await deliver(folder.path, [reportOf(3)]), [DELIVERED]);
  assert.deepEqual(folder.names(), [`${UUID}.json`, "hashes.csv", "manifest.json"]);
  assert.deepEqual(json(folder, "manifest.json"), {
    [UUID]: {
      info: "SSH Brute Force Attack from 82.202.219.155 (3 attempts)",
      date: "2026-08-23",
      analysis: "0",
      threat_level_id: "3",
      timestamp: STAMP,
      Orgc: ORGANISATION,
      Tag: [
        { name: "tlp:green", colour: "#33ff00" },
        {
          name: 'misp-galaxy:mitre-attack-pattern="Brute Force - T1110"',
          colour: "#0088cc",
        },
      ],
    },
  });
  assert.equal(
    Deno.readTextFileSync(folder.file("hashes.csv")),
    `d528a76afa619c5de834e70a4d41d371,${UUID}\n`,
  );
  const { Event } = json(folder, `${UUID}.json`);
  assert.deepEqual(
    [Event.uuid, Event.timestamp, Event.publish_timestamp, Event.published, Event.Orgc],
    [UUID, String(STAMP), String(STAMP), true, ORGANISATION],
  );
  assert.deepEqual(
    Event.Attribute.map((a: Record<string, unknown>) => [a.type, a.value, a.to_ids, a.timestamp]),
    [["ip-src", IP, true, String(STAMP)]],
  );
  const [object] = Event.Object;
  assert.equal(object.timestamp, String(STAMP));
  assert.deepEqual(
    object.Attribute.map((a: Record<string, string>) => [a.object_relation, a.value, a.timestamp]),
    [["ip-src", IP, String(STAMP)], ["total", "3", String(STAMP)], ["type", "ssh", String(STAMP)]],
  );
});

Deno.test("deliver() makes the folder, and files that others cannot read", async () => {
  using folder = tempFolder();
  const feed = `${folder.path}/queue/feed`;
  assert.deepEqual(await deliver(feed, [reportOf(3)]), [DELIVERED]);
  const mode = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;
  for (const name of [`${UUID}.json`, "hashes.csv", "manifest.json"]) {
    assert.equal(mode(`${feed}/${name}`) & ~0o640, 0, name);
  }
  assert.equal(mode(feed) & 0o007, 0);
});

Deno.test("deliver() of the same report changes no byte", async () => {
  using folder = tempFolder();
  const reports = [reportOf(3), reportOf(5, OTHER_IP)];
  await deliver(folder.path, reports);
  const before = contentsOf(folder);
  assert.deepEqual(await deliver(folder.path, reports, NOW + 3600 * SECOND), [
    DELIVERED,
    DELIVERED,
  ]);
  assert.deepEqual(await deliver(folder.path, [reportOf(3)], NOW - 3600 * SECOND), [DELIVERED]);
  assert.deepEqual(contentsOf(folder), before);
});

Deno.test("deliver() gives a newer time to the event and to what changed in it only", async () => {
  using folder = tempFolder();
  await deliver(folder.path, [reportOf(3), reportOf(1, OTHER_IP)]);
  await deliver(folder.path, [reportOf(5)], NOW + 60 * SECOND);
  const newer = String(STAMP + 60);
  const { Event } = json(folder, `${UUID}.json`);
  assert.deepEqual([Event.timestamp, Event.publish_timestamp], [newer, newer]);
  assert.equal(Event.Object[0].timestamp, newer);
  assert.deepEqual(
    Event.Object[0].Attribute.map((a: Record<string, string>) => [a.value, a.timestamp]),
    [[IP, String(STAMP)], ["5", newer], ["ssh", String(STAMP)]],
  );
  const manifest = json(folder, "manifest.json");
  assert.equal(manifest[UUID].timestamp, STAMP + 60);
  assert.match(manifest[UUID].info, /\(5 attempts\)$/);
  assert.deepEqual(
    Object.values(manifest).map((entry) => (entry as { timestamp: number }).timestamp).sort(),
    [STAMP, STAMP + 60],
  );
  assert.doesNotMatch(
    Deno.readTextFileSync(folder.file("hashes.csv")),
    // What "3" and "5" hash to.
    /eccbc87e4b5ce2fe28308fd9f2a7baf3|e4da3b7fbbce2345d7772b0674a318d5/,
  );
});

Deno.test("deliver() of a change within one second, or with a clock set back, is newer all the same", async () => {
  using folder = tempFolder();
  await deliver(folder.path, [reportOf(3)]);
  await deliver(folder.path, [reportOf(4)]);
  assert.equal(json(folder, "manifest.json")[UUID].timestamp, STAMP + 1);
  await deliver(folder.path, [reportOf(5)], NOW - 3600 * SECOND);
  assert.equal(json(folder, "manifest.json")[UUID].timestamp, STAMP + 2);
  assert.equal(json(folder, `${UUID}.json`).Event.timestamp, String(STAMP + 2));
});

Deno.test("deliver() writes the manifest last", async () => {
  using folder = tempFolder();
  await deliver(folder.path, [reportOf(3)]);
  const before = json(folder, "manifest.json");
  // Nothing can be written here, so the manifest's temporary file cannot be made.
  Deno.mkdirSync(folder.file("manifest.json.part/in-the-way"), { recursive: true });
  const [outcome] = await deliver(folder.path, [reportOf(5)], NOW + SECOND);
  assert.equal(outcome?.kind, "unavailable");
  assert.deepEqual(json(folder, "manifest.json"), before);
  assert.match(json(folder, `${UUID}.json`).Event.info, /\(5 attempts\)$/);
  assert.match(Deno.readTextFileSync(folder.file("hashes.csv")), /^d528a76afa61/m);
  Deno.removeSync(folder.file("manifest.json.part"), { recursive: true });
  assert.deepEqual(await deliver(folder.path, [reportOf(5)], NOW + 9 * SECOND), [DELIVERED]);
  assert.equal(json(folder, "manifest.json")[UUID].timestamp, STAMP + 1);
  assert.equal(json(folder, `${UUID}.json`).Event.timestamp, String(STAMP + 1));
});

Deno.test("deliver() is unavailable with the folder's name and leaves no part behind", async () => {
  using folder = tempFolder();
  Deno.mkdirSync(folder.file("manifest.json"));
  const [outcome] = await deliver(folder.path, [reportOf(3)]);
  assert.ok(outcome?.kind === "unavailable");
  assert.ok(outcome.reason.startsWith(`feed folder ${folder.path}: `), outcome.reason);
  assert.doesNotMatch(outcome.reason, /\n/);
  assert.deepEqual(folder.names().filter((name) => name.endsWith(".part")), []);
  Deno.writeTextFileSync(folder.file("file"), "");
  assert.equal((await deliver(folder.file("file"), [reportOf(3)]))[0]?.kind, "unavailable");
});

const DAMAGED = ["", "{", "null", "[]", '"text"', "5"];

for (const damage of DAMAGED) {
  Deno.test(`deliver() makes a manifest again that is ${damage || "empty"}, from the events`, async () => {
    using folder = tempFolder();
    await deliver(folder.path, [reportOf(3), reportOf(1, OTHER_IP)]);
    const before = json(folder, "manifest.json");
    Deno.writeTextFileSync(folder.file("manifest.json"), damage);
    assert.deepEqual(await deliver(folder.path, [reportOf(3)], NOW + SECOND), [DELIVERED]);
    assert.deepEqual(json(folder, "manifest.json"), before);
  });
}

Deno.test("deliver() makes a manifest again that is gone, and ignores files that are no events", async () => {
  using folder = tempFolder();
  await deliver(folder.path, [reportOf(3), reportOf(1, OTHER_IP)]);
  const before = json(folder, "manifest.json");
  Deno.removeSync(folder.file("manifest.json"));
  Deno.writeTextFileSync(folder.file("notes.json"), '{"Event": {"uuid": "notes"}}');
  Deno.writeTextFileSync(folder.file("00000000-0000-4000-8000-000000000000.json"), "{");
  Deno.writeTextFileSync(folder.file("00000000-0000-4000-8000-000000000001.json"), "null");
  assert.deepEqual(await deliver(folder.path, [reportOf(3)]), [DELIVERED]);
  assert.deepEqual(json(folder, "manifest.json"), before);
});

Deno.test("deliver() writes a damaged event again", async () => {
  for (const damage of ["", "{", "null", "[]", '{"Event": null}', '{"Event": "x"}']) {
    using folder = tempFolder();
    await deliver(folder.path, [reportOf(3)]);
    Deno.writeTextFileSync(folder.file(`${UUID}.json`), damage);
    assert.deepEqual(await deliver(folder.path, [reportOf(3)], NOW + SECOND), [DELIVERED], damage);
    assert.match(json(folder, `${UUID}.json`).Event.info, /\(3 attempts\)$/);
  }
});

Deno.test("deliver() leaves no part behind, whatever a crash had left", async () => {
  using folder = tempFolder();
  for (const name of [`${UUID}.json.part`, "manifest.json.part", "hashes.csv.part"]) {
    Deno.writeTextFileSync(folder.file(name), "half of ".repeat(10_000));
  }
  assert.deepEqual(await deliver(folder.path, [reportOf(3)]), [DELIVERED]);
  assert.deepEqual(folder.names(), [`${UUID}.json`, "hashes.csv", "manifest.json"]);
  assert.equal(Object.keys(json(folder, "manifest.json")).length, 1);
});

Deno.test("deliver() delivers many more reports than one manifest at a time reports", async () => {
  using folder = tempFolder();
  const reports = Array.from(
    { length: 1001 },
    (_, index) => reportOf(1, `82.202.${index >> 8}.${index & 255}`),
  );
  const outcomes = await deliver(folder.path, reports);
  assert.equal(outcomes.filter(({ kind }) => kind === "delivered").length, 1001);
  assert.equal(Object.keys(json(folder, "manifest.json")).length, 1001);
});

Deno.test("deliver() of a report that cannot be written leaves no other one behind", async () => {
  using folder = tempFolder();
  Deno.mkdirSync(folder.file(`${UUID}.json`));
  const outcomes = await deliver(folder.path, [reportOf(3), reportOf(1, OTHER_IP)]);
  assert.notEqual(outcomes[0]?.kind, "delivered");
  assert.equal(outcomes[1]?.kind, "delivered");
});

/** The copies of an address in an event's file: where, and whether they are for detection. */
function copiesIn(folder: TempFolder) {
  const { Event } = json(folder, `${UUID}.json`);
  const [object] = Event.Object;
  return [...Event.Attribute, ...object.Attribute].filter(({ type }) => type === "ip-src")
    .map(({ to_ids, disable_correlation, timestamp }) => [to_ids, disable_correlation, timestamp]);
}

Deno.test("deliver() moves the address of an earlier release, newer in both places", async () => {
  using folder = tempFolder();
  await deliver(folder.path, [asEarlierRelease(reportOf(3))]);
  assert.deepEqual(copiesIn(folder), [[true, false, String(STAMP)]]);
  await deliver(folder.path, [reportOf(3)], NOW + 60 * SECOND);
  const newer = String(STAMP + 60);
  assert.deepEqual(copiesIn(folder), [[true, false, newer], [false, true, newer]]);
});

Deno.test("deliver() removes hashes that an earlier release wrote of what does not correlate", async () => {
  using folder = tempFolder();
  const other = eventUuid("wazuh-manager-01", OTHER_IP, "2026-08-23");
  await deliver(folder.path, [reportOf(3), reportOf(1, OTHER_IP)]);
  const before = Deno.readTextFileSync(folder.file("hashes.csv"));
  // Of "1", "ssh", and of an event whose file is gone.
  const [count, type, gone] = [
    "c4ca4238a0b923820dcc509a6f75849b",
    "1787d7646304c5d987cf4e64a3973dc7",
    "00000000-0000-4000-8000-000000000000",
  ];
  Deno.writeTextFileSync(
    folder.file("hashes.csv"),
    `${before}${count},${other}\n${type},${other}\n${type},${gone}\n`,
  );
  await deliver(folder.path, [reportOf(5)], NOW + SECOND);
  assert.equal(Deno.readTextFileSync(folder.file("hashes.csv")), before);
});

Deno.test("deliver() deletes the address of a source that was withdrawn, with its hash", async () => {
  using folder = tempFolder();
  await deliver(folder.path, [reportOf(3)]);
  const { body } = reportOf(3, IP, { retractedAt: NOW });
  const withdrawn = JSON.stringify(withPartsDeleted(JSON.parse(body)));
  await deliver(folder.path, [{ ...reportOf(3), body: withdrawn }], NOW + 60 * SECOND);
  const { Event } = json(folder, `${UUID}.json`);
  const [address] = Event.Attribute;
  assert.deepEqual([address.deleted, address.timestamp], [true, String(STAMP + 60)]);
  assert.equal(Event.Object[0].deleted, true);
  assert.equal(Deno.readTextFileSync(folder.file("hashes.csv")), "");
});

Deno.test("deliver() leaves an event its TLP when the configuration changes", async () => {
  using folder = tempFolder();
  await deliver(folder.path, [reportOf(3)]);
  const later = reportOf(5);
  const body = later.body.replace("tlp:green", "tlp:amber+strict");
  await deliver(folder.path, [{ ...later, body }], NOW + 60 * SECOND);
  const names = json(folder, `${UUID}.json`).Event.Tag.map(({ name }: { name: string }) => name);
  assert.deepEqual(names.filter((name: string) => /^tlp:/.test(name)), ["tlp:green"]);
});
