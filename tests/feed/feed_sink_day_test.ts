import assert from "node:assert/strict";
import type { Report } from "../../src/model.ts";
import { FeedSink } from "../../src/feed/feed_sink.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import {
  CLOSED_TAG,
  closingReport,
  COMPROMISED,
  DAY_UUID,
  dayRecord,
  dayReport,
  sources,
  TITLE,
} from "../misp/day_rig.ts";

const NOW = Date.UTC(2026, 10, 23, 13);
const STAMP = 1795438800;
const MINUTE = 60_000;
const A = "82.202.219.155";
const B = "192.241.237.101";

async function deliver(folder: TempFolder, now: number, ...reports: readonly Report[]) {
  const sink = new FeedSink(folder.path, () => ({ name: "honeypots", uuid: DAY_UUID }));
  const kinds: string[] = [];
  for await (const { outcome } of sink.deliver(reports, () => now)) kinds.push(outcome.kind);
  assert.deepEqual(kinds, reports.map(() => "delivered"));
}

const eventIn = (folder: TempFolder) =>
  JSON.parse(Deno.readTextFileSync(folder.file(`${DAY_UUID}.json`))).Event;

const stamps = (folder: TempFolder) =>
  eventIn(folder).Object.map((object: { timestamp: string; Attribute: { value: string }[] }) => [
    object.Attribute[0]?.value,
    Number(object.timestamp) - STAMP,
  ]);

Deno.test("deliver() writes the sources of a day into one file, at the time it is", async () => {
  using folder = tempFolder();
  await deliver(folder, NOW, ...sources(300).map((source) => dayReport(dayRecord(source))));
  const { info, analysis, timestamp, Object } = eventIn(folder);
  assert.deepEqual([info, analysis, timestamp, Object.length], [TITLE, "1", String(STAMP), 300]);
  assert.deepEqual(folder.names(), [`${DAY_UUID}.json`, "hashes.csv", "manifest.json"]);
  assert.equal(Deno.readTextFileSync(folder.file("hashes.csv")).trim().split("\n").length, 300);
});

Deno.test("deliver() gives a newer time only to the sources that changed", async () => {
  using folder = tempFolder();
  await deliver(folder, NOW, dayReport(dayRecord(A)), dayReport(dayRecord(B)));
  await deliver(folder, NOW + MINUTE, dayReport(dayRecord(B, 9)));
  assert.deepEqual(stamps(folder), [[A, 0], [B, 60]]);
  const before = Deno.readTextFileSync(folder.file(`${DAY_UUID}.json`));
  await deliver(folder, NOW + 2 * MINUTE, dayReport(dayRecord(A)), dayReport(dayRecord(B, 9)));
  assert.equal(Deno.readTextFileSync(folder.file(`${DAY_UUID}.json`)), before);
});

Deno.test("deliver() keeps a closed day closed, with its tag and its story", async () => {
  using folder = tempFolder();
  await deliver(folder, NOW, dayReport(dayRecord(A)), closingReport([dayRecord(A)]));
  await deliver(folder, NOW + MINUTE, dayReport(dayRecord(A, 9)), dayReport(dayRecord(B)));
  const { analysis, Tag, EventReport } = eventIn(folder);
  assert.deepEqual([analysis, Tag.at(-1).name, EventReport.length], ["2", CLOSED_TAG, 1]);
  assert.equal(EventReport[0].timestamp, String(STAMP));
  const manifest = JSON.parse(Deno.readTextFileSync(folder.file("manifest.json")));
  assert.deepEqual([manifest[DAY_UUID].analysis, manifest[DAY_UUID].timestamp], ["2", STAMP + 60]);
});

Deno.test("deliver() leaves a login in the title", async () => {
  using folder = tempFolder();
  const compromisedAt = Date.UTC(2026, 10, 23, 12);
  await deliver(
    folder,
    NOW,
    dayReport(dayRecord(A, 3, { compromisedAt })),
    dayReport(dayRecord(B)),
  );
  await deliver(folder, NOW + MINUTE, dayReport(dayRecord(B, 9)));
  const { info, threat_level_id } = eventIn(folder);
  assert.deepEqual([info, threat_level_id], [COMPROMISED, "1"]);
});
