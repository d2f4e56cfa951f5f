/**
 * What `events/add` drops without a word, and what it leaves behind when it breaks down.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  ATTRIBUTE,
  Bench,
  BROKEN,
  EMOJI,
  EVENT,
  type Json,
  OTHER_EVENT,
  report,
  said,
} from "./rig.ts";

Deno.test("addEvent() drops bad attributes without a word", async () => {
  await using bench = await Bench.start();
  const event = await bench.add({
    Attribute: [
      { type: "ip-src", value: "198.51.100.11" },
      { type: "ip-src", value: "999.1.1.1" },
      { type: "latitude", value: "1.2" },
      { type: "text", category: "Payload delivery", value: "ok?" },
      { type: "counter", category: "Other", value: "x" },
      { type: "ip-src", value: "198.51.100.11" },
      { type: "ip-src", category: "Targeting data", value: "198.51.100.12" },
      { category: "Other", value: "no type" },
      { type: "text", category: "Other", value: "" },
    ],
  });
  assert.deepEqual(event.Attribute.map((one: Json) => [one.type, one.category, one.value]), [
    ["ip-src", "Network activity", "198.51.100.11"],
    ["text", "Payload delivery", "ok?"],
  ]);
  assert.equal(event.attribute_count, "2");
  assert.equal("errors" in event, false);
});

Deno.test("addEvent() drops attributes with bad times, distribution or uuid", async () => {
  await using bench = await Bench.start();
  const event = await bench.add({
    Attribute: [
      { type: "text", value: "a", first_seen: "yesterday-ish" },
      { type: "text", value: "b", first_seen: 1795394026 },
      {
        type: "text",
        value: "c",
        first_seen: "2026-11-20T10:00:00Z",
        last_seen: "2026-11-19T10:00:00Z",
      },
      { type: "text", value: "d", distribution: "9" },
      { type: "text", value: "e", uuid: "nope" },
      { type: "text", value: "f", first_seen: "2026-11-20T12:00:00+02:00" },
      { type: "text", value: "g", first_seen: "2026-11-20T10:00:00" },
    ],
  });
  assert.deepEqual(event.Attribute.map((one: Json) => [one.value, one.first_seen]), [
    ["f", "2026-11-20T10:00:00.000000+00:00"],
    ["g", "2026-11-20T10:00:00.000000+00:00"],
  ]);
});

Deno.test("addEvent() distinguishes repeats by case and blanks", async () => {
  await using bench = await Bench.start();
  const stored = await bench.values(["Root", "root", "ROOT", "root ", "root"], "text");
  assert.equal(stored.length, 4);
});

Deno.test("addEvent() drops attributes and objects whose uuid is used elsewhere", async () => {
  await using bench = await Bench.start();
  await bench.add({ Object: [report()] });
  const event = await bench.add({
    uuid: OTHER_EVENT,
    Attribute: [
      { uuid: ATTRIBUTE, type: "ip-src", value: "198.51.100.222" },
      { type: "ip-src", value: "198.51.100.223" },
    ],
    Object: [report()],
  });
  assert.deepEqual(event.Attribute.map((one: Json) => one.value), ["198.51.100.223"]);
  assert.deepEqual(event.Object, []);
});

Deno.test("addEvent() leaves a partial event after an emoji in a comment", async () => {
  await using bench = await Bench.start();
  const body = {
    Event: {
      uuid: EVENT,
      info: "x",
      published: true,
      Attribute: [
        { type: "text", value: "1" },
        { type: "text", value: "2", comment: EMOJI },
        { type: "text", value: "3" },
      ],
    },
  };
  const first = await bench.post("/events/add", body);
  assert.equal(first.status, 500);
  assert.equal(first.headers.get("connection"), "close");
  assert.deepEqual(first.json, said(BROKEN, "/events/add"));
  const stored = bench.misp.event(EVENT);
  assert.equal(stored?.published, true);
  assert.deepEqual(stored?.Attribute.map((one) => one.value), ["1"]);
  assert.equal((await bench.post("/events/add", body)).status, 404);
});

Deno.test("addEvent() leaves event and attributes after an emoji in an object comment", async () => {
  await using bench = await Bench.start();
  const Event = {
    uuid: EVENT,
    info: "x",
    Attribute: [{ type: "text", value: "1" }],
    Object: [report({ comment: EMOJI })],
  };
  assert.equal((await bench.post("/events/add", { Event })).status, 500);
  const stored = bench.misp.event(EVENT);
  assert.equal(stored?.Attribute.length, 1);
  assert.equal(stored?.Object.length, 0);
  assert.equal((await bench.post("/events/add", { Event })).status, 404);
});

Deno.test("addEvent() breaks down at a comment of 70,000 characters", async () => {
  await using bench = await Bench.start();
  const Attribute = [
    { type: "text", value: "1" },
    { type: "text", value: "2", comment: "y".repeat(70_000) },
  ];
  const { status } = await bench.post("/events/add", {
    Event: { uuid: EVENT, info: "x", Attribute },
  });
  assert.equal(status, 500);
  assert.equal(bench.misp.event(EVENT)?.Attribute.length, 1);
});

Deno.test("addEvent() stores nothing after an emoji in info or a tag, or a long info", async () => {
  await using bench = await Bench.start();
  const bad = [
    { info: EMOJI },
    { info: "y".repeat(70_000) },
    { info: "x", Tag: [{ name: EMOJI }] },
  ];
  for (const Event of [...bad, ...bad]) {
    assert.equal(
      (await bench.post("/events/add", { Event: { uuid: EVENT, ...Event } })).status,
      500,
    );
  }
  assert.deepEqual(bench.misp.events(), []);
});
