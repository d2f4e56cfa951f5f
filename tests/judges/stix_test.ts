/**
 * misp-stix and PyMISP as judges of events: those that MISP has stored, and those of a feed. MISP's own
 * STIX export is misp-stix.
 */
import assert from "node:assert/strict";
import type { Report, SourceRecord } from "../../src/model.ts";
import { FeedSink } from "../../src/feed/feed_sink.ts";
import { buildDayEvent } from "../../src/misp/day_event.ts";
import { type AddressFacts, buildEvent } from "../../src/misp/event.ts";
import { addressUuid, withPartsDeleted } from "../../src/misp/objects.ts";
import { falsePositive, sightingsOf } from "../../src/misp/sightings.ts";
import { DAY_UUID } from "../misp/day_rig.ts";
import { record, type Rig, RULES, startRig } from "../misp/rest_sink_rig.ts";
import { needs } from "../support/needs.ts";
import { HASHES, SESSION } from "../support/session_evidence.ts";
import { firstReport } from "../support/source_record.ts";
import { tempFolder } from "../support/temp.ts";

const PYTHON = Deno.env.get("STIX_PYTHON") ?? "";
const JUDGE = new URL("judge_events.py", import.meta.url).pathname;
const ORGANISATION = { name: "honeypots", uuid: "372029bf-485a-504c-8f75-0ba5cf9baddf" };
const AT = Date.UTC(2026, 10, 23, 9);
const SENSORS = ["007@m", "008@m"].map((sensor) => ({
  ...{ sensor, name: sensor, alerts: 2, firstSeen: AT, lastSeen: AT },
}));

/** What `judge_events.py` says of an event. */
interface Judgement {
  readonly file: string;
  readonly pymisp: readonly string[];
  readonly indicators: readonly { readonly id: string; readonly pattern: string }[];
  readonly relationships: readonly { readonly source: string; readonly type: string }[];
  readonly sightings: readonly { readonly of: string }[];
  readonly opinions: readonly (readonly string[])[];
  readonly complaints: readonly string[];
  readonly stix20: string;
}

async function judged(...files: readonly string[]): Promise<readonly Judgement[]> {
  const command = new Deno.Command(PYTHON, { args: [JUDGE, ...files], stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout)) as Judgement[];
}

/** Sources of every kind, each seen twice: by itself, and together with the others in a day's event. */
const SOURCES: readonly (readonly [SourceRecord, AddressFacts])[] = [
  [record(3, "198.51.100.1"), {}],
  [{ ...record(3, "198.51.100.2"), services: ["telnet"], usernames: {} }, {}],
  [{ ...record(9, "198.51.100.3"), compromisedAt: AT }, {}],
  [record(3, "2001:db8:bad:cafe::17"), {
    verdict: { action: "publish", lists: ["amazon-aws"], tags: ['false-positive:risk="medium"'] },
    location: { country: "Germany", countryCode: "DE", latitude: 50.1, longitude: 8.7, asn: 64496 },
  }],
];

const patternOf = (source: string) => {
  const type = source.includes(":") ? "ipv6-addr" : "ipv4-addr";
  return `[network-traffic:src_ref.type = '${type}' AND network-traffic:src_ref.value = '${source}']`;
};

function reportsOf(of: SourceRecord, facts: AddressFacts): readonly Report[] {
  const ofDay = { ...of, eventUuid: DAY_UUID, part: 1 };
  return [
    firstReport(of, buildEvent(of, RULES, facts), { sightings: sightingsOf(of, SENSORS, RULES) }),
    firstReport(ofDay, buildDayEvent(ofDay, RULES, facts), {
      sightings: sightingsOf(ofDay, SENSORS, RULES),
    }),
  ];
}

/** Writes the events that MISP has as its export reads them: sightings are in their attributes. */
function exported(rig: Rig, folder: string): readonly string[] {
  const sightings = Map.groupBy(rig.misp.sightings(), ({ attribute_id }) => attribute_id);
  return rig.misp.events().map((event) => {
    const Attribute = event.Attribute.map((attribute) => ({
      ...attribute,
      Sighting: sightings.get(attribute.id) ?? [],
    }));
    const file = `${folder}/${event.uuid}.json`;
    Deno.writeTextFileSync(
      file,
      JSON.stringify({ Event: { ...event, Orgc: ORGANISATION, Attribute } }),
    );
    return file;
  });
}

/** That an event offers these sources, and no other, for detection. */
function assertOffers(judgement: Judgement, eventUuid: string, sources: readonly string[]): void {
  const { indicators, relationships, complaints } = judgement;
  assert.deepEqual(indicators.map(({ pattern }) => pattern).sort(), sources.map(patternOf).sort());
  const ids = sources.map((source) => `indicator--${addressUuid(eventUuid, source)}`).sort();
  assert.deepEqual(indicators.map(({ id }) => id).sort(), ids);
  for (const id of ids) {
    const types = relationships.filter(({ source }) => source === id).map(({ type }) => type);
    assert.deepEqual(types, ["based-on"]);
  }
  // STIX has no word for the object; the attribute says the same of the address.
  assert.deepEqual(
    complaints.filter((one) => !/^MISP Object name \S+ not mapped\.$/.test(one)),
    [],
  );
}

Deno.test({
  name: "misp-stix finds an indicator, its observation and its sightings for each source in MISP",
  ...needs("misp-stix and PyMISP (STIX_PYTHON)"),
  fn: async () => {
    using folder = tempFolder();
    await using rig = await startRig();
    const reports = SOURCES.flatMap((source) => reportsOf(...source));
    const outcomes = await rig.deliver(...reports);
    assert.deepEqual(outcomes.map(({ kind }) => kind), reports.map(() => "delivered"));
    const judgements = await judged(...exported(rig, folder.path));
    assert.equal(judgements.length, SOURCES.length + 1);
    for (const judgement of judgements) {
      const uuid = judgement.file.replace(".json", "");
      const sources = SOURCES.map(([{ sourceIp }]) => sourceIp)
        .filter((source) => uuid === DAY_UUID || judgement.pymisp.includes(source));
      assertOffers(judgement, uuid, sources);
      assert.deepEqual([...judgement.pymisp].sort(), [...sources].sort());
      const seen = Map.groupBy(judgement.sightings, ({ of }) => of);
      const counts = judgement.indicators.map(({ id }) => seen.get(id)?.length);
      assert.deepEqual(counts, sources.map(() => SENSORS.length));
      // docs/misp.md says so: uuids of this program are of version 5.
      assert.match(judgement.stix20, /not a valid STIX identifier/);
    }
  },
});

Deno.test({
  name: "misp-stix finds an indicator for each file and each address that sessions brought",
  ...needs("misp-stix and PyMISP (STIX_PYTHON)"),
  fn: async () => {
    using folder = tempFolder();
    await using rig = await startRig();
    const of = { ...record(3, "198.51.100.1"), session: SESSION };
    await rig.deliver(...reportsOf(of, {}));
    const judgements = await judged(...exported(rig, folder.path));
    assert.equal(judgements.length, 2);
    for (const { indicators } of judgements) {
      const patterns = indicators.map(({ pattern }) => pattern);
      const wanted = [
        ...HASHES.map((hash) => `file:hashes.'SHA-256' = '${hash}'`),
        "url:value = 'http://203.0.113.9/bot.sh'",
        "url:value = 'http://203.0.113.10/gone'",
        patternOf("198.51.100.1").slice(1, -1),
      ];
      for (const one of wanted) {
        assert.equal(
          patterns.filter((pattern) =>
            pattern.replaceAll("hashes.SHA256", "hashes.'SHA-256'").includes(one)
          ).length,
          1,
          `${one}\n${patterns.join("\n")}`,
        );
      }
    }
  },
});

Deno.test({
  name: "misp-stix finds no indicator for a source that was withdrawn, but an opinion",
  ...needs("misp-stix and PyMISP (STIX_PYTHON)"),
  fn: async () => {
    using folder = tempFolder();
    await using rig = await startRig();
    const withdrawn = { ...record(3, "198.51.100.1"), retractedAt: AT };
    await rig.deliver(
      firstReport(withdrawn, buildEvent(withdrawn, RULES), {
        sightings: [falsePositive(withdrawn, AT)],
      }),
    );
    const [judgement] = await judged(...exported(rig, folder.path));
    assert.deepEqual(judgement?.indicators, []);
    assert.equal(judgement?.opinions.length, 1);
  },
});

Deno.test({
  name: "misp-stix finds an indicator for each source of a feed, and PyMISP loads all of its files",
  ...needs("misp-stix and PyMISP (STIX_PYTHON)"),
  fn: async () => {
    using folder = tempFolder();
    const sink = new FeedSink(folder.path, () => ORGANISATION);
    const withdrawn = { ...record(3, "198.51.100.9"), retractedAt: AT };
    const reports = [
      ...SOURCES.flatMap((source) => reportsOf(...source)),
      firstReport(withdrawn, withPartsDeleted(buildEvent(withdrawn, RULES))),
    ];
    for await (const { outcome } of sink.deliver(reports, () => AT)) {
      assert.equal(outcome.kind, "delivered");
    }
    const files = folder.names().filter((name) => name.endsWith(".json"));
    const judgements = await judged(...files.map((name) => folder.file(name)));
    assert.equal(judgements.length, SOURCES.length + 3);
    const ofEvents = judgements.filter(({ file }) => file !== "manifest.json");
    for (const judgement of ofEvents) {
      const uuid = judgement.file.replace(".json", "");
      if (uuid === withdrawn.eventUuid) continue;
      const sources = SOURCES.map(([{ sourceIp }]) => sourceIp)
        .filter((source) => uuid === DAY_UUID || judgement.pymisp.includes(source));
      assertOffers(judgement, uuid, sources);
    }
  },
});
