import assert from "node:assert/strict";
import { BACKGROUND_LEASE, INTEGRATORD_URL } from "../../src/publish/names.ts";
import { PUBLISH_LEASE } from "../../src/publish/publisher.ts";
import { strandedReports, unservedSince } from "../../src/publish/unserved.ts";
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

Deno.test("strandedReports() names what waits for a sink that is not configured", async () => {
  using scene = new Scene();
  await scene.attempt();
  const { snapshot, due } = scene.parts;
  await scene.buffer.outbox.snapshotDue(due, 9, DUE, (attack, record, place) => {
    const made = snapshot(attack, record, DUE, place);
    const sinks = ["misp", "feed"] as const;
    return {
      ...made,
      reports: made.reports.flatMap((report) => sinks.map((sink) => ({ ...report, sink }))),
    };
  });
  const { reports, problems } = await strandedReports(scene.buffer, []);
  assert.equal(reports, 2);
  assert.deepEqual(problems, [
    "1 report waits for MISP, and misp.url is not set; set it again, or remove them by `report drop`",
    "1 report waits for the feed folder, and feed.directory is not set beside misp.url; set it " +
    "again, or remove them by `report drop`",
  ]);
  const none = { reports: 0, problems: [] };
  assert.deepEqual(await strandedReports(scene.buffer, ["feed", "misp"]), none);
  await scene.buffer.settings.put(INTEGRATORD_URL, "https://misp.example");
  assert.deepEqual(await strandedReports(scene.buffer, ["feed"]), none);
});
