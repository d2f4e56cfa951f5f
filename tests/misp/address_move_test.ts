/**
 * Events of an earlier release, whose address is in an object only, at their next update.
 */
import assert from "node:assert/strict";
import type { MispEvent } from "../../src/misp/event.ts";
import { addressUuid } from "../../src/misp/objects.ts";
import type { LastPublished } from "../../src/misp/published/last_published.ts";
import { uuidV5 } from "../../src/misp/uuid.ts";
import { asEarlierRelease } from "../support/earlier_release.ts";
import { DAY_UUID, dayRecord, dayReport } from "./day_rig.ts";
import { lastPublishedOf, notesOf, report, type Rig, startRig, UUID } from "./rest_sink_rig.ts";

const IP = "198.51.100.7";
const A = "82.202.219.155";
const B = "192.241.237.101";
const OBJECT = uuidV5(UUID, `object/authentication-failure-report/${IP}`);
const COPY = uuidV5(OBJECT, "attr/ip-src");

/** What an earlier release kept of a delivery with `to_ids`. */
function keptEarlier(outcome: Parameters<typeof lastPublishedOf>[0], object = OBJECT): string {
  const { tags, threatLevel } = JSON.parse(lastPublishedOf(outcome)) as LastPublished;
  return JSON.stringify({ tags, threatLevel, toIds: true, objects: [object] });
}

/** Each copy of an address: where it is, whether it is for detection, and its comment. */
const copies = (rig: Rig, uuid = UUID) => {
  const event = rig.misp.event(uuid)!;
  const own = event.Attribute.map((one) => ["event", one] as const);
  const inObjects = event.Object.flatMap((object) =>
    object.Attribute.map((one) => ["object", one] as const)
  );
  return [...own, ...inObjects].filter(([, { type }]) => type === "ip-src").map(([place, one]) => [
    ...[place, one.value, one.to_ids, one.disable_correlation, one.comment],
  ]);
};

const NOTE = "confidence 40 of 100: attacked a honeypot 40";
const MOVED = [["event", IP, true, false, NOTE], ["object", IP, false, true, ""]];

Deno.test("deliver() moves the address of an earlier release, in one request that changes it", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(asEarlierRelease(report()));
  assert.deepEqual(copies(rig), [["object", IP, true, false, ""]]);
  const second = report(5, { isKnownThere: true, lastPublished: keptEarlier(first) });
  const [moved] = await rig.deliver(second);
  assert.deepEqual(notesOf([moved!]), []);
  assert.deepEqual(copies(rig), MOVED);
  assert.deepEqual(rig.paths().slice(2), [
    "GET /events/view/UUID/deleted:1",
    "POST /events/edit/UUID",
  ]);
  assert.equal(rig.misp.event(UUID)?.published, true);
  await rig.deliver(report(6, { isKnownThere: true, lastPublished: lastPublishedOf(moved) }));
  assert.deepEqual(rig.paths().slice(4), ["POST /events/edit/UUID"]);
  assert.deepEqual(copies(rig), MOVED);
});

Deno.test("deliver() moves an address after a report of the earlier release that waited", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(asEarlierRelease(report()));
  const [waited] = await rig.deliver(
    asEarlierRelease(report(4, { isKnownThere: true, lastPublished: keptEarlier(first) })),
  );
  assert.deepEqual(copies(rig), [["object", IP, true, false, ""]]);
  await rig.deliver(report(5, { isKnownThere: true, lastPublished: lastPublishedOf(waited) }));
  assert.deepEqual(copies(rig), MOVED);
});

Deno.test("deliver() moves an address of a buffer that was lost", async () => {
  await using rig = await startRig();
  await rig.deliver(asEarlierRelease(report()));
  assert.deepEqual(notesOf(await rig.deliver(report(5))), []);
  assert.deepEqual(copies(rig), MOVED);
});

async function afterAnalyst(rig: Rig, attribute: Record<string, unknown>) {
  const [first] = await rig.deliver(asEarlierRelease(report()));
  const [object] = (JSON.parse(report().body) as MispEvent).Object;
  await rig.asAnalyst(`/events/edit/${UUID}`, {
    Event: {
      published: true,
      Object: [{ ...object, Attribute: [{ uuid: COPY, ...attribute }] }],
    },
  });
  return keptEarlier(first);
}

const ANALYSED = [["event", IP, false, false, "a scanner"], ["object", IP, false, true, ""]];

Deno.test("deliver() moves an address as analysts left it", async () => {
  await using rig = await startRig();
  const lastPublished = await afterAnalyst(rig, { to_ids: false, comment: "a scanner" });
  await rig.deliver(report(5, { isKnownThere: true, lastPublished }));
  assert.deepEqual(copies(rig), ANALYSED);
});

Deno.test("deliver() moves an address as analysts left it, after a lost answer or a lost buffer, too", async () => {
  for (const changes of [{ isKnownThere: true }, {}]) {
    await using rig = await startRig();
    const lastPublished = await afterAnalyst(rig, { to_ids: false, comment: "a scanner" });
    rig.misp.fail({ kind: "lost-answer", on: /events\/edit/ });
    const second = report(5, { ...changes, lastPublished });
    await rig.deliver(second);
    assert.deepEqual(notesOf(await rig.deliver(second)), []);
    assert.deepEqual(copies(rig), ANALYSED);
  }
});

Deno.test("deliver() takes tags along when it moves an address, but none that stays at that MISP", async () => {
  await using rig = await startRig();
  const Tag = [{ name: "tlp:green" }, { name: "seen:by-us", local: true }];
  const lastPublished = await afterAnalyst(rig, { disable_correlation: true, Tag });
  await rig.deliver(report(5, { isKnownThere: true, lastPublished }));
  assert.deepEqual(copies(rig), [["event", IP, true, true, NOTE], ["object", IP, false, true, ""]]);
  const event = rig.misp.event(UUID)!;
  const tags = [event.Attribute[0]!, event.Object[0]!.Attribute[0]!].map((one) =>
    one.Tag.map(({ name }) => name)
  );
  assert.deepEqual(tags, [["tlp:green"], ["tlp:green", "seen:by-us"]]);
});

const DELETIONS: readonly (readonly [string, string, boolean])[] = [
  ["softly", `/attributes/delete/${COPY}`, true],
  ["softly, after a lost buffer", `/attributes/delete/${COPY}`, false],
  ["for good", `/attributes/delete/${COPY}/1`, true],
  ["with its object", `/objects/delete/${OBJECT}`, true],
  ["with its object for good", `/objects/delete/${OBJECT}/1`, true],
];

for (const [how, path, isKnownThere] of DELETIONS) {
  Deno.test(`deliver() does not bring back an address that was deleted ${how} before it moved`, async () => {
    await using rig = await startRig();
    const [first] = await rig.deliver(asEarlierRelease(report()));
    await rig.asAnalyst(path, {});
    const known = isKnownThere ? { isKnownThere, lastPublished: keptEarlier(first) } : {};
    const [second] = await rig.deliver(report(5, known));
    const there = () =>
      rig.misp.event(UUID)!.Attribute.filter(({ deleted }) => !deleted).map(({ value }) => value);
    assert.deepEqual(there(), []);
    await rig.deliver(report(6, { isKnownThere: true, lastPublished: lastPublishedOf(second) }));
    assert.deepEqual(there(), []);
  });
}

Deno.test("deliver() takes an address out of detection that is withdrawn when it moves", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(asEarlierRelease(report()));
  const event = JSON.parse(report().body) as MispEvent;
  const Attribute = event.Attribute.map((one) => ({ ...one, to_ids: false, comment: "withdrawn" }));
  const body = JSON.stringify({ ...event, Attribute });
  await rig.deliver(
    report(3, { isKnownThere: true, lastPublished: keptEarlier(first), body }),
  );
  assert.deepEqual(copies(rig), [
    ["event", IP, false, false, "withdrawn"],
    ["object", IP, false, true, ""],
  ]);
});

Deno.test("deliver() moves the addresses of a day together, and leaves a new source alone", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(asEarlierRelease(dayReport(dayRecord(A))));
  const ofDay = uuidV5(DAY_UUID, `object/authentication-failure-report/${A}`);
  await rig.deliver(
    dayReport(dayRecord(A, 5), { isKnownThere: true, lastPublished: keptEarlier(first, ofDay) }),
    dayReport(dayRecord(B), { isKnownThere: true }),
  );
  assert.deepEqual(copies(rig, DAY_UUID), [
    ["event", A, true, false, NOTE],
    ["event", B, true, false, NOTE],
    ["object", A, false, true, ""],
    ["object", B, false, true, ""],
  ]);
  assert.deepEqual(rig.paths().slice(2), [
    "GET /events/view/UUID/deleted:1",
    "POST /events/edit/UUID",
  ]);
  assert.deepEqual(
    rig.misp.event(DAY_UUID)?.Attribute.map(({ uuid }) => uuid),
    [addressUuid(DAY_UUID, A), addressUuid(DAY_UUID, B)],
  );
});

Deno.test("deliver() completes an event of which MISP left out the address, for detection", async () => {
  await using rig = await startRig();
  rig.misp.fail({ kind: "drop", what: /^198\.51\.100\.7$/ });
  rig.misp.fail({ kind: "internal-error", on: /events\/edit/ });
  await rig.deliver(report());
  assert.deepEqual(notesOf(await rig.deliver(report(3, { tries: 1 }))), []);
  assert.deepEqual(copies(rig).filter(([place]) => place === "event"), [MOVED[0]]);
});
