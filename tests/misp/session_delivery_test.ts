/** What sessions bring, on its way into a MISP. */
import assert from "node:assert/strict";
import { buildEvent } from "../../src/misp/event.ts";
import { recordsOf, sceneLines } from "../cowrie/session_rig.ts";
import { templateProblems } from "../fake_misp/templates.ts";
import { seenItem, SESSION, SESSION_AT } from "../support/session_evidence.ts";
import { firstReport } from "../support/source_record.ts";
import { DAY_UUID, dayRecord, dayReport } from "./day_rig.ts";
import {
  bare,
  DELIVERED,
  lastPublishedOf,
  record,
  type Rig,
  RULES,
  startRig,
} from "./rest_sink_rig.ts";

const IP = "198.51.100.7";
const SOURCE = { ...record(3, IP), session: SESSION };
const TAGS = [
  "tlp:green",
  ...["Brute Force - T1110", "Unix Shell - T1059.004", "Ingress Tool Transfer - T1105"],
  ...["SSH Authorized Keys - T1098.004", "Proxy - T1090"],
].map((name) => name.includes(" - ") ? `misp-galaxy:mitre-attack-pattern="${name}"` : name);

const reportOf = (source: typeof SOURCE, changes = {}) =>
  firstReport(source, buildEvent(source, RULES), changes);

/** Every part that MISP has, references too. */
function stored({ misp }: Rig): readonly string[] {
  return misp.events().flatMap((event) => [
    ...event.Attribute.map(({ type, value, to_ids }) => `${type} ${value} ${to_ids}`),
    ...event.Object.flatMap((object) => [
      `${object.name}: ${object.comment}`,
      ...object.Attribute.map(({ type, value, to_ids }) => `${type} ${value} ${to_ids}`),
      ...object.ObjectReference.map(({ relationship_type }) => relationship_type),
    ]),
  ]).sort();
}

Deno.test("deliver() has MISP store every part of sessions, as its templates want it", async () => {
  await using rig = await startRig({ tags: TAGS });
  assert.deepEqual(bare(await rig.deliver(reportOf(SOURCE))), [DELIVERED]);
  const [event] = rig.misp.events();
  assert.deepEqual(event?.Object.flatMap(templateProblems), []);
  const sent = buildEvent(SOURCE, RULES);
  const count = (of: {
    readonly Attribute: readonly unknown[];
    readonly Object: readonly {
      readonly Attribute: readonly unknown[];
      readonly ObjectReference?: readonly unknown[];
    }[];
  }) => [
    of.Attribute.length,
    of.Object.length,
    of.Object.flatMap(({ Attribute }) => Attribute).length,
    of.Object.flatMap(({ ObjectReference = [] }) => ObjectReference).length,
  ];
  assert.deepEqual(count(event!), count(sent));
  assert.deepEqual(count(sent), [4, 6, 12, 2]);
});

Deno.test("deliver() of sessions again, known or not, adds nothing", async () => {
  await using rig = await startRig({ tags: TAGS });
  const [first] = await rig.deliver(reportOf(SOURCE));
  const before = stored(rig);
  const again = reportOf(SOURCE, { isKnownThere: true, lastPublished: lastPublishedOf(first) });
  assert.deepEqual(bare(await rig.deliver(again)), [DELIVERED]);
  assert.deepEqual(bare(await rig.deliver(reportOf(SOURCE))), [DELIVERED]);
  assert.deepEqual(stored(rig), before);
});

for (const on of [/events\/add/, /events\/publish/]) {
  Deno.test(`deliver() of sessions after a lost answer to ${on} adds nothing`, async () => {
    await using clean = await startRig({ tags: TAGS });
    await clean.deliver(reportOf(SOURCE));
    await using rig = await startRig({ tags: TAGS });
    rig.misp.fail({ kind: "lost-answer", on });
    await rig.deliver(reportOf(SOURCE));
    assert.deepEqual(bare(await rig.deliver(reportOf(SOURCE))), [DELIVERED]);
    assert.deepEqual(stored(rig), stored(clean));
  });
}

Deno.test("deliver() brings what a session adds, and counts a file again without a second object", async () => {
  await using rig = await startRig({ tags: TAGS });
  const [first] = await rig.deliver(reportOf(SOURCE));
  const items = SESSION.items.map((item) =>
    item.kind === "payload" && item.count === 1000
      ? {
        ...item,
        count: 1001,
        urls: [...item.urls ?? [], { url: "http://203.0.113.11/second" }],
      }
      : item
  );
  const more = { ...SOURCE, session: { ...SESSION, items } };
  const next = reportOf(more, { isKnownThere: true, lastPublished: lastPublishedOf(first) });
  assert.deepEqual(bare(await rig.deliver(next)), [DELIVERED]);
  const all = stored(rig);
  assert.equal(all.filter((part) => part.startsWith("file: ")).length, 3);
  assert.ok(all.includes("file: brought 1001 times (download)"));
  assert.equal(all.filter((part) => part === "downloaded-from").length, 3);
});

Deno.test("deliver() refuses an event of which MISP leaves a file, an address or a key out", async () => {
  for (const what of [/^a1a1/, /bot\.sh/, /^SHA256:/]) {
    await using rig = await startRig({ tags: TAGS });
    rig.misp.failEvery(1, { kind: "drop", what });
    const [outcome] = await rig.deliver(reportOf(SOURCE));
    assert.equal(outcome?.kind, "refused", `${what}`);
  }
});

const [A, B, C] = ["198.51.100.1", "198.51.100.2", "198.51.100.3"];
const ofDay = (source: string) => dayRecord(source, 3, { session: SESSION });

Deno.test("deliver() gives sources of a day with the same client and key one attribute of each", async () => {
  await using rig = await startRig({ tags: TAGS });
  const outcomes = await rig.deliver(dayReport(ofDay(A!)), dayReport(ofDay(B!)));
  const later = await rig.deliver(dayReport(ofDay(C!), { isKnownThere: true }));
  assert.deepEqual(bare([...outcomes, ...later]), [DELIVERED, DELIVERED, DELIVERED]);
  const event = rig.misp.event(DAY_UUID)!;
  assert.deepEqual(
    event.Attribute.map(({ type }) => type).sort(),
    ["hassh-md5", "ip-src", "ip-src", "ip-src", "ssh-fingerprint", "text"],
  );
  assert.equal(event.Object.filter(({ name }) => name === "file").length, 9);
});

Deno.test("deliver() of another source of the day keeps what an analyst decided on a key", async () => {
  await using rig = await startRig({ tags: TAGS });
  await rig.deliver(dayReport(ofDay(A!)));
  const keyOf = () =>
    rig.misp.event(DAY_UUID)!.Attribute.find(({ type }) => type === "ssh-fingerprint")!;
  await rig.asAnalyst(`/attributes/edit/${keyOf().uuid}`, { to_ids: false, comment: "ours" });
  assert.deepEqual(
    bare(await rig.deliver(dayReport(ofDay(B!), { isKnownThere: true }))),
    [DELIVERED],
  );
  assert.deepEqual([keyOf().to_ids, keyOf().comment], [false, "ours"]);
});

Deno.test("deliver() of a file that came 1,000 times in one session sends one object", () => {
  const item = seenItem({
    kind: "payload",
    value: "d4".repeat(32),
    count: 1000,
    lastSeen: SESSION_AT + 1,
  });
  const session = { ...SESSION, items: [item] };
  const { Object } = buildEvent({ ...SOURCE, session }, RULES);
  assert.deepEqual(
    Object.filter(({ name }) => name === "file").map(({ comment }) => comment),
    ["brought 1000 times"],
  );
});

Deno.test("deliver() has MISP store what a recorded Cowrie saw, of each source and of a day", async () => {
  const records = [...(await recordsOf(sceneLines.wazuh)).values()];
  assert.ok(records.length > 5);
  await using rig = await startRig({ tags: TAGS });
  const own = records.map((one) => firstReport(one, buildEvent(one, RULES)));
  const ofDay = records.map((one) =>
    dayReport({ ...one, eventUuid: DAY_UUID, part: 1, openedOn: "2026-11-23" })
  );
  const outcomes = await rig.deliver(...own, ...ofDay);
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    [...own, ...ofDay].map(() => "delivered"),
  );
  const objects = rig.misp.events().flatMap((event) => event.Object);
  assert.deepEqual(objects.flatMap(templateProblems), []);
  const files = (of: readonly { readonly name: string }[]) =>
    of.filter(({ name }) => name === "file").length;
  assert.equal(files(objects), 2 * files(records.flatMap((one) => buildEvent(one, RULES).Object)));
});
