/**
 * What a live MISP was recorded to do to its clients (docs/contracts/misp.md 8), and what a proxy
 * before it may do; `rest_sink_test.ts` and `rest_sink_update_test.ts` have the rest.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { MispEvent } from "../../src/misp/event.ts";
import type { Fault } from "../fake_misp/server.ts";
import {
  bare,
  DELIVERED,
  lastPublishedOf,
  notesOf,
  report,
  Rig,
  seen,
  startRig,
  UUID,
} from "./rest_sink_rig.ts";

const THREE = {
  info: "SSH Brute Force Attack from 198.51.100.7 (3 attempts)",
  published: true,
  addresses: ["198.51.100.7 true"],
  objects: [["ip-src 198.51.100.7", "total 3", "type ssh"]],
};

for (const attributes of [0, 1, 2, 3]) {
  Deno.test(`deliver() completes an event that broke off after ${attributes} attributes`, async () => {
    await using rig = await startRig();
    rig.misp.fail({ kind: "partial-500", attributes });
    const [broken] = await rig.deliver(report());
    assert.equal(broken?.kind, "failed");
    assert.deepEqual(seen(rig.misp).map(({ published }) => published), [false]);
    assert.deepEqual(bare(await rig.deliver(report(3, { tries: 1 }))), [DELIVERED]);
    assert.deepEqual(seen(rig.misp), [THREE]);
  });
}

Deno.test("deliver() completes with a later report what an earlier one left in part", async () => {
  await using rig = await startRig();
  rig.misp.fail({ kind: "partial-500", attributes: 1 });
  await rig.deliver(report());
  assert.deepEqual(notesOf(await rig.deliver(report(5))), []);
  assert.deepEqual(seen(rig.misp), [{
    info: "SSH Brute Force Attack from 198.51.100.7 (5 attempts)",
    published: true,
    addresses: ["198.51.100.7 true"],
    objects: [["ip-src 198.51.100.7", "total 5", "type ssh"]],
  }]);
});

/** A report of an address that is not for detection after all. */
function withdrawn(attempts: number, changes: Parameters<typeof report>[1] = {}) {
  const made = report(attempts, changes);
  const event = JSON.parse(made.body) as MispEvent;
  const Attribute = event.Attribute.map((attribute) => ({ ...attribute, to_ids: false }));
  return { ...made, body: JSON.stringify({ ...event, Attribute }) };
}

Deno.test("deliver() takes an address out of detection although the answer to the first report was lost", async () => {
  await using rig = await startRig();
  rig.misp.fail({ kind: "lost-answer" });
  await rig.deliver(report());
  assert.deepEqual(notesOf(await rig.deliver(withdrawn(3))), []);
  const [address] = rig.misp.events()[0]!.Attribute;
  assert.deepEqual([address?.value, address?.to_ids], ["198.51.100.7", false]);
});

const NOTHING_IS_LOST: readonly (readonly [string, Fault, RegExp])[] = [
  ["an object", { kind: "drop", what: /^authentication-failure-report$/ }, /object auth/],
  ["an attribute", { kind: "drop", what: /^198\.51\.100\.7$/ }, /ip-src 198\.51\.100\.7/],
  ["the event report", { kind: "drop", what: /^SSH brute force from/ }, /event report/],
];

for (const [what, fault, reason] of NOTHING_IS_LOST) {
  Deno.test(`deliver() sends again what a 200 left out once: ${what}`, async () => {
    await using rig = await startRig();
    rig.misp.fail(fault);
    assert.deepEqual(bare(await rig.deliver(report())), [DELIVERED]);
    const [event] = seen(rig.misp);
    assert.deepEqual(event?.addresses, ["198.51.100.7 true"]);
    assert.deepEqual(event?.objects[0]?.sort(), ["ip-src 198.51.100.7", "total 3", "type ssh"]);
    assert.equal(event?.published, true);
    assert.equal(rig.misp.events()[0]?.EventReport.length, 1);
  });

  Deno.test(`deliver() refuses, and leaves unpublished, what a 200 leaves out each time: ${what}`, async () => {
    await using rig = await startRig();
    rig.misp.failEvery(1, fault);
    const [outcome] = await rig.deliver(report());
    assert.equal(outcome?.kind, "refused");
    assert.match(JSON.stringify(outcome), reason);
    assert.deepEqual(seen(rig.misp).map(({ published }) => published), [false]);
  });
}

Deno.test("deliver() distinguishes an event that is blocked from one whose role is wrong and one of others", async () => {
  await using rig = await startRig();
  await rig.deliver(report());
  await rig.asAnalyst(`/events/delete/${UUID}`, {});
  assert.deepEqual(await rig.deliver(report()), [{
    kind: "refused",
    reason: "the event was deleted in MISP and is on its blocklist",
    isEventGone: true,
  }]);
  const reader = new Rig(rig.misp, rig.misp.keys.readonly, 10_000, true);
  assert.deepEqual(await reader.deliver(report()), [{
    kind: "unavailable",
    reason: "MISP answered 403: You do not have permission to use this functionality.",
  }]);
  reader.close();
});

Deno.test("deliver() goes on with the others when one event was deleted meanwhile", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(report());
  await rig.asAnalyst(`/events/delete/${UUID}`, {});
  const outcomes = await rig.deliver(
    report(5, { isKnownThere: true, lastPublished: lastPublishedOf(first) }),
    report(3, {}, "198.51.100.8"),
  );
  assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ["delivered", "refused"]);
});

Deno.test("deliver() keeps what another of us added at the same time", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(report());
  const note = { type: "text", category: "Other", value: "seen by a colleague, too" };
  await rig.asAnalyst(`/events/edit/${UUID}`, { Event: { Attribute: [note] } });
  assert.deepEqual(seen(rig.misp).map(({ published }) => published), [false]);
  const later = report(5, { isKnownThere: true, lastPublished: lastPublishedOf(first) });
  assert.deepEqual(notesOf(await rig.deliver(later)), []);
  const [event] = rig.misp.events();
  assert.deepEqual(event?.Attribute.map(({ value }) => value), [
    "198.51.100.7",
    "seen by a colleague, too",
  ]);
  assert.deepEqual([event?.published, seen(rig.misp)[0]?.objects], [true, [[
    "ip-src 198.51.100.7",
    "total 5",
    "type ssh",
  ]]]);
});

Deno.test("deliver() by two publishers at once leaves one event", async () => {
  await using rig = await startRig();
  const second = new Rig(rig.misp, rig.misp.keys.publisher, 10_000, true);
  const outcomes = await Promise.all([rig.deliver(report()), second.deliver(report())]);
  second.close();
  assert.deepEqual(outcomes.map(bare), [[DELIVERED], [DELIVERED]]);
  assert.deepEqual(seen(rig.misp), [THREE]);
});

for (const [what, aheadMs] of [["ahead", 3_600_000], ["behind", -3_600_000]] as const) {
  Deno.test(`deliver() updates an event of a MISP whose clock is an hour ${what}`, async () => {
    await using rig = await startRig({ now: () => Date.UTC(2026, 10, 23) + aheadMs });
    const [first] = await rig.deliver(report());
    const later = report(5, { isKnownThere: true, lastPublished: lastPublishedOf(first) });
    assert.deepEqual(notesOf(await rig.deliver(later)), []);
    assert.deepEqual(seen(rig.misp)[0]?.objects, [["ip-src 198.51.100.7", "total 5", "type ssh"]]);
  });
}
