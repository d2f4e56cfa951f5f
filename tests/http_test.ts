import assert from "node:assert/strict";
import { HttpClient, type HttpOptions, LONGEST_PAUSE_MS, retryAfter } from "../src/http.ts";

const MIB = 1024 * 1024;
const NOW = Date.UTC(2026, 10, 23, 12);

const SECRET = "s3cret-of-a-test";
const OPTIONS: HttpOptions = {
  caCertificate: undefined,
  timeoutMs: () => 10_000,
  longestAnswer: MIB,
  secret: { text: SECRET, shownAs: "(key)" },
};

function serve(handler: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  return Object.assign(server, { url: `http://127.0.0.1:${server.addr.port}/` });
}

const GET = { method: "GET", headers: { "X-Key": SECRET } } as const;

Deno.test("request() reads JSON, and shows no secret that a proxy repeats", async () => {
  await using server = serve((request) => Response.json({ got: request.headers.get("X-Key") }));
  using http = new HttpClient(OPTIONS);
  const { status, json } = await http.request({ ...GET, url: server.url });
  assert.deepEqual([status, json], [200, { got: "(key)" }]);
});

Deno.test("request() answers undefined for a body that is not JSON", async () => {
  await using server = serve(() => new Response("<html>", { status: 502 }));
  using http = new HttpClient(OPTIONS);
  const { status, json } = await http.request({ ...GET, url: server.url });
  assert.deepEqual([status, json], [502, undefined]);
});

Deno.test("request() reads an answer of the limit, and refuses one that is a byte longer", async () => {
  await using server = serve(({ url }) => {
    const bytes = Number(new URL(url).searchParams.get("bytes"));
    return new Response(JSON.stringify("x".repeat(bytes - 2)));
  });
  using http = new HttpClient(OPTIONS);
  const { json } = await http.request({ ...GET, url: `${server.url}?bytes=${MIB}` });
  assert.equal(String(json).length, MIB - 2);
  await assert.rejects(http.request({ ...GET, url: `${server.url}?bytes=${MIB + 1}` }), {
    name: "TooLong",
    message: "the answer exceeds 1 MiB",
  });
});

Deno.test("request() follows no redirect", async () => {
  await using server = serve(({ url }) => Response.redirect(new URL("/elsewhere", url)));
  using http = new HttpClient(OPTIONS);
  assert.equal((await http.request({ ...GET, url: server.url })).status, 302);
});

Deno.test("failureOf() knows a time that ran out", async () => {
  const held = Promise.withResolvers<Response>();
  await using server = serve(() => held.promise);
  using http = new HttpClient({ ...OPTIONS, timeoutMs: () => 100 });
  const failure = await http.request({ ...GET, url: server.url }).catch(http.failureOf.bind(http));
  held.resolve(new Response());
  assert.deepEqual(failure, { kind: "timed_out" });
});

Deno.test("failureOf() gives the innermost reason on one line, without the secret", () => {
  using http = new HttpClient(OPTIONS);
  const cause = new Error(`refused\n  ${SECRET}`);
  assert.deepEqual(
    http.failureOf(new TypeError("outer", { cause: new Error("middle", { cause }) })),
    { kind: "failed", reason: "refused (key)" },
  );
  assert.deepEqual(http.failureOf("no error at all"), {
    kind: "failed",
    reason: "no error at all",
  });
  assert.deepEqual(http.failureOf(new Deno.errors.NotCapable("net access")), {
    kind: "not_permitted",
  });
});

Deno.test("retryAfter() reads seconds and dates, and no more than an hour", () => {
  const after = (value: string) => retryAfter(new Headers({ "Retry-After": value }), NOW);
  assert.equal(after("30"), 30_000);
  assert.equal(after("Mon, 23 Nov 2026 12:02:00 GMT"), 120_000);
  assert.equal(after("Mon, 23 Nov 2026 11:00:00 GMT"), undefined);
  assert.equal(after("0"), undefined);
  assert.equal(after("soon"), undefined);
  assert.equal(after("86400"), LONGEST_PAUSE_MS);
  assert.equal(retryAfter(new Headers(), NOW), undefined);
});

/** One of MISP's keys, and how else an answer or an error may spell it. */
const KEY = "S3cr3tK3yOfM1spThatNobodyMayEverSee00000";
const SPELLINGS: Readonly<Record<string, string>> = {
  "lower case": KEY.toLowerCase(),
  "upper case": KEY.toUpperCase(),
  "one character URL-encoded": KEY.replace("S", "%53"),
  "all of it URL-encoded": [...KEY].map((one) => `%${one.charCodeAt(0).toString(16)}`).join(""),
  "Base64": btoa(KEY),
  "Base64 behind one byte": btoa(`:${KEY}`),
  "Base64 behind two bytes": btoa(`u:${KEY}`),
  "Base64 in a longer text": btoa(`user:${KEY}:more of it`),
};

for (const [name, spelt] of Object.entries(SPELLINGS)) {
  Deno.test(`request() and failureOf() show no secret in ${name}`, async () => {
    await using server = serve(() =>
      Response.json({ got: `<${spelt}>` }, { headers: { "Location": `/?key=${spelt}` } })
    );
    using http = new HttpClient({ ...OPTIONS, secret: { text: KEY, shownAs: "(key)" } });
    const { json, headers } = await http.request({ ...GET, url: server.url });
    const failure = http.failureOf(new Error(`sent <${spelt}> in vain`));
    for (const told of [JSON.stringify(json), headers.get("Location"), JSON.stringify(failure)]) {
      // At both ends of Base64 some bits are left that the neighbours share.
      assert.match(told!, /[<=][\w+/]{0,8}\(key\)[\w+/=]{0,16}(>|$)/);
    }
  });
}

Deno.test("request() shows no secret that an answer hides in escapes", async () => {
  const hidden = [...KEY].map((one) => `\\u00${one.charCodeAt(0).toString(16)}`).join("");
  await using server = serve(() => new Response(`{"got":"${hidden}"}`));
  using http = new HttpClient({ ...OPTIONS, secret: { text: KEY, shownAs: "(key)" } });
  assert.deepEqual((await http.request({ ...GET, url: server.url })).json, { got: "(key)" });
});

Deno.test("request() leaves an answer alone that only resembles a secret", async () => {
  const text = `${KEY.slice(1)} ${KEY.slice(0, -1)} ${btoa(KEY.slice(1))}`;
  await using server = serve(() => Response.json({ text }));
  using http = new HttpClient({ ...OPTIONS, secret: { text: KEY, shownAs: "(key)" } });
  assert.deepEqual((await http.request({ ...GET, url: server.url })).json, { text });
});
