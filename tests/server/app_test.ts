import assert from "node:assert/strict";
import { SqliteBuffer } from "../../src/buffer/sqlite.ts";
import { type AppParts, createApp } from "../../src/server/app.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";

const TOKEN = "Correct-Horse-Battery-Staple";
const NOW = Date.UTC(2026, 10, 23);

interface Call {
  readonly body?: BodyInit | null;
  readonly authorization?: string;
  readonly from?: string;
  readonly headers?: Record<string, string>;
}

/** A service on a buffer that lasts as long as the test. */
function createService(changes: Partial<AppParts> = {}) {
  const buffer = new SqliteBuffer(":memory:", NOW);
  const logged: string[] = [];
  const app = createApp({
    tokens: [],
    maxBodyBytes: 4096,
    decide: decideDefault,
    accept: (decisions) => buffer.accept(decisions, { maxUsernames: 100 }, NOW),
    isStoring: () => Promise.resolve(true),
    log: (level, message) => logged.push(`${level}: ${message}`),
    ...changes,
  });
  const request = async (method: string, path: string, call: Call = {}) => {
    const { body = null, authorization, from = "127.0.0.1" } = call;
    const response = await app.fetch(
      new Request(`http://127.0.0.1${path}`, {
        method,
        body,
        headers: {
          ...call.headers,
          ...(authorization === undefined ? {} : { Authorization: authorization }),
        },
      }),
      { remoteAddress: from },
    );
    return {
      status: response.status,
      headers: response.headers,
      body: JSON.parse(await response.text()),
    };
  };
  return {
    buffer,
    logged,
    get: (path: string) => request("GET", path),
    post: (body: BodyInit | null, call: Call = {}) => request("POST", "/alerts", { ...call, body }),
    [Symbol.dispose]: () => buffer[Symbol.dispose](),
  };
}

const alertText = () => JSON.stringify(sshdAlert());

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
      error: "without server.tokens_file only this machine may hand alerts over",
    });
    assert.equal(headers.get("WWW-Authenticate"), "Bearer");
  }
  assert.equal((await service.buffer.status()).accepted, 4);
});

Deno.test("POST /alerts without tokens is not told by a header where it comes from", async () => {
  using service = createService();
  const headers = { "X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1" };
  assert.equal((await service.post(alertText(), { from: "8.8.8.8", headers })).status, 401);
});

Deno.test("POST /alerts with tokens takes any of them, from anywhere", async () => {
  using service = createService({ tokens: ["another-token-entirely", TOKEN] });
  const from = "198.51.100.7";
  for (const authorization of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER  ${TOKEN} `]) {
    assert.equal((await service.post(alertText(), { from, authorization })).status, 200);
  }
});

const WRONG = [
  ...["", "Bearer", "Bearer ", TOKEN, `Basic ${TOKEN}`, "Bearer wrong", `Bearer ${TOKEN}x`],
  ...[`Bearer x${TOKEN}`, `Bearer ${TOKEN.slice(0, -1)}`, `Bearer ${TOKEN.toLowerCase()}`],
  ...[`Bearer ${TOKEN} ${TOKEN}`, `Bearer ${TOKEN},${TOKEN}`, `Bearer ${"x".repeat(100_000)}`],
];

Deno.test("POST /alerts with tokens refuses every other one, from this machine too", async () => {
  using service = createService({ tokens: [TOKEN] });
  const calls: Call[] = [{}, ...WRONG.map((authorization) => ({ authorization }))];
  for (const call of calls) {
    const { status, body } = await service.post(alertText(), call);
    assert.equal(status, 401, call.authorization);
    assert.deepEqual(body, { error: "send `Authorization: Bearer TOKEN`" });
  }
  assert.equal((await service.buffer.status()).accepted, 0);
});

Deno.test("POST /alerts tells apart tokens that differ at their very end", async () => {
  const long = "a".repeat(511);
  using service = createService({ tokens: [`${long}b`] });
  assert.equal((await service.post(alertText(), { authorization: `Bearer ${long}b` })).status, 200);
  for (const wrong of [`${long}c`, long, `${long}bb`]) {
    const { status } = await service.post(alertText(), { authorization: `Bearer ${wrong}` });
    assert.equal(status, 401);
  }
});

Deno.test("POST /alerts refuses a body that is longer than allowed", async () => {
  using service = createService();
  assert.equal((await service.post("x".repeat(4096))).status, 400);
  const { status, body } = await service.post("x".repeat(4097));
  assert.equal(status, 413);
  assert.deepEqual(body, { error: "longer than 4096 bytes" });
});

Deno.test("POST /alerts reads a body in pieces no further than allowed, whatever its headers say", async () => {
  using service = createService();
  let sent = 0;
  let isCancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      sent += 1024;
      controller.enqueue(new Uint8Array(1024).fill(32));
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  const { status } = await service.post(endless, { headers: { "Content-Length": "10" } });
  assert.equal(status, 413);
  assert.equal(isCancelled, true);
  assert.ok(sent < 20_000, `${sent} bytes were read`);
});

Deno.test("POST /alerts takes a short body that claims to be long", async () => {
  using service = createService();
  const headers = { "Content-Length": "999999999" };
  assert.equal((await service.post(alertText(), { headers })).status, 200);
});

Deno.test("POST /alerts takes one alert, an array and NDJSON", async () => {
  using service = createService();
  const [a, b, c, d, e] = Array.from({ length: 5 }, alertText);
  const one = await service.post(a!);
  assert.equal(one.status, 200);
  assert.deepEqual(one.body, { accepted: 1, duplicate: 0, ignored: {}, errors: [] });
  assert.deepEqual((await service.post(`[${b},${c}]`)).body.accepted, 2);
  assert.deepEqual((await service.post(`${d}\r\n\n${e}\n`)).body.accepted, 2);
  assert.deepEqual((await service.post(a!)).body, {
    accepted: 0,
    duplicate: 1,
    ignored: {},
    errors: [],
  });
});

Deno.test("POST /alerts takes the good alerts and says of the others where and why", async () => {
  using service = createService();
  const other = JSON.stringify(sshdAlert({ rule: "31101" }));
  const array = await service.post(`[${alertText()}, 5, ${other}, {"rule": {}}]`);
  assert.equal(array.status, 200);
  assert.deepEqual(array.body, {
    accepted: 1,
    duplicate: 0,
    ignored: { malformed: 2, other_rule: 1 },
    errors: [{ where: "item 2", reason: "malformed" }, { where: "item 4", reason: "malformed" }],
  });
  const lines = await service.post(`{"rule":\n${alertText()}\nnull`);
  assert.equal(lines.status, 200);
  assert.deepEqual(lines.body, {
    accepted: 1,
    duplicate: 0,
    ignored: { not_json: 1, malformed: 1 },
    errors: [{ where: "line 1", reason: "not_json" }, { where: "line 3", reason: "malformed" }],
  });
});

Deno.test("POST /alerts is content with alerts that are not ours", async () => {
  using service = createService();
  const { status, body } = await service.post(JSON.stringify(sshdAlert({ agent: "web-01" })));
  assert.equal(status, 200);
  assert.deepEqual(body, { accepted: 0, duplicate: 0, ignored: { not_honeypot: 1 }, errors: [] });
});

const USELESS: readonly (readonly [text: string, reason: string, where: string])[] = [
  ["", "empty_file", "the whole file"],
  ["[]", "empty_file", "the whole file"],
  ["no json", "not_json", "the whole file"],
  ["null", "malformed", "the alert"],
  ["[5]", "malformed", "item 1"],
];

for (const [text, reason, where] of USELESS) {
  Deno.test(`POST /alerts refuses ${text || "nothing"} and counts it`, async () => {
    using service = createService();
    const { status, body } = await service.post(text);
    assert.equal(status, 400);
    assert.deepEqual(body, {
      accepted: 0,
      duplicate: 0,
      ignored: { [reason]: 1 },
      errors: [{ where, reason }],
    });
    assert.deepEqual([...(await service.buffer.status()).ignored], [[reason, 1]]);
  });
}

Deno.test("POST /alerts says 503 without a word of the inside when nothing can be stored", async () => {
  using service = createService({
    accept: () => Promise.reject(new Error("database /var/ossec/secret is locked")),
  });
  const { status, body } = await service.post(alertText());
  assert.equal(status, 503);
  assert.deepEqual(body, { error: "could not be stored; send it again" });
  assert.deepEqual(service.logged, [
    "error: POST /alerts: database /var/ossec/secret is locked",
  ]);
});

Deno.test("POST /alerts says 503 when storing fails at once", async () => {
  using service = createService({
    accept: () => {
      throw new Error("disk full");
    },
  });
  assert.equal((await service.post(alertText())).status, 503);
});

Deno.test("createApp() says 404 to everything else", async () => {
  using service = createService();
  for (const path of ["/", "/alerts", "/alerts/", "/healthz/x", "/../etc/passwd"]) {
    const { status, body } = await service.get(path);
    assert.equal(status, 404, path);
    assert.deepEqual(body, { error: "not here; POST /alerts or GET /healthz" });
  }
});

Deno.test("GET /healthz tells whether the buffer can be read", async () => {
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
  const app = createApp({
    tokens: [],
    maxBodyBytes: 4096,
    decide: decideDefault,
    accept: (decisions) => service.buffer.accept(decisions, { maxUsernames: 100 }, NOW),
    isStoring: () => Promise.resolve(true),
    log: () => undefined,
  });
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
