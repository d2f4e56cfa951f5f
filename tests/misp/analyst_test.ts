/**
 * What analysts did to an event since the last delivery, and what the next one makes of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Report, Sighting } from "../../src/model.ts";
import { buildEvent, type MispEvent } from "../../src/misp/event.ts";
import { addressUuid } from "../../src/misp/objects.ts";
import { uuidV5 } from "../../src/misp/uuid.ts";
import type { Outcome } from "../../src/sink.ts";
import { DAY_UUID, dayRecord, dayReport } from "./day_rig.ts";
import {
  lastPublishedOf,
  notesOf,
  record,
  report,
  type Rig,
  RULES,
  startRig,
  UUID,
} from "./rest_sink_rig.ts";

const IP = "198.51.100.7";
const OBJECT = uuidV5(UUID, `object/authentication-failure-report/${IP}`);
const TOTAL = uuidV5(OBJECT, "attr/total");
const COPY = uuidV5(OBJECT, "attr/ip-src");
/** The address as an attribute of the event itself. */
const OWN = addressUuid(UUID, IP);

/** An event whose address was last seen at another time for each count. */
function bodyOf(attempts: number): MispEvent {
  const event = buildEvent(record(attempts, IP), RULES, {});
  const last_seen = `2026-11-23T07:41:0${attempts}.000000+00:00`;
  return { ...event, Attribute: event.Attribute.map((own) => ({ ...own, last_seen })) };
}

const withOwn = (attempts: number, changes: Partial<Report> = {}): Report =>
  report(attempts, { body: JSON.stringify(bodyOf(attempts)), ...changes });

/** The report after one that was delivered. */
const after = (before: Outcome | undefined, attempts: number, changes: Partial<Report> = {}) =>
  withOwn(attempts, {
    isKnownThere: true,
    lastPublished: lastPublishedOf(before),
    eventLastPublished: lastPublishedOf(before),
    ...changes,
  });

const sightingOf = (attributeUuid: string, number = 1): Sighting => ({
  uuid: `00000000-0000-5000-8000-00000000000${number}`,
  attributeUuid,
  source: "honeypot-1b2c3d4e",
  kind: "seen",
  seenAt: Date.UTC(2026, 10, 23, 9),
});

/** Each part that a reader of the event sees, and `to_ids`. */
function visible({ misp }: Rig): readonly string[] {
  const event = misp.event(UUID)!;
  const shown = [
    ...event.Attribute,
    ...event.Object.flatMap((one) => one.deleted ? [] : one.Attribute),
  ]
    .filter(({ deleted }) => !deleted)
    .map((one) => `${one.object_relation ?? "own"} ${one.value}${one.to_ids ? " to_ids" : ""}`);
  const reports = event.EventReport.filter(({ deleted }) => !deleted).map(() => "report");
  return [event.info, ...shown, ...reports];
}

const title = (attempts: number) => `SSH Brute Force Attack from ${IP} (${attempts} attempts)`;
const stays = (what: string) => [`somebody deleted this in MISP, and it stays deleted: ${what}`];

interface Deletion {
  readonly what: string;
  readonly path: string;
  readonly note: string;
  /** What is visible of the report of five attempts. */
  readonly left: readonly string[];
}

const WHOLE = [
  title(5),
  `own ${IP} to_ids`,
  `ip-src ${IP}`,
  "total 5",
  "type ssh",
  "report",
];
const without = (...gone: readonly string[]) => WHOLE.filter((one) => !gone.includes(one));

const DELETIONS: readonly Deletion[] = [
  {
    what: "the event's own attribute",
    path: `attributes/delete/${OWN}`,
    note: `ip-src ${IP}`,
    left: without(`own ${IP} to_ids`),
  },
  {
    what: "an attribute of the object",
    path: `attributes/delete/${TOTAL}`,
    note: "total 5",
    left: without("total 5"),
  },
  {
    what: "the object",
    path: `objects/delete/${OBJECT}`,
    note: "object authentication-failure-report",
    left: without(`ip-src ${IP}`, "total 5", "type ssh"),
  },
  {
    what: "the event report",
    path: `eventReports/delete/${uuidV5(UUID, "report")}`,
    note: "event report",
    left: without("report"),
  },
];

for (const { what, path, note, left } of DELETIONS) {
  for (const [how, end] of [["softly", ""], ["for good", "/1"]] as const) {
    Deno.test(`deliver() leaves ${what} deleted that somebody deleted ${how}`, async () => {
      await using rig = await startRig();
      const [first] = await rig.deliver(withOwn(3));
      await rig.asAnalyst(`/${path}${end}`.replace(uuidV5(UUID, "report"), reportUuid(rig)), {});
      const [second] = await rig.deliver(after(first, 5));
      assert.deepEqual(notesOf([second!]), stays(note));
      assert.deepEqual(visible(rig), left);
      assert.equal(rig.misp.event(UUID)?.published, true);
      const requests = rig.misp.requests.length;
      const [third] = await rig.deliver(after(second, 5));
      assert.deepEqual(notesOf([third!]), []);
      assert.deepEqual(visible(rig), left);
      assert.equal(rig.misp.requests.length, requests + 1);
    });
  }
}

const reportUuid = ({ misp }: Rig) => misp.event(UUID)!.EventReport[0]!.uuid;

Deno.test("deliver() drops and counts the sightings of an attribute that was deleted", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(withOwn(3));
  await rig.asAnalyst(`/attributes/delete/${OWN}`, {});
  const sightings = [sightingOf(OWN, 1), sightingOf(OWN, 2), sightingOf(COPY, 3)];
  const outcomes = await rig.deliver(after(first, 5, { sightings }));
  assert.deepEqual(notesOf(outcomes), [
    ...stays(`ip-src ${IP}`),
    "somebody deleted the attribute: dropped 2 sightings",
  ]);
  assert.deepEqual(rig.misp.sightings().map(({ uuid }) => uuid), [sightings[2]!.uuid]);
});

Deno.test("deliver() updates again what was deleted and restored", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(withOwn(3));
  await rig.asAnalyst(`/attributes/delete/${TOTAL}`, {});
  const [second] = await rig.deliver(after(first, 4));
  await rig.asAnalyst(`/attributes/restore/${TOTAL}`, {});
  const [third] = await rig.deliver(after(second, 5));
  const [fourth] = await rig.deliver(after(third, 6));
  assert.deepEqual(notesOf([fourth!]), []);
  assert.ok(visible(rig).includes("total 6"), visible(rig).join());
});

Deno.test("deliver() sends the whole event when it was deleted, taken off the blocklist and made anew", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(withOwn(3));
  await rig.asAnalyst(`/events/delete/${UUID}`, {});
  rig.misp.unblock(UUID);
  const [second] = await rig.deliver(after(first, 5));
  assert.deepEqual(notesOf([second!]), []);
  assert.deepEqual(visible(rig), WHOLE);
  await rig.asAnalyst(`/events/delete/${UUID}`, {});
  rig.misp.unblock(UUID);
  await rig.asAnalyst("/events/add", { Event: { uuid: UUID, info: "made by hand" } });
  const [third] = await rig.deliver(after(second, 5));
  assert.deepEqual(notesOf([third!]), []);
  assert.deepEqual(visible(rig), WHOLE);
});

Deno.test("deliver() of a lost buffer leaves deleted what was deleted softly", async () => {
  await using rig = await startRig();
  await rig.deliver(withOwn(3));
  await rig.asAnalyst(`/attributes/delete/${OWN}`, {});
  assert.deepEqual(notesOf(await rig.deliver(withOwn(5))), []);
  assert.deepEqual(visible(rig), without(`own ${IP} to_ids`));
});

Deno.test("deliver() keeps category, distribution, date, to_ids and comment as an analyst set them", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(withOwn(3));
  const object = bodyOf(3).Object[0]!;
  await rig.asAnalyst(`/events/edit/${UUID}`, {
    Event: {
      date: "2026-11-01",
      distribution: "1",
      extends_uuid: "00000000-0000-4000-8000-000000000001",
      disable_correlation: true,
      Attribute: [{
        uuid: OWN,
        category: "Payload delivery",
        distribution: "0",
        to_ids: false,
        comment: "a scanner",
      }],
      Object: [{ ...object, distribution: "1", Attribute: [{ uuid: TOTAL, distribution: "0" }] }],
    },
  });
  assert.deepEqual(notesOf(await rig.deliver(after(first, 5))), []);
  const { date, distribution, extends_uuid, disable_correlation, Attribute, Object: objects } = rig
    .misp.event(UUID)!;
  assert.deepEqual([date, distribution, extends_uuid, disable_correlation], [
    "2026-11-01",
    "1",
    "00000000-0000-4000-8000-000000000001",
    true,
  ]);
  const [own] = Attribute;
  assert.deepEqual(
    [own!.category, own!.distribution, own!.to_ids, own!.comment, own!.last_seen],
    ["Payload delivery", "0", false, "a scanner", "2026-11-23T07:41:05.000000+00:00"],
  );
  const total = objects[0]!.Attribute.find(({ uuid }) => uuid === TOTAL);
  assert.deepEqual([objects[0]!.distribution, total!.distribution, total!.value], ["1", "0", "5"]);
});

for (const [was, published] of [["published", true], ["left unpublished", false]] as const) {
  Deno.test(`deliver() without publishing leaves an event ${was} that an analyst ${was}`, async () => {
    await using rig = await startRig({ publish: false });
    const [first] = await rig.deliver(report());
    if (published) await rig.asAnalyst(`/events/publish/${UUID}`, {});
    const lastPublished = lastPublishedOf(first);
    await rig.deliver(report(5, { isKnownThere: true, lastPublished }));
    assert.equal(rig.misp.event(UUID)?.published, published);
    await rig.deliver(report(6));
    assert.equal(rig.misp.event(UUID)?.published, published);
    const edits = rig.misp.requests.filter(({ path }) => path.includes("/edit/"));
    assert.deepEqual(
      edits.map(({ body }) => (body as { Event: { published: boolean } }).Event.published),
      [published, published],
    );
  });
}

Deno.test("deliver() leaves a source of a day deleted although the answer that added it was lost", async () => {
  await using rig = await startRig();
  const [a, b] = ["82.202.219.155", "192.241.237.101"] as const;
  await rig.deliver(dayReport(dayRecord(a)));
  // Once, and each of its three retries.
  for (let times = 0; times < 4; times++) {
    rig.misp.fail({ kind: "lost-answer", on: /events\/edit/ });
  }
  const again = dayReport(dayRecord(b), { isKnownThere: true });
  assert.equal((await rig.deliver(again))[0]?.kind, "unanswered");
  const object = rig.misp.event(DAY_UUID)!.Object[1]!;
  await rig.asAnalyst(`/objects/delete/${object.uuid}`, {});
  assert.deepEqual(
    notesOf(await rig.deliver(again)),
    stays("object authentication-failure-report"),
  );
  assert.equal(rig.misp.event(DAY_UUID)!.Object[1]!.deleted, true);
});
