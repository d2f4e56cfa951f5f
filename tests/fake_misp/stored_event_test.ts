/**
 * Calls for an event that is there: view, edit, delete.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  ATTRIBUTE,
  Bench,
  EVENT,
  type Json,
  MISSING,
  OBJECT,
  OTHER_EVENT,
  report,
  said,
} from "./rig.ts";

Deno.test("viewEvent() shows others only what is shared", async () => {
  await using bench = await Bench.start();
  await bench.add({ distribution: "0" });
  await bench.add({ uuid: OTHER_EVENT, distribution: "1" });
  assert.equal((await bench.get(`/events/view/${EVENT}`)).json.Event.uuid, EVENT);
  assert.equal((await bench.get("/events/view/1")).json.Event.uuid, EVENT);
  assert.equal((await bench.get(`/events/view/${EVENT}`, "admin")).status, 200);
  const hidden = await bench.get(`/events/view/${EVENT}`, "other");
  assert.equal(hidden.status, 404);
  assert.deepEqual(hidden.json, said("Invalid event", `/events/view/${EVENT}`));
  assert.equal((await bench.get(`/events/view/${OTHER_EVENT}`, "other")).status, 200);
  const head = await bench.send("HEAD", `/events/view/${EVENT}`);
  assert.equal(head.status, 200);
  assert.equal(head.headers.get("content-type"), "text/html; charset=UTF-8");
  assert.equal((await bench.send("HEAD", `/events/view/${MISSING}`)).status, 404);
});

Deno.test("editEvent() merges: adds, changes by uuid, removes nothing", async () => {
  await using bench = await Bench.start({ tags: ["tlp:green"] });
  await bench.add({
    threat_level_id: "3",
    Attribute: [
      { uuid: ATTRIBUTE, type: "ip-src", value: "203.0.113.7", comment: "c", to_ids: false },
      { type: "text", value: "kept" },
    ],
  });
  bench.clock.seconds += 10;
  const event = await bench.edit({
    info: "new",
    Tag: [{ name: "tlp:green" }],
    Attribute: [
      { uuid: ATTRIBUTE, comment: "only comment" },
      { type: "ip-src", value: "203.0.113.99" },
      { type: "ip-src", value: "999.1.1.1" },
    ],
    Object: [report({ Attribute: [{ object_relation: "type", type: "text", value: "ssh" }] })],
  });
  assert.equal(event.info, "new");
  assert.equal(event.threat_level_id, "3");
  assert.equal(event.timestamp, "1795394036");
  assert.equal(event.Tag[0].name, "tlp:green");
  assert.deepEqual(
    event.Attribute.map((one: Json) => [one.value, one.comment, one.to_ids, one.timestamp]),
    [
      ["203.0.113.7", "only comment", false, "1795394036"],
      ["kept", "", false, "1795394026"],
      ["203.0.113.99", "", true, "1795394036"],
    ],
  );
  assert.equal(event.Object[0].uuid, OBJECT);
  assert.equal(event.attribute_count, "4");
});

Deno.test("editEvent() refuses a timestamp that is not newer", async () => {
  await using bench = await Bench.start();
  await bench.add({});
  for (const timestamp of ["1600000000", "1795394026"]) {
    const { status, json } = await bench.post(`/events/edit/${EVENT}`, {
      Event: { timestamp, info: "old" },
    });
    assert.equal(status, 403);
    assert.deepEqual(json, {
      saved: false,
      name: "Could not edit Event",
      message: "Could not edit Event",
      url: "/events/edit/1",
      errors: "Event could not be saved: Event in the request not newer than the local copy.",
      id: "1",
    });
  }
  assert.equal((await bench.edit({ timestamp: "1895394026" })).timestamp, "1895394026");
  assert.equal((await bench.edit({ info: "without" })).timestamp, "1795394026");
});

Deno.test("editEvent() ignores attributes that are not newer", async () => {
  await using bench = await Bench.start();
  await bench.add({ Attribute: [{ uuid: ATTRIBUTE, type: "counter", value: "1" }] });
  const value = async (more: Record<string, unknown>): Promise<string> => {
    const event = await bench.edit({ Attribute: [{ uuid: ATTRIBUTE, ...more }] });
    return event.Attribute[0].value;
  };
  assert.equal(await value({ value: "2", timestamp: "1795394026" }), "1");
  assert.equal(await value({ value: "3", timestamp: "1795394027" }), "3");
  assert.equal(await value({ value: "4" }), "4");
  assert.equal(await value({ value: "bogus" }), "4");
});

Deno.test("editEvent() updates objects in place by their uuids", async () => {
  await using bench = await Bench.start();
  await bench.add({ published: true, Object: [report()] });
  bench.clock.seconds += 10;
  const Attribute = [{ uuid: ATTRIBUTE, value: "203.0.113.8", last_seen: "2026-11-20T11:00:00Z" }];
  const event = await bench.edit({
    published: true,
    Object: [report({ comment: "c", Attribute })],
  });
  assert.equal(event.Object.length, 1);
  assert.equal(event.Object[0].comment, "c");
  assert.equal(event.Object[0].Attribute.length, 3);
  assert.equal(event.Object[0].Attribute[0].value, "203.0.113.8");
  assert.equal(event.Object[0].Attribute[0].last_seen, "2026-11-20T11:00:00.000000+00:00");
  assert.equal(event.published, true);
  assert.equal(event.publish_timestamp, "1795394036");
});

Deno.test("editEvent() drops what equals a stored attribute, case and accents aside", async () => {
  await using bench = await Bench.start();
  await bench.add({
    Attribute: [{ type: "text", value: "admin" }, { type: "text", value: "gone", uuid: ATTRIBUTE }],
    Object: [report({
      Attribute: [{ object_relation: "username", type: "text", value: "root" }],
    })],
  });
  await bench.edit({ Attribute: [{ uuid: ATTRIBUTE, deleted: true }] });
  const event = await bench.edit({
    Attribute: [
      { type: "text", value: "Admin" },
      { type: "text", value: "\u00e4dmin", uuid: OTHER_EVENT },
      { type: "text", value: "admin", category: "Person" },
      { type: "text", value: "root" },
      { type: "text", value: "gone" },
    ],
  });
  assert.deepEqual(event.Attribute.map((one: Json) => [one.category, one.value]), [
    ["Other", "admin"],
    ["Person", "admin"],
    ["Other", "root"],
    ["Other", "gone"],
  ]);
});

Deno.test("editEvent() hides an attribute sent with deleted:true", async () => {
  await using bench = await Bench.start();
  await bench.add({ Attribute: [{ uuid: ATTRIBUTE, type: "text", value: "1" }] });
  const event = await bench.edit({ Attribute: [{ uuid: ATTRIBUTE, deleted: true }] });
  assert.deepEqual(event.Attribute, []);
  assert.equal(event.attribute_count, "0");
  assert.equal(bench.misp.event(EVENT)?.Attribute[0]?.deleted, true);
});

Deno.test("editEvent() unpublishes unless published:true comes from one who may", async () => {
  await using bench = await Bench.start();
  await bench.add({ published: true });
  const silent = await bench.edit({ info: "x" });
  assert.equal(silent.published, false);
  assert.equal(silent.publish_timestamp, "1795394026");
  assert.equal((await bench.edit({ published: true }, "user")).published, false);
  bench.clock.seconds += 5;
  const loud = await bench.edit({ published: true });
  assert.equal(loud.published, true);
  assert.equal(loud.publish_timestamp, "1795394031");
});

Deno.test("editEvent() lets a colleague edit, refuses others, knows no missing event", async () => {
  await using bench = await Bench.start();
  await bench.add({ distribution: "1" });
  assert.equal((await bench.edit({ info: "by colleague" }, "user")).info, "by colleague");
  const url = `/events/edit/${EVENT}`;
  const other = await bench.post(url, { Event: { info: "hijack" } }, "other");
  assert.equal(other.status, 403);
  assert.deepEqual(other.json, said("You are not authorised to do that.", url));
  const missing = await bench.post(`/events/edit/${MISSING}`, { Event: { info: "x" } });
  assert.equal(missing.status, 404);
  assert.deepEqual(missing.json, said("Invalid event", `/events/edit/${MISSING}`));
});

Deno.test("editEvent() completes an event that an add left half stored", async () => {
  await using bench = await Bench.start();
  const Attribute = [
    { uuid: ATTRIBUTE, type: "text", value: "1" },
    { uuid: MISSING, type: "text", value: "2" },
  ];
  bench.misp.fail({ kind: "partial-500", attributes: 1 });
  const broken = await bench.post("/events/add", { Event: { uuid: EVENT, info: "x", Attribute } });
  assert.equal(broken.status, 500);
  assert.equal(bench.misp.event(EVENT)?.Attribute.length, 1);
  const event = await bench.edit({ Attribute });
  assert.deepEqual(event.Attribute.map((one: Json) => one.value), ["1", "2"]);
});

Deno.test("targetOf() reads the REST forms of the event calls", async () => {
  await using bench = await Bench.start();
  assert.equal((await bench.post("/events", { uuid: EVENT, info: "x" })).json.Event.uuid, EVENT);
  const edits: [string, string][] = [["PUT", "/events/edit/"], ["PUT", "/events/"]];
  for (const [method, path] of edits) {
    const { status, json } = await bench.send(method, path + EVENT, { Event: { info: path } });
    assert.equal(status, 200);
    assert.equal(json.Event.info, path);
  }
  assert.equal((await bench.get(`/events/view/${EVENT}.json`)).json.Event.info, "/events/");
});

Deno.test("deleteEvent() blocks the uuid for ever", async () => {
  await using bench = await Bench.start();
  await bench.add({ Attribute: [{ uuid: ATTRIBUTE, type: "text", value: "1" }] });
  const { status, json } = await bench.post(`/events/delete/${EVENT}`, {});
  assert.equal(status, 200);
  assert.deepEqual(json, {
    saved: true,
    success: true,
    name: "Event deleted.",
    message: "Event deleted.",
    url: `/events/delete/${EVENT}`,
    id: EVENT,
  });
  const again = await bench.post("/events/add", { Event: { uuid: EVENT, info: "x" } });
  assert.equal(again.status, 403);
  assert.deepEqual(again.json, said("Event blocked by event blocklist.", "/events/add"));
  const Attribute = [{ uuid: ATTRIBUTE, type: "text", value: "1" }];
  assert.equal((await bench.add({ uuid: OTHER_EVENT, Attribute })).attribute_count, "1");
});
