import assert from "node:assert/strict";
import { MispClient } from "../../src/misp/client.ts";
import { RestSink } from "../../src/misp/rest_sink.ts";
import { FakeMisp, type Fault } from "../fake_misp/server.ts";
import {
  bare,
  DELIVERED,
  notesOf,
  report,
  Rig,
  type RigOptions,
  seen,
  startRig,
  TAGS,
  UUID,
  uuidOf,
} from "./rest_sink_rig.ts";

const THREE = {
  info: "SSH Brute Force Attack from 198.51.100.7 (3 attempts)",
  published: true,
  addresses: ["198.51.100.7 true"],
  objects: [["ip-src 198.51.100.7", "total 3", "type ssh"]],
};

Deno.test("deliver() adds unpublished, compares, then publishes", async () => {
  await using rig = await startRig();
  assert.deepEqual(bare(await rig.deliver(report())), [DELIVERED]);
  assert.deepEqual(rig.paths(), ["POST /events/add", "POST /events/publish/UUID"]);
  const [added] = rig.misp.requests;
  assert.equal((added!.body as { Event: { published: boolean } }).Event.published, false);
  assert.deepEqual(seen(rig.misp), [THREE]);
});

Deno.test("deliver() leaves the event unpublished when the rules say so", async () => {
  await using rig = await startRig({ publish: false });
  assert.deepEqual(bare(await rig.deliver(report())), [DELIVERED]);
  assert.deepEqual(seen(rig.misp), [{ ...THREE, published: false }]);
});

Deno.test("deliver() updates the same event with one request and keeps it published", async () => {
  await using rig = await startRig();
  await rig.deliver(report());
  assert.deepEqual(bare(await rig.deliver(report(5, { isKnownThere: true }))), [DELIVERED]);
  assert.deepEqual(rig.paths().slice(2), ["POST /events/edit/UUID"]);
  assert.deepEqual(seen(rig.misp), [{
    info: "SSH Brute Force Attack from 198.51.100.7 (5 attempts)",
    published: true,
    addresses: ["198.51.100.7 true"],
    objects: [["ip-src 198.51.100.7", "total 5", "type ssh"]],
  }]);
});

Deno.test("deliver() repairs a lost answer by sending again", async () => {
  await using rig = await startRig();
  rig.misp.fail({ kind: "lost-answer", on: /events\/add/ });
  assert.deepEqual(bare(await rig.deliver(report())), [DELIVERED]);
  assert.deepEqual(seen(rig.misp), [THREE]);
  assert.deepEqual(rig.paths(), [
    "POST /events/add",
    "POST /events/add",
    "GET /events/view/UUID/deleted:1",
    "POST /events/edit/UUID",
    "POST /events/publish/UUID",
  ]);
});

Deno.test("deliver() repairs an event that a 500 left half stored", async () => {
  await using rig = await startRig();
  rig.misp.fail({ kind: "partial-500", attributes: 0 });
  const [broken] = await rig.deliver(report());
  assert.deepEqual(broken, {
    kind: "failed",
    reason: "MISP answered 500: An Internal Error Has Occurred.",
  });
  assert.deepEqual(bare(await rig.deliver(report(3, { tries: 1 }))), [DELIVERED]);
  assert.deepEqual(seen(rig.misp), [THREE]);
});

Deno.test("deliver() adds again when the event it knows is gone, and says so when it is blocked", async () => {
  await using rig = await startRig();
  assert.deepEqual(bare(await rig.deliver(report(3, { isKnownThere: true }))), [DELIVERED]);
  assert.deepEqual(rig.paths(), [
    "POST /events/edit/UUID",
    "POST /events/add",
    "POST /events/publish/UUID",
  ]);
  const headers = { Authorization: rig.misp.keys.publisher, "Content-Type": "application/json" };
  const url = `${rig.misp.url}/events/delete/${UUID}`;
  await (await fetch(url, { method: "POST", headers, body: "{}" })).body?.cancel();
  assert.deepEqual(await rig.deliver(report(5, { isKnownThere: true })), [{
    kind: "refused",
    reason: "the event was deleted in MISP and is on its blocklist",
    isEventGone: true,
  }]);
});

Deno.test("deliver() does not believe a 200 that left something out", async () => {
  await using rig = await startRig();
  rig.misp.failEvery(1, { kind: "drop", what: /^3$/ });
  assert.deepEqual(await rig.deliver(report()), [{
    kind: "refused",
    reason: "MISP left out, without a reason: total 3",
  }]);
  assert.equal(seen(rig.misp)[0]?.published, false);
});

Deno.test("deliver() delivers without tags that the instance does not have, and says so", async () => {
  await using rig = await startRig({ tags: ["tlp:green"] });
  assert.deepEqual(notesOf(await rig.deliver(report())), [
    "MISP does not have these tags and the key's role may not create them: " +
    'misp-galaxy:mitre-attack-pattern="Brute Force - T1110"',
  ]);
});

Deno.test("deliver() says when the role may not publish", async () => {
  await using rig = await startRig({ as: "user" });
  const unpublished = ["stored, but not published: the key's role may not publish"];
  assert.deepEqual(notesOf(await rig.deliver(report())), unpublished);
  assert.deepEqual(notesOf(await rig.deliver(report(5, { isKnownThere: true }))), unpublished);
  assert.deepEqual(seen(rig.misp).map(({ published }) => published), [false]);
});

Deno.test("deliver() refuses an event that belongs to another organisation", async () => {
  await using rig = await startRig();
  const first = new Rig(rig.misp, rig.misp.keys.other, 10_000, true);
  assert.deepEqual(bare(await first.deliver(report())), [DELIVERED]);
  first.close();
  assert.deepEqual(await rig.deliver(report(5)), [{
    kind: "refused",
    reason: "the event exists, but another organisation owns it and does not share it with us; " +
      "set misp.publisher to a name of your own",
  }]);
  rig.misp.fail({ kind: "not-authorised" });
  assert.deepEqual(await rig.deliver(report(5)), [{
    kind: "refused",
    reason: "the event belongs to another organisation; set misp.publisher to a name of your own",
  }]);
});

const UNAVAILABLE: readonly (readonly [string, RigOptions, (misp: FakeMisp) => void, RegExp])[] = [
  ["a wrong key", { key: "x".repeat(40) }, () => {}, /403: Authentication failed/],
  ["a key that may only read", { as: "readonly" }, () => {}, /403: You do not have permission/],
  ["maintenance", { maintenance: true }, () => {}, /login page/],
  ["a redirect", {}, (misp) => misp.fail({ kind: "login-redirect" }), /login page/],
  ["an HTML page", {}, (misp) => misp.fail({ kind: "html" }), /not JSON/],
  ["a database that is down", {}, (misp) => void (misp.databaseDown = true), /answered 500/],
];

for (const [what, options, prepare, reason] of UNAVAILABLE) {
  Deno.test(`deliver() stops at once and keeps every report at ${what}`, async () => {
    await using rig = await startRig(options);
    prepare(rig.misp);
    const outcomes = await rig.deliver(report(), report(), report());
    assert.equal(outcomes.length, 1);
    assert.equal(outcomes[0]?.kind, "unavailable");
    assert.match(JSON.stringify(outcomes[0]), reason);
    assert.doesNotMatch(
      JSON.stringify(outcomes[0]),
      new RegExp(options.key ?? rig.misp.keys.publisher),
    );
  });
}

const LOST: readonly (readonly [string, Fault, RegExp])[] = [
  ["502", { kind: "gateway", status: 502 }, /answered 502/],
  ["503", { kind: "gateway", status: 503 }, /answered 503/],
  ["JSON that stops", { kind: "broken-json" }, /ends in the middle/],
  ["a closed connection", { kind: "close" }, /cannot be reached/],
  ["an answer that is lost", { kind: "lost-answer" }, /cannot be reached/],
  ["an answer cut in the middle", { kind: "cut-body" }, /cannot be reached/],
];

for (const [what, fault, reason] of LOST) {
  Deno.test(`deliver() goes on after ${what}, and leaves what a clean run leaves`, async () => {
    await using rig = await startRig();
    rig.misp.fail(fault);
    assert.deepEqual(bare(await rig.deliver(report())), [DELIVERED]);
    assert.deepEqual(seen(rig.misp), [THREE]);
  });

  Deno.test(`deliver() gives a report up after three retries of ${what}, and then others`, async () => {
    await using rig = await startRig();
    const event = report().eventUuid;
    rig.misp.failEvery(1, { ...fault, saying: new RegExp(event), on: /events\/(add|edit)/ });
    const outcomes = await rig.deliver(report(), report(3, {}, "198.51.100.8"));
    assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ["delivered", "unanswered"]);
    assert.match(JSON.stringify(outcomes), reason);
    const tries = rig.misp.requests.filter(({ body }) =>
      JSON.stringify(body ?? "").includes(event)
    );
    assert.equal(tries.length, 4);
  });
}

const NOT_AGAIN: readonly (readonly [string, Fault, RegExp, timeoutMs: number])[] = [
  ["504", { kind: "gateway", status: 504 }, /answered 504/, 10_000],
  ["no answer", { kind: "hang" }, /did not answer within 2 s/, 2_000],
  ["half an answer", { kind: "hang-body" }, /did not answer/, 2_000],
];

for (const [what, fault, reason, timeoutMs] of NOT_AGAIN) {
  Deno.test(`deliver() sends nothing a second time beside a MISP that may be at work: ${what}`, async () => {
    await using rig = await startRig({ timeoutMs });
    rig.misp.fail(fault);
    const outcomes = await rig.deliver(report());
    assert.deepEqual(outcomes.map(({ kind }) => kind), ["unanswered"]);
    assert.match(JSON.stringify(outcomes), reason);
    assert.equal(rig.misp.requests.length, 1);
  });
}

Deno.test("deliver() to a MISP that is away sends few requests, and hardly any the next times", async () => {
  await using rig = await startRig();
  rig.misp.failEvery(1, { kind: "close" });
  const reports = Array.from({ length: 50 }, (_, n) => report(3, {}, `198.51.100.${n}`));
  const counts: number[] = [];
  for (let round = 0; round < 3; round++) {
    const before = rig.misp.requests.length;
    await rig.deliver(...round === 0 ? reports : reports.slice(0, 1));
    counts.push(rig.misp.requests.length - before);
  }
  // Four events at a time and the ten retries of the budget, one of the floor; later each is sent once.
  assert.ok(counts[0]! <= 6 + 10 + 1, `${counts[0]} requests`);
  assert.deepEqual(counts.slice(1), [1, 1]);
});

Deno.test("deliver() pauses as long as a 429 asks", async () => {
  await using rig = await startRig();
  rig.misp.fail({ kind: "rate-limit", reset: 120 });
  assert.deepEqual(await rig.deliver(report()), [{
    kind: "unavailable",
    reason: "MISP answered 429: too many requests",
    afterMs: 120_000,
  }]);
});

Deno.test("deliver() refuses no body that gives 500 each time: MISP may be at fault", async () => {
  await using rig = await startRig();
  rig.misp.fail({ kind: "same-body-500" });
  const kinds: string[] = [];
  for (const tries of [0, 1, 2]) {
    const [outcome] = await rig.deliver(report(3, { tries }));
    kinds.push(outcome?.kind ?? "none");
  }
  assert.deepEqual(kinds, ["failed", "failed", "failed"]);
});

Deno.test("deliver() begins no other event when several in a row give 500", async () => {
  await using rig = await startRig();
  rig.misp.failEvery(1, { kind: "internal-error", on: /events\/add/ });
  const sources = Array.from({ length: 50 }, (_, at) => `198.51.100.${at + 1}`);
  const outcomes = await rig.deliver(...sources.map((source) => report(3, {}, source)));
  assert.deepEqual([...new Set(outcomes.map(({ kind }) => kind))], ["failed"]);
  // Four are worked on at a time.
  assert.ok(outcomes.length <= 6, `${outcomes.length} events`);
});

Deno.test("deliver() pauses when MISP answers with another event", async () => {
  const stranger = JSON.stringify({ Event: { uuid: uuidOf("198.51.100.9") } });
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(stranger),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  using client = new MispClient({ url, apiKey: "k", caCertificate: undefined, timeoutMs: 60_000 });
  const sink = new RestSink(client, { publish: true, maxParallel: 1 });
  const known = { isKnownThere: true };
  const reports = [report(), report(3, known, "198.51.100.8")];
  for (const one of reports) {
    const outcomes: unknown[] = [];
    for await (const { outcome } of sink.deliver([one], () => 0)) outcomes.push(outcome);
    assert.deepEqual(outcomes, [{
      kind: "unavailable",
      reason: `MISP answered with another event than ${one.eventUuid}; is there a cache before it?`,
    }]);
  }
});

Deno.test("deliver() says when it began with each event, before its first request", async () => {
  await using misp = await FakeMisp.start({ tags: TAGS });
  let now = 100;
  using client = new MispClient({
    url: misp.url,
    apiKey: misp.keys.publisher,
    caCertificate: undefined,
    timeoutMs: 60_000,
  });
  const sink = new RestSink(client, { publish: true, maxParallel: 1 });
  const reports = [report(), report(3, {}, "198.51.100.8")];
  const starts: number[] = [];
  for await (const { startedAt } of sink.deliver(reports, () => now++)) starts.push(startedAt);
  const requests = misp.requests.length;
  // The clock goes on with each look at it: once when asked, at each start, and at each answer.
  assert.deepEqual(starts, [101, 102 + requests / 2]);
});

Deno.test("deliver() refuses what fails validation, with MISP's reason, and goes on", async () => {
  await using rig = await startRig();
  const bad = report();
  const event = { ...JSON.parse(bad.body) as object, threat_level_id: "9" };
  const [refused, next] = await rig.deliver(
    { ...bad, body: JSON.stringify(event) },
    report(3, {}, "198.51.100.8"),
  );
  assert.deepEqual(refused, {
    kind: "refused",
    reason: 'MISP refused it: {"Event":{"threat_level_id":' +
      '["Options : 1, 2, 3, 4 (for High, Medium, Low, Undefined)"]}}',
  });
  assert.equal(next?.kind, "delivered");
});

Deno.test("deliver() takes a queued publication for done", async () => {
  await using rig = await startRig({ backgroundJobs: true });
  assert.deepEqual(bare(await rig.deliver(report())), [DELIVERED]);
});

Deno.test("request() follows no redirect with the key and says no secret", async () => {
  await using rig = await startRig();
  rig.misp.fail({ kind: "login-redirect" });
  await rig.deliver(report());
  assert.equal(rig.misp.requests.length, 1);
});
