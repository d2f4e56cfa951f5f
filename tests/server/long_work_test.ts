/**
 * Small bodies that mean long work: the event loop turns while they are read, and they end early. Turns
 * are counted, not seconds.
 *
 * @module
 */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { Turns } from "../../src/server/ingest/turns.ts";
import { Work } from "../../src/server/ingest/work.ts";
import { alertText, createService, type Rig } from "./rig.ts";

const gzip = { "Content-Encoding": "gzip" };
const packed = (text: string) => new Uint8Array(gzipSync(text));
const TOO_MANY = "more than 10000 entries are not alerts; the rest of the body was not read";

/** How often a timer fires while a body is read; a body that blocks lets none of them. */
async function turnsDuring<T>(work: Promise<T>): Promise<readonly [T, number]> {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  try {
    return [await work, turns];
  } finally {
    clearInterval(timer);
  }
}

const post = (rig: Rig, body: BodyInit, headers: Record<string, string> = {}) =>
  turnsDuring(rig.post(body, { headers }));

const WORTHLESS: readonly (readonly [string, () => BodyInit, Record<string, string>])[] = [
  ["packed lines {}", () => packed("{}\n".repeat(100_000)), gzip],
  ["packed lines []", () => packed("[]\n".repeat(100_000)), gzip],
  ["lines {}", () => "{}\n".repeat(100_000), {}],
  ["an array of numbers", () => `[${"1,".repeat(500_000)}1]`, {}],
  ["an array of {}", () => `[${"{},".repeat(500_000)}{}]`, {}],
  ["lines after an array", () => `[${"{},".repeat(6000)}{}]\n${"{}\n".repeat(6000)}`, {}],
];

for (const [name, body, headers] of WORTHLESS) {
  Deno.test(`POST /alerts ends a body of ${name} after 10,000 entries`, async () => {
    using service = createService({ maxBodyBytes: 100_000 });
    const [answer, turns] = await post(service, body(), headers);
    assert.equal(answer.status, 400);
    assert.equal(answer.body.error, TOO_MANY);
    assert.equal(answer.body.errors.length + answer.body.further_errors, 10_001);
    assert.ok(turns >= 1, `${turns} turns`);
  });
}

Deno.test("POST /alerts keeps and counts what came before 10,000 entries that are not alerts", async () => {
  using service = createService();
  const alert = alertText();
  const { status, body } = await service.post(`${alert}\n${"{}\n".repeat(20_000)}`);
  assert.deepEqual([status, body.accepted, body.error], [400, 1, TOO_MANY]);
  assert.equal((await service.post(alert)).body.duplicate, 1);
});

Deno.test("POST /alerts turns the event loop while it reads packed alerts", async () => {
  using service = createService();
  let text = "";
  for (let index = 0; index < 5000; index++) text += `{"id":"${index}.1","rule":{"id":"1"}}\n`;
  const [{ status, body }, turns] = await post(service, packed(text), gzip);
  assert.deepEqual([status, body.ignored], [200, { other_rule: 5000 }]);
  assert.ok(turns >= 1, `${turns} turns`);
});

Deno.test("POST /alerts refuses what unpacks to more than 200 times its size", async () => {
  using service = createService({ maxBodyBytes: 100_000_000 });
  for (const text of ["\n".repeat(9_000_000), `{"a":"${"a".repeat(9_000_000)}"}`]) {
    const { status, body } = await service.post(packed(text), { headers: gzip });
    assert.equal(status, 413);
    assert.equal(body.error, "the body unpacks to more than 200 times its size; send it unpacked");
  }
});

Deno.test("POST /alerts reads an array that is longer than the longest body, element by element", async () => {
  using service = createService({ maxBodyBytes: 4096 });
  const elements = Array.from({ length: 100 }, () => alertText());
  elements[50] = `{"long":"${"],[".repeat(2000)}"}`;
  const { status, body } = await service.post(`\n[ ${elements.join(" ,\n")} ]\n`);
  assert.deepEqual([status, body.accepted + body.duplicate], [200, 99]);
  assert.deepEqual(body.errors, [{ index: 50, where: "item 51", reason: "too_large" }]);
});

Deno.test("POST /alerts says of an array that breaks off what it has stored", async () => {
  using service = createService();
  const whole = `[${`${alertText()},`.repeat(50)}${alertText()}`;
  const { status, body } = await service.post(whole);
  assert.deepEqual([status, body.accepted + body.duplicate], [200, 51]);
  assert.deepEqual(body.errors, [
    { index: 51, where: "the end of the array", reason: "not_json" },
  ]);
});

Deno.test("POST /alerts parses no value of a million brackets", async () => {
  using service = createService({ maxBodyBytes: 10_000_000 });
  for (const value of [`{"hits":[${"[],".repeat(500_000)}1]}`, `{"a":${"[".repeat(1_000_000)}`]) {
    const { status, body } = await service.post(value);
    assert.deepEqual([status, body.ignored], [400, { malformed: 1 }]);
  }
});

Deno.test("POST /alerts stops when the sender is gone", async () => {
  const gone = new AbortController();
  using service = createService({
    acceptAtOnce: (decisions) => {
      gone.abort();
      return Promise.resolve({ accepted: decisions.length, duplicate: 0, ignored: new Map() });
    },
  });
  const body = `${alertText()}\n`.repeat(5000);
  const response = await service.ask("/alerts", { method: "POST", body, signal: gone.signal });
  const answer = await response.json();
  assert.equal(response.status, 400);
  assert.equal(answer.error, "the body ended too early");
  assert.ok(answer.accepted < 2500, `${answer.accepted} accepted`);
});

/** Turns with a clock and an event loop of the test. */
function scene() {
  let time = 0;
  const later: (() => void)[] = [];
  const turns = new Turns({ now: () => time, later: (work) => void later.push(work) });
  return {
    turns,
    pass: (ms: number) => void (time += ms),
    turn: async () => {
      for (const work of later.splice(0)) work();
      for (let index = 0; index < 5; index++) await Promise.resolve();
    },
  };
}

Deno.test("Turns gives each sender one turn, however many bodies another one has", async () => {
  const { turns, pass, turn } = scene();
  assert.equal(turns.take("many"), undefined);
  pass(5);
  const order: string[] = [];
  for (const [sender, name] of [["many", "1"], ["many", "2"], ["many", "3"], ["few", "4"]]) {
    void turns.take(sender!)!.then(() => order.push(name!));
  }
  for (let index = 0; index < 4; index++) await turn();
  assert.deepEqual(order, ["1", "4", "2", "3"]);
});

Deno.test("Work ends when a body has worked longer than its bytes are worth", () => {
  const { turns, pass } = scene();
  const signal = new AbortController().signal;
  const work = new Work({ turns, sender: "a", signal: () => signal, ms: 100 });
  const steps = (ms: number) => {
    for (let index = 0; index < 10; index++) void work.step();
    pass(ms);
    void work.step();
  };
  steps(90);
  work.pause();
  pass(1000);
  work.receive(64 * 1024);
  steps(90);
  assert.throws(() => steps(90), {
    name: "BodyError",
    status: 408,
    message: "the body takes too long to read; send fewer alerts in a body",
  });
});
