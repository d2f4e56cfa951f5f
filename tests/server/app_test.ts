import assert from "node:assert/strict";
import { createNetworkSet, parseNetwork } from "../../src/guard/network_set.ts";
import { Limits } from "../../src/server/middleware/limits.ts";
import { alertText, type Call, createService, TOKEN, tokensOf } from "./rig.ts";

Deno.test("POST /alerts without tokens takes alerts from this machine only", async () => {
  using service = createService();
  for (const from of ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"]) {
    assert.equal((await service.post(alertText(), { from })).status, 200, from);
  }
  for (
    const from of ["192.168.1.5", "", "::", "::11", "::ffff:10.0.0.1", "1127.0.0.1", "127", "x::1"]
  ) {
    const { status, body, headers } = await service.post(alertText(), { from });
    assert.equal(status, 401, from);
    assert.deepEqual(body, {
      error: "without server.tokens_file only the local machine is allowed",
    });
    assert.match(headers.get("WWW-Authenticate") ?? "", /^Basic /);
  }
  assert.equal((await service.buffer.views.status()).accepted, 4);
});

Deno.test("POST /alerts without tokens takes no address from a header", async () => {
  using service = createService();
  const headers = { "X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1" };
  assert.equal((await service.post(alertText(), { from: "8.8.8.8", headers })).status, 401);
});

Deno.test("POST /alerts with tokens takes any of them, from anywhere", async () => {
  using service = createService({ tokens: () => tokensOf("another-token-entirely", TOKEN) });
  const from = "198.51.100.7";
  for (
    const authorization of [
      ...[`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER  ${TOKEN} `],
      ...[`Basic ${btoa(`anybody:${TOKEN}`)}`, `basic ${btoa(`:${TOKEN}`)}`],
    ]
  ) {
    assert.equal((await service.post(alertText(), { from, authorization })).status, 200);
  }
});

const WRONG = [
  ...[
    "",
    "Bearer",
    "Bearer ",
    TOKEN,
    `Basic ${TOKEN}`,
    `Basic ${btoa(`${TOKEN}:x`)}`,
    "Bearer wrong",
    `Bearer ${TOKEN}x`,
  ],
  ...[`Bearer x${TOKEN}`, `Bearer ${TOKEN.slice(0, -1)}`, `Bearer ${TOKEN.toLowerCase()}`],
  ...[`Bearer ${TOKEN} ${TOKEN}`, `Bearer ${TOKEN},${TOKEN}`, `Bearer ${"x".repeat(100_000)}`],
];

Deno.test("POST /alerts with tokens refuses every other one, from this machine too", async () => {
  using service = createService({ tokens: () => tokensOf(TOKEN) });
  const calls: Call[] = [{}, ...WRONG.map((authorization) => ({ authorization }))];
  for (const call of calls) {
    const { status, body } = await service.post(alertText(), call);
    assert.equal(status, 401, call.authorization);
    assert.deepEqual(body, { error: "send `Authorization: Bearer TOKEN`" });
  }
  assert.equal((await service.buffer.views.status()).accepted, 0);
});

Deno.test("POST /alerts distinguishes tokens that differ at their very end", async () => {
  const long = "a".repeat(511);
  using service = createService({ tokens: () => tokensOf(`${long}b`) });
  assert.equal((await service.post(alertText(), { authorization: `Bearer ${long}b` })).status, 200);
  for (const wrong of [`${long}c`, long, `${long}bb`]) {
    const { status } = await service.post(alertText(), { authorization: `Bearer ${wrong}` });
    assert.equal(status, 401);
  }
});

Deno.test("createApp() says 404 to everything else", async () => {
  using service = createService();
  for (const path of ["/nothing", "/alerts/", "/healthz/x", "/../etc/passwd"]) {
    const { status, body } = await service.get(path);
    assert.equal(status, 404, path);
    assert.deepEqual(body, { error: "unknown path; use POST /alerts or GET /healthz" });
  }
});

Deno.test("GET /healthz says whether the buffer can be read", async () => {
  using well = createService();
  const ok = await well.get("/healthz");
  assert.deepEqual([ok.status, ok.body], [200, { status: "ok" }]);
  for (
    const isStoring of [() => Promise.resolve(false), () => Promise.reject(new Error("gone"))]
  ) {
    using ill = createService({ isStoring });
    const { status, body } = await ill.get("/healthz");
    assert.deepEqual([status, body], [503, { status: "the buffer cannot be read" }]);
  }
});

Deno.test("createApp() answers on a real socket, chunked bodies too", async () => {
  using service = createService();
  const { app } = service;
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => undefined };
  await using server = Deno.serve(
    options,
    (request, { remoteAddr }) => app.fetch(request, { remoteAddress: remoteAddr.hostname }),
  );
  const url = `http://127.0.0.1:${server.addr.port}/alerts`;
  const inPieces = (text: string) => new Blob([text]).stream();
  const good = await fetch(url, { method: "POST", body: inPieces(alertText()) });
  assert.equal(good.status, 200);
  assert.equal((await good.json()).accepted, 1);
  const long = await fetch(url, { method: "POST", body: inPieces(" ".repeat(4097)) });
  assert.equal(long.status, 413);
  await long.body?.cancel();
});

Deno.test("POST /alerts/TOKEN is for senders that can set no header", async () => {
  using service = createService({ tokens: () => tokensOf(TOKEN) });
  const post = (path: string) => service.post(alertText(), { path });
  assert.equal((await post(`/alerts/${TOKEN}`)).status, 200);
  assert.equal((await post(`/alerts/${TOKEN}x`)).status, 401);
  assert.equal((await post("/alerts/")).status, 404);
  assert.equal((await post(`/alerts/${TOKEN}/more`)).status, 404);
});

Deno.test("POST /alerts takes no form that another page sends with a password that a browser knows", async () => {
  using service = createService({ tokens: () => tokensOf(TOKEN) });
  const authorization = `Basic ${btoa(`me:${TOKEN}`)}`;
  const from = (origin: string) =>
    service.post(alertText(), { authorization, headers: { Origin: origin } });
  assert.equal((await from("https://evil.example")).status, 401);
  assert.equal((await from("null")).status, 401);
  assert.equal((await from("http://127.0.0.1")).status, 200);
});

Deno.test("createApp() answers nobody from outside the allowed networks", async () => {
  const networks = [parseNetwork("192.0.2.0/24")!];
  using service = createService({ allowNetworks: createNetworkSet([{ name: "a", networks }]) });
  assert.equal((await service.get("/healthz", { from: "192.0.2.9" })).status, 200);
  for (const from of ["127.0.0.1", "192.0.3.1", "", "::1"]) {
    assert.equal((await service.get("/healthz", { from })).status, 403, from);
  }
});

Deno.test("POST /alerts says to a sender of too many requests when to try again", async () => {
  using service = createService({
    tokens: () => tokensOf(TOKEN, "another-token-entirely"),
    limits: new Limits({ maxParallel: 0, maxPerMinute: 2 }),
  });
  const post = (token: string) => service.post(alertText(), { authorization: `Bearer ${token}` });
  assert.equal((await post(TOKEN)).status, 200);
  assert.equal((await post(TOKEN)).status, 200);
  const refused = await post(TOKEN);
  assert.deepEqual([refused.status, refused.headers.get("Retry-After")], [429, "30"]);
  assert.equal((await post("another-token-entirely")).status, 200);
});

Deno.test("createApp() refuses a Host that makes no address", async () => {
  using service = createService();
  const { app } = service;
  const request = new Request("http://127.0.0.1/healthz");
  Object.defineProperty(request, "url", { value: "http://1.2.3.4.5/healthz" });
  const response = await app.fetch(request, { remoteAddress: "127.0.0.1" });
  assert.deepEqual([response.status, await response.json()], [400, {
    error: "Host is not a valid host name",
  }]);
});
