/**
 * Sightings, in bulk and one by one.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  ATTRIBUTE,
  Bench,
  EMOJI,
  EVENT,
  type Json,
  MISSING,
  NO_PERMISSION,
  report,
  said,
  SIGHTING,
} from "./rig.ts";

Deno.test("bulkSaveSightings() honours our uuids and calls repeats not saved", async () => {
  await using bench = await Bench.start();
  await bench.add({ published: true, Object: [report()] });
  const rows = [{
    uuid: SIGHTING,
    attribute_uuid: ATTRIBUTE,
    source: "bulk",
    type: "0",
    date_sighting: 1795394218,
  }];
  bench.clock.seconds += 10;
  const first = await bench.post(`/sightings/bulkSaveSightings/${EVENT}`, rows, "user");
  assert.equal(first.status, 200);
  assert.deepEqual(first.json, { saved: true, success: "1 sightings added." });
  const again = await bench.post(`/sightings/bulkSaveSightings/${EVENT}`, rows);
  assert.equal(again.status, 200);
  assert.deepEqual(again.json, { saved: false, success: "No sightings added." });
  assert.deepEqual(bench.misp.sightings(), [{
    id: "1",
    attribute_id: "1",
    event_id: "1",
    org_id: "2",
    date_sighting: "1795394218",
    uuid: SIGHTING,
    source: "bulk",
    type: "0",
  }]);
  assert.equal(bench.misp.event(EVENT)?.published, true);
  assert.equal(bench.misp.event(EVENT)?.timestamp, "1795394026");
});

Deno.test("bulkSaveSightings() skips attributes it does not know and counts the rest", async () => {
  await using bench = await Bench.start();
  await bench.add({ Object: [report()] });
  const row = { source: "bulk", type: "0", date_sighting: "1795394218" };
  const { json } = await bench.post(`/sightings/bulkSaveSightings/${EVENT}`, [
    { ...row, attribute_uuid: ATTRIBUTE },
    { ...row, attribute_uuid: ATTRIBUTE },
    { ...row, attribute_uuid: MISSING },
  ]);
  assert.deepEqual(json, { saved: true, success: "2 sightings added." });
});

Deno.test("addSighting() answers the sighting under a uuid of its own, never as a repeat", async () => {
  await using bench = await Bench.start();
  await bench.add({ distribution: "1", Object: [report()] });
  const url = `/sightings/add/${ATTRIBUTE}`;
  const body = { source: "wazuh", type: "0", timestamp: 1795394178, uuid: SIGHTING };
  const first = await bench.post(url, body);
  assert.equal(first.status, 200);
  const { uuid, ...rest } = first.json.Sighting;
  assert.notEqual(uuid, SIGHTING);
  assert.deepEqual(rest, {
    id: "1",
    attribute_id: "1",
    event_id: "1",
    org_id: "2",
    date_sighting: "1795394178",
    source: "wazuh",
    type: "0",
  });
  assert.equal((await bench.post(url, body)).json.Sighting.id, "2");
  assert.equal((await bench.post(url, { source: "o" }, "other")).json.Sighting.org_id, "3");
  assert.equal((await bench.post(url, {})).json.Sighting.date_sighting, "1795394026");
  const dated = { date: "2026-11-20", time: "10:00:00" };
  assert.equal((await bench.post(url, dated)).json.Sighting.date_sighting, "1795168800");
});

Deno.test("addSighting() says its refusals with 200", async () => {
  await using bench = await Bench.start();
  await bench.add({ Object: [report()] });
  const url = `/sightings/add/${ATTRIBUTE}`;
  const cases: [string, unknown, string][] = [
    [
      "/sightings/add",
      { values: ["192.0.2.251"] },
      "No valid attributes found that match the criteria.",
    ],
    [`/sightings/add/${MISSING}`, {}, "No valid attributes found that match the criteria."],
    ["/sightings/add", {}, "No valid attributes found."],
    [url, { type: "9" }, "Invalid type, please change it before you POST 1000000 sightings."],
    [
      url,
      { timestamp: "2026-11-20T10:00:00Z" },
      '{"date_sighting":["This field cannot be left blank"]}',
    ],
  ];
  for (const [path, body, reason] of cases) {
    const { status, json } = await bench.post(path, body);
    assert.equal(status, 200);
    assert.deepEqual(json, { message: `Could not add the Sighting. Reason: ${reason}` });
  }
  assert.deepEqual(bench.misp.sightings(), []);
});

Deno.test("addSighting() by value hits every visible attribute and answers the last", async () => {
  await using bench = await Bench.start();
  await bench.add({
    Attribute: [{ type: "ip-src", value: "203.0.113.7" }],
    Object: [report()],
  });
  const { json } = await bench.post("/sightings/add", { values: ["203.0.113.7"] });
  assert.equal(json.Sighting.id, "2");
  assert.equal(bench.misp.sightings().length, 2);
});

Deno.test("addSighting() refuses readers and breaks down at a long or odd source", async () => {
  await using bench = await Bench.start();
  await bench.add({ distribution: "1", Object: [report()] });
  const url = `/sightings/add/${ATTRIBUTE}`;
  const reader = await bench.post(url, { source: "x" }, "readonly");
  assert.equal(reader.status, 403);
  assert.deepEqual(reader.json, said(NO_PERMISSION, url));
  for (const source of ["s".repeat(256), EMOJI]) {
    assert.equal((await bench.post(url, { source })).status, 500);
  }
});

Deno.test("listSightings() lists those of an attribute, latest first", async () => {
  await using bench = await Bench.start();
  await bench.add({ Object: [report()] });
  for (const timestamp of [1795394178, 1795480638]) {
    await bench.post(`/sightings/add/${ATTRIBUTE}`, { timestamp, source: "wazuh" });
  }
  const { status, json } = await bench.get("/sightings/listSightings/1/attribute");
  assert.equal(status, 200);
  assert.deepEqual(json.map((one: Json) => [one.Sighting.id, one.Organisation]), [
    ["2", { name: "SOC-ORG" }],
    ["1", { name: "SOC-ORG" }],
  ]);
  assert.equal((await bench.get(`/sightings/listSightings/${ATTRIBUTE}`)).status, 405);
});

// docs/contracts/misp.md 7
Deno.test("bulkSaveSightings() refuses an event that it does not know, and a role without the right", async () => {
  await using bench = await Bench.start();
  await bench.add({ Object: [report()] });
  const rows = [{ attribute_uuid: ATTRIBUTE, date_sighting: "1795394178", type: "0" }];
  assert.equal((await bench.post(`/sightings/bulkSaveSightings/${MISSING}`, rows)).status, 405);
  const url = `/sightings/bulkSaveSightings/${EVENT}`;
  const { status, json } = await bench.post(url, rows, "readonly");
  assert.deepEqual([status, json], [403, said(NO_PERMISSION, url)]);
});
