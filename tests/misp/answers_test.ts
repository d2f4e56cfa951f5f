import assert from "node:assert/strict";
import { meaningOf } from "../../src/misp/answers.ts";

const NOW = Date.UTC(2026, 10, 23, 12);

function meaning(status: number, body: unknown, headers: Record<string, string> = {}) {
  return meaningOf({ status, headers: new Headers(headers), json: body }, NOW);
}

const TOO_MANY = "MISP answered 429: too many requests";

const WAITS: readonly (readonly [string, Record<string, string>, number | undefined])[] = [
  ["seconds of a proxy", { "Retry-After": "30" }, 30_000],
  ["a proxy's date", { "Retry-After": "Mon, 23 Nov 2026 12:02:00 GMT" }, 120_000],
  ["a date that is over", { "Retry-After": "Mon, 23 Nov 2026 11:00:00 GMT" }, undefined],
  ["MISP's own header", { "X-Rate-Limit-Reset": "900" }, 900_000],
  ["nonsense, and MISP's own header", { "Retry-After": "soon", "X-Rate-Limit-Reset": "9" }, 9000],
  ["more than an hour", { "Retry-After": "86400" }, 3_600_000],
  ["nothing", {}, undefined],
  ["zero", { "Retry-After": "0" }, undefined],
];

for (const [what, headers, afterMs] of WAITS) {
  Deno.test(`meaningOf() reads the pause of a 429: ${what}`, () => {
    assert.deepEqual(meaning(429, {}, headers), {
      kind: "unavailable",
      reason: TOO_MANY,
      ...(afterMs === undefined ? {} : { afterMs }),
    });
  });
}

Deno.test("meaningOf() pauses as long as a 503 asks", () => {
  assert.deepEqual(meaning(503, undefined, { "Retry-After": "60" }), {
    kind: "unavailable",
    reason: "MISP, or the proxy before it, answered 503",
    afterMs: 60_000,
  });
});

Deno.test("meaningOf() refuses a body that a proxy finds too large, and names the proxy", () => {
  assert.deepEqual(meaning(413, undefined), {
    kind: "refused",
    reason: "the proxy before MISP does not accept a body as large as this event (413)",
  });
});

Deno.test("meaningOf() refuses a body that MISP cannot read as JSON", () => {
  const message =
    "Invalid JSON input. Make sure that the JSON input is a correctly formatted JSON " +
    "string. This request has been blocked to avoid an unfiltered request.";
  assert.deepEqual(meaning(405, { name: message, message, url: "/events/add" }), {
    kind: "refused",
    reason: `MISP answered 405: ${message}`,
  });
});

Deno.test("meaningOf() refuses a sharing group that the key may not use", () => {
  const message = "Invalid Sharing Group or not authorised.";
  assert.deepEqual(meaning(405, { name: message, message, url: "/events/add" }), {
    kind: "refused",
    reason: `MISP answered 405: ${message}`,
  });
});

Deno.test("meaningOf() does not accept a description of the API as success", () => {
  assert.deepEqual(meaning(200, { name: "/events/add API description", url: "/events/add" }), {
    kind: "unavailable",
    reason: "MISP gave an answer of an unknown kind: /events/add API description",
  });
});

Deno.test("meaningOf() names an address that is not MISP's", () => {
  assert.deepEqual(meaning(404, { name: "Not Found", message: "Not Found" }), {
    kind: "unavailable",
    reason: "MISP answered 404: Not Found; is misp.url right?",
  });
});
