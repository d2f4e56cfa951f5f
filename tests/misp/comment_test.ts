/** The confidence in the comment of an address, and what an analyst wrote there. */
import assert from "node:assert/strict";
import { addressUuid } from "../../src/misp/objects.ts";
import { lastPublishedOf, report, type Rig, startRig, UUID } from "./rest_sink_rig.ts";

const OWN = addressUuid(UUID, "198.51.100.7");
const FORTY = "confidence 40 of 100: attacked a honeypot 40";
const FORTY_FIVE = "confidence 45 of 100: attacked a honeypot 40, attempts +5";
const FIFTY = "confidence 50 of 100: attacked a honeypot 40, attempts +10";

const commentIn = ({ misp }: Rig) =>
  misp.event(UUID)!.Attribute.find(({ uuid }) => uuid === OWN)!.comment;

/** Delivers a count after another. */
async function next(rig: Rig, attempts: number, before: Parameters<typeof lastPublishedOf>[0]) {
  const changes = { isKnownThere: true, lastPublished: lastPublishedOf(before) };
  return (await rig.deliver(report(attempts, changes)))[0];
}

Deno.test("deliver() gives an address its confidence, and changes it with the sum only", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(report(3));
  assert.equal(commentIn(rig), FORTY);
  const second = await next(rig, 9, first);
  assert.deepEqual(rig.paths().slice(2), ["POST /events/edit/UUID"], "nothing to look at");
  const third = await next(rig, 12, second);
  assert.equal(commentIn(rig), FORTY_FIVE);
  assert.deepEqual(rig.paths().slice(3), [
    "GET /events/view/UUID/deleted:1",
    "POST /events/edit/UUID",
  ]);
  await next(rig, 100, third);
  assert.equal(commentIn(rig), FIFTY);
});

for (const comment of ["ours since 2019", "", `${FORTY}; checked by Bob`]) {
  Deno.test(`deliver() leaves an analyst's comment on an address as it is: ${JSON.stringify(comment)}`, async () => {
    await using rig = await startRig();
    const [first] = await rig.deliver(report(3));
    await rig.asAnalyst(`/attributes/edit/${OWN}`, { comment });
    const second = await next(rig, 12, first);
    assert.equal(commentIn(rig), comment);
    await next(rig, 100, second);
    assert.equal(commentIn(rig), comment);
  });
}

Deno.test("deliver() takes its own comment for none of an analyst's after a lost answer", async () => {
  await using rig = await startRig();
  const [first] = await rig.deliver(report(3));
  rig.misp.fail({ kind: "lost-answer", on: /events\/edit/ });
  await next(rig, 12, first);
  assert.equal(commentIn(rig), FORTY_FIVE);
  await next(rig, 100, first);
  assert.equal(commentIn(rig), FIFTY);
});
