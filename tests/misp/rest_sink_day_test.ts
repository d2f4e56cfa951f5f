import assert from "node:assert/strict";
import type { Report } from "../../src/model.ts";
import { addressUuid } from "../../src/misp/objects.ts";
import type { Outcome } from "../../src/sink.ts";
import {
  CLOSED_TAG,
  closingReport,
  COMPROMISED,
  DAY_UUID,
  dayRecord,
  dayReport,
  sources,
  TITLE,
} from "./day_rig.ts";
import { lastPublishedOf, notesOf, type Rig, startRig, TAGS } from "./rest_sink_rig.ts";

const A = "82.202.219.155";
const B = "192.241.237.101";
const C = "212.64.151.233";

/** The day's event as MISP has it, without what differs from run to run. */
function stored(rig: Rig) {
  return rig.misp.events().map((
    { uuid, info, published, analysis, threat_level_id, ...event },
  ) => ({
    ...{ uuid, info, published, analysis, threat_level_id },
    tags: event.Tag.map(({ name }) => name).sort(),
    addresses: event.Attribute.map(({ uuid, value, to_ids }) => `${uuid} ${value} ${to_ids}`)
      .sort(),
    objects: event.Object.map((object) =>
      [
        object.uuid,
        ...object.Attribute.map(({ uuid, value, to_ids }) => `${uuid} ${value} ${to_ids}`),
      ].join("\n")
    ).sort(),
  }));
}

const addresses = (rig: Rig) => rig.misp.event(DAY_UUID)?.Attribute.map(({ value }) => value) ?? [];

const kinds = (outcomes: readonly Outcome[]) => outcomes.map(({ kind }) => kind);

/** A body that MISP answers 500 to each time: its comment column holds no such character. */
function poisoned(report: Report): Report {
  const { Object: [object, ...rest], ...event } = JSON.parse(report.body);
  return {
    ...report,
    body: JSON.stringify({ ...event, Object: [{ ...object, comment: "😀" }, ...rest] }),
  };
}

Deno.test("deliver() puts 300 sources of a day into one event with few requests", async () => {
  await using rig = await startRig();
  const reports = sources(300).map((source) => dayReport(dayRecord(source)));
  assert.deepEqual(kinds(await rig.deliver(...reports)), Array(300).fill("delivered"));
  assert.deepEqual(rig.paths(), [
    "POST /events/add",
    "POST /events/publish/UUID",
    "POST /events/edit/UUID",
    "POST /events/edit/UUID",
  ]);
  assert.deepEqual(addresses(rig), sources(300));
  const [event] = stored(rig);
  assert.deepEqual(
    [event?.info, event?.published, event?.analysis, event?.threat_level_id],
    [TITLE, true, "1", "3"],
  );
});

Deno.test("deliver() updates the sources of a day together, their sightings in one request", async () => {
  await using rig = await startRig();
  const first = await rig.deliver(dayReport(dayRecord(A)), dayReport(dayRecord(B)));
  const later = [A, B].map((source, at) =>
    dayReport(dayRecord(source, 9), {
      isKnownThere: true,
      lastPublished: lastPublishedOf(first[at]),
      sightings: [{
        uuid: `00000000-0000-5000-8000-00000000000${at}`,
        attributeUuid: addressUuid(DAY_UUID, source),
        source: "honeypot-1b2c3d4e",
        kind: "seen",
        seenAt: Date.UTC(2026, 10, 23, 9),
      }],
    })
  );
  assert.deepEqual(kinds(await rig.deliver(...later)), ["delivered", "delivered"]);
  assert.deepEqual(rig.paths().slice(2), [
    "POST /events/edit/UUID",
    "POST /sightings/bulkSaveSightings/UUID",
  ]);
  assert.equal(rig.misp.sightings().length, 2);
});

Deno.test("deliver() refuses only the source that MISP leaves out, and sends the others once more", async () => {
  await using rig = await startRig();
  rig.misp.failEvery(1, { kind: "drop", what: /^82\.202\.0\.7$/ });
  const all = sources(100);
  const outcomes = await rig.deliver(...all.map((source) => dayReport(dayRecord(source))));
  assert.deepEqual(outcomes.filter(({ kind }) => kind !== "delivered"), [{
    kind: "refused",
    reason: "MISP left out, without a reason: ip-src 82.202.0.7",
  }]);
  assert.equal(outcomes.length, 100);
  assert.deepEqual(rig.paths(), [
    "POST /events/add",
    "POST /events/edit/UUID",
    "POST /events/edit/UUID",
  ]);
  assert.equal(stored(rig)[0]?.published, true);
});

Deno.test("deliver() finds by halves the source that gives 500, and delivers the others", async () => {
  await using rig = await startRig();
  const all = sources(100).map((source) => dayReport(dayRecord(source)));
  const outcomes = await rig.deliver(...all.slice(0, 40), poisoned(all[40]!), ...all.slice(41));
  assert.deepEqual(outcomes.filter(({ kind }) => kind !== "delivered"), [{
    kind: "failed",
    reason: "MISP answered 500: An Internal Error Has Occurred.",
  }]);
  assert.equal(outcomes.length, 100);
  assert.ok(rig.misp.requests.length < 40, `${rig.misp.requests.length} requests`);
  const [given] = await rig.deliver({ ...poisoned(all[40]!), tries: 2, isKnownThere: true });
  assert.equal(given?.kind, "failed");
});

const LOSSES = [/events\/add/, /events\/publish/, /events\/edit/];

for (const on of LOSSES) {
  Deno.test(`deliver() after a lost answer to ${on} leaves what a clean run leaves`, async () => {
    const reports = sources(200).map((source) => dayReport(dayRecord(source)));
    await using clean = await startRig();
    await clean.deliver(...reports);
    await using rig = await startRig();
    rig.misp.fail({ kind: "lost-answer", on });
    const outcomes = await rig.deliver(...reports);
    assert.equal(outcomes.every(({ kind }) => kind === "delivered"), true);
    assert.deepEqual(stored(rig), stored(clean));
  });
}

Deno.test("deliver() closes a day without a tag that the instance does not have, and says so", async () => {
  await using rig = await startRig();
  const records = [dayRecord(A, 5), dayRecord(B)];
  await rig.deliver(...records.map((record) => dayReport(record)));
  assert.deepEqual(notesOf(await rig.deliver(closingReport(records, { isKnownThere: true }))), [
    `MISP does not have these tags and the key's role may not create them: ${CLOSED_TAG}`,
  ]);
  const event = rig.misp.event(DAY_UUID);
  assert.deepEqual([event?.analysis, event?.published], ["2", true]);
  assert.deepEqual(event?.EventReport.map(({ name }) => name), [TITLE]);
});

Deno.test("deliver() leaves a closed day closed, also from a buffer that was lost", async () => {
  await using rig = await startRig({ tags: [...TAGS, CLOSED_TAG] });
  const [first] = await rig.deliver(dayReport(dayRecord(A)));
  await rig.deliver(closingReport([dayRecord(A)], { isKnownThere: true }));
  const later = dayReport(dayRecord(A, 9), {
    isKnownThere: true,
    lastPublished: lastPublishedOf(first),
  });
  assert.deepEqual(notesOf(await rig.deliver(later)), []);
  assert.equal(rig.misp.event(DAY_UUID)?.analysis, "2");
  assert.deepEqual(notesOf(await rig.deliver(dayReport(dayRecord(B)))), []);
  const event = rig.misp.event(DAY_UUID);
  assert.deepEqual([event?.analysis, event?.published, addresses(rig)], ["2", true, [A, B]]);
});

Deno.test("deliver() names a login in the title, and no other source removes it", async () => {
  await using rig = await startRig();
  const compromised = { compromisedAt: Date.UTC(2026, 10, 23, 7, 41, 2) };
  const [ofA] = await rig.deliver(dayReport(dayRecord(A)));
  await rig.deliver(dayReport(dayRecord(B, 4, compromised), { isKnownThere: true }));
  const state = () => {
    const event = rig.misp.event(DAY_UUID);
    return [event?.info, event?.threat_level_id];
  };
  assert.deepEqual(state(), [COMPROMISED, "1"]);
  await rig.deliver(
    dayReport(dayRecord(A, 9), { isKnownThere: true, lastPublished: lastPublishedOf(ofA) }),
  );
  await rig.deliver(dayReport(dayRecord(C), { isKnownThere: true }));
  assert.deepEqual(state(), [COMPROMISED, "1"]);
  await rig.deliver(dayReport(dayRecord("80.94.95.112")));
  assert.deepEqual(state(), [COMPROMISED, "1"]);
  const comments = rig.misp.event(DAY_UUID)?.Object.map(({ comment }) => comment.split(":")[0]);
  assert.deepEqual(comments, [
    "0 sensors; 1 different user name; 9 Wazuh alerts",
    "a login succeeded at 2026-11-23 07",
    "0 sensors; 1 different user name; 3 Wazuh alerts",
    "0 sensors; 1 different user name; 3 Wazuh alerts",
  ]);
});

Deno.test("deliver() of a new source leaves title, tags and threat level as an analyst set them", async () => {
  await using rig = await startRig();
  await rig.deliver(dayReport(dayRecord(A)));
  await rig.asAnalyst(`/events/edit/${DAY_UUID}`, {
    Event: { info: "a busy day", threat_level_id: "2", published: true },
  });
  await rig.deliver(dayReport(dayRecord(B), { isKnownThere: true }));
  const [event] = stored(rig);
  assert.deepEqual([event?.info, event?.threat_level_id], ["a busy day", "2"]);
  const { Event } = rig.misp.requests.at(-1)!.body as { Event: { Tag: unknown } };
  assert.deepEqual(Event.Tag, [{ name: TAGS[1] }]);
});

Deno.test("deliver() after a lost answer takes a withdrawn source out of detection, and no other", async () => {
  await using rig = await startRig();
  await rig.deliver(dayReport(dayRecord(A)), dayReport(dayRecord(B)));
  const withdrawn = dayRecord(A, 3, { retractedAt: Date.UTC(2026, 10, 23, 9) });
  await rig.deliver(dayReport(withdrawn), dayReport(dayRecord(B)));
  const toIds = rig.misp.event(DAY_UUID)?.Attribute.map(({ to_ids }) => to_ids);
  assert.deepEqual(toIds, [false, true]);
});

Deno.test("deliver() after a lost answer says of a source that was withdrawn since that it was", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(dayReport(dayRecord(A)));
  const known = { isKnownThere: true, lastPublished: lastPublishedOf(first) };
  rig.misp.fail({ kind: "lost-answer", on: /events\/edit/ });
  await rig.deliver(dayReport(dayRecord(A, 5), known));
  const withdrawn = dayRecord(A, 5, { retractedAt: Date.UTC(2026, 10, 23, 9) });
  await rig.deliver(dayReport(withdrawn, known));
  assert.match(rig.misp.event(DAY_UUID)!.Object[0]!.comment, /^withdrawn by an operator at /);
});
