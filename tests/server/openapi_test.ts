import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { createNetworkSet, parseNetwork } from "../../src/guard/network_set.ts";
import type { Operation } from "../../src/server/document.ts";
import { LIST_FORMATS } from "../../src/list_query.ts";
import { listFiles } from "../../src/lists/file.ts";
import { describeService } from "../../src/server/openapi.ts";
import { Limits } from "../../src/server/middleware/limits.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { ListRig, rule } from "../lists/rig.ts";
import { tempFolder } from "../support/temp.ts";
import { PageScene } from "../support/page_scene.ts";
import { AUTHORIZED, createRig, oneToken, TOKEN } from "./rig.ts";

const DOCUMENT = describeService();
const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/** The paths of a pattern of Hono as OpenAPI writes them: what may be absent makes two. */
function pathsOf(pattern: string): readonly string[] {
  const optional = /^(.*)\/:(\w+)\?$/.exec(pattern);
  if (optional !== null) return [optional[1]!, `${optional[1]}/{${optional[2]}}`];
  return [pattern.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}")];
}

Deno.test("describeService() lists every route of the service, and no other", async () => {
  using scene = new PageScene();
  using rig = await createRig();
  // Pages are for people, and not described.
  const described = /^\/sources\.(csv|json)$/;
  const routes = [...rig.app.routes, ...scene.app.routes.filter(({ path }) => described.test(path))]
    .filter(({ path }) => !path.includes("*"))
    .flatMap(({ path, method }) => pathsOf(path).map((one) => `${method} ${one}`));
  const listed = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
  );
  assert.deepEqual(listed.toSorted(), [...new Set(routes)].toSorted());
});

Deno.test("describeService() is valid OpenAPI 3.1", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate({ ...structuredClone(DOCUMENT) });
  assert.equal(valid, true, JSON.stringify(errors));
  assert.equal(validator.version, "3.1");
  const ids = Object.values(DOCUMENT.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId)
  );
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("describeService() says of each operation who may, and which parts of its path there are", () => {
  for (const [path, methods] of Object.entries(DOCUMENT.paths)) {
    for (const [method, { security, parameters = [], responses }] of Object.entries(methods)) {
      assert.ok(METHODS.includes(method), path);
      const inPath = parameters.filter((one) => one.in === "path").map(({ name }) => name);
      assert.deepEqual(inPath, [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name), path);
      const isOpen = security.length === 0 && !inPath.includes("token");
      assert.equal("401" in responses, !isOpen, path);
      assert.ok("403" in responses, path);
    }
  }
  const { post } = DOCUMENT.paths["/alerts"]!;
  const statuses = ["200", "400", "401", "403", "408", "413", "415", "429", "503"];
  assert.deepEqual(Object.keys(post!.responses), statuses);
  assert.deepEqual(post!.security, [{ bearer: [] }, { basic: [] }]);
});

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(DOCUMENT, "document");

/** Whether an answer is as the document says. */
async function checkAnswer(path: string, method: string, response: Response): Promise<string> {
  const { status } = response;
  const place = `${method.toUpperCase()} ${path} ${status}`;
  const operation: Operation | undefined = DOCUMENT.paths[path]?.[method];
  const answer = operation?.responses[status] ?? assert.fail(`${place} is not in the document`);
  for (const name of Object.keys(answer.headers ?? {})) {
    assert.ok(response.headers.has(name), `${place}: ${name}`);
  }
  const text = await response.text();
  if (answer.content === undefined) {
    assert.equal(text, "", place);
    return text;
  }
  const type = response.headers.get("Content-Type")!.split(";")[0]!;
  assert.ok(type in answer.content, `${place}: ${type}`);
  const escaped = (part: string) =>
    encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
  const pointer = ["paths", path, method, "responses", String(status), "content", type, "schema"];
  const check = ajv.compile({ $ref: `document#/${pointer.map(escaped).join("/")}` });
  const body: unknown = type === "application/json" ? JSON.parse(text) : text;
  assert.equal(check(body), true, `${place} ${text}: ${JSON.stringify(check.errors)}`);
  return text;
}

interface Call {
  readonly changes?: Parameters<typeof createRig>[0];
  readonly init?: RequestInit;
  readonly path?: string;
  readonly from?: string;
  readonly status: number;
}

const alerts = JSON.stringify([sshdAlert(), sshdAlert({ agent: "web" }), 5]);
const elsewhere = {
  allowNetworks: createNetworkSet([{ name: "a", networks: [parseNetwork("::1")!] }]),
};
const busy = { limits: new Limits({ maxParallel: 0, maxPerMinute: 0.5 }) };
const failing = () => Promise.reject(new Error("no"));

const DOOR: readonly Call[] = [
  { status: 401, from: "192.0.2.1" },
  { status: 401, changes: { tokens: oneToken } },
  { status: 403, changes: elsewhere },
  { status: 429, changes: busy },
];

const POSTED: readonly Call[] = [
  { status: 200, init: { body: alerts } },
  { status: 200, init: { body: "Test message" } },
  { status: 400, init: { body: "[".repeat(200) } },
  { status: 400, init: { body: "{bad\n".repeat(300) } },
  { status: 400, init: { body: "" } },
  { status: 400, init: { body: "{}" } },
  { status: 408, changes: { readTimeoutMs: 1 }, init: { body: new ReadableStream() } },
  { status: 413, init: { body: "x".repeat(5000) } },
  { status: 415, init: { body: "x", headers: { "Content-Encoding": "br" } } },
  { status: 503, changes: { accept: failing }, init: { body: alerts } },
];

const CALLS: readonly (readonly [method: string, path: string, calls: readonly Call[]])[] = [
  ["post", "/alerts", [...POSTED, ...DOOR]],
  ["post", "/alerts/{token}", [
    {
      status: 200,
      path: `/alerts/${TOKEN}`,
      changes: { tokens: oneToken },
      init: { body: alerts },
    },
    { status: 401, path: "/alerts/x", changes: { tokens: oneToken }, init: { body: alerts } },
  ]],
  ["get", "/livez", [
    { status: 200 },
    { status: 200, changes: { isStoring: failing, status: failing, probeWrite: failing } },
    { status: 403, changes: elsewhere },
  ]],
  ["get", "/healthz", [
    { status: 200 },
    { status: 503, changes: { isStoring: failing } },
    { status: 403, changes: elsewhere },
  ]],
  ["get", "/readyz", [
    { status: 200 },
    { status: 503, changes: { probeWrite: failing } },
    { status: 403, changes: elsewhere },
  ]],
  ["get", "/metrics", [{ status: 200 }, { status: 503, changes: { status: failing } }, ...DOOR]],
  ["get", "/openapi.json", [{ status: 200 }, ...DOOR]],
  ["get", "/docs", [{ status: 200 }, ...DOOR]],
  ["get", "/feed/{file}", [
    { status: 404, path: "/feed/manifest.json" },
    { status: 401, path: "/feed/manifest.json", from: "192.0.2.1" },
    { status: 503, path: "/feed/manifest.json", changes: { feedDirectory: "/dev/null" } },
  ]],
  ["get", "/lists/{name}", [
    { status: 404, path: "/lists/all" },
    {
      status: 503,
      path: "/lists/all",
      changes: { lists: listFiles([rule("all")], "/dev/null/x") },
    },
    ...DOOR.map((call) => ({ ...call, path: "/lists/all" })),
  ]],
];

for (const [method, path, calls] of CALLS) {
  Deno.test(`describeService() is true of what ${method.toUpperCase()} ${path} answers`, async () => {
    for (const { changes, init = {}, path: asked = path, from, status } of calls) {
      using rig = await createRig(changes);
      const request = { ...init, method: method.toUpperCase() };
      if (status === 429) await drain(await rig.ask(asked, request));
      const response = await rig.ask(asked, request, from);
      assert.equal(response.status, status, `${asked} ${JSON.stringify(init)}`);
      await checkAnswer(path, method, response);
    }
  });
}

Deno.test("describeService() is true of the files of a feed", async () => {
  using folder = tempFolder();
  await Deno.writeTextFile(`${folder.path}/manifest.json`, "{}");
  await Deno.writeTextFile(`${folder.path}/hashes.csv`, "abc,def\n");
  using rig = await createRig({ feedDirectory: folder.path });
  for (const name of ["manifest.json", "hashes.csv"]) {
    const response = await rig.ask(`/feed/${name}`);
    const headers = { "If-None-Match": response.headers.get("ETag")! };
    await checkAnswer("/feed/{file}", "get", response);
    await checkAnswer("/feed/{file}", "get", await rig.ask(`/feed/${name}`, { headers }));
  }
});

Deno.test("describeService() is true of lists", async () => {
  using made = new ListRig();
  const rules = LIST_FORMATS.map((format) => rule(format, { format }));
  await made.attack(["192.0.2.7"]);
  await made.write(rules);
  using rig = await createRig({ lists: listFiles(rules, made.folder.file("buffer.db")) });
  for (const name of LIST_FORMATS) {
    const response = await rig.ask(`/lists/${name}`);
    const headers = { "If-None-Match": response.headers.get("ETag")! };
    await checkAnswer("/lists/{name}", "get", response);
    await checkAnswer("/lists/{name}", "get", await rig.ask(`/lists/${name}`, { headers }));
  }
});

async function drain(response: Response): Promise<void> {
  await response.body?.cancel();
}

Deno.test("GET /openapi.json gives the document to those who may look", async () => {
  using rig = await createRig({ tokens: oneToken });
  assert.equal((await rig.ask("/openapi.json")).status, 401);
  const response = await rig.ask("/openapi.json", { headers: AUTHORIZED });
  assert.deepEqual(await response.json(), JSON.parse(JSON.stringify(DOCUMENT)));
});

Deno.test("GET /docs shows every operation and field, and asks nobody else for anything", async () => {
  using rig = new PageScene();
  const page = await rig.page("/docs");
  for (const [path, methods] of Object.entries(DOCUMENT.paths)) {
    for (const [method, { operationId, responses }] of Object.entries(methods)) {
      const [section = ""] = page.split(`<section class="docs" id="${operationId}">`).slice(1);
      assert.ok(section.includes(`<code>${method.toUpperCase()} ${path}</code>`), operationId);
      for (const status of Object.keys(responses)) {
        assert.match(section, new RegExp(`<th scope="row" ?>${status}</th>`));
      }
    }
  }
  for (const name of ["further_errors", "errors[].where", "ignored.not_honeypot"]) {
    assert.ok(page.includes(`<code>${name}</code>`), name);
  }
  const links = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link = ""]) => link);
  const ids = new Set([...page.matchAll(/ id="([^"]*)"/g)].map(([, id = ""]) => id));
  for (const link of links) {
    const isHere = link.startsWith("#")
      ? ids.has(link.slice(1))
      : (await rig.fetch(link)).status === 200;
    assert.ok(isHere, link);
  }
  assert.doesNotMatch(page, /<script>|<style|style=|onload=|undefined|\[object/);
  assert.match(page, /<a href="\/docs" aria-current="page">API<\/a>/);
});

Deno.test("describeService() is true of the lists of sources", async () => {
  const busy = new Limits({ maxParallel: 0, maxPerMinute: 0.5 });
  for (const path of ["/sources.json", "/sources.csv"]) {
    using scene = new PageScene();
    await scene.attack({ source: "192.0.2.7" });
    using closed = new PageScene({ limits: busy, tokens: oneToken });
    const headers = AUTHORIZED;
    const narrow = new PageScene(elsewhere);
    for (
      const [status, response] of [
        [200, await scene.fetch(path)],
        [200, await scene.fetch(`${path}?order=last_seen&address=192.0.2.0/24`)],
        [400, await scene.fetch(`${path}?country=x`)],
        [401, await closed.fetch(path)],
        [401, await closed.fetch(path, { headers: { Accept: "text/html" } })],
        [403, await narrow.fetch(path)],
      ] as const
    ) {
      assert.equal(response.status, status);
      await checkAnswer(path, "get", response);
    }
    await drain(await closed.fetch(path, { headers }));
    await checkAnswer(path, "get", await closed.fetch(path, { headers }));
    narrow[Symbol.dispose]();
  }
});

Deno.test("describeService() names the base path of the proxy, and the licence", () => {
  assert.deepEqual(describeService("/honey").servers, [{ url: "/honey" }]);
  assert.deepEqual(DOCUMENT.servers, [{ url: "/" }]);
  assert.deepEqual(DOCUMENT.info.license, { name: "MIT License", identifier: "MIT" });
});

Deno.test("createApp() answers another method on every path with 405 and what it takes", async () => {
  using scene = new PageScene();
  const uuid = "00000000-0000-5000-8000-00000000000a";
  const paths = new Map<string, Set<string>>();
  for (const { path, method } of scene.app.routes) {
    if (path.includes("*")) continue;
    const filled = path.replace("/:group{[0-9a-f]{16}}", "/0123456789abcdef")
      .replace(/\/:\w+\?$/, "").replace(/:\w+/g, uuid);
    const methods = paths.get(filled) ?? new Set();
    for (const one of method === "GET" ? ["GET", "HEAD"] : [method]) methods.add(one);
    paths.set(filled, methods);
  }
  assert.ok(paths.size > 15, [...paths.keys()].join(" "));
  for (const [path, methods] of paths) {
    for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"]) {
      if (methods.has(method)) continue;
      const response = await scene.fetch(path, { method });
      assert.equal(response.status, 405, `${method} ${path}`);
      const allow = [...methods].sort().join(", ");
      assert.equal(response.headers.get("Allow")!.split(", ").sort().join(", "), allow, path);
      await drain(response);
    }
  }
});

Deno.test("createApp() refuses browsers with a page, and programs with JSON", async () => {
  using scene = new PageScene({ tokens: oneToken });
  await scene.attack({ source: "203.0.113.5", isCompromise: true });
  const accept = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  for (
    const [status, path, method, text] of [
      [
        401,
        "/sources",
        "GET",
        "Log in The password is a token of `serve token new`, with any user name.",
      ],
      [404, "/x?y", "GET", "No such page unknown path; use POST /alerts or GET /healthz"],
      [405, "/alerts", "GET", "Wrong method wrong method; use POST"],
    ] as const
  ) {
    const page = await scene.fetch(path, { method, headers: accept });
    assert.equal(page.status, status);
    assert.equal(page.headers.get("Content-Type"), "text/html; charset=utf-8");
    assert.equal(page.headers.has("WWW-Authenticate"), status === 401);
    const html = await page.text();
    const words = html.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
    assert.ok(words.includes(text), words);
    assert.ok(!html.includes("203.0.113.5"), "nothing of the buffer is shown");
    const plain = await scene.fetch(path, { method });
    assert.deepEqual([plain.status, Object.keys(await plain.json())], [status, ["error"]]);
  }
});
