/**
 * Objects as they are kept, and the templates that they do not have to keep to.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Bench, EVENT, type Json, OBJECT, OTHER_EVENT, report } from "./rig.ts";
import { templateProblems } from "./templates.ts";

Deno.test("captureObject() keeps an object as sent, templates not enforced", async () => {
  await using bench = await Bench.start();
  const event = await bench.add({
    Object: [
      report({ first_seen: "2026-11-20T10:00:00+00:00" }),
      report({
        uuid: undefined,
        name: "no-such-template",
        template_uuid: "12345678-0000-4000-8000-000000000000",
        distribution: undefined,
        Attribute: [{ object_relation: "foo", type: "text", value: "zzz" }],
      }),
    ],
  });
  const [known, unknown] = event.Object;
  assert.equal(known.uuid, OBJECT);
  assert.equal(known.distribution, "5");
  assert.equal(known.first_seen, "2026-11-20T10:00:00.000000+00:00");
  assert.equal(known.description, null);
  assert.deepEqual(
    known.Attribute.map((one: Json) => [one.object_relation, one.object_id, one.to_ids]),
    [["ip-src", "1", true], ["total", "1", false], ["type", "1", false]],
  );
  assert.equal(known.Attribute[1].disable_correlation, false);
  assert.equal(unknown.distribution, "0");
  assert.equal(unknown.Attribute[0].distribution, "5");
  assert.equal(event.attribute_count, "4");
  assert.deepEqual(event.Attribute, []);
});

Deno.test("captureObject() drops objects without template fields or attributes", async () => {
  await using bench = await Bench.start();
  const invalid = [{ object_relation: "ip-src", type: "ip-src", value: "not-an-ip" }];
  const event = await bench.add({
    Object: [
      { name: "geolocation", Attribute: [{ object_relation: "x", type: "text", value: "DE" }] },
      report({ uuid: undefined, "meta-category": undefined }),
      report({ uuid: undefined, template_uuid: undefined }),
      report({ uuid: undefined, template_version: undefined }),
      report({ uuid: undefined, Attribute: [] }),
      report({ uuid: undefined, Attribute: invalid }),
    ],
  });
  assert.deepEqual(event.Object, []);
  assert.equal(event.attribute_count, "0");
});

Deno.test("captureObject() keeps an object with its one valid attribute", async () => {
  await using bench = await Bench.start();
  const event = await bench.add({
    Object: [report({
      Attribute: [
        { object_relation: "ip-src", type: "ip-src", value: "not-an-ip" },
        { object_relation: "total", type: "counter", value: "abc" },
        { object_relation: "username", type: "text", value: "ok" },
      ],
    })],
  });
  assert.deepEqual(event.Object[0].Attribute.map((one: Json) => one.value), ["ok"]);
  assert.equal(event.attribute_count, "1");
});

Deno.test("templateProblems() says what a template would not allow", async () => {
  await using bench = await Bench.start();
  const port = {
    name: "ip-port",
    "meta-category": "misc",
    template_uuid: "9f8cea74-16fe-4968-a2b4-026676949ac6",
    template_version: "9",
    Attribute: [
      { object_relation: "foo", type: "text", value: "zzz" },
      { object_relation: "text", type: "comment", value: "zzz" },
    ],
  };
  const half = report({
    uuid: undefined,
    Attribute: [{ object_relation: "username", type: "text", value: "root" }],
  });
  await bench.add({ Object: [report(), port, half] });
  assert.deepEqual(bench.misp.event(EVENT)?.Object.map(templateProblems), [
    [],
    [
      "meta-category is misc",
      "template_version is 9",
      "unknown relation foo",
      "relation text has type comment",
      "none of dst-port, src-port, domain, hostname, ip, ip-src, ip-dst is there",
    ],
    ["required relation total is missing", "required relation type is missing"],
  ]);
});

// docs/contracts/misp.md 7, 8.3
Deno.test("captureAttribute() keeps an attribute of the event beside an equal one of an object", async () => {
  await using bench = await Bench.start();
  const equal = { type: "ip-src", category: "Network activity", value: "203.0.113.7" };
  const added = await bench.add({ Attribute: [equal], Object: [report()] });
  assert.deepEqual(added.Attribute.map(({ value }: Json) => value), ["203.0.113.7"]);
  assert.equal(added.Object[0].Attribute.length, 3);
  await bench.add({ uuid: OTHER_EVENT, Object: [report({ uuid: undefined, Attribute: [equal] })] });
  const { json } = await bench.post(`/events/edit/${OTHER_EVENT}`, {
    Event: { Attribute: [equal, equal] },
  });
  assert.equal(json.Event.Attribute.length, 1);
});

Deno.test("editEvent() skips an object that is not newer than its own, with its attributes", async () => {
  await using bench = await Bench.start();
  await bench.add({ Object: [report({ comment: "before" })] });
  const { timestamp } = bench.misp.event(EVENT)!.Object[0]!;
  const edit = async (newer: number) => {
    const given = String(Number(timestamp) + newer);
    const sent = report({ comment: "after", timestamp: given });
    const { json } = await bench.post(`/events/edit/${EVENT}`, {
      Event: { info: `edited ${newer}`, Object: [sent] },
    });
    const [{ comment, timestamp: stored }] = json.Event.Object;
    return [json.Event.info, comment, Number(stored) - Number(timestamp)];
  };
  assert.deepEqual(await edit(-1), ["edited -1", "before", 0]);
  assert.deepEqual(await edit(0), ["edited 0", "before", 0]);
  assert.deepEqual(await edit(1), ["edited 1", "after", 1]);
});
