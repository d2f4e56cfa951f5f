/**
 * Tags that exist, that are made, and that are dropped.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Bench, BRUTE_FORCE, type Json, NO_PERMISSION, said } from "./rig.ts";

Deno.test("linkTags() drops tags that do not exist, with no Tag key at all", async () => {
  await using bench = await Bench.start();
  const event = await bench.add({
    Tag: [{ name: BRUTE_FORCE }, { name: "tlp:amber" }],
    Attribute: [{ type: "ip-src", value: "203.0.113.7", Tag: [{ name: "tlp:amber" }] }],
  });
  assert.equal("Tag" in event, false);
  assert.equal("Tag" in event.Attribute[0], false);
  assert.deepEqual(bench.misp.tags(), []);
});

Deno.test("linkTags() attaches existing tags for every role, whatever their case", async () => {
  for (const role of ["publisher", "user", "notagger"] as const) {
    await using bench = await Bench.start({ tags: ["tlp:amber", "tlp:green"] });
    const event = await bench.add({
      Tag: [{ name: "TLP:AMBER" }, { name: "tlp:green", local: true }, { name: "brand:new" }],
      Attribute: [{ type: "ip-src", value: "203.0.113.7", Tag: [{ name: "tlp:amber" }] }],
    }, role);
    assert.deepEqual(event.Tag.map((tag: Json) => [tag.name, tag.local]), [
      ["tlp:amber", false],
      ["tlp:green", true],
    ]);
    assert.deepEqual(Object.keys(event.Tag[0]), [
      "id",
      "name",
      "colour",
      "exportable",
      "user_id",
      "hide_tag",
      "numerical_value",
      "is_galaxy",
      "is_custom_galaxy",
      "local_only",
      "local",
      "relationship_type",
    ]);
    assert.equal(event.Attribute[0].Tag[0].name, "tlp:amber");
  }
});

Deno.test("linkTags() reads the EventTag form", async () => {
  await using bench = await Bench.start({ tags: ["tlp:amber"] });
  const event = await bench.add({ EventTag: [{ Tag: { name: "tlp:amber" } }] });
  assert.equal(event.Tag[0].name, "tlp:amber");
});

Deno.test("linkTags() makes tags for a tag editor and fills known clusters", async () => {
  await using bench = await Bench.start();
  const nope = 'misp-galaxy:mitre-attack-pattern="Nope - T9999"';
  const event = await bench.add({
    Tag: [{ name: BRUTE_FORCE }, { name: nope }, { name: "wazuh:rule", colour: "#123456" }],
  }, "orgadmin");
  assert.deepEqual(event.Tag.map((tag: Json) => [tag.name, tag.is_galaxy]), [
    [BRUTE_FORCE, true],
    [nope, true],
    ["wazuh:rule", false],
  ]);
  assert.equal(event.Tag[2].colour, "#123456");
  assert.equal(event.Galaxy.length, 1);
  assert.deepEqual(event.Galaxy[0].GalaxyCluster.map((one: Json) => [one.value, one.tag_name]), [
    ["Brute Force - T1110", BRUTE_FORCE],
  ]);
  assert.deepEqual(bench.misp.tags(), [BRUTE_FORCE, nope, "wazuh:rule"]);
});

Deno.test("addTag() refuses a publisher and answers an editor the same tag twice", async () => {
  await using bench = await Bench.start();
  const body = { name: 'wazuh:source="ssh"', colour: "#ff0000" };
  const refused = await bench.post("/tags/add", body);
  assert.equal(refused.status, 403);
  assert.deepEqual(refused.json, said(NO_PERMISSION, "/tags/add"));
  for (let round = 0; round < 2; round++) {
    const { status, json } = await bench.post("/tags/add", body, "orgadmin");
    assert.equal(status, 200);
    assert.deepEqual(json, {
      Tag: {
        id: "1",
        name: 'wazuh:source="ssh"',
        colour: "#ff0000",
        exportable: true,
        org_id: "0",
        user_id: "0",
        hide_tag: false,
        numerical_value: null,
        is_galaxy: false,
        is_custom_galaxy: false,
        local_only: false,
      },
    });
  }
});

Deno.test("indexTags() finds by a part of the name and counts uses", async () => {
  await using bench = await Bench.start({ tags: ["tlp:amber", BRUTE_FORCE] });
  await bench.add({ Tag: [{ name: "tlp:amber" }] });
  const { status, json } = await bench.get("/tags/index/searchall:TLP");
  assert.equal(status, 200);
  assert.deepEqual(
    json.Tag.map((tag: Json) => [tag.id, tag.name, tag.count, tag.attribute_count]),
    [
      ["1", "tlp:amber", 1, 0],
    ],
  );
  assert.equal(json.Tag[0].favourite, false);
  const exact = await bench.get(`/tags/index/searchall:${encodeURIComponent(BRUTE_FORCE)}`);
  assert.deepEqual(exact.json.Tag.map((tag: Json) => tag.name), [BRUTE_FORCE]);
  assert.deepEqual((await bench.get("/tags/index/searchall:nothing")).json, { Tag: [] });
});

Deno.test("indexTags() lists all tags, and leaves the counts out on request", async () => {
  await using bench = await Bench.start({ tags: ["tlp:amber", BRUTE_FORCE] });
  const { json } = await bench.get("/tags/index/exclude_statistics:1");
  assert.deepEqual(json.Tag.map((tag: Json) => tag.name), ["tlp:amber", BRUTE_FORCE]);
  assert.equal("count" in json.Tag[0], false);
});
