import assert from "node:assert/strict";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { SqliteBuffer } from "../../src/buffer/sqlite.ts";
import { createHash } from "node:crypto";
import { createNetworkSet, parseNetwork } from "../../src/guard/network_set.ts";
import { parseTokens } from "../../src/server/access.ts";
import { type AppParts, createApp } from "../../src/server/app.ts";
import { Limits } from "../../src/server/limits.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";

const TOKEN = "Correct-Horse-Battery-Staple";
const NOW = Date.UTC(2026, 10, 23);

const tokensOf = (...texts: string[]) =>
  parseTokens(
    texts.map((text, index) =>
      `sender-${index} sha256:${createHash("sha256").update(text).digest("hex")}`
    ).join("\n"),
  );

interface Call {
  readonly body?: BodyInit | null;
  readonly authorization?: string;
  readonly from?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

const PARTS: AppParts = {
  tokens: () => [],
  openPages: false,
  allowNetworks: undefined,
  limits: new Limits({ maxParallel: 0, maxPerMinute: 0 }),
  maxBodyBytes: 4096,
  patienceMs: 10_000,
  decide: decideDefault,
  accept: () => Promise.reject(new Error("no buffer")),
  isStoring: () => Promise.resolve(true),
  probeWrite: () => Promise.resolve(),
  status: () => Promise.reject(new Error("no buffer")),
  feedDirectory: undefined,
  now: () => NOW,
  log: () => undefined,
};

/** A service on a buffer that lasts as long as the test. */
function createService(changes: Partial<AppParts> = {}) {
  const buffer = new SqliteBuffer(":memory:", NOW);
  const logged: string[] = [];
  const app = createApp({
    ...PARTS,
    accept: (decisions) => buffer.accept(decisions, { maxUsernames: 100 }, NOW),
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
    get: (path: string, call: Call = {}) => request("GET", path, call),
    post: (body: BodyInit | null, call: Call = {}) =>
      request("POST", call.path ?? "/alerts", { ...call, body }),
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
      error: "without server.tokens_file only this machine may do this",
    });
    assert.match(headers.get("WWW-Authenticate") ?? "", /^Basic /);
  }
  assert.equal((await service.buffer.status()).accepted, 4);
});

Deno.test("POST /alerts without tokens is not told by a header where it comes from", async () => {
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
  assert.equal((await service.buffer.status()).accepted, 0);
});

Deno.test("POST /alerts tells apart tokens that differ at their very end", async () => {
  const long = "a".repeat(511);
  using service = createService({ tokens: () => tokensOf(`${long}b`) });
  assert.equal((await service.post(alertText(), { authorization: `Bearer ${long}b` })).status, 200);
  for (const wrong of [`${long}c`, long, `${long}bb`]) {
    const { status } = await service.post(alertText(), { authorization: `Bearer ${wrong}` });
    assert.equal(status, 401);
  }
});

Deno.test("POST /alerts refuses a body that is longer than allowed", async () => {
  using service = createService();
  assert.equal((await service.post("{".repeat(4096))).status, 400);
  const { status, body } = await service.post("x".repeat(4097));
  assert.equal(status, 413);
  assert.equal(body.error, "longer than 4096 bytes, and not one alert a line");
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
    errors: [
      { index: 1, where: "item 2", reason: "malformed" },
      { index: 3, where: "item 4", reason: "malformed" },
    ],
  });
  const lines = await service.post(`{"rule":\n${alertText()}\nnull`);
  assert.equal(lines.status, 200);
  assert.deepEqual(lines.body, {
    accepted: 1,
    duplicate: 0,
    ignored: { not_json: 1, malformed: 1 },
    errors: [
      { index: 0, where: "line 1", reason: "not_json" },
      { index: 2, where: "line 3", reason: "malformed" },
    ],
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
  ['{"rule":', "not_json", "the whole file"],
  ["alertdate='2026'", "text_format", "the whole file"],
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
      errors: [{ index: 0, where, reason }],
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
  assert.deepEqual(body, {
    ...{ accepted: 0, duplicate: 0, ignored: {}, errors: [] },
    error: "not all could be stored; send it again",
  });
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
  for (const path of ["/nothing", "/alerts", "/alerts/", "/healthz/x", "/../etc/passwd"]) {
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
    ...PARTS,
    accept: (decisions) => service.buffer.accept(decisions, { maxUsernames: 100 }, NOW),
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

Deno.test("POST /alerts/TOKEN is for senders that can set no header", async () => {
  using service = createService({ tokens: () => tokensOf(TOKEN) });
  const post = (path: string) => service.post(alertText(), { path });
  assert.equal((await post(`/alerts/${TOKEN}`)).status, 200);
  assert.equal((await post(`/alerts/${TOKEN}x`)).status, 401);
  assert.equal((await post("/alerts/")).status, 404);
  assert.equal((await post(`/alerts/${TOKEN}/more`)).status, 404);
});

Deno.test("POST /alerts answers the test message of a notification channel politely", async () => {
  using service = createService();
  const { status, body } = await service.post("Test message content body for config id AbC");
  assert.equal(status, 200);
  assert.deepEqual(body, {
    accepted: 0,
    duplicate: 0,
    ignored: { not_json: 1 },
    errors: [{ index: 0, where: "the whole file", reason: "not_json" }],
    note: "this is no alert; a test message arrives just so",
  });
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

Deno.test("POST /alerts tells a sender that asks too often when to come back", async () => {
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

/** What packs a text as a sender would. */
const PACKERS = {
  gzip: gzipSync,
  deflate: deflateSync,
  zstd: zstdCompressSync,
} as const;

/** Older runtimes know zstd by name only. */
function canPack(pack: typeof gzipSync): boolean {
  try {
    return pack("x").length > 0;
  } catch {
    return false;
  }
}

Deno.test({
  name: "POST /alerts says 415 to zstd where the runtime has none",
  ignore: canPack(zstdCompressSync),
  fn: async () => {
    using service = createService();
    const headers = { "Content-Encoding": "zstd" };
    assert.equal((await service.post("x", { headers })).status, 415);
  },
});

for (const [encoding, pack] of Object.entries(PACKERS)) {
  Deno.test({
    name: `POST /alerts unpacks ${encoding}`,
    ignore: !canPack(pack),
    fn: async () => {
      using service = createService();
      const headers = { "Content-Encoding": encoding };
      const packed = new Uint8Array(pack(alertText()));
      assert.equal((await service.post(packed, { headers })).body.accepted, 1);
      const damaged = await service.post(packed.slice(0, -9), { headers });
      assert.equal(damaged.status, 400);
      // Of zstd data that breaks off the unpacker says nothing: then the alert itself is cut.
      const error = encoding === "zstd" ? undefined : `the body is not whole ${encoding} data`;
      assert.equal(damaged.body.error, error);
      const bomb = new Uint8Array(pack(new Uint8Array(50_000_000)));
      assert.equal((await service.post(bomb, { headers })).status, 413);
    },
  });
}

Deno.test("POST /alerts says which encodings it knows", async () => {
  using service = createService();
  const { status, body } = await service.post("x", { headers: { "Content-Encoding": "br" } });
  assert.equal(status, 415);
  assert.match(body.error, /"br" is not known; send gzip, x-gzip, deflate, zstd or none/);
});

Deno.test("POST /alerts takes lines without end in bounded memory, and tells the bad ones by number", async () => {
  using service = createService();
  let made = 0;
  const LINES = 20_000;
  const lines = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (made === LINES) return controller.close();
      let text = "";
      for (let index = 0; index < 100; index++, made++) {
        if (made % 100 === 50) text += "{bad\n";
        else if (made === 777) text += `{"long":"${"x".repeat(5000)}"}\n`;
        else text += `${alertText()}\n`;
      }
      controller.enqueue(new TextEncoder().encode(text));
    },
  });
  const { status, body } = await service.post(lines);
  assert.equal(status, 200);
  assert.equal(body.accepted, LINES - 201);
  assert.deepEqual(body.ignored, { not_json: 200, too_large: 1 });
  assert.deepEqual(body.errors.slice(0, 2), [
    { index: 50, where: "line 51", reason: "not_json" },
    { index: 150, where: "line 151", reason: "not_json" },
  ]);
  assert.deepEqual(body.errors[7], { index: 750, where: "line 751", reason: "not_json" });
  assert.deepEqual(body.errors[8], { index: 777, where: "line 778", reason: "too_large" });
  assert.deepEqual([body.errors.length, body.further_errors], [100, 101]);
});

Deno.test("POST /alerts tells of lines that break off what is stored already", async () => {
  let batches = 0;
  using service = createService({
    accept: (decisions) => {
      if (++batches === 3) throw new Error("disk full");
      return Promise.resolve({ accepted: decisions.length, duplicate: 0, ignored: new Map() });
    },
  });
  const { status, body } = await service.post(`${alertText()}\n`.repeat(3500));
  assert.equal(status, 503);
  assert.equal(body.accepted, 2000);
});

Deno.test("POST /alerts cuts a sender off that is too slow", async () => {
  using service = createService({ patienceMs: 20 });
  const silent = new ReadableStream<Uint8Array>({ start: () => {} });
  const { status, body } = await service.post(silent);
  assert.equal(status, 408);
  assert.equal(body.error, "the body came too slowly");
});

Deno.test("POST /alerts takes a body that breaks off for a fault of its sender", async () => {
  using service = createService();
  let pieces = 0;
  const broken = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (pieces++ % 2 === 0) controller.enqueue(new TextEncoder().encode(`${alertText()}\n`));
        else controller.error(new Error("connection reset"));
      },
    });
  for (const headers of [{}, { "Content-Encoding": "gzip" }] as const) {
    const { status } = await service.post(broken(), { headers: { ...headers } });
    assert.equal(status, 400);
  }
  assert.deepEqual(service.logged, []);
});

Deno.test("createApp() refuses a Host that makes no address", async () => {
  using service = createService();
  const app = createApp({
    ...PARTS,
    accept: (decisions) => service.buffer.accept(decisions, { maxUsernames: 100 }, NOW),
  });
  const request = new Request("http://127.0.0.1/healthz");
  Object.defineProperty(request, "url", { value: "http://1.2.3.4.5/healthz" });
  const response = await app.fetch(request, { remoteAddress: "127.0.0.1" });
  assert.deepEqual([response.status, await response.json()], [400, { error: "Host is no host" }]);
});
