import assert from "node:assert/strict";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { AppParts } from "../../src/server/app.ts";
import { needs } from "../support/needs.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { alertText, createService } from "./rig.ts";

const PACKERS = {
  gzip: gzipSync,
  deflate: deflateSync,
  zstd: zstdCompressSync,
} as const;

Deno.test({
  name: "POST /alerts says 415 to zstd where the runtime has none",
  ...needs("a runtime without zstd"),
  fn: async () => {
    using service = createService();
    const headers = { "Content-Encoding": "zstd" };
    assert.equal((await service.post("x", { headers })).status, 415);
  },
});

for (const [encoding, pack] of Object.entries(PACKERS)) {
  Deno.test({
    name: `POST /alerts unpacks ${encoding}`,
    ...needs(...encoding === "zstd" ? ["zstd in the runtime"] as const : []),
    fn: async () => {
      using service = createService();
      const headers = { "Content-Encoding": encoding };
      const packed = new Uint8Array(pack(alertText()));
      assert.equal((await service.post(packed, { headers })).body.accepted, 1);
      const damaged = await service.post(packed.slice(0, -9), { headers });
      assert.equal(damaged.status, 400);
      // Of zstd data that breaks off the unpacker says nothing: then the alert itself is cut.
      const error = encoding === "zstd" ? undefined : `the body is not complete ${encoding} data`;
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
  assert.match(body.error, /"br" is not supported; send gzip, x-gzip, deflate, zstd or none/);
});

Deno.test("POST /alerts stores any number of lines in bounded memory, and numbers the invalid ones", async () => {
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

Deno.test("POST /alerts says of lines that end too early what is stored already", async () => {
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
  using service = createService({ readTimeoutMs: 20 });
  const silent = new ReadableStream<Uint8Array>({ start: () => {} });
  const { status, body } = await service.post(silent);
  assert.equal(status, 408);
  assert.equal(body.error, "the body arrived too slowly");
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

Deno.test("POST /alerts stores lines without end at once, and short bodies with those of others", async () => {
  const calls: string[] = [];
  const stored = (how: string): AppParts["accept"] => (decisions) => {
    calls.push(`${how} ${decisions.length}`);
    return Promise.resolve({ accepted: decisions.length, duplicate: 0, ignored: new Map() });
  };
  const changes = { accept: stored("together"), acceptAtOnce: stored("at once") };
  using service = createService({ ...changes, maxBodyBytes: 1_000_000 });
  await service.post(alertText());
  await service.post(`${alertText()}\n`.repeat(200));
  assert.deepEqual(calls, ["together 1", "at once 200"]);
});

const UTF16 = new Uint8Array(
  new Uint16Array(Array.from(
    "\ufeff" + alertText(),
    (unit) => unit.charCodeAt(0),
  )).buffer,
);

/** More than is read as a whole without a look at its shape, and more than comes in one piece. */
const LONG = [20_000, 200_000];

Deno.test("POST /alerts unpacks gzip that no header names, whatever its length", async () => {
  using service = createService();
  let accepted = 0;
  for (const length of [0, ...LONG]) {
    const body = Array.from(
      { length: Math.max(1, Math.ceil(length / 600)) },
      (_, index) => JSON.stringify(sshdAlert({ id: `${length}.${index}` })),
    ).join("\n");
    const packed = new Uint8Array(gzipSync(body, { level: 0 }));
    const answer = await service.post(packed);
    accepted += answer.body.accepted;
    assert.deepEqual([answer.status, answer.body.accepted], [200, body.split("\n").length]);
    const cut = await service.post(packed.slice(0, -9));
    assert.deepEqual([cut.status, cut.body.error], [400, "the body is not complete gzip data"]);
  }
  assert.ok(accepted > 300);
  const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));
  assert.equal((await service.post(bomb)).status, 413);
});

Deno.test("POST /alerts reads UTF-16, and values over many lines, whatever their length", async () => {
  using service = createService();
  assert.equal((await service.post(UTF16)).body.accepted, 1);
  for (const length of LONG) {
    const alerts = Array.from(
      { length: Math.ceil(length / 600) },
      (_, index) => sshdAlert({ id: `${length}.${index}` }),
    );
    const pretty = alerts.map((one) => JSON.stringify(one, undefined, 2)).join("\n");
    assert.equal((await service.post(pretty)).body.accepted, alerts.length);
    const other = alerts.map((one) => JSON.stringify({ ...one, id: `9${one.id}` })).join("\n");
    const units = Uint16Array.from(`\ufeff${other}`, (unit) => unit.charCodeAt(0));
    const answer = await service.post(new Uint8Array(units.buffer));
    assert.equal(answer.body.accepted, alerts.length);
  }
});
