/**
 * What `events/add` stores and answers, and what it refuses.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  ATTRIBUTE,
  Bench,
  BRUTE_FORCE,
  EVENT,
  type Json,
  MISSING,
  NO_PERMISSION,
  OBJECT,
  OTHER_EVENT,
  report,
  said,
  SIGHTING,
} from "./rig.ts";

const EXISTS =
  "Event already exists, if you would like to edit it, use the url in the location header.";

Deno.test("addEvent() answers the whole event, ids and times as strings", async () => {
  await using bench = await Bench.start();
  const event = await bench.add({
    info: "SSH brute force",
    distribution: "1",
    threat_level_id: "3",
    analysis: "1",
    date: "2026-11-20",
    published: false,
    Attribute: [{
      uuid: ATTRIBUTE,
      type: "ip-src",
      category: "Network activity",
      value: "203.0.113.7",
      to_ids: true,
      comment: "attacker",
      first_seen: "2026-11-20T10:00:00.123456+00:00",
      last_seen: "2026-11-20T10:05:00Z",
    }],
  });
  const organisation = {
    id: "2",
    name: "SOC-ORG",
    uuid: "5f0f1a52-0000-4000-8000-000000000001",
    local: true,
  };
  assert.deepEqual(event, {
    id: "1",
    orgc_id: "2",
    org_id: "2",
    date: "2026-11-20",
    threat_level_id: "3",
    info: "SSH brute force",
    published: false,
    uuid: EVENT,
    attribute_count: "1",
    analysis: "1",
    timestamp: "1795394026",
    distribution: "1",
    proposal_email_lock: false,
    locked: false,
    publish_timestamp: "0",
    sharing_group_id: "0",
    disable_correlation: false,
    extends_uuid: "",
    protected: null,
    event_creator_email: "publisher@soc.test",
    Org: organisation,
    Orgc: organisation,
    Attribute: [{
      id: "1",
      type: "ip-src",
      category: "Network activity",
      to_ids: true,
      uuid: ATTRIBUTE,
      event_id: "1",
      distribution: "5",
      timestamp: "1795394026",
      comment: "attacker",
      sharing_group_id: "0",
      deleted: false,
      disable_correlation: false,
      object_id: "0",
      object_relation: null,
      first_seen: "2026-11-20T10:00:00.123456+00:00",
      last_seen: "2026-11-20T10:05:00.000000+00:00",
      value: "203.0.113.7",
      Galaxy: [],
      ShadowAttribute: [],
    }],
    ShadowAttribute: [],
    RelatedEvent: [],
    Galaxy: [],
    Object: [],
    EventReport: [],
    CryptographicKey: [],
  });
});

Deno.test("addEvent() keeps of the recorded full event what MISP kept", async () => {
  await using bench = await Bench.start();
  const text = (value: string): Record<string, unknown> => ({ type: "text", value });
  const event = await bench.add({
    Tag: [{ name: BRUTE_FORCE }, { name: "tlp:amber" }, { name: "wazuh:rule" }],
    Attribute: [
      { uuid: ATTRIBUTE, type: "ip-src", category: "Network activity", value: "203.0.113.7" },
      { type: "datetime", category: "Other", value: "2026-11-20T10:00:00+00:00" },
      { type: "counter", category: "Other", value: "42", disable_correlation: true },
      { type: "text", category: "Other", value: "root", comment: "username" },
      { type: "text", category: "Internal reference", value: "wazuh-alert-id 1700000000.12345" },
      { type: "target-user", category: "Targeting data", value: "root" },
      { type: "target-machine", category: "Targeting data", value: "web01" },
      { type: "ip-src", value: "203.0.113.8" },
    ],
    Object: [
      {
        uuid: OBJECT,
        name: "authentication-failure-report",
        "meta-category": "network",
        template_uuid: "9b39afe0-9809-4fe0-8a0b-4cec2b140dd2",
        template_version: "4",
        comment: "from wazuh",
        distribution: "5",
        Attribute: [
          { object_relation: "ip-src", type: "ip-src", value: "203.0.113.7", to_ids: true },
          { object_relation: "total", type: "counter", category: "Other", value: "42" },
          { object_relation: "type", ...text("ssh") },
          { object_relation: "username", ...text("root") },
        ],
      },
      {
        name: "ip-port",
        "meta-category": "network",
        template_uuid: "9f8cea74-16fe-4968-a2b4-026676949ac6",
        template_version: "10",
        Attribute: [
          { object_relation: "ip-src", type: "ip-src", value: "203.0.113.7" },
          { object_relation: "dst-port", type: "port", value: "22" },
          { object_relation: "not-in-template", ...text("zzz") },
          { object_relation: "first-seen", type: "datetime", value: "2026-11-20T10:00:00Z" },
        ],
      },
      {
        name: "geolocation",
        Attribute: [
          { object_relation: "latitude", type: "float", value: "52.5" },
          { object_relation: "longitude", type: "float", value: 13.4 },
          { object_relation: "countrycode", ...text("DE") },
        ],
      },
      {
        name: "no-such-template",
        "meta-category": "misc",
        template_uuid: "12345678-0000-4000-8000-000000000000",
        template_version: "1",
        Attribute: [{ object_relation: "foo", ...text("bar") }],
      },
      {
        name: "authentication-failure-report",
        "meta-category": "network",
        template_uuid: "9b39afe0-9809-4fe0-8a0b-4cec2b140dd2",
        template_version: "4",
        Attribute: [],
      },
    ],
  });
  assert.equal(event.attribute_count, "17");
  assert.equal("Tag" in event, false);
  assert.deepEqual(event.Object.map((one: Json) => [one.name, one.distribution]), [
    ["authentication-failure-report", "5"],
    ["ip-port", "0"],
    ["no-such-template", "0"],
  ]);
  assert.deepEqual(
    event.Attribute.map((one: Json) => [one.id, one.to_ids, one.disable_correlation]).slice(0, 3),
    [["1", true, false], ["2", false, false], ["3", false, true]],
  );
});

Deno.test("addEvent() needs no wrapper and fills in defaults", async () => {
  await using bench = await Bench.start();
  const { status, json } = await bench.post("/events/add", { info: "minimal" });
  assert.equal(status, 200);
  assert.equal(json.Event.date, "2026-11-23");
  assert.equal(json.Event.threat_level_id, "4");
  assert.equal(json.Event.analysis, "0");
  assert.equal(json.Event.distribution, "1");
  assert.equal(json.Event.published, false);
});

Deno.test("addEvent() takes JSON numbers, upper-case uuids and given timestamps", async () => {
  await using bench = await Bench.start();
  const event = await bench.add({
    uuid: EVENT.toUpperCase(),
    distribution: 0,
    timestamp: 1795000000,
    Attribute: [
      { type: "counter", value: 42, timestamp: "1795000001" },
      { type: "text", value: 1.5 },
      { type: "text", value: true },
    ],
  });
  assert.equal(event.uuid, EVENT);
  assert.equal(event.distribution, "0");
  assert.equal(event.timestamp, "1795000000");
  assert.equal(event.Attribute[0].timestamp, "1795000001");
  assert.deepEqual(event.Attribute.map((one: Json) => one.value), ["42", "1.5", "1"]);
});

Deno.test("addEvent() ignores another creator organisation", async () => {
  await using bench = await Bench.start();
  const event = await bench.add({ orgc_id: "1", Orgc: { name: "X", uuid: MISSING } });
  assert.equal(event.orgc_id, "2");
});

Deno.test("addEvent() answers 403 with the complaint for each bad field", async () => {
  await using bench = await Bench.start();
  const cases: [Record<string, unknown>, Record<string, string[]>][] = [
    [{ info: undefined }, { info: ["valueNotEmpty"] }],
    [{ info: "" }, { info: ["Info cannot be empty."] }],
    [{ threat_level_id: "9" }, {
      threat_level_id: ["Options : 1, 2, 3, 4 (for High, Medium, Low, Undefined)"],
    }],
    [{ analysis: "7" }, { analysis: ["Options : 0, 1, 2 (for Initial, Ongoing, Completed)"] }],
    [{ date: "20/11/2026" }, { date: ["Expected date format: YYYY-MM-DD"] }],
    [{ uuid: "not-a-uuid" }, { uuid: ["Please provide a valid RFC 4122 UUID"] }],
    [{ distribution: "5" }, {
      distribution: [
        "Options : Your organisation only, This community only, Connected communities, " +
        "All communities",
      ],
    }],
  ];
  for (const [bad, Event] of cases) {
    const { status, json } = await bench.post("/events/add", { Event: { info: "x", ...bad } });
    assert.equal(status, 403);
    assert.deepEqual(json, {
      saved: false,
      name: "Could not add Event",
      message: "Could not add Event",
      url: "/events/add",
      errors: { Event },
    });
  }
  assert.equal(bench.misp.events().length, 0);
});

Deno.test("addEvent() answers 405 for a sharing group that was not named", async () => {
  await using bench = await Bench.start();
  const { status, json } = await bench.post("/events/add", {
    Event: { info: "x", distribution: "4" },
  });
  assert.equal(status, 405);
  assert.deepEqual(json, said("Invalid Sharing Group or not authorised.", "/events/add"));
});

Deno.test("addEvent() answers 405 to a body that is not declared as JSON", async () => {
  await using bench = await Bench.start();
  const plain = { "Content-Type": "text/plain" };
  const { status, json } = await bench.send(
    "POST",
    "/events/add",
    '{"Event":{"info":"x"}}',
    "publisher",
    plain,
  );
  assert.equal(status, 405);
  assert.deepEqual(json, said("No valid event data received.", "/events/add"));
});

Deno.test("addEvent() describes itself to other methods", async () => {
  await using bench = await Bench.start();
  const { status, json } = await bench.send("DELETE", "/events/add");
  assert.equal(status, 200);
  assert.equal(json.name, "/events/add API description");
  assert.deepEqual(json.mandatory_fields, ["info"]);
});

Deno.test("addEvent() refuses keys that may only read", async () => {
  await using bench = await Bench.start();
  for (const role of ["readonly", "readonlykey"] as const) {
    const { status, json } = await bench.post("/events/add", { Event: { info: "ro" } }, role);
    assert.equal(status, 403);
    assert.deepEqual(json, said(NO_PERMISSION, "/events/add"));
  }
});

Deno.test("addEvent() publishes for a publisher, silently not for a user", async () => {
  await using bench = await Bench.start({ backgroundJobs: true });
  const one = await bench.add({ published: true });
  const other = await bench.add({ uuid: OTHER_EVENT, published: true }, "user");
  assert.equal(one.published, true);
  assert.equal(one.publish_timestamp, "1795394026");
  assert.equal(other.published, false);
  assert.equal(other.publish_timestamp, "0");
});

Deno.test("addEvent() answers 404 with a location for a uuid that is there", async () => {
  await using bench = await Bench.start();
  await bench.add({ distribution: "0" });
  for (const role of ["publisher", "other"] as const) {
    const { status, headers, json } = await bench.post(
      "/events/add",
      { Event: { uuid: EVENT, info: "x" } },
      role,
    );
    assert.equal(status, 404);
    assert.equal(headers.get("location"), `${bench.misp.url}/events/1`);
    assert.deepEqual(json, said(EXISTS, "/events/add"));
  }
});

Deno.test("addEvent() stores event reports, sightings and references that come inside", async () => {
  await using bench = await Bench.start();
  const attribute = {
    uuid: ATTRIBUTE,
    type: "ip-src",
    value: "203.0.113.7",
    Sighting: [{ uuid: SIGHTING, source: "wazuh", type: "0", date_sighting: "1795394000" }],
  };
  const object = report({
    ObjectReference: [{ referenced_uuid: ATTRIBUTE, relationship_type: "related-to" }],
    Attribute: [{ object_relation: "type", type: "text", value: "ssh" }],
  });
  const EventReport = [{ uuid: MISSING, name: "Summary", content: "# Top users" }];
  const event = await bench.add({ Attribute: [attribute], Object: [object], EventReport });
  assert.equal(event.EventReport[0].name, "Summary");
  assert.equal(event.EventReport[0].content, "# Top users");
  assert.equal(event.EventReport[0].uuid, MISSING);
  assert.equal(event.Object[0].ObjectReference[0].referenced_uuid, ATTRIBUTE);
  assert.deepEqual(bench.misp.sightings().map((one) => [one.uuid, one.date_sighting]), [
    [SIGHTING, "1795394000"],
  ]);
});
