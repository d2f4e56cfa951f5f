/**
 * Which keys are accepted, and the form of every answer.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Bench, BROKEN, NO_PERMISSION, said } from "./rig.ts";

const WRONG_KEY =
  "Authentication failed. Please make sure you pass the API key of an API enabled " +
  "user along in the Authorization header.";

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

Deno.test("answer() says the instance's time", async () => {
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

Deno.test("admit() says why a disabled user or an address outside the allowed networks is kept out", async () => {
  await using bench = await Bench.start();
  const url = "/servers/getVersion.json";
  const disabled = await bench.get(url, "disabled");
  const untrusted = await bench.get(url, "iprestricted");
  assert.equal(disabled.status, 403);
  assert.deepEqual(
    disabled.json,
    said("Authentication failed. Your user account has been disabled.", url),
  );
  assert.equal(untrusted.status, 403);
  assert.deepEqual(
    untrusted.json,
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
