/**
 * The fake MISP answers as the live one was recorded to answer.
 *
 * @module
 */
import assert from "node:assert/strict";
import { templateProblems } from "./fake_misp/templates.ts";
import { FakeMisp, type FakeMispOptions, type Role } from "./fake_misp/server.ts";

const EVENT = "aaaaaaaa-0000-4000-8000-000000000001";
const OTHER_EVENT = "aaaaaaaa-0000-4000-8000-000000000002";
const MISSING = "99999999-0000-4000-8000-000000000001";
const ATTRIBUTE = "aaaaaaaa-0000-4000-8000-0000000000a1";
const OBJECT = "aaaaaaaa-0000-4000-8000-0000000000b1";
const SIGHTING = "cccccccc-0000-4000-8000-000000000001";
const BRUTE_FORCE = 'misp-galaxy:mitre-attack-pattern="Brute Force - T1110"';
const EMOJI = "\u{1F4A5}";
const WRONG_KEY =
  "Authentication failed. Please make sure you pass the API key of an API enabled " +
  "user along in the Authorization header.";
const NO_PERMISSION = "You do not have permission to use this functionality.";
const BROKEN = "An Internal Error Has Occurred.";
const EXISTS =
  "Event already exists, if you would like to edit it, use the url in the location header.";

// deno-lint-ignore no-explicit-any
type Json = any;

/** A running fake and a client for it. */
class Bench implements AsyncDisposable {
  readonly misp: FakeMisp;
  /** The time as the fake sees it: seconds since the epoch. */
  readonly clock: { seconds: number };

  private constructor(misp: FakeMisp, clock: { seconds: number }) {
    this.misp = misp;
    this.clock = clock;
  }

  static async start(options: FakeMispOptions = {}): Promise<Bench> {
    const clock = { seconds: 1795394026 };
    return new Bench(await FakeMisp.start({ now: () => clock.seconds * 1000, ...options }), clock);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.misp[Symbol.asyncDispose]();
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    role: Role = "publisher",
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: Headers; text: string; json: Json }> {
    const sent = body instanceof Uint8Array || typeof body === "string"
      ? body as BodyInit
      : body === undefined
      ? null
      : JSON.stringify(body);
    const response = await fetch(this.misp.url + path, {
      method,
      redirect: "manual",
      headers: {
        Authorization: this.misp.keys[role],
        Accept: "application/json",
        "Content-Type": "application/json",
        ...headers,
      },
      body: sent,
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  }

  get(path: string, role: Role = "publisher") {
    return this.send("GET", path, undefined, role);
  }

  post(path: string, body?: unknown, role: Role = "publisher") {
    return this.send("POST", path, body, role);
  }

  /** Adds the event and answers what MISP says is stored. */
  async add(event: Record<string, unknown>, role: Role = "publisher"): Promise<Json> {
    const { status, json } = await this.post(
      "/events/add",
      { Event: { uuid: EVENT, info: "x", ...event } },
      role,
    );
    assert.equal(status, 200);
    return json.Event;
  }

  async edit(event: Record<string, unknown>, role: Role = "publisher"): Promise<Json> {
    const { status, json } = await this.post(`/events/edit/${EVENT}`, { Event: event }, role);
    assert.equal(status, 200);
    return json.Event;
  }

  async values(sent: readonly unknown[], type = "ip-src"): Promise<string[]> {
    const uuid = crypto.randomUUID();
    const Attribute = sent.map((value) => ({ type, value }));
    const event = await this.add({ uuid, Attribute });
    return event.Attribute.map((attribute: Json) => attribute.value);
  }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function said(message: string, url: string): Json {
  return { name: message, message, url };
}

function report(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    uuid: OBJECT,
    name: "authentication-failure-report",
    "meta-category": "network",
    template_uuid: "9b39afe0-9809-4fe0-8a0b-4cec2b140dd2",
    template_version: "4",
    distribution: "5",
    Attribute: [
      { uuid: ATTRIBUTE, object_relation: "ip-src", type: "ip-src", value: "203.0.113.7" },
      { object_relation: "total", type: "counter", category: "Other", value: "42" },
      { object_relation: "type", type: "text", category: "Other", value: "ssh" },
    ],
    ...more,
  };
}

// ---------------------------------------------------------------- the way in

Deno.test("getVersion() answers a publisher as recorded", async () => {
  await using bench = await Bench.start();
  const { status, json } = await bench.get("/servers/getVersion.json");
  assert.equal(status, 200);
  assert.deepEqual(json, {
    version: "2.5.1",
    pymisp_recommended_version: "2.5.1",
    perm_sync: false,
    perm_sighting: true,
    perm_galaxy_editor: true,
    perm_analyst_data: true,
    uuid: "-",
    request_encoding: ["gzip"],
    filter_sightings: true,
  });
});

Deno.test("getVersion() shows the instance's uuid to a site admin only", async () => {
  await using bench = await Bench.start();
  const { json } = await bench.get("/servers/getVersion", "admin");
  assert.equal(json.uuid, "11111111-2222-4333-8444-555555555555");
  assert.equal(json.perm_sync, true);
});

Deno.test("viewMe() answers user, role and organisation", async () => {
  await using bench = await Bench.start();
  const { json } = await bench.get("/users/view/me.json");
  assert.deepEqual(Object.keys(json), ["User", "Role", "UserSetting", "Organisation"]);
  assert.equal(json.User.id, "3");
  assert.equal(json.User.email, "publisher@soc.test");
  assert.equal(json.User.password, "*****");
  assert.equal(json.Role.id, "4");
  assert.equal(json.Role.name, "Publisher");
  assert.equal(json.Role.perm_publish, true);
  assert.equal(json.Role.perm_tagger, true);
  assert.equal(json.Role.perm_tag_editor, false);
  assert.equal(json.Role.perm_sighting, true);
  assert.equal(json.Role.permission, "3");
  assert.equal(json.Organisation.name, "SOC-ORG");
});

Deno.test("viewMe() shows what a custom role may", async () => {
  const key = "k".repeat(40);
  await using bench = await Bench.start({
    keys: { [key]: { role: "publisher", permissions: { perm_sighting: false } } },
  });
  const { json } = await bench.send("GET", "/users/view/me", undefined, "user", {
    Authorization: key,
  });
  assert.equal(json.Role.perm_sighting, false);
});

Deno.test("viewMe() shows the role of a key that only reads, getVersion() what the key may", async () => {
  await using bench = await Bench.start();
  const me = await bench.get("/users/view/me", "readonlykey");
  const version = await bench.get("/servers/getVersion", "readonlykey");
  assert.deepEqual([me.json.Role.perm_sighting, version.json.perm_sighting], [true, false]);
});

Deno.test("answer() tells the instance's time", async () => {
  await using bench = await Bench.start({ now: () => Date.UTC(2026, 10, 23, 0, 31, 23) });
  const { headers } = await bench.get("/servers/getVersion");
  assert.equal(headers.get("date"), "Mon, 23 Nov 2026 00:31:23 GMT");
});

Deno.test("answer() is pretty-printed JSON with cookies", async () => {
  await using bench = await Bench.start();
  const { headers, text } = await bench.get("/servers/getVersion.json");
  assert.equal(headers.get("content-type"), "application/json; charset=UTF-8");
  assert.ok(headers.getSetCookie().length >= 2);
  assert.match(headers.getSetCookie()[0] ?? "", /^CAKEPHP=/);
  assert.match(text, /^\{\n {4}"version": "2\.5\.1",\n/);
});

Deno.test("admit() answers 403 for wrong, short, bearer, expired and missing keys", async () => {
  await using bench = await Bench.start();
  const { keys } = bench.misp;
  const wrong = ["x".repeat(40), "short", `Bearer ${keys.publisher}`, keys.expired, ""];
  for (const Authorization of wrong) {
    const { status, json } = await bench.send("GET", "/users/view/me", undefined, "user", {
      Authorization,
    });
    assert.equal(status, 403, Authorization);
    assert.deepEqual(json, said(WRONG_KEY, "/users/view/me"));
  }
});

Deno.test("admit() says why a disabled user or a foreign address is kept out", async () => {
  await using bench = await Bench.start();
  const url = "/servers/getVersion.json";
  const disabled = await bench.get(url, "disabled");
  const foreign = await bench.get(url, "iprestricted");
  assert.equal(disabled.status, 403);
  assert.deepEqual(
    disabled.json,
    said("Authentication failed. Your user account has been disabled.", url),
  );
  assert.equal(foreign.status, 403);
  assert.deepEqual(
    foreign.json,
    said("It is not possible to use this Auth key from your IP address", url),
  );
});

Deno.test("admit() redirects to the login page when no JSON is asked for", async () => {
  await using bench = await Bench.start();
  const { status, headers, text } = await bench.send("GET", "/users/view/me", undefined, "user", {
    Accept: "*/*",
    "Content-Type": "text/html",
  });
  assert.equal(status, 302);
  assert.equal(headers.get("location"), `${bench.misp.url}/users/login`);
  assert.equal(headers.get("content-type"), "text/html; charset=UTF-8");
  assert.equal(text, "");
});

Deno.test("admit() takes .json, Content-Type JSON or Accept XML for asking", async () => {
  await using bench = await Bench.start();
  const asked: [string, string, string][] = [
    ["/servers/getVersion.json", "*/*", "text/html"],
    ["/servers/getVersion", "*/*", "application/json"],
    ["/servers/getVersion", "application/xml", "text/html"],
  ];
  for (const [path, accept, type] of asked) {
    const headers = { Accept: accept, "Content-Type": type };
    const { status, json } = await bench.send("GET", path, undefined, "publisher", headers);
    assert.equal(status, 200, `${path} ${accept} ${type}`);
    assert.equal(json.version, "2.5.1");
  }
});

Deno.test("maintenance redirects everyone but site admins", async () => {
  await using bench = await Bench.start({ maintenance: true });
  const publisher = await bench.post("/events/add", { Event: { info: "live0", distribution: 0 } });
  assert.equal(publisher.status, 302);
  assert.equal(publisher.headers.get("location"), `${bench.misp.url}/users/login`);
  assert.equal(publisher.text, "");
  assert.equal((await bench.get("/servers/getVersion.json", "admin")).status, 200);
  bench.misp.maintenance = false;
  assert.equal((await bench.get("/servers/getVersion.json")).status, 200);
});

Deno.test("perform() answers 403 for an unknown action and 404 for an unknown controller", async () => {
  await using bench = await Bench.start();
  const action = await bench.post("/events/nosuchaction", {});
  const controller = await bench.post("/nosuchcontroller/x", {});
  assert.equal(action.status, 403);
  assert.deepEqual(action.json, said(NO_PERMISSION, "/events/nosuchaction"));
  assert.equal(controller.status, 404);
  assert.deepEqual(controller.json, said("Not Found", "/nosuchcontroller/x"));
});

Deno.test("answerRequest() answers 405 to broken JSON, bad UTF-8 and lone surrogates", async () => {
  await using bench = await Bench.start();
  const message = "Invalid JSON input. Make sure that the JSON input is a correctly formatted " +
    "JSON string. This request has been blocked to avoid an unfiltered request.";
  const bad = new Uint8Array([...new TextEncoder().encode('{"info":"'), 0xff, 0x22, 0x7d]);
  for (const body of ['{"type":"text",', bad, '{"info":"\\ud83d"}']) {
    const { status, json } = await bench.post("/events/add", body);
    assert.equal(status, 405);
    assert.deepEqual(json, said(message, "/events/add"));
  }
});

Deno.test("answerRequest() reads gzip bodies", async () => {
  await using bench = await Bench.start();
  const body = JSON.stringify({ Event: { info: "zipped" } });
  const zipped = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(zipped).arrayBuffer());
  const { status, json } = await bench.send("POST", "/events/add", bytes, "publisher", {
    "Content-Encoding": "gzip",
  });
  assert.equal(status, 200);
  assert.equal(json.Event.info, "zipped");
});

Deno.test("databaseDown breaks every call in the same way", async () => {
  await using bench = await Bench.start();
  bench.misp.databaseDown = true;
  const { status, headers, json } = await bench.get("/servers/getVersion.json");
  assert.equal(status, 500);
  assert.equal(headers.get("connection"), "close");
  assert.deepEqual(json, said(BROKEN, "/servers/getVersion.json"));
});

// ---------------------------------------------------------------- events/add

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

Deno.test("addEvent() tells repeats apart by case and blanks", async () => {
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

// ---------------------------------------------------------------- objects

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

// ---------------------------------------------------------------- values

Deno.test("checkValue() rewrites and refuses addresses as recorded", async () => {
  await using bench = await Bench.start();
  assert.deepEqual(
    await bench.values([
      "2001:DB8:0:0::1",
      "203.0.113.62/32",
      "203.0.113.0/24",
      " 203.0.113.63 ",
      "::ffff:203.0.113.61",
      "10.0.0.1",
    ]),
    [
      "2001:db8::1",
      "203.0.113.62",
      "203.0.113.0/24",
      "203.0.113.63",
      "::ffff:203.0.113.61",
      "10.0.0.1",
    ],
  );
  assert.deepEqual(
    await bench.values(["203.0.113.007", "fe80::1%eth0", "999.1.1.1", "1.2.3", "::1::2", ":1"]),
    [],
  );
  assert.deepEqual(await bench.values(["203.0.113.64|22", "203.0.113.64|x"], "ip-src|port"), [
    "203.0.113.64|22",
  ]);
});

Deno.test("checkValue() checks numbers and times by type", async () => {
  await using bench = await Bench.start();
  assert.deepEqual(await bench.values(["0", "42", "-1", "1.5", "seven"], "counter"), ["0", "42"]);
  assert.deepEqual(await bench.values(["52.5", 13.4, "x"], "float"), ["52.5", "13.4"]);
  assert.deepEqual(await bench.values(["22", "x", "70000"], "port"), ["22"]);
  assert.deepEqual(await bench.values(["2026-11-20T10:00:00+00:00", "soon"], "datetime"), [
    "2026-11-20T10:00:00.000000+0000",
  ]);
});

Deno.test("checkValue() takes 65,535 bytes and no more", async () => {
  await using bench = await Bench.start();
  const stored = await bench.values(["y".repeat(65_535), "y".repeat(70_000)], "text");
  assert.deepEqual(stored.map((value) => value.length), [65_535]);
});

Deno.test("checkValue() stores a question mark for a 4-byte character", async () => {
  await using bench = await Bench.start();
  assert.deepEqual(await bench.values([`a${EMOJI}`, "\u0000b\u0007"], "text"), [
    "a?",
    "\u0000b\u0007",
  ]);
});

// ---------------------------------------------------------------- no transaction

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

// ---------------------------------------------------------------- tags

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

// ---------------------------------------------------------------- events/view, edit, delete

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

// ---------------------------------------------------------------- publish

Deno.test("publishEvent() publishes, again and again", async () => {
  await using bench = await Bench.start();
  await bench.add({});
  for (const body of [{}, undefined]) {
    bench.clock.seconds += 1;
    const { status, json } = await bench.post(`/events/publish/${EVENT}`, body);
    assert.equal(status, 200);
    assert.deepEqual(json, {
      saved: true,
      success: true,
      name: "Event published without alerts",
      message: "Event published without alerts",
      url: "/events/publish/1",
      id: "1",
    });
  }
  assert.equal(bench.misp.event(EVENT)?.published, true);
  assert.equal(bench.misp.event(EVENT)?.publish_timestamp, "1795394028");
});

Deno.test("publishEvent() only queues with background jobs on", async () => {
  await using bench = await Bench.start({ backgroundJobs: true });
  await bench.add({});
  for (let round = 0; round < 2; round++) {
    const { status, json } = await bench.post(`/events/publish/${EVENT}`, {});
    assert.equal(status, 200);
    assert.deepEqual(json, {
      saved: true,
      success: true,
      name: "Job queued",
      message: "Job queued",
      url: "/events/publish/1",
      id: "1",
    });
  }
  assert.equal((await bench.get(`/events/view/${EVENT}`)).json.Event.published, false);
  assert.equal(bench.misp.jobs().length, 2);
});

Deno.test("publishEvent() refuses users, others, missing events and GET in its own ways", async () => {
  await using bench = await Bench.start();
  await bench.add({ distribution: "1" });
  const url = `/events/publish/${EVENT}`;
  const user = await bench.post(url, {}, "user");
  const other = await bench.post(url, {}, "other");
  const missing = await bench.post(`/events/publish/${MISSING}`, {});
  const get = await bench.get(url);
  assert.equal(user.status, 403);
  assert.deepEqual(user.json, said(NO_PERMISSION, url));
  assert.equal(other.status, 405);
  assert.deepEqual(other.json, said("You do not have the permission to do that.", url));
  assert.equal(missing.status, 404);
  assert.deepEqual(missing.json, said("Invalid event.", `/events/publish/${MISSING}`));
  assert.equal(get.status, 500);
  assert.deepEqual(get.json, said(BROKEN, url));
});

// ---------------------------------------------------------------- attributes

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

// ---------------------------------------------------------------- sightings

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

Deno.test("addSighting() tells its refusals with 200", async () => {
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

// ---------------------------------------------------------------- warninglists

Deno.test("checkValue() answers hits by value, and a list when there is none", async () => {
  await using bench = await Bench.start({
    warningLists: [
      { id: "101", name: "List of RFC 1918 CIDR blocks", values: ["10.0.0.0/8"] },
      { id: "103", name: "List of RFC 5735 CIDR blocks", values: ["10.0.0.0/8", "203.0.113.0/24"] },
    ],
  });
  const url = "/warninglists/checkValue";
  const hits = await bench.post(url, ["10.0.0.1", "9.9.9.123", "203.0.113.7"]);
  assert.equal(hits.status, 200);
  assert.deepEqual(hits.json, {
    "10.0.0.1": [
      { id: "101", name: "List of RFC 1918 CIDR blocks", matched: "10.0.0.0/8" },
      { id: "103", name: "List of RFC 5735 CIDR blocks", matched: "10.0.0.0/8" },
    ],
    "203.0.113.7": [
      { id: "103", name: "List of RFC 5735 CIDR blocks", matched: "203.0.113.0/24" },
    ],
  });
  assert.deepEqual((await bench.post(url, ["9.9.9.123"])).json, []);
  assert.deepEqual(Object.keys((await bench.post(url, { value: "10.0.0.1" })).json), ["10.0.0.1"]);
  const empty = await bench.post(url, []);
  assert.equal(empty.status, 404);
  assert.deepEqual(empty.json, said("No valid data received.", url));
  assert.equal((await bench.get(url)).json.name, `${url} API description`);
});

// ---------------------------------------------------------------- faults

Deno.test("fail() gives each fault to one request that fits", async () => {
  await using bench = await Bench.start();
  bench.misp.fail(
    { kind: "internal-error", on: /^\/events/ },
    { kind: "gateway", status: 502 },
    { kind: "gateway", status: 503 },
    { kind: "gateway", status: 504 },
    { kind: "too-large" },
    { kind: "wrong-key" },
    { kind: "not-authorised" },
    { kind: "login-redirect" },
  );
  const statuses = [];
  for (let count = 0; count < 8; count++) {
    const { status } = await bench.get("/servers/getVersion");
    statuses.push(status);
  }
  assert.deepEqual(statuses, [502, 503, 504, 413, 403, 403, 302, 200]);
  assert.equal(bench.misp.faultsLeft, 1);
  const { status, json } = await bench.post("/events/add", { info: "x" });
  assert.equal(status, 500);
  assert.deepEqual(json, said(BROKEN, "/events/add"));
  assert.deepEqual(bench.misp.events(), []);
  assert.deepEqual(bench.misp.requests.slice(-2).map((one) => one.status), [200, 500]);
});

Deno.test("failEvery() hits every n-th request", async () => {
  await using bench = await Bench.start();
  bench.misp.failEvery(3, { kind: "gateway", status: 502 });
  const statuses = [];
  for (let count = 0; count < 6; count++) {
    statuses.push((await bench.get("/servers/getVersion")).status);
  }
  assert.deepEqual(statuses, [200, 200, 502, 200, 200, 502]);
  bench.misp.clearFaults();
  assert.equal((await bench.get("/servers/getVersion")).status, 200);
});

Deno.test("rate-limit answers 429 with MISP's own headers", async () => {
  await using bench = await Bench.start();
  bench.misp.fail({ kind: "rate-limit" }, { kind: "rate-limit", reset: 3, limit: 7 });
  const first = await bench.get("/servers/getVersion");
  assert.equal(first.status, 429);
  assert.deepEqual(first.json, said("Rate limit exceeded.", "/servers/getVersion"));
  assert.equal(first.headers.get("x-rate-limit-limit"), "5");
  assert.equal(first.headers.get("x-rate-limit-remaining"), "0");
  assert.equal(first.headers.get("x-rate-limit-reset"), "900");
  assert.equal(first.headers.get("retry-after"), null);
  const second = await bench.get("/servers/getVersion");
  assert.equal(second.headers.get("x-rate-limit-reset"), "3");
});

Deno.test("same-body-500 breaks down at this body each time, at no other", async () => {
  await using bench = await Bench.start();
  bench.misp.fail({ kind: "same-body-500" });
  const statuses = [];
  for (const info of ["a", "a", "b", "a"]) {
    statuses.push((await bench.post("/events/add", { info })).status);
  }
  assert.deepEqual(statuses, [500, 500, 200, 500]);
});

Deno.test("close cuts the connection before anything is stored", async () => {
  await using bench = await Bench.start();
  bench.misp.fail({ kind: "close" });
  await assert.rejects(bench.post("/events/add", { info: "x" }), TypeError);
  assert.equal(bench.misp.requests.length, 1);
  assert.equal(bench.misp.requests[0]?.status, 0);
  assert.deepEqual(bench.misp.events(), []);
});

Deno.test("lost-answer cuts the connection after everything is stored", async () => {
  await using bench = await Bench.start();
  await bench.get("/servers/getVersion");
  bench.misp.fail({ kind: "lost-answer" });
  await assert.rejects(bench.add({}), TypeError);
  assert.equal(bench.misp.requests.length, 2);
  assert.equal(bench.misp.event(EVENT)?.info, "x");
});

Deno.test("cut-body cuts the connection in the middle of the answer", async () => {
  await using bench = await Bench.start();
  bench.misp.fail({ kind: "cut-body" });
  await assert.rejects(bench.add({}));
  assert.equal(bench.misp.events().length, 1);
});

Deno.test("hang holds the answer until release()", async () => {
  await using bench = await Bench.start();
  bench.misp.fail({ kind: "hang" }, { kind: "hang", stored: true });
  const unstored = bench.add({});
  await bench.misp.received(1);
  const stored = bench.add({ uuid: OTHER_EVENT });
  await bench.misp.received(2);
  assert.deepEqual(bench.misp.events().map((event) => event.uuid), [OTHER_EVENT]);
  assert.equal(bench.misp.maxInFlight, 2);
  bench.misp.release();
  assert.equal((await stored).uuid, OTHER_EVENT);
  assert.equal((await unstored).uuid, EVENT);
});

Deno.test("hang ends without a trace when the client gives up or the fake stops", async () => {
  await using bench = await Bench.start();
  bench.misp.fail({ kind: "hang" }, { kind: "hang-body" });
  const controller = new AbortController();
  const request = fetch(`${bench.misp.url}/events/add`, {
    method: "POST",
    headers: { Authorization: bench.misp.keys.user, "Content-Type": "application/json" },
    body: '{"info":"x"}',
    signal: controller.signal,
  });
  await bench.misp.received(1);
  controller.abort();
  await assert.rejects(request, { name: "AbortError" });
  const half = bench.get("/servers/getVersion");
  await bench.misp.received(2);
  await bench.misp[Symbol.asyncDispose]();
  await assert.rejects(half);
  assert.deepEqual(bench.misp.events(), []);
});

Deno.test("hang-body sends half of the answer until release()", async () => {
  await using bench = await Bench.start();
  bench.misp.fail({ kind: "hang-body" });
  const response = await fetch(`${bench.misp.url}/servers/getVersion.json`, {
    headers: { Authorization: bench.misp.keys.user },
  });
  assert.equal(response.status, 200);
  bench.misp.release();
  assert.equal((await response.json()).version, "2.5.1");
});

Deno.test("drop loses an attribute or object and answers 200 all the same", async () => {
  await using bench = await Bench.start();
  const Attribute = [{ type: "text", value: "1" }, { type: "text", value: "2" }];
  bench.misp.fail({ kind: "drop" }, { kind: "drop", what: /^2$/ }, {
    kind: "drop",
    what: /failure-report/,
  });
  const values = async (uuid: string): Promise<string[]> =>
    (await bench.add({ uuid, Attribute })).Attribute.map((one: Json) => one.value);
  assert.deepEqual(await values(EVENT), ["2"]);
  assert.deepEqual(await values(OTHER_EVENT), ["1"]);
  assert.deepEqual((await bench.add({ uuid: MISSING, Object: [report()] })).Object, []);
});

Deno.test("html, broken-json and huge-body answer 200 with something else", async () => {
  await using bench = await Bench.start();
  bench.misp.fail({ kind: "html" }, { kind: "broken-json" }, {
    kind: "huge-body",
    bytes: 5_000_000,
  });
  const page = await bench.get("/servers/getVersion");
  const broken = await bench.get("/servers/getVersion");
  const huge = await bench.get("/servers/getVersion");
  assert.deepEqual([page.status, broken.status, huge.status], [200, 200, 200]);
  assert.match(page.text, /^<html>/);
  assert.equal(page.headers.get("content-type"), "text/html; charset=UTF-8");
  assert.equal(broken.json, undefined);
  assert.match(broken.text, /^\{/);
  assert.ok(huge.text.length > 5_000_000);
  assert.equal(huge.json.version, "2.5.1");
});

Deno.test("slow stores at once and answers late", async () => {
  await using bench = await Bench.start();
  bench.misp.fail({ kind: "slow", ms: 60_000 });
  const controller = new AbortController();
  const request = fetch(`${bench.misp.url}/events/add`, {
    method: "POST",
    headers: { Authorization: bench.misp.keys.user, "Content-Type": "application/json" },
    body: '{"info":"slow"}',
    signal: controller.signal,
  });
  await bench.misp.received(1);
  controller.abort();
  await assert.rejects(request, { name: "AbortError" });
  assert.equal(bench.misp.events()[0]?.info, "slow");
  bench.misp.fail({ kind: "slow", ms: 20 });
  const before = performance.now();
  await bench.get("/servers/getVersion");
  assert.ok(performance.now() - before >= 19);
});

Deno.test("down refuses connections until it is up again on the same port", async () => {
  await using bench = await Bench.start();
  bench.misp.down = true;
  await assert.rejects(bench.get("/servers/getVersion"), TypeError);
  bench.misp.down = false;
  assert.equal((await bench.get("/servers/getVersion")).status, 200);
  assert.equal(bench.misp.requests.length, 1);
});

Deno.test("maxInFlightPerEvent tells parallel writes to one event from those to others", async () => {
  await using bench = await Bench.start();
  bench.misp.failEvery(1, { kind: "hang" });
  const other = bench.add({ uuid: OTHER_EVENT });
  await bench.misp.received(1);
  const first = bench.add({});
  await bench.misp.received(2);
  assert.equal(bench.misp.maxInFlightPerEvent, 1);
  const second = bench.post(`/events/edit/${EVENT}`, { Event: { info: "y" } });
  await bench.misp.received(3);
  assert.equal(bench.misp.maxInFlightPerEvent, 2);
  assert.equal(bench.misp.maxInFlight, 3);
  bench.misp.release();
  await Promise.all([other, first, second]);
});

Deno.test("requests keep what came in", async () => {
  await using bench = await Bench.start({ keepAlive: true });
  await bench.post("/events/add?x=1", { info: "kept" });
  await bench.post("/events/add", "not json");
  const [first, second] = bench.misp.requests;
  assert.equal(first?.method, "POST");
  assert.equal(first?.path, "/events/add?x=1");
  assert.deepEqual(first?.body, { info: "kept" });
  assert.equal(first?.key, bench.misp.keys.publisher);
  assert.equal(first?.headers.get("accept"), "application/json");
  assert.equal(first?.status, 200);
  assert.equal(second?.body, undefined);
});
