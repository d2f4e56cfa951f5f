import assert from "node:assert/strict";
import type { Answer } from "../../src/http.ts";
import { Unreachable } from "../../src/misp/client.ts";
import { RetryBudget, RetryingClient } from "../../src/misp/line/retries.ts";

const OK: Answer = { status: 200, headers: new Headers(), json: {} };
const LOST = new Unreachable("cut off", { mayPass: true });
const TIMED_OUT = new Unreachable("no answer in time");

const gateway = (status: number, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: new Headers(headers),
  json: undefined,
  text: "<html>",
});

/** A client that answers as it is told, and a clock that only pauses and answers move. */
function scene(...answers: readonly (Answer | Error)[]) {
  const left = [...answers];
  const state = { clock: 0, answerMs: 0, sent: 0, waits: [] as number[], limits: [] as number[] };
  const client = {
    timeoutMs: 1000,
    request(_method: string, _path: string, _body?: string, timeoutMs?: number): Promise<Answer> {
      state.sent++;
      state.clock += state.answerMs;
      state.limits.push(timeoutMs!);
      const answer = left.length > 1 ? left.shift()! : left[0]!;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  const retrying = (budget = new RetryBudget()) =>
    new RetryingClient(client, {
      budget,
      now: () => state.clock,
      random: () => 0.5,
      sleep: (milliseconds) => {
        state.waits.push(milliseconds);
        state.clock += milliseconds;
        return Promise.resolve();
      },
      elapsed: () => state.clock,
    });
  return { state, retrying };
}

Deno.test("request() sends a request again at once, then after pauses, three times at most", async () => {
  const { state, retrying } = scene(LOST);
  await assert.rejects(retrying().request("GET", "/"), LOST);
  assert.deepEqual([state.sent, state.waits], [4, [125, 250]]);
  const passing = scene(LOST, LOST, OK);
  assert.equal(await passing.retrying().request("GET", "/"), OK);
  assert.deepEqual([passing.state.sent, passing.state.waits], [3, [125]]);
});

const ONCE: readonly (readonly [string, Answer | Error])[] = [
  ["an answer", OK],
  ["a timeout", TIMED_OUT],
  ["503 with Retry-After", gateway(503, { "Retry-After": "120" })],
  ["429", gateway(429)],
  ["500", { status: 500, headers: new Headers(), json: {} }],
  ["504", gateway(504)],
  ["a page of a portal", gateway(200)],
  ["any other error", new TypeError("a bug")],
];

for (const [what, answer] of ONCE) {
  Deno.test(`request() sends a request once for ${what}`, async () => {
    const { state, retrying } = scene(answer);
    await retrying().request("GET", "/").catch((error: unknown) => assert.equal(error, answer));
    assert.equal(state.sent, 1);
  });
}

for (const answer of [gateway(502), gateway(503), { ...OK, json: undefined, text: '{"Event":' }]) {
  Deno.test(`request() sends a request again for ${answer.status} ${answer.text}`, async () => {
    const { state, retrying } = scene(answer, OK);
    assert.equal(await retrying().request("POST", "/", "{}"), OK);
    assert.equal(state.sent, 2);
  });
}

Deno.test("request() takes no longer with its retries than one request may", async () => {
  const { state, retrying } = scene(LOST);
  state.answerMs = 400;
  await assert.rejects(retrying().request("GET", "/"), LOST);
  // 400 ms each: the third try would begin at 925 of 1000 ms.
  assert.deepEqual([state.sent, state.limits], [3, [1000, 600, 75]]);
});

Deno.test("request() of an outage costs ten retries once, then one in half a minute", async () => {
  const { state, retrying } = scene(LOST);
  const client = retrying();
  const sentBy = async (requests: number) => {
    const before = state.sent;
    for (let n = 0; n < requests; n++) {
      await client.request("GET", "/").catch(() => undefined);
    }
    return state.sent - before;
  };
  assert.equal(await sentBy(100), 100 + 10 + 1);
  state.clock += 29_000;
  assert.equal(await sentBy(10), 10);
  state.clock += 60_000;
  assert.equal(await sentBy(10), 11);
});

Deno.test("request() gets through a line that loses every third answer, for ever", async () => {
  let sent = 0;
  const client = new RetryingClient({
    timeoutMs: 1000,
    request: () => ++sent % 3 === 0 ? Promise.reject(LOST) : Promise.resolve(OK),
  }, { budget: new RetryBudget(), now: () => 0, sleep: () => Promise.resolve() });
  for (let n = 0; n < 1000; n++) assert.equal(await client.request("GET", "/"), OK);
  assert.ok(sent <= 1500, `${sent} requests`);
});
