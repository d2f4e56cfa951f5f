/**
 * Requests that no sender should send: none may harm the service, or be answered as if the service had
 * a fault.
 *
 * `WM_TEST_SEED=N` repeats a run.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createNetworkSet, parseNetwork } from "../../src/guard/network_set.ts";
import { describeService } from "../../src/server/openapi.ts";
import { tempFolder } from "../support/temp.ts";
import {
  body,
  bytes,
  headers,
  latin,
  maybe,
  METHODS,
  path,
  pick,
  random,
  SEED,
} from "./malformed.ts";
import { AUTHORIZED, createRig, NOW, oneToken, type Rig, TOKEN } from "./rig.ts";

const REQUESTS = 10_000;
const CONNECTIONS = 400;
/** Of so many hand-overs one meets a buffer that cannot store. */
const FAIL_ONE_OF = 10;

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
          return rig.buffer.intake.accept(decisions, { maxUsernames: 100 }, NOW);
        }
        failing++;
        return Promise.reject(new Error("disk full"));
      },
    });
    rigs.push(rig);
  }
  return { rigs, failing: () => failing };
}

// These services have no pages, and with them no lists of sources.
const OPERATIONS = Object.entries(describeService().paths).filter(([path]) =>
  !path.startsWith("/sources")
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { responses }]) => ({
    method: method.toUpperCase(),
    path: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    statuses: Object.keys(responses),
  }))
);

/** The statuses that the API's description allows; those of refusals where it has no such request. */
function statusesOf({ method, url }: Request): readonly string[] {
  const path = url.replace(/^https?:\/\/[^/]*/, "").replace(/[?#].*$/, "")
    .replaceAll(/\/{2,}/g, "/");
  const asked = method === "HEAD" ? "GET" : method;
  const operation = OPERATIONS.find((one) => one.method === asked && one.path.test(path));
  return operation?.statuses ?? ["400", "403", "404", "405"];
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
    const isBatch = random(2) === 0;
    const method = isBatch ? "POST" : pick(METHODS);
    const origin = pick([
      "http://127.0.0.1",
      "http://[::1]:8787",
      "http://evil.example",
      "https://x",
    ]);
    const hasBody = !/^(GET|HEAD)$/i.test(method);
    const target = isBatch ? pick(["/alerts", "/alerts", `/alerts/${TOKEN}`]) : path();
    const request = new Request(origin + target, {
      method,
      headers: {
        ...headers(),
        ...(isBatch ? maybe<Record<string, string>>(AUTHORIZED, {}) : {}),
      },
      body: isBatch ? body() : hasBody ? bytes(20) : null,
    });
    const what = `seed ${SEED}, request ${n}: ${method} ${request.url.slice(0, 200)}`;
    const remoteAddress = pick(["127.0.0.1", "127.0.0.1", "127.0.0.1", "::1", "192.0.2.1", "x"]);
    const failedBefore = failing();
    const response = await rig.app.fetch(request, { remoteAddress });
    const { status } = response;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const isStoringFailed = status === 503 && failing() > failedBefore;
    assert.ok(statusesOf(request).includes(String(status)), `${what}: ${status} is not described`);
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
  for (const status of [200, 400, 401, 403, 404, 405, 413, 415, 503]) {
    assert.ok((statuses.get(status) ?? 0) > 10, `hardly any ${status}`);
  }
  for (const { logged, buffer, [Symbol.dispose]: dispose } of rigs) {
    assert.deepEqual(logged.filter((line) => !line.endsWith(": disk full")), []);
    assert.ok((await buffer.views.status()).accepted > 0);
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
    // The runtime itself answers what is not HTTP, with an empty body.
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
