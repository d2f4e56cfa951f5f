/**
 * Calls by which analysts delete, restore and attach (docs/contracts/misp.md 7).
 *
 * @module
 */
import assert from "node:assert/strict";
import { ATTRIBUTE, Bench, BRUTE_FORCE, EVENT, type Json, OBJECT, report } from "./rig.ts";

/** The object with the one attribute that a test deletes, as an edit sends it once more. */
const again = () =>
  report({
    Attribute: [{
      uuid: ATTRIBUTE,
      type: "ip-src",
      category: "Network activity",
      value: "203.0.113.7",
    }],
  });

const shown = ({ Object: objects }: Json) =>
  objects.map((
    { deleted, Attribute }: Json,
  ) => [deleted, Attribute.map((one: Json) => one.deleted)]);

Deno.test("deleteAttribute() hides it softly, and view with deleted:1 shows it", async () => {
  await using bench = await Bench.start();
  await bench.add({ published: true, Object: [report()] });
  await bench.post(`/attributes/delete/${ATTRIBUTE}`);
  const plain = (await bench.get(`/events/view/${EVENT}`)).json.Event;
  assert.deepEqual([shown(plain), plain.published], [[[false, [false, false]]], false]);
  const whole = (await bench.get(`/events/view/${EVENT}/deleted:1`)).json.Event;
  assert.deepEqual(shown(whole), [[false, [true, false, false]]]);
  const edited = await bench.edit({ Object: [again()] });
  assert.deepEqual(shown(edited), [[false, [false, false]]]);
  await bench.post(`/attributes/restore/${ATTRIBUTE}`);
  const restored = (await bench.get(`/events/view/${EVENT}`)).json.Event;
  assert.deepEqual(shown(restored), [[false, [false, false, false]]]);
});

Deno.test("editEvent() makes anew what was deleted for good, unless it has no type", async () => {
  await using bench = await Bench.start();
  await bench.add({ Object: [report()] });
  const uuid = ATTRIBUTE;
  await bench.post(`/attributes/delete/${uuid}/1`);
  const typeless = await bench.edit({
    Object: [report({ Attribute: [{ uuid, value: "203.0.113.7" }] })],
  });
  assert.equal(typeless.Object[0].Attribute.length, 2);
  const whole = await bench.edit({ Object: [again()] });
  assert.ok(whole.Object[0].Attribute.some((one: Json) => one.uuid === uuid && one.to_ids));
  await bench.post(`/objects/delete/${OBJECT}/1`);
  const without = await bench.edit({
    Object: [report({ Attribute: [{ uuid, value: "203.0.113.7" }] })],
  });
  assert.deepEqual(without.Object, []);
});

Deno.test("deleteObject() takes its attributes along", async () => {
  await using bench = await Bench.start();
  await bench.add({ Object: [report()] });
  await bench.post(`/objects/delete/${OBJECT}`);
  assert.deepEqual((await bench.edit({ Object: [report()] })).Object, []);
  const whole = (await bench.get(`/events/view/${EVENT}/deleted:1`)).json.Event;
  assert.deepEqual(shown(whole), [[true, [true, true, true]]]);
});

Deno.test("attachCluster() makes the tag for a role that may not, and unpublishes", async () => {
  await using bench = await Bench.start({ galaxies: true });
  const { id } = await bench.add({ published: true, Tag: [{ name: BRUTE_FORCE }] });
  const uuid = "a93494bb-4b80-4ea1-8695-3236a49916fd";
  const cluster = (await bench.get(`/galaxy_clusters/view/${uuid}`)).json.GalaxyCluster;
  assert.equal(cluster.tag_name, BRUTE_FORCE);
  const { status, json } = await bench.post(`/galaxies/attachCluster/${id}/event/local:0`, {
    Galaxy: { target_id: cluster.id },
  });
  assert.deepEqual([status, json.saved], [200, true]);
  const event = (await bench.get(`/events/view/${EVENT}`)).json.Event;
  assert.deepEqual([event.Tag[0].name, event.published], [BRUTE_FORCE, false]);
  assert.deepEqual(bench.misp.tags(), [BRUTE_FORCE]);
  const other = await bench.post(`/galaxies/attachCluster/${id}/event/local:0`, {}, "notagger");
  assert.equal(other.status, 403);
});

Deno.test("work() publishes what was queued", async () => {
  await using bench = await Bench.start({ backgroundJobs: true });
  await bench.add({});
  assert.equal((await bench.post(`/events/publish/${EVENT}`)).json.message, "Job queued");
  assert.equal(bench.misp.event(EVENT)?.published, false);
  bench.misp.work();
  assert.deepEqual([bench.misp.event(EVENT)?.published, bench.misp.jobs()], [true, []]);
});

Deno.test("enableTaxonomy() is for site admins, and makes no tags", async () => {
  await using bench = await Bench.start({ taxonomies: ["tlp"] });
  const [{ Taxonomy }] = (await bench.get("/taxonomies/index")).json;
  assert.deepEqual([Taxonomy.namespace, Taxonomy.enabled], ["tlp", false]);
  assert.equal((await bench.post(`/taxonomies/enable/${Taxonomy.id}`)).status, 403);
  await bench.post(`/taxonomies/enable/${Taxonomy.id}`, {}, "admin");
  assert.deepEqual([bench.misp.enabledTaxonomies(), bench.misp.tags()], [["tlp"], []]);
});
