import assert from "node:assert/strict";
import { BACKGROUND_LEASE, INTEGRATORD_URL } from "../../src/publish/names.ts";
import { PUBLISH_LEASE } from "../../src/publish/publisher.ts";
import { unservedSince } from "../../src/publish/unserved.ts";
import { MINUTE, Scene, START } from "./engine_rig.ts";

const DUE = START + 15 * MINUTE;

Deno.test("unservedSince() says since when something is due, a minute after it fell due", async () => {
  using scene = new Scene();
  const { due } = scene.parts;
  assert.equal(await unservedSince(scene.buffer, due, START), undefined);
  await scene.attempt();
  assert.equal(await unservedSince(scene.buffer, due, DUE + MINUTE - 1), undefined);
  assert.equal(await unservedSince(scene.buffer, due, DUE + MINUTE), DUE);
});

for (const name of [BACKGROUND_LEASE, PUBLISH_LEASE]) {
  Deno.test(`unservedSince() is undefined while somebody holds the lease "${name}"`, async () => {
    using scene = new Scene();
    await scene.attempt();
    const later = DUE + 5 * MINUTE;
    await scene.buffer.leases.take(name, "somebody", MINUTE, later);
    const ask = (now: number) => unservedSince(scene.buffer, scene.parts.due, now);
    assert.deepEqual([await ask(later), await ask(later + MINUTE)], [undefined, DUE]);
  });
}

Deno.test("unservedSince() sees what waits for a MISP that only integratord names", async () => {
  using scene = new Scene();
  await scene.attempt();
  const { snapshot, due } = scene.parts;
  await scene.buffer.outbox.snapshotDue(due, 9, DUE, (attack, record, place) => {
    const made = snapshot(attack, record, DUE, place);
    return { ...made, reports: made.reports.map((report) => ({ ...report, sink: "misp" })) };
  });
  const ask = () => unservedSince(scene.buffer, due, DUE + 9 * MINUTE);
  assert.equal(await ask(), undefined);
  await scene.buffer.settings.put(INTEGRATORD_URL, "https://misp.example");
  assert.equal(await ask(), DUE);
});
