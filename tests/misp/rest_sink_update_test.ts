import assert from "node:assert/strict";
import type { Sighting } from "../../src/model.ts";
import type { MispEvent } from "../../src/misp/event.ts";
import { addressUuid } from "../../src/misp/objects.ts";
import { uuidV5 } from "../../src/misp/uuid.ts";
import type { CustomRole } from "../fake_misp/server.ts";
import { lastPublishedOf, notesOf, report, seen, startRig, TAGS, UUID } from "./rest_sink_rig.ts";

const SIGHTLESS = "s".repeat(40);
const NO_SIGHTINGS: CustomRole = { role: "publisher", permissions: { perm_sighting: false } };

/** The copy of the address in the object. */
const COPY = uuidV5(
  uuidV5(UUID, "object/authentication-failure-report/198.51.100.7"),
  "attr/ip-src",
);

const SIGHTING: Sighting = {
  uuid: "00000000-0000-5000-8000-00000000000a",
  attributeUuid: addressUuid(UUID, "198.51.100.7"),
  source: "honeypot-1b2c3d4e",
  kind: "seen",
  seenAt: Date.UTC(2026, 10, 23, 9, 0, 5, 700),
};

Deno.test("deliver() says sightings with our uuid and the true time, in two requests", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(report());
  const later = report(5, {
    isKnownThere: true,
    lastPublished: lastPublishedOf(first),
    sightings: [SIGHTING],
  });
  assert.deepEqual(notesOf(await rig.deliver(later)), []);
  assert.deepEqual(rig.paths().slice(2), [
    "POST /events/edit/UUID",
    "POST /sightings/bulkSaveSightings/UUID",
  ]);
  assert.deepEqual(notesOf(await rig.deliver(later)), []);
  assert.deepEqual(
    rig.misp.sightings().map(({ uuid, source, type, date_sighting }) => [
      ...[uuid, source, type, date_sighting],
    ]),
    [["00000000-0000-5000-8000-00000000000a", "honeypot-1b2c3d4e", "0", "1795424405"]],
  );
  assert.equal(rig.misp.events()[0]?.published, true);
});

Deno.test("deliver() repairs a lost answer to sightings without a second one", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(report());
  const later = report(5, {
    isKnownThere: true,
    lastPublished: lastPublishedOf(first),
    sightings: [SIGHTING],
  });
  rig.misp.fail({ kind: "lost-answer", on: /bulkSave/ });
  assert.deepEqual(notesOf(await rig.deliver(later)), []);
  assert.equal(rig.misp.sightings().length, 1);
  assert.equal(rig.paths().filter((path) => /bulkSave/.test(path)).length, 2);
});

Deno.test("deliver() says how many sightings MISP left out without a word", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(report());
  const deleted = addressUuid(UUID, "198.51.100.8");
  const gone = { ...SIGHTING, uuid: SIGHTING.uuid.replace(/a$/, "b"), attributeUuid: deleted };
  const sightings = [SIGHTING, gone];
  const later = report(5, { isKnownThere: true, lastPublished: lastPublishedOf(first), sightings });
  assert.deepEqual(notesOf(await rig.deliver(later)), ["stored, but MISP left out 1 sighting"]);
  assert.deepEqual(rig.misp.sightings().map(({ uuid }) => uuid), [SIGHTING.uuid]);
});

Deno.test("deliver() goes without sightings that the role may not add, and says so", async () => {
  await using rig = await startRig({ keys: { [SIGHTLESS]: NO_SIGHTINGS }, key: SIGHTLESS });
  assert.deepEqual(notesOf(await rig.deliver(report(3, { sightings: [SIGHTING] }))), [
    "stored, but without sightings: MISP answered 403: " +
    "You do not have permission to use this functionality.",
  ]);
});

Deno.test("deliver() leaves what an analyst changed as it is, and says what is new", async () => {
  await using rig = await startRig({ tags: [...TAGS, "tlp:amber"] });
  const [first] = await rig.deliver(report());
  const address = addressUuid(UUID, "198.51.100.7");
  await rig.asAnalyst(`/events/edit/${UUID}`, {
    Event: {
      threat_level_id: "1",
      analysis: "2",
      distribution: "3",
      Tag: [{ name: "tlp:amber" }],
      Attribute: [
        { uuid: address, to_ids: false, comment: "a scanner" },
        { type: "text", category: "Other", value: "our own note" },
      ],
      Object: [{
        ...(JSON.parse(report().body) as MispEvent).Object[0],
        Attribute: [{ uuid: COPY, to_ids: true, comment: "the same" }],
      }],
    },
  });
  const later = report(5, { isKnownThere: true, lastPublished: lastPublishedOf(first) });
  assert.deepEqual(notesOf(await rig.deliver(later)), []);
  const [event] = rig.misp.events();
  assert.deepEqual(
    [event?.threat_level_id, event?.analysis, event?.distribution],
    ["1", "2", "3"],
  );
  const attributes = [event!, ...event!.Object].flatMap(({ Attribute }) => Attribute);
  assert.deepEqual(attributes.map((one) => [one.value, one.to_ids, one.comment]), [
    ["198.51.100.7", false, "a scanner"],
    ["our own note", false, ""],
    ["198.51.100.7", true, "the same"],
    ["5", false, ""],
    ["ssh", false, ""],
  ]);
});

Deno.test("deliver() of a lost buffer leaves what an analyst changed, and the event published", async () => {
  await using rig = await startRig();
  await rig.deliver(report());
  await rig.asAnalyst(`/events/edit/${UUID}`, { Event: { analysis: "2", published: true } });
  assert.deepEqual(notesOf(await rig.deliver(report(5))), []);
  assert.deepEqual(rig.paths().slice(3), [
    "POST /events/add",
    "GET /events/view/UUID/deleted:1",
    "POST /events/edit/UUID",
  ]);
  const [event] = rig.misp.events();
  assert.deepEqual([event?.analysis, event?.published], ["2", true]);
});

Deno.test("deliver() refuses when MISP keeps no event report", async () => {
  await using rig = await startRig();
  rig.misp.failEvery(1, { kind: "drop", what: /^SSH brute force from/ });
  const [outcome] = await rig.deliver(report());
  assert.deepEqual(outcome, {
    kind: "refused",
    reason: "MISP left out, without a reason: event report",
  });
});

Deno.test("deliver() works on several events at a time, and on one event in turn", async () => {
  await using rig = await startRig();
  rig.misp.failEvery(1, { kind: "hang" });
  const sources = ["198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4", "198.51.100.5"];
  const delivering = rig.deliver(
    ...sources.map((source) => report(3, {}, source)),
    report(5),
    report(6),
  );
  await rig.misp.received(4);
  rig.misp.clearFaults();
  rig.misp.release();
  assert.deepEqual((await delivering).map(({ kind }) => kind), Array(7).fill("delivered"));
  assert.equal(seen(rig.misp).length, 6);
  assert.deepEqual([rig.misp.maxInFlight, rig.misp.maxInFlightPerEvent], [4, 1]);
});
