/**
 * Requests that no sender should send: none may harm the service, or be answered as if the service had
 * a fault.
 *
 * `WM_TEST_SEED=N` repeats a run.
 *
 * @module
 */
import assert from "node:assert/strict";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { createNetworkSet, parseNetwork } from "../../src/guard/network_set.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { seededRandom } from "../support/random.ts";
import { tempFolder } from "../support/temp.ts";
import { AUTHORIZED, createRig, NOW, oneToken, type Rig, TOKEN } from "./rig.ts";

const SEED = Number(Deno.env.get("WM_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const REQUESTS = 10_000;
const CONNECTIONS = 400;
/** Of so many hand-overs one meets a buffer that cannot store. */
const FAIL_ONE_OF = 10;

const random = seededRandom(SEED);
const pick = <T>(choices: readonly T[]): T => choices[random(choices.length)]!;
const maybe = <T>(one: T, other: T, oneOf = 2): T => random(oneOf) === 0 ? one : other;
const encoder = new TextEncoder();
const bytes = (length: number) => Uint8Array.from({ length }, () => random(256));
const latin = (length: number) =>
  String.fromCharCode(
    ...Array.from({ length }, () => pick([9, 32 + random(95), 128 + random(128)])),
  );

const METHODS = [
  ...["GET", "POST", "POST", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"],
  ...["BREW", "patch", "M-SEARCH", "PROPFIND", "get", "x".repeat(300), "!#$%&'*+-.^_`|~"],
];

const PIECES = [
  ...["alerts", "alerts", "alerts", "healthz", "readyz", "metrics", "feed", "docs", "openapi.json"],
  ...["docs.css", "manifest.json", "hashes.csv", "..", ".", "", "%2f", "%2F..%2f", "%00", "%0d%0a"],
  ...[
    "%",
    "%zz",
    "%c0%af",
    "%e2%82",
    "%ff",
    "a%2fb",
    ":token",
    "*",
    "?",
    "#",
    "??x=%",
    "\\",
    ";",
    "@",
  ],
  ...["constructor", "__proto__", TOKEN, encodeURIComponent(TOKEN), "ü", "😀", "x".repeat(5000)],
];

const path = () =>
  maybe("/alerts", `/${Array.from({ length: 1 + random(4) }, () => pick(PIECES)).join("/")}`, 3);

const HEADERS: Readonly<Record<string, () => string>> = {
  "Authorization": () =>
    pick([
      ...[
        `Bearer ${TOKEN}`,
        `Basic ${btoa(`:${TOKEN}`)}`,
        "Basic !!!",
        "Basic",
        "Bearer",
        "Digest x",
      ],
      ...[`Bearer ${"x".repeat(random(60_000))}`, `Basic ${btoa(latin(50))}`, latin(30)],
    ]),
  "Content-Type": () =>
    pick([
      ...["application/json", "text/plain; charset=utf-16", "application/json; charset=klingon"],
      ...["multipart/form-data", "multipart/form-data; boundary=", latin(20), "", "/", "a/b;;;="],
    ]),
  "Content-Encoding": () =>
    pick([
      ...["gzip", "GZIP ", "deflate", "zstd", "br", "x-gzip", "identity", "", "gzip, gzip"],
      ...["constructor", "__proto__", "toString", latin(10)],
    ]),
  "Content-Length": () => pick(["0", "-1", "1e9", "99999999999999999999", "x"]),
  "Transfer-Encoding": () => pick(["chunked", "gzip, chunked", "x"]),
  "Origin": () => pick(["null", "http://127.0.0.1", "https://evil.example", latin(10)]),
  "If-None-Match": () => pick(["*", '"', "W/", '"a",,,"b', latin(40), ",".repeat(5000)]),
  "If-Modified-Since": () => pick(["x", "Thu, 01 Jan 1970 00:00:00 GMT"]),
  "Range": () => pick(["bytes=0-0", "bytes=-1", "bytes=9-1", latin(10)]),
  "Accept": () => pick(["*/*", "text/html;q=x", latin(10)]),
  "Cookie": () => latin(random(3000)),
  "X-Forwarded-For": () => "127.0.0.1",
  "X-Long": () => "x".repeat(random(maybe(100_000, 10, 20))),
};

function headers(): Record<string, string> {
  const names = Object.keys(HEADERS);
  const found: Record<string, string> = {};
  for (let n = random(5); n > 0; n--) {
    const name = pick(names);
    found[name] = HEADERS[name]!();
  }
  return found;
}

/** Changes a few characters of a text. */
function mutated(text: string): string {
  let result = text;
  for (let n = 1 + random(4); n > 0; n--) {
    const at = random(result.length);
    result = result.slice(0, at) +
      pick(["", '"', "{", "}", "\0", "\\u", ",", "\n", "\ud800", latin(3)]) +
      result.slice(at + random(5));
  }
  return result;
}

const alert = () => JSON.stringify(sshdAlert());
const DEEP = 20_000;

const TEXTS: readonly (() => string)[] = [
  alert,
  () => mutated(alert()),
  () => Array.from({ length: random(20) }, () => maybe(alert(), mutated(alert()))).join("\n"),
  () => `[${Array.from({ length: random(9) }, () => maybe(alert(), "null")).join(",")}`,
  () => "[".repeat(DEEP),
  () => "x".repeat(70_000),
  () => "[".repeat(DEEP) + "]".repeat(DEEP),
  () => '{"a":'.repeat(DEEP / 4) + "1" + "}".repeat(DEEP / 4),
  () => '{"_source":'.repeat(2000) + "{}" + "}".repeat(2000),
  () => `{"hits":{"hits":[${alert()},{"_source":${maybe("[]", alert())}}]}}`,
  () => '{"__proto__":{"rule":1},"constructor":{"prototype":{}},"rule":{"__proto__":null}}',
  () => '{"rule":{"id":1e999,"level":-0},"full_log":5,"agent":[],"manager":{"name":{}},"id":[]}',
  () => JSON.stringify({ ...sshdAlert(), full_log: pick([null, [], {}, 1e308, "\0", latin(500)]) }),
  () =>
    JSON.stringify({ ...sshdAlert(), timestamp: pick(["", "x", "9999999-01-01T00:00:00Z", 5]) }),
  () => "\ufeff" + alert(),
  () => pick(["", " ", "\n\n", "null", "true", "5", '"x"', "{}", "[]", "[[]]", "NaN", "{'a':1}"]),
  () => latin(random(2000)),
];

/** Older runtimes know no zstd. */
const PACKERS = [gzipSync, deflateSync, zstdCompressSync].filter((pack) => {
  try {
    return pack("").length > 0;
  } catch {
    return false;
  }
});

function makeBody(): Uint8Array<ArrayBuffer> {
  const text = random(10) === 0 ? bytes(random(3000)) : encoder.encode(pick(TEXTS)());
  const cut = (whole: Uint8Array) => new Uint8Array(whole.subarray(0, random(whole.length + 1)));
  switch (random(10)) {
    case 0:
      return cut(gzipSync(text));
    case 1:
      return new Uint8Array(pick(PACKERS)(text));
    case 2:
      return cut(pick(PACKERS)(text));
    case 3:
      return new Uint8Array(brotliCompressSync(text.subarray(0, 100)));
    case 4: {
      // Bytes of UTF-16, which are no UTF-8.
      return Uint8Array.from(text.subarray(0, 4000), (byte, index) => index % 2 === 0 ? byte : 0);
    }
    case 5:
      return cut(text);
    default:
      return new Uint8Array(text);
  }
}

/** Made once: packing takes longer than what is tested. */
const BODIES = Array.from({ length: 1500 }, makeBody);
const body = () => pick(BODIES);

const SECURITY = ["content-security-policy", "x-content-type-options", "x-frame-options"];

const createNetwork = () =>
  createNetworkSet([{ name: "a", networks: [parseNetwork("127.0.0.0/8")!] }]);

/** Services with and without tokens, in which storing fails now and then. */
async function createRigs(
  folder: string,
): Promise<{ rigs: readonly Rig[]; failing: () => number }> {
  let failing = 0;
  const rigs: Rig[] = [];
  const [open, closed, narrow] = [{}, { tokens: oneToken }, { allowNetworks: createNetwork() }];
  for (const changes of [open, open, open, closed, closed, narrow]) {
    const rig: Rig = await createRig({
      ...changes,
      maxBodyBytes: 64 * 1024,
      feedDirectory: folder,
      accept: (decisions) => {
        if (random(FAIL_ONE_OF) > 0) {
          return rig.buffer.accept(decisions, { maxUsernames: 100 }, NOW);
        }
        failing++;
        return Promise.reject(new Error("disk full"));
      },
    });
    rigs.push(rig);
  }
  return { rigs, failing: () => failing };
}

Deno.test(`createApp() stands ${REQUESTS} malformed requests`, async () => {
  console.log(`seed ${SEED}`);
  using folder = tempFolder();
  await Deno.writeTextFile(folder.file("manifest.json"), "{}");
  const { rigs, failing } = await createRigs(folder.path);
  const statuses = new Map<number, number>();
  const start = performance.now();
  for (let n = 0; n < REQUESTS; n++) {
    const rig = pick(rigs);
    const isHandOver = random(2) === 0;
    const method = isHandOver ? "POST" : pick(METHODS);
    const origin = pick([
      "http://127.0.0.1",
      "http://[::1]:8787",
      "http://evil.example",
      "https://x",
    ]);
    const hasBody = !/^(GET|HEAD)$/i.test(method);
    const target = isHandOver ? pick(["/alerts", "/alerts", `/alerts/${TOKEN}`]) : path();
    const request = new Request(origin + target, {
      method,
      headers: {
        ...headers(),
        ...(isHandOver ? maybe<Record<string, string>>(AUTHORIZED, {}) : {}),
      },
      body: isHandOver ? body() : hasBody ? bytes(20) : null,
    });
    const what = `seed ${SEED}, request ${n}: ${method} ${request.url.slice(0, 200)}`;
    const remoteAddress = pick(["127.0.0.1", "127.0.0.1", "127.0.0.1", "::1", "192.0.2.1", "x"]);
    const failedBefore = failing();
    const response = await rig.app.fetch(request, { remoteAddress });
    const { status } = response;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const isStoringFailed = status === 503 && failing() > failedBefore;
    assert.ok(
      status < 500 || isStoringFailed,
      `${what}: ${status} ${await response.clone().text()}`,
    );
    for (const name of SECURITY) assert.ok(response.headers.has(name), `${what}: ${name}`);
    await response.body?.cancel();
  }
  const milliseconds = Math.round(performance.now() - start);
  const shown = [...statuses].sort().map(([status, times]) => `${status}: ${times}`).join(", ");
  console.log(
    `${REQUESTS} requests in ${milliseconds} ms; ${shown}; ${failing()} failures to store`,
  );
  // What was asked for must have been reached, or nothing is shown by this.
  for (const status of [200, 400, 401, 403, 404, 413, 415, 503]) {
    assert.ok((statuses.get(status) ?? 0) > 10, `hardly any ${status}`);
  }
  for (const { logged, buffer, [Symbol.dispose]: dispose } of rigs) {
    assert.deepEqual(logged.filter((line) => !line.endsWith(": disk full")), []);
    assert.ok((await buffer.status()).accepted > 0);
    dispose();
  }
});

const LINES: readonly (() => string)[] = [
  () => `${pick(METHODS)} ${path()} HTTP/1.1`,
  () => `${pick(["GET", "POST", "CONNECT", "TRACE"])} ${path()} HTTP/1.1`,
  () =>
    `GET ${pick(["*", "http://evil.example/metrics", "evil.example:80", "//x/..", ""])} HTTP/1.1`,
  () => `CONNECT 127.0.0.1:80 HTTP/1.1`,
  () => `GET /${latin(30)} HTTP/1.1`,
  () => `GET /healthz HTTP/${pick(["0.9", "1.0", "2.0", "9", "x", ""])}`,
  () => `POST /alerts/${TOKEN} HTTP/1.1`,
  () => `GET  /healthz   HTTP/1.1`,
  () => `GET /\0 HTTP/1.1`,
  () => "GET /healthz",
  () => "",
  () => "PRI * HTTP/2.0",
  () => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
];

const HOSTS = [
  ...["Host: 127.0.0.1", "Host: 127.0.0.1", "Host: localhost:1", "Host: evil.example", "Host:", ""],
  ...[
    "Host: a b",
    "Host: [::1",
    "Host: http://x/",
    "Host: a\r\nHost: b",
    "Host: x:99999",
    "Host: %",
  ],
  ...["Host: \xff\xfe", "Host: user@x", "Host: a/b?c#d", "Host: \\", "Host: ..", "Host: 1.2.3.4.5"],
];

const FIELDS: readonly (() => string)[] = [
  () => Object.entries(headers()).map(([name, value]) => `${name}: ${value}`).join("\r\n"),
  () => `X: ${latin(random(200))}`,
  () => `X: ${"x".repeat(random(200_000))}`,
  () => "A: b\r\n".repeat(random(300)).trimEnd(),
  () => pick(["no colon", ": x", " folded", "X\0: y", "X: \0", "X : y", "Ü: x"]),
  () => "Content-Length: 5\r\nTransfer-Encoding: chunked",
  () => "Expect: 100-continue",
  () => "Upgrade: websocket\r\nConnection: Upgrade",
  () => "Content-Length: 3\r\nContent-Length: 4",
];

function rawRequest(): Uint8Array<ArrayBuffer> {
  // Of two, one comes so far that its body is read.
  const isSound = random(2) === 0;
  const fields = Array.from({ length: random(3) }, () => pick(FIELDS)())
    .filter((field) => !isSound || /^X: x/.test(field));
  const content = body();
  const framing = pick([
    ...["", `Content-Length: ${content.length}`, `Content-Length: ${content.length}`],
    ...[`Content-Length: ${content.length + 9}`, "Transfer-Encoding: chunked"],
  ]);
  const start = isSound
    ? [
      pick(["POST /alerts HTTP/1.1", `POST ${path()} HTTP/1.1`, `GET ${path()} HTTP/1.1`]),
      HOSTS[0]!,
    ]
    : [pick(LINES)(), pick(HOSTS)];
  const head = [...start, framing, ...fields].filter((line) => line !== "");
  const text = `${head.join("\r\n")}${maybe("\n\n", "\r\n\r\n", 10)}`;
  const isChunked = framing.startsWith("Transfer");
  const chunkHead = isChunked ? maybe("zz\r\n", `${content.length.toString(16)}\r\n`, 4) : "";
  const chunkTail = isChunked ? maybe("", "\r\n0\r\n\r\n", 4) : "";
  const toBytes = (latin1: string) => Uint8Array.from(latin1, (one) => one.charCodeAt(0));
  const parts = [toBytes(text), toBytes(chunkHead), content, toBytes(chunkTail)];
  const whole = new Uint8Array(parts.flatMap((part) => [...part]));
  return random(5) === 0 ? whole.subarray(0, random(whole.length + 1)) : whole;
}

const CONTINUE = /^HTTP\/1\.1 100 .*\r\n\r\n/;

/** Sends bytes and nothing more. @returns what comes back until the other side closes */
async function exchange(port: number, request: Uint8Array): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const sending = (async () => {
    for (let sent = 0; sent < request.length;) {
      sent += await connection.write(request.subarray(sent));
    }
    await connection.closeWrite();
  })().catch(() => undefined);
  const decoder = new TextDecoder("latin1");
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  try {
    for (let read = await connection.read(buffer); read !== null;) {
      text += decoder.decode(buffer.subarray(0, read), { stream: true });
      read = await connection.read(buffer);
    }
  } catch (error) {
    // The other side did not want to read all of it.
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  await sending;
  return text;
}

Deno.test(`createApp() stands ${CONNECTIONS} connections with raw bytes`, async () => {
  using folder = tempFolder();
  const { rigs: [rig, ...others], failing } = await createRigs(folder.path);
  let reached = 0;
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => undefined };
  await using server = Deno.serve(options, (request, { remoteAddr }) => {
    reached++;
    return rig!.app.fetch(request, { remoteAddress: remoteAddr.hostname });
  });
  const statuses = new Map<string, number>();
  const start = performance.now();
  for (let n = 0; n < CONNECTIONS; n++) {
    const request = rawRequest();
    const before = { reached, failing: failing() };
    const answer = (await exchange(server.addr.port, request)).replace(CONTINUE, "");
    const sent = JSON.stringify(new TextDecoder("latin1").decode(request.subarray(0, 300)));
    const what = `seed ${SEED}, connection ${n}: ${sent}\n${answer.slice(0, 1000)}`;
    const [, status] = /^HTTP\/1\.[01] (\d{3}) /.exec(answer) ??
      [];
    statuses.set(status ?? "closed", (statuses.get(status ?? "closed") ?? 0) + 1);
    if (status === undefined) assert.equal(answer, "", what);
    const isStoringFailed = status === "503" && failing() > before.failing;
    assert.ok(!status?.startsWith("5") || isStoringFailed, what);
    // What is no HTTP the runtime answers itself, without a word.
    if (reached === before.reached) {
      assert.match(answer, /^$|^HTTP\/1\.[01] 4\d\d [^]*\r\n\r\n$/, what);
    } else if (status !== undefined) {
      for (const name of SECURITY) assert.ok(answer.toLowerCase().includes(`${name}: `), what);
    }
  }
  const milliseconds = Math.round(performance.now() - start);
  const shown = [...statuses].sort().map(([status, times]) => `${status}: ${times}`).join(", ");
  console.log(
    `${CONNECTIONS} connections in ${milliseconds} ms, ${reached} requests reached the app; ${shown}`,
  );
  const health = await fetch(`http://127.0.0.1:${server.addr.port}/healthz`);
  assert.deepEqual([health.status, await health.json()], [200, { status: "ok" }]);
  assert.ok(reached > CONNECTIONS / 5);
  assert.deepEqual(rig!.logged.filter((line) => !line.endsWith(": disk full")), []);
  for (const one of [rig!, ...others]) one[Symbol.dispose]();
});
