import assert from "node:assert/strict";
import { stubbed } from "../support/stubbed.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { type ForwardParts, forwardWaiting } from "../../src/forward/forwarder.ts";
import { HttpReceiver } from "../../src/forward/receiver.ts";
import { decideItem } from "../../src/intake/decide.ts";
import { FORWARD_LEASE } from "../../src/publish/names.ts";
import { numberedAlert, numbers } from "../faults/numbered.ts";
import { defaultRules } from "../support/fixtures.ts";
import { type Behaviour, FakeReceiver } from "./fake_receiver.ts";

const START = Date.UTC(2026, 7, 23, 6);
const TOKEN = "t0kenThatNobodyMayEverSee-0000000000000000";

/** A buffer with alerts to forward, and who takes them, on a clock that is set. */
class Scene implements AsyncDisposable {
  readonly fake = FakeReceiver.start();
  buffer = new SqliteBuffer(":memory:", START);
  now = START;
  readonly logged: string[] = [];
  receiver = this.#receiver({});

  #receiver(changes: { timeoutMs?: number; token?: string | undefined }) {
    return new HttpReceiver({
      ...{ url: `${this.fake.url}/`, token: TOKEN, caCertificate: undefined, timeoutMs: 5000 },
      ...changes,
    });
  }

  use(changes: { timeoutMs?: number; token?: string | undefined }) {
    this.receiver[Symbol.dispose]();
    this.receiver = this.#receiver(changes);
  }

  async [Symbol.asyncDispose]() {
    this.receiver[Symbol.dispose]();
    this.buffer[Symbol.dispose]();
    await this.fake[Symbol.asyncDispose]();
  }

  get parts(): ForwardParts {
    return {
      buffer: this.buffer,
      receiver: this.receiver,
      now: () => this.now,
      random: () => 0.5,
      log: (level, message) => void this.logged.push(`${level}: ${message}`),
    };
  }

  async take(...of: readonly number[]) {
    const rules = { ...defaultRules(), keepsText: true };
    const decisions = of.map((number) =>
      decideItem({ value: numberedAlert(number, 5), where: "line" }, rules, this.now)
    );
    return await this.buffer.intake.accept(decisions, { maxUsernames: 100 }, this.now);
  }

  forward(everything = false) {
    return forwardWaiting(this.parts, "me", everything);
  }
}

Deno.test("forwardWaiting() sends what waits, oldest first and at most a thousand at a time", async () => {
  await using scene = new Scene();
  scene.fake.token = TOKEN;
  await scene.take(...numbers(0, 2500));
  assert.equal(await scene.buffer.spool.dueAt(START), 0);
  assert.deepEqual(await scene.forward(), {
    forwarded: 2500,
    waiting: 0,
    refused: 0,
    problem: null,
  });
  assert.deepEqual(scene.fake.requests, [1000, 1000, 500]);
  assert.equal([...scene.fake.stored.keys()][0], "wazuh-manager-01 1787464800.0");
  assert.equal(scene.fake.stored.size, 2500);
  assert.equal(await scene.buffer.spool.dueAt(START), undefined);
  const { pendingAttacks, accepted } = await scene.buffer.views.status();
  assert.deepEqual([pendingAttacks, accepted], [0, 2500]);
  const { bytes, forwarded } = await scene.buffer.spool.status();
  assert.deepEqual([bytes, forwarded], [0, 2500]);
  assert.deepEqual(scene.logged, []);
});

Deno.test("forwardWaiting() sends an alert that came twice once", async () => {
  await using scene = new Scene();
  await scene.take(1, 1);
  await scene.take(1, 2);
  assert.equal((await scene.forward())?.forwarded, 2);
  const again = await scene.take(1, 2);
  assert.deepEqual([again.duplicate, scene.fake.stored.size], [2, 2]);
});

/** What goes wrong with a request, and what is said of it. */
const KNOWN_PROBLEMS: readonly (readonly [name: string, Behaviour, RegExp])[] = [
  ["an answer that is lost", "lost answer", /cannot be reached/],
  ["an answer that is cut", "cut answer", /cannot be reached/],
  ["a 500", () => new Response("oh", { status: 500 }), /answered 500$/],
  [
    "a 503",
    () => Response.json({ error: "send it again" }, { status: 503 }),
    /503: send it again$/,
  ],
  [
    "a 401",
    () => Response.json({ error: `no ${TOKEN}` }, { status: 401 }),
    /401: no \(token\): put/,
  ],
  ["a 403", () => Response.json({ error: "not you" }, { status: 403 }), /403: not you/],
  ["a 404", () => new Response("", { status: 404 }), /404: forward.url must be/],
  ["a 200 of somebody else", () => Response.json({ hello: "you" }), /not as a `serve` does/],
  ["a 200 that is no JSON", () => new Response("<html>"), /not as a `serve` does/],
];

for (const [name, behaviour, said] of KNOWN_PROBLEMS) {
  Deno.test(`forwardWaiting() keeps everything after ${name}, and sends it again later`, async () => {
    await using scene = new Scene();
    await scene.take(1, 2, 3);
    scene.fake.next.push(behaviour);
    const round = await scene.forward();
    assert.match(round?.problem ?? "", said);
    assert.deepEqual([round?.forwarded, round?.waiting, round?.refused], [0, 3, 0]);
    assert.equal(await scene.buffer.spool.dueAt(scene.now), START + 30_000);
    scene.now += 29_000;
    assert.equal((await scene.forward())?.waiting, 3);
    assert.equal(scene.fake.requests.length, 1, "it was paused");
    scene.now += 2000;
    assert.deepEqual(await scene.forward(), {
      forwarded: 3,
      waiting: 0,
      refused: 0,
      problem: null,
    });
    assert.equal(scene.fake.stored.size, 3);
    assert.deepEqual((await scene.buffer.views.status()).paused, []);
    assert.equal(scene.logged.join().includes(TOKEN), false);
  });
}

Deno.test("forwardWaiting() waits longer with every failure, and for ever", async () => {
  await using scene = new Scene();
  await scene.take(1);
  scene.fake.always = () => new Response("", { status: 502 });
  const pauses: number[] = [];
  for (let failures = 0; failures < 9; failures++) {
    await scene.forward();
    const due = await scene.buffer.spool.dueAt(scene.now) ?? NaN;
    pauses.push((due - scene.now) / 1000);
    scene.now = due;
  }
  assert.deepEqual(pauses, [30, 60, 120, 240, 480, 960, 1800, 1800, 1800]);
  scene.fake.always = "well";
  assert.equal((await scene.forward())?.forwarded, 1);
});

Deno.test("forwardWaiting() pauses as long as a 429 says, and not for days", async () => {
  await using scene = new Scene();
  await scene.take(1);
  const busy = (after: string) => () =>
    Response.json({ error: "too many requests" }, {
      status: 429,
      headers: { "Retry-After": after },
    });
  scene.fake.next.push(busy("7"), busy("864000"));
  await scene.forward();
  assert.equal(await scene.buffer.spool.dueAt(scene.now), START + 7000);
  scene.now += 7000;
  await scene.forward();
  assert.equal(await scene.buffer.spool.dueAt(scene.now), scene.now + 60 * 60_000);
  assert.deepEqual((await scene.forward(true))?.forwarded, 1, "everything: at once");
});

Deno.test("forwardWaiting() follows no redirect with its token", async () => {
  await using scene = new Scene();
  await using elsewhere = FakeReceiver.start();
  await scene.take(1);
  scene.fake.next.push(() => Response.redirect(`${elsewhere.url}/alerts`, 307));
  const round = await scene.forward();
  assert.match(round?.problem ?? "", /answered 307: it has moved/);
  assert.deepEqual([elsewhere.requests, round?.waiting], [[], 1]);
});

Deno.test("forwardWaiting() keeps everything while nobody answers", async () => {
  await using scene = new Scene();
  await scene.take(1);
  scene.use({ timeoutMs: 100 });
  const { promise, resolve } = Promise.withResolvers<void>();
  scene.fake.onRequest = () => promise;
  const hanging = await scene.forward();
  assert.match(hanging?.problem ?? "", /did not answer within 0.1 s/);
  resolve();
  scene.fake.onRequest = () => undefined;
  scene.use({});
  assert.equal((await scene.forward(true))?.waiting, 0);
});

Deno.test("forwardWaiting() keeps one alert that is refused, and holds up no other", async () => {
  await using scene = new Scene();
  await scene.take(...numbers(0, 1000));
  scene.fake.poison = '"1787465577.777"';
  assert.deepEqual(await scene.forward(), {
    forwarded: 999,
    waiting: 0,
    refused: 1,
    problem: null,
  });
  assert.equal(scene.fake.stored.size, 999);
  assert.ok(scene.fake.requests.length <= 2 * 10 + 2, String(scene.fake.requests.length));
  const { host } = new URL(scene.fake.url);
  const { lastRefusal, bytes } = await scene.buffer.spool.status();
  assert.equal(lastRefusal, `${host} answered 413: this is too much`);
  assert.ok(bytes > 0, "it is kept");
  assert.deepEqual(scene.logged, [
    `error: an alert was refused and is kept: ${lastRefusal}`,
  ]);
  assert.equal((await scene.forward())?.refused, 1);
  scene.fake.poison = undefined;
  assert.deepEqual(await scene.forward(true), {
    forwarded: 1,
    waiting: 0,
    refused: 0,
    problem: null,
  });
  assert.equal((await scene.buffer.spool.status()).bytes, 0);
});

Deno.test("forwardWaiting() refuses nothing for good where everything is refused", async () => {
  await using scene = new Scene();
  await scene.take(1, 2);
  scene.fake.always = () => new Response("plain HTTP was sent to an HTTPS port", { status: 400 });
  const round = await scene.forward();
  assert.deepEqual([round?.waiting, round?.refused], [2, 0]);
  assert.match(round?.problem ?? "", /answered 400/);
});

Deno.test("forwardWaiting() keeps an entry that the receiver does not read as an alert", async () => {
  await using scene = new Scene();
  await scene.take(1, 2, 3);
  scene.fake.unread = '"1787464802.2"';
  assert.deepEqual(await scene.forward(), {
    forwarded: 2,
    waiting: 0,
    refused: 1,
    problem: null,
  });
  assert.deepEqual(scene.fake.requests, [3]);
});

Deno.test("forwardWaiting() does not believe a 200 that does not add up", async () => {
  await using scene = new Scene();
  await scene.take(1, 2, 3, 4);
  scene.fake.next.push("wrong counts");
  const round = await scene.forward();
  assert.deepEqual([round?.forwarded, round?.waiting], [4, 0]);
  assert.deepEqual(scene.fake.requests, [4, 2, 2], "sent again in halves, known by their ids");
  assert.equal(scene.fake.stored.size, 4);
  assert.equal((await scene.buffer.spool.status()).duplicate, 4);
});

/** What a `serve` would answer, with some counts changed. */
const counts = (changes: Readonly<Record<string, unknown>>) => () =>
  Response.json({ accepted: 0, duplicate: 0, ignored: {}, errors: [], ...changes });

Deno.test("send() refuses a batch whose answer does not add up, and says how", async () => {
  await using scene = new Scene();
  const { host } = new URL(scene.fake.url);
  const error = { index: 0, reason: "malformed" };
  const answers: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
    [{ accepted: 4 }, "answered 200 and reported 4 alerts for a batch of 2"],
    [{ accepted: 1 }, "answered 200 and reported 1 alert for a batch of 2"],
    [
      { ignored: { malformed: 2 }, errors: [error], further_errors: 2 },
      "rejected 3 entries as not alerts",
    ],
    [
      { accepted: 1, ignored: { malformed: 1 }, errors: [{ ...error, index: 2 }] },
      "rejected 1 entry as not alerts",
    ],
  ];
  for (const [changes, reason] of answers) {
    scene.fake.next.push(counts(changes));
    const reply = await scene.receiver.send(["{}", "{}"], START);
    assert.deepEqual(reply, { kind: "refused", reason: `${host} ${reason}` });
  }
});

Deno.test("send() reads no answer beyond a mebibyte", async () => {
  await using scene = new Scene();
  const { host } = new URL(scene.fake.url);
  scene.fake.next.push(() => new Response("x".repeat(1024 * 1024 + 1)));
  assert.deepEqual(await scene.receiver.send(["{}"], START), {
    kind: "unavailable",
    reason: `${host} cannot be reached: the answer exceeds 1 MiB`,
  });
});

Deno.test("forwardWaiting() that is killed between the answer and its mark sends the same again", async () => {
  await using scene = new Scene();
  await scene.take(1, 2, 3);
  const { spool, leases } = scene.buffer;
  const dying = stubbed(scene.buffer, {
    spool: stubbed(spool, { markForwarded: () => Promise.reject(new Error("killed")) }),
    // A killed process releases nothing.
    leases: stubbed(leases, { release: () => Promise.resolve() }),
  });
  await assert.rejects(forwardWaiting({ ...scene.parts, buffer: dying }, "dying"), /killed/);
  assert.equal(scene.fake.stored.size, 3);
  assert.equal(await scene.forward(), undefined, "its lease has not run out");
  scene.now += 60_001;
  assert.equal((await scene.forward())?.waiting, 0);
  const { forwarded, duplicate } = await scene.buffer.spool.status();
  assert.deepEqual([forwarded, duplicate, scene.fake.stored.size], [3, 3, 3]);
});

Deno.test("forwardWaiting() stops when another forwarder took over, and takes nothing out any more", async () => {
  await using scene = new Scene();
  await scene.take(1, 2, 3);
  scene.fake.onRequest = async () => {
    scene.fake.onRequest = () => undefined;
    scene.now += 60_001;
    assert.equal((await forwardWaiting(scene.parts, "another"))?.forwarded, 3);
    // Their places in the table are given to others.
    await scene.take(4, 5, 6);
  };
  await assert.rejects(scene.forward(), /another forwarder took over/);
  assert.equal((await scene.buffer.spool.status()).waiting, 3);
  assert.equal((await scene.forward())?.forwarded, 3);
  assert.equal(scene.fake.stored.size, 6);
});

Deno.test("forwardWaiting() does nothing while another forwarder is at work", async () => {
  await using scene = new Scene();
  await scene.take(1);
  await scene.buffer.leases.take(FORWARD_LEASE, "another", 60_000, scene.now);
  assert.equal(await scene.forward(), undefined);
});

Deno.test("probe() distinguishes a serve that takes our token from all else", async () => {
  await using scene = new Scene();
  scene.fake.token = TOKEN;
  assert.equal(await scene.receiver.probe(START), undefined);
  scene.use({ token: "wrong" });
  assert.match(await scene.receiver.probe(START) ?? "", /answered 401: no Bearer \(token\)/);
  scene.fake.token = undefined;
  scene.fake.always = () => new Response("hello");
  assert.match(await scene.receiver.probe(START) ?? "", /not as a `serve` does/);
  scene.fake.always = () => new Response("hello", { status: 400 });
  assert.match(await scene.receiver.probe(START) ?? "", /answered 400/);
});
