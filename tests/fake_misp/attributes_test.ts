/**
 * Attributes that are added and changed by calls of their own.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ATTRIBUTE, Bench, EVENT, MISSING, NO_PERMISSION, report, said } from "./rig.ts";

Deno.test("addAttribute() says what events/add keeps to itself", async () => {
  await using bench = await Bench.start();
  await bench.add({ Attribute: [{ uuid: ATTRIBUTE, type: "ip-src", value: "203.0.113.50" }] });
  const options =
    "Options : Payload delivery, Antivirus detection, Payload installation, Files dropped ...";
  const cases: [Record<string, unknown>, Record<string, string[]>][] = [
    [{ type: "ip-src", value: "203.0.113.50" }, {
      value: ["A similar attribute already exists for this event."],
    }],
    [{ uuid: ATTRIBUTE, type: "ip-src", value: "203.0.113.222" }, {
      uuid: ["The UUID provided is not unique"],
    }],
    [{ type: "latitude", category: "Other", value: "1.5" }, { type: ["Invalid type."] }],
    [{ category: "Other", value: "x" }, { type: ["No type set."] }],
    [{ type: "text", category: "Other" }, { value: ["Value cannot be empty."] }],
    [{ type: "counter", category: "Other", value: "seven" }, {
      value: ["The value has to be a whole number greater or equal 0."],
    }],
    [{ type: "ip-src", category: "Targeting data", value: "203.0.113.60" }, {
      type: ["Options depend on the selected category."],
    }],
    [{ type: "ip-src", category: "Nonsense", value: "203.0.113.60" }, {
      category: [options],
      type: ["Options depend on the selected category."],
    }],
    [{ type: "ip-src", value: "999.1.1.1" }, { value: ["IP address has an invalid format."] }],
    [{ type: "text", value: "y".repeat(70_000) }, {
      value: [
        "The entered string is too long and would get truncated. Please consider adding the " +
        "data as an attachment instead",
      ],
    }],
    [{ type: "text", value: "fs1", first_seen: "yesterday-ish" }, {
      first_seen: ["Invalid ISO 8601 format"],
    }],
    [{
      type: "text",
      value: "fs2",
      first_seen: "2026-11-20T10:00:00Z",
      last_seen: "2026-11-19T10:00:00Z",
    }, { last_seen: ["Last seen value should be greater than first seen value"] }],
    [{ type: "text", value: "d9", distribution: "9" }, {
      distribution: [
        "Options: Your organisation only, This community only, Connected communities, " +
        "All communities, Sharing group, Inherit event",
      ],
    }],
  ];
  for (const [body, errors] of cases) {
    const { status, json } = await bench.post(`/attributes/add/${EVENT}`, body);
    assert.equal(status, 403);
    assert.deepEqual(json, {
      saved: false,
      name: "Could not add Attribute",
      message: "Could not add Attribute",
      url: "/attributes/add",
      errors,
    });
  }
});

Deno.test("addAttribute() answers the attribute alone and unpublishes", async () => {
  await using bench = await Bench.start();
  await bench.add({ published: true });
  const { status, json } = await bench.post(`/attributes/add/${EVENT}`, {
    type: "ip-src",
    category: "Network activity",
    value: "203.0.113.50",
    to_ids: true,
    comment: "c",
  });
  assert.equal(status, 200);
  const { uuid, ...rest } = json.Attribute;
  assert.match(uuid, /^[0-9a-f-]{36}$/);
  assert.deepEqual(rest, {
    id: "1",
    event_id: "1",
    object_id: "0",
    object_relation: null,
    category: "Network activity",
    type: "ip-src",
    value1: "203.0.113.50",
    value2: "",
    to_ids: true,
    timestamp: "1795394026",
    distribution: "5",
    sharing_group_id: "0",
    comment: "c",
    deleted: false,
    disable_correlation: false,
    first_seen: null,
    last_seen: null,
    value: "203.0.113.50",
  });
  assert.deepEqual(json.AttributeTag, []);
  assert.equal(bench.misp.event(EVENT)?.published, false);
});

Deno.test("addAttribute() refuses others, readers and missing events", async () => {
  await using bench = await Bench.start();
  await bench.add({ distribution: "1" });
  const url = `/attributes/add/${EVENT}`;
  const body = { type: "text", value: "z" };
  assert.deepEqual(
    (await bench.post(url, body, "other")).json,
    said("You do not have permission to do that.", url),
  );
  assert.deepEqual((await bench.post(url, body, "readonly")).json, said(NO_PERMISSION, url));
  assert.deepEqual(
    (await bench.post(`/attributes/add/${MISSING}`, body)).json,
    said("Invalid event", `/attributes/add/${MISSING}`),
  );
  assert.equal((await bench.post(url, { ...body, comment: "y".repeat(70_000) })).status, 500);
});

Deno.test("editAttribute() changes one attribute and unpublishes", async () => {
  await using bench = await Bench.start();
  await bench.add({ published: true, Object: [report()] });
  const changed = await bench.post(`/attributes/edit/${ATTRIBUTE}`, { to_ids: false });
  assert.equal(changed.status, 200);
  assert.equal(changed.json.Attribute.to_ids, false);
  assert.equal(changed.json.Attribute.value, "203.0.113.7");
  assert.equal(bench.misp.event(EVENT)?.published, false);
  const bad = await bench.post(`/attributes/edit/${ATTRIBUTE}`, { value: "bogus" });
  assert.equal(bad.status, 403);
  assert.deepEqual(bad.json, {
    saved: false,
    name: "Could not edit Attribute",
    message: "Could not edit Attribute",
    url: "/attributes/edit",
    errors: { value: ["IP address has an invalid format."] },
  });
});
