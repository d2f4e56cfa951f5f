import assert from "node:assert/strict";
import { fixture, sshdAlert } from "../support/fixtures.ts";
import { alertText, createService } from "./rig.ts";

Deno.test("POST /alerts refuses a body that is longer than allowed", async () => {
  using service = createService();
  assert.equal((await service.post("{".repeat(4096))).status, 400);
  const { status, body } = await service.post("x".repeat(4097));
  assert.equal(status, 413);
  assert.equal(body.error, "the body is longer than 4096 bytes; send one alert a line");
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
  const headers = { "Transfer-Encoding": "chunked" };
  const { status } = await service.post(endless, { headers });
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

Deno.test("POST /alerts takes alerts as Wazuh writes them, in a body of one and of two lines", async () => {
  using service = createService();
  const [a, b, c, d] = Array.from(
    { length: 4 },
    (_, number) =>
      JSON.stringify({ ...fixture("04-5760-failed-password"), id: `1787465647.${number}` }),
  );
  const stored = (accepted: number, duplicate: number) => ({
    ...{ accepted, duplicate, ignored: {}, errors: [] },
  });
  assert.deepEqual((await service.post(a!)).body, stored(1, 0));
  assert.deepEqual((await service.post(`${b}\n`)).body, stored(1, 0));
  assert.deepEqual((await service.post(`${c}\n${d}`)).body, stored(2, 0));
  assert.deepEqual((await service.post(`\n${a}\r\n`)).body, stored(0, 1));
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
    assert.deepEqual([...(await service.buffer.views.status()).ignored], [[reason, 1]]);
  });
}

Deno.test("POST /alerts says 503 without a word of the inside when nothing can be stored", async () => {
  using service = createService({
    accept: () => Promise.reject(new Error("database /var/ossec/secret is locked")),
  });
  const { status, body, headers } = await service.post(alertText());
  assert.equal(status, 503);
  assert.equal(headers.get("Retry-After"), "5");
  assert.deepEqual(body, {
    ...{ accepted: 0, duplicate: 0, ignored: {}, errors: [] },
    error: "some alerts could not be stored; send all again",
  });
  assert.deepEqual(service.logged, [
    "error: POST /alerts: database /var/ossec/secret is locked",
  ]);
});

Deno.test("POST /alerts answers 503 where storing takes too long, and it goes on", async () => {
  const stalled = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<number>();
  using service = createService({
    storeTimeoutMs: 20,
    accept: async (decisions) => {
      await stalled.promise;
      stored.resolve(decisions.length);
      throw new Error("the line is cut");
    },
  });
  const { status, body } = await service.post(alertText());
  assert.deepEqual([status, body.accepted], [503, 0]);
  assert.deepEqual(service.logged, [
    "error: POST /alerts: storing takes longer than 0.02 s; it goes on",
  ]);
  stalled.resolve();
  assert.equal(await stored.promise, 1);
});

Deno.test("POST /alerts says 503 when storing fails at once", async () => {
  using service = createService({
    accept: () => {
      throw new Error("disk full");
    },
  });
  assert.equal((await service.post(alertText())).status, 503);
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
    note: "this is not an alert, but may be the test message of a notification channel",
  });
});

Deno.test("POST /alerts answers 400 to a body of which it understands nothing", async () => {
  using service = createService();
  const of = async (body: string) => (await service.post(body)).status;
  assert.equal(await of("hello"), 400);
  assert.equal(await of("<html>Test message</html>"), 400);
  assert.equal(await of("{}\n".repeat(30_000)), 400);
  assert.equal(await of(`{}\n${alertText()}\n`), 200);
  assert.equal(await of(`${JSON.stringify(JSON.parse(alertText()), undefined, 2)}\n{\n}\n`), 200);
});
