/**
 * Faults on request, and what the fake tells of what it was asked.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Bench, BROKEN, EVENT, type Json, MISSING, OTHER_EVENT, report, said } from "./rig.ts";

/** Adds an event, and lets the caller give up waiting for the answer. */
function addUntilAborted({ misp }: Bench, info: string) {
  const controller = new AbortController();
  const request = fetch(`${misp.url}/events/add`, {
    method: "POST",
    headers: { Authorization: misp.keys.user, "Content-Type": "application/json" },
    body: JSON.stringify({ info }),
    signal: controller.signal,
  });
  return { request, controller };
}

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
  const { request, controller } = addUntilAborted(bench, "x");
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
  const { request, controller } = addUntilAborted(bench, "slow");
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

Deno.test("FakeMisp outlives clients that leave at any moment", async () => {
  await using bench = await Bench.start();
  const { hostname, port } = new URL(bench.misp.url);
  const body = JSON.stringify({ Event: { info: "x" } });
  const head = `POST /events/add HTTP/1.1\r\nAuthorization: ${bench.misp.keys.publisher}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const request = new TextEncoder().encode(head + body);
  for (let length = 0; length <= request.length; length += 7) {
    using connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(request.subarray(0, length));
  }
  assert.equal((await bench.get("/servers/getVersion")).status, 200);
});
