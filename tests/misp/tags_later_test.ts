/**
 * Tags that an instance did not have at one delivery and has at a later one.
 *
 * @module
 */
import assert from "node:assert/strict";
import { MispClient } from "../../src/misp/client.ts";
import { RestSink } from "../../src/misp/rest_sink.ts";
import type { Outcome } from "../../src/sink.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { CLOSED_TAG, closingReport, DAY_UUID, dayRecord, dayReport } from "./day_rig.ts";
import {
  bare,
  DELIVERED,
  lastPublishedOf,
  notesOf,
  report,
  type Rig,
  startRig,
  TAGS,
  UUID,
} from "./rest_sink_rig.ts";

const TECHNIQUE = TAGS[1]!;
const MISSING = "MISP does not have these tags and the key's role may not create them: ";

const tagsOf = ({ misp }: Rig, uuid = UUID) => misp.event(uuid)!.Tag.map(({ name }) => name).sort();

const after = (outcome: Outcome | undefined) => ({
  isKnownThere: true,
  lastPublished: lastPublishedOf(outcome),
  eventLastPublished: lastPublishedOf(outcome),
});

/** Takes a tag off an event, by hand. */
async function untag(rig: Rig, name: string, uuid = UUID): Promise<void> {
  const id = rig.misp.event(uuid)!.Tag.find((tag) => tag.name === name)!.id;
  await rig.asAnalyst(`/events/removeTag/${uuid}/${id}`, {});
}

Deno.test("deliver() adds a tag once the instance has it, and not again after it was removed", async () => {
  await using rig = await startRig({ tags: [TECHNIQUE] });
  const [first] = await rig.deliver(report());
  assert.deepEqual(notesOf([first!]), [`${MISSING}tlp:green`]);
  const [second] = await rig.deliver(report(4, after(first)));
  assert.deepEqual(notesOf([second!]), [`${MISSING}tlp:green`]);
  rig.misp.createTag("tlp:green");
  const [third] = await rig.deliver(report(5, after(second)));
  assert.deepEqual(notesOf([third!]), []);
  assert.deepEqual(tagsOf(rig), [TECHNIQUE, "tlp:green"]);
  await untag(rig, "tlp:green");
  await untag(rig, TECHNIQUE);
  const [fourth] = await rig.deliver(report(6, after(third)));
  assert.deepEqual(notesOf([fourth!]), []);
  assert.deepEqual(tagsOf(rig), []);
});

Deno.test("deliver() adds a tag to a day's event by whichever source comes next", async () => {
  await using rig = await startRig({ tags: [TECHNIQUE] });
  const [ofA] = await rig.deliver(dayReport(dayRecord("82.202.219.155")));
  rig.misp.createTag("tlp:green");
  const [ofB] = await rig.deliver(
    dayReport(dayRecord("192.241.237.101"), { ...after(ofA), lastPublished: "" }),
  );
  assert.deepEqual(tagsOf(rig, DAY_UUID), [TECHNIQUE, "tlp:green"]);
  await untag(rig, "tlp:green", DAY_UUID);
  const later = { ...after(ofB), lastPublished: lastPublishedOf(ofA) };
  await rig.deliver(dayReport(dayRecord("82.202.219.155", 9), later));
  assert.deepEqual(tagsOf(rig, DAY_UUID), [TECHNIQUE]);
});

Deno.test("deliver() remembers a missing tag over sources of one round and over the day's end", async () => {
  await using rig = await startRig({ tags: [TECHNIQUE] });
  const sources = Array.from({ length: 200 }, (_, at) => `82.202.0.${at}`);
  const outcomes = await rig.deliver(...sources.map((source) => dayReport(dayRecord(source))));
  const [closing] = await rig.deliver(closingReport([dayRecord("82.202.0.1")], {
    ...after(outcomes.at(-1)),
    lastPublished: "",
  }));
  assert.deepEqual(notesOf([closing!]), [`${MISSING}${CLOSED_TAG}`]);
  rig.misp.createTag("tlp:green");
  const next = { ...after(closing), lastPublished: "" };
  await rig.deliver(dayReport(dayRecord("192.241.237.101"), next));
  assert.deepEqual(tagsOf(rig, DAY_UUID), [TECHNIQUE, "tlp:green"]);
});

Deno.test("deliver() adds the tag of an attribute once the instance has it", async () => {
  await using rig = await startRig();
  const risk = 'false-positive:risk="high"';
  const tagged = (attempts: number) => {
    const event = JSON.parse(report(attempts).body);
    event.Object[0].Attribute[0].Tag = [{ name: risk }];
    return JSON.stringify(event);
  };
  const [first] = await rig.deliver(report(3, { body: tagged(3) }));
  assert.deepEqual(notesOf([first!]), [MISSING + risk]);
  rig.misp.createTag(risk);
  await rig.deliver(report(5, { ...after(first), body: tagged(5) }));
  const tags = rig.misp.event(UUID)!.Object[0]!.Attribute[0]!.Tag.map(({ name }) => name);
  assert.deepEqual(tags, [risk]);
});

Deno.test("deliver() attaches the cluster of a technique whose tag is missing, and publishes after it", async () => {
  await using rig = await startRig({ tags: ["tlp:green"], galaxies: true });
  const [first] = await rig.deliver(report());
  assert.deepEqual(bare([first!]), [DELIVERED]);
  assert.deepEqual(tagsOf(rig), [TECHNIQUE, "tlp:green"]);
  assert.equal(rig.misp.event(UUID)?.published, true);
  assert.deepEqual(rig.paths(), [
    "POST /events/add",
    "GET /galaxy_clusters/view/UUID",
    "POST /galaxies/attachCluster/1/event/local:0",
    "POST /events/publish/UUID",
  ]);
  await untag(rig, TECHNIQUE);
  assert.deepEqual(notesOf(await rig.deliver(report(5, after(first)))), []);
  assert.deepEqual(tagsOf(rig), ["tlp:green"]);
  await rig.deliver(report(3, {}, "198.51.100.8"));
  assert.deepEqual(rig.paths().slice(-2), ["POST /events/add", "POST /events/publish/UUID"]);
});

Deno.test("deliver() publishes again after an update that attached a cluster", async () => {
  await using rig = await startRig({ tags: ["tlp:green"], galaxies: true });
  const [first] = await rig.deliver(report(3, { body: withoutTechnique(3) }));
  const [second] = await rig.deliver(report(5, after(first)));
  assert.deepEqual(notesOf([second!]), []);
  assert.deepEqual(tagsOf(rig), [TECHNIQUE, "tlp:green"]);
  assert.equal(rig.misp.event(UUID)?.published, true);
});

Deno.test("deliver() looks an hour later for clusters again, which may have been imported", async () => {
  await using misp = await FakeMisp.start({ tags: ["tlp:green"] });
  using client = new MispClient({
    ...{ url: misp.url, apiKey: misp.keys.publisher },
    ...{ caCertificate: undefined, timeoutMs: 60_000 },
  });
  const sink = new RestSink(client, { publish: true, maxParallel: 1 });
  const looks: number[] = [];
  const sources = ["198.51.100.7", "198.51.100.8", "198.51.100.9"];
  for (const [at, source] of sources.entries()) {
    const now = () => at * 40 * 60_000;
    for await (const _ of sink.deliver([report(3, {}, source)], now)) {
      looks.push(misp.requests.filter(({ path }) => path.includes("galaxy")).length);
    }
  }
  assert.deepEqual(looks, [1, 1, 2]);
});

Deno.test("deliver() looks once for clusters that an instance does not have", async () => {
  await using rig = await startRig({ tags: ["tlp:green"] });
  await rig.deliver(report());
  assert.deepEqual(notesOf(await rig.deliver(report(3, {}, "198.51.100.8"))), [
    MISSING + TECHNIQUE,
  ]);
  assert.equal(rig.paths().filter((path) => path.includes("galax")).length, 1);
});

function withoutTechnique(attempts: number): string {
  const event = JSON.parse(report(attempts).body);
  return JSON.stringify({ ...event, Tag: [{ name: "tlp:green" }] });
}
