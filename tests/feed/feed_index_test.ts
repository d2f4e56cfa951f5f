import assert from "node:assert/strict";
import type { Report } from "../../src/model.ts";
import { FeedSink } from "../../src/feed/feed_sink.ts";
import { buildEvent } from "../../src/misp/event.ts";
import { eventUuid } from "../../src/misp/uuid.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { firstReport, sourceRecord } from "../support/source_record.ts";

const DAY = 24 * 60 * 60_000;
const NOW = Date.UTC(2026, 10, 23, 1);

const uuidOf = (sourceIp: string) => eventUuid("wazuh-manager-01", sourceIp, "2026-08-23");

function reportOf(sourceIp: string, attempts = 3): Report {
  const uuid = uuidOf(sourceIp);
  const record = sourceRecord({ sourceIp, eventUuid: uuid, attempts });
  const event = buildEvent(record, { ...PLAIN_SNAPSHOT_RULES, tags: ["tlp:green"] });
  return firstReport({ sourceIp, eventUuid: uuid, attempts }, event, {
    ...{ uuid: `report ${attempts} of ${sourceIp}`, sink: "feed" },
  });
}

const sinkOf = ({ path }: TempFolder, keepMs?: number) =>
  new FeedSink(path, () => ({ name: "honeypots", uuid: uuidOf("192.0.2.255") }), keepMs);

async function deliver(sink: FeedSink, reports: readonly Report[], now = NOW) {
  const kinds = new Set<string>();
  for await (const { outcome } of sink.deliver(reports, () => now)) kinds.add(outcome.kind);
  return [...kinds];
}

const manifestOf = (folder: TempFolder): Readonly<Record<string, { readonly info: string }>> =>
  JSON.parse(Deno.readTextFileSync(folder.file("manifest.json")));

/** The uuids that the folder holds, the manifest lists and the hashes name. */
function contents(folder: TempFolder) {
  const files = folder.names().filter((name) => name.length === 41);
  const hashes = Deno.readTextFileSync(folder.file("hashes.csv")).split("\n").filter(Boolean);
  return {
    files: files.map((name) => name.slice(0, 36)).sort(),
    listed: Object.keys(manifestOf(folder)).sort(),
    hashed: hashes.map((line) => line.split(",")[1]!).sort(),
  };
}

const all = (...sources: readonly string[]) => {
  const uuids = sources.map(uuidOf).sort();
  return { files: uuids, listed: uuids, hashed: uuids };
};

Deno.test("deliver() takes an event that has not changed for long out of manifest, hashes and folder", async () => {
  using folder = tempFolder();
  const sink = sinkOf(folder, 100 * DAY);
  await deliver(sink, [reportOf("192.0.2.1"), reportOf("192.0.2.2")]);
  await deliver(sink, [reportOf("192.0.2.2", 4)], NOW + 50 * DAY);
  await deliver(sink, [reportOf("192.0.2.3")], NOW + 100 * DAY);
  assert.deepEqual(contents(folder), all("192.0.2.1", "192.0.2.2", "192.0.2.3"));
  await deliver(sink, [reportOf("192.0.2.4")], NOW + 101 * DAY);
  assert.deepEqual(contents(folder), all("192.0.2.2", "192.0.2.3", "192.0.2.4"));
  await deliver(sink, [reportOf("192.0.2.1", 9)], NOW + 102 * DAY);
  assert.deepEqual(
    contents(folder),
    all("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"),
    "an event that left comes back with its next report",
  );
});

Deno.test("deliver() keeps every event where no time is set", async () => {
  using folder = tempFolder();
  await deliver(sinkOf(folder), [reportOf("192.0.2.1")]);
  await deliver(sinkOf(folder), [reportOf("192.0.2.2")], NOW + 3650 * DAY);
  assert.deepEqual(contents(folder), all("192.0.2.1", "192.0.2.2"));
});

Deno.test("deliver() deletes what a killed process took out of the manifest only, and nothing else", async () => {
  using folder = tempFolder();
  await deliver(sinkOf(folder), [reportOf("192.0.2.1")]);
  await deliver(sinkOf(folder), [reportOf("192.0.2.2")], NOW + 90 * DAY);
  Deno.writeTextFileSync(folder.file("manifest.json"), "{}");
  Deno.writeTextFileSync(folder.file("hashes.csv"), "");
  Deno.writeTextFileSync(folder.file("notes.json"), "ours");
  await deliver(sinkOf(folder, 100 * DAY), [reportOf("192.0.2.3")], NOW + 101 * DAY);
  assert.deepEqual(folder.names(), [
    ...[uuidOf("192.0.2.2"), uuidOf("192.0.2.3")].sort().map((uuid) => `${uuid}.json`),
    ...["hashes.csv", "manifest.json", "notes.json"],
  ]);
});

Deno.test("deliver() delivers all the same where a file cannot be deleted, and says so", async () => {
  using folder = tempFolder();
  await deliver(sinkOf(folder), [reportOf("192.0.2.1")]);
  Deno.mkdirSync(folder.file(`${uuidOf("192.0.2.7")}.json`));
  const name = folder.file(`${uuidOf("192.0.2.1")}.json`);
  const { remove } = Deno;
  Deno.remove = (path) =>
    path === name
      ? Promise.reject(new Deno.errors.PermissionDenied("Permission denied"))
      : remove(path);
  const notes: string[] = [];
  try {
    const sink = sinkOf(folder, 100 * DAY);
    for await (
      const { outcome } of sink.deliver([reportOf("192.0.2.2")], () => NOW + 101 * DAY)
    ) notes.push(...(outcome.kind === "delivered" ? outcome.notes : [outcome.kind]));
  } finally {
    Deno.remove = remove;
  }
  assert.equal(notes.length, 1);
  assert.match(notes[0]!, /^an event that left the feed could not be deleted: feed folder .*: /);
  assert.deepEqual(contents(folder).listed, [uuidOf("192.0.2.2")]);
});

Deno.test("deliver() reads a manifest of an earlier release, which is one line", async () => {
  using folder = tempFolder();
  await deliver(sinkOf(folder), [reportOf("192.0.2.1")]);
  Deno.writeTextFileSync(folder.file("manifest.json"), JSON.stringify(manifestOf(folder)));
  await deliver(sinkOf(folder), [reportOf("192.0.2.2")]);
  assert.deepEqual(contents(folder), all("192.0.2.1", "192.0.2.2"));
});

Deno.test("deliver() notices that another process wrote the manifest, or that it was damaged", async () => {
  using folder = tempFolder();
  const sink = sinkOf(folder);
  await deliver(sink, [reportOf("192.0.2.1")]);
  await deliver(sinkOf(folder), [reportOf("192.0.2.2")]);
  await deliver(sink, [reportOf("192.0.2.3")]);
  assert.deepEqual(contents(folder), all("192.0.2.1", "192.0.2.2", "192.0.2.3"));
  const text = Deno.readTextFileSync(folder.file("manifest.json"));
  Deno.writeTextFileSync(folder.file("manifest.json"), text.replaceAll("info", 'in"fo'));
  await deliver(sink, [reportOf("192.0.2.4")]);
  assert.equal(
    manifestOf(folder)[uuidOf("192.0.2.1")]!.info,
    "SSH Brute Force Attack from 192.0.2.1 (3 attempts)",
  );
});

Deno.test("restMs grows with a feed of more than 2,000 events", async () => {
  using folder = tempFolder();
  const sink = sinkOf(folder);
  await deliver(sink, [reportOf("192.0.2.1")]);
  assert.equal(sink.restMs, 0);
  const [entry] = Object.values(manifestOf(folder));
  const many = Array.from({ length: 10_000 }, (_, at) => [uuidOf(`number ${at}`), entry]);
  Deno.writeTextFileSync(folder.file("manifest.json"), JSON.stringify(Object.fromEntries(many)));
  await deliver(sink, [reportOf("192.0.2.2")]);
  assert.equal(sink.restMs, 6001);
});
