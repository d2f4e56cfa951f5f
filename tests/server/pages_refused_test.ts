import assert from "node:assert/strict";
import { PUBLISH_LEASE } from "../../src/publish/publisher.ts";
import { ReasonGroups, reasonOf } from "../../src/publish/refused/reasons.ts";
import { PageScene } from "../support/page_scene.ts";
import {
  A,
  AUTHORIZATION,
  B,
  form,
  MINUTE,
  refusedScene,
  sendForm,
  tokens,
  wordsOf,
} from "./pages_rig.ts";

const MANY = 3000;

/** Answers of MISP to so many reports: three reasons, each with other values. */
const ANSWERS: readonly ((index: number) => string)[] = [
  (index) => `MISP refused it: {"Event":{"orgc_id":["Organisation ${index} does not exist"]}}`,
  (index) =>
    `MISP answered 422: attribute ${crypto.randomUUID()} of 192.0.2.${index % 250} is not valid`,
  () => "the event was deleted in MISP and is on its blocklist",
];

/** A scene with many refused reports: of ten, seven have the first reason, two the second. */
async function manyRefused(count = MANY, changes = {}): Promise<PageScene> {
  const scene = new PageScene(changes);
  let index = 0;
  scene.answer = () => {
    const kind = [0, 0, 0, 0, 0, 0, 0, 1, 1, 2][index % 10]!;
    return { kind: "refused", reason: ANSWERS[kind]!(index++) };
  };
  await scene.attack(
    ...Array.from({ length: count }, (_, index) => ({ source: `2001:db8::${index.toString(16)}` })),
  );
  await scene.publish(true);
  return scene;
}

const countsOf = async ({ buffer }: PageScene) => {
  const { refused, waiting, dropped } = await buffer.views.status();
  return { refused, waiting, dropped };
};

Deno.test("GET /refused groups thousands by reason, each handled with three clicks", async () => {
  using scene = await manyRefused();
  const page = await scene.page("/refused");
  const words = wordsOf(page);
  assert.match(words, /3,000 reports were refused/);
  assert.match(words, /MISP refused it: orgc_id: Organisation … does not exist What to do:/);
  const sections = page.split('<section class="group"').slice(1).map(wordsOf);
  assert.deepEqual(
    sections.map((one) => /([\d,]+) reports to misp/.exec(one)?.[1]),
    ["2,100", "600", "300"],
  );
  assert.match(sections[1]!, /MISP answered 422: attribute … of … is not valid/);
  assert.match(sections[2]!, /What to do: Drop these reports if the deletion was meant/);
  assert.match(page, /<details>\s*<summary>The whole answer to the latest<\/summary>/);
  assert.ok(page.length < 30_000, `${page.length} characters`);

  // The first click led here; the second asks, the third does it, without a script.
  scene.now += MINUTE;
  const [, question] = /action="([^"]+\/retry)">\s*<button>Send all 2,100 again/.exec(page)!;
  const asked = await scene.page(question!);
  assert.match(wordsOf(asked), /Send 2,100 reports again\? .* Cancel/);
  assert.deepEqual(await countsOf(scene), { refused: 3000, waiting: 0, dropped: 0 });
  const answer = await sendForm(scene, asked);
  assert.equal(answer.headers.get("Location"), "/refused?notice=due&reports=2100");
  assert.deepEqual(await countsOf(scene), { refused: 900, waiting: 2100, dropped: 0 });
  assert.match(
    wordsOf(await scene.page("/refused?notice=due&reports=2100")),
    /2,100 reports are due now; the publisher sends within a minute\./,
  );

  const [, drop] = /action="([^"]+\/drop)">\s*<button>Drop all 300</.exec(page)!;
  const dropped = await sendForm(scene, await scene.page(drop!));
  assert.equal(dropped.headers.get("Location"), "/refused?notice=dropped&reports=300");
  assert.deepEqual(await countsOf(scene), { refused: 600, waiting: 2100, dropped: 300 });
  assert.equal((await scene.fetch(drop!)).status, 404);
});

Deno.test("GET /refused/GROUP lists the reports of a reason page by page", async () => {
  using scene = await manyRefused(200);
  const [, group] = /href="(\/refused\/[0-9a-f]{16})">List them/.exec(
    await scene.page("/refused"),
  )!;
  const seen: string[] = [];
  let pages = 0;
  for (let path: string | undefined = group!; path !== undefined; pages++) {
    const page = await scene.page(path);
    seen.push(...[...page.matchAll(/name="report" value="([^"]+)"/g)].map(([, uuid]) => uuid!));
    assert.match(wordsOf(page), /orgc_id: Organisation … does not exist/);
    path = /href="([^"]*\?after=[^"]+)">Next page/.exec(page)?.[1];
  }
  assert.deepEqual([pages, seen.length, new Set(seen).size], [3, 140, 140]);
  const wrong = await scene.page(`${group}?after=x`);
  assert.match(wordsOf(wrong), /Next page/);
});

Deno.test("POST /refused/GROUP/retry changes only what was refused when it was asked", async () => {
  using scene = await refusedScene("attribute 1 is not valid");
  const [, path] = /action="([^"]+\/retry)">\s*<button>Send the report again/.exec(
    await scene.page("/refused"),
  )!;
  const question = await scene.page(path!);
  scene.now += MINUTE;
  await scene.attack({ source: B });
  scene.answer = () => ({ kind: "refused", reason: "attribute 2 is not valid" });
  await scene.publish(true);
  assert.match(wordsOf(await scene.page("/refused")), /2 reports to misp/);
  const answer = await sendForm(scene, question);
  assert.equal(answer.headers.get("Location"), "/refused?notice=due&reports=1");
  assert.deepEqual(await countsOf(scene), { refused: 1, waiting: 1, dropped: 0 });
});

Deno.test("POST /refused/GROUP/drop changes nothing while a publisher is at work, and frees the lease", async () => {
  using scene = await manyRefused(20);
  const path = /action="([^"]+\/drop)"/.exec(await scene.page("/refused"))![1]!;
  const question = await scene.page(path);
  const lease = await scene.buffer.leases.take(PUBLISH_LEASE, "other", MINUTE, scene.now);
  const busy = await sendForm(scene, question);
  assert.equal(busy.headers.get("Location"), "/refused?notice=busy");
  await scene.buffer.leases.release(lease!);
  const dropped = await sendForm(scene, question);
  assert.equal(dropped.headers.get("Location"), "/refused?notice=dropped&reports=14");
  assert.equal(await scene.buffer.leases.isHeld(PUBLISH_LEASE, scene.now), false);
});

Deno.test("POST /refused/GROUP/retry lets others write between its batches", async () => {
  using scene = await manyRefused(2000);
  const path = /action="([^"]+\/retry)"/.exec(await scene.page("/refused"))![1]!;
  const question = await scene.page(path);
  const before = await countsOf(scene);
  const changing = sendForm(scene, question);
  const seen = new Set<number>();
  let isOver = false;
  const done = changing.finally(() => isOver = true);
  while (!isOver) {
    await scene.attack({ source: A });
    await new Promise((resolve) => setTimeout(resolve, 0));
    seen.add((await countsOf(scene)).refused);
  }
  await done;
  assert.equal(before.refused, 2000);
  assert.equal((await countsOf(scene)).refused, 600);
  assert.ok(seen.size > 3, `${seen.size} states were seen: it was one transaction`);
});

Deno.test("POST /refused/GROUP/drop needs a token, this origin, and the form of the question", async () => {
  using scene = await refusedScene("no", { tokens });
  const page = await (await scene.fetch("/refused", { headers: AUTHORIZATION })).text();
  const path = /action="([^"]+\/drop)"/.exec(page)![1]!;
  const until = String(scene.now);
  for (
    const [status, init] of [
      [401, form({ until })],
      [401, form({ until }, { ...AUTHORIZATION, Origin: "http://evil.example" })],
      [400, form({}, AUTHORIZATION)],
      [400, form({ until: "x" }, AUTHORIZATION)],
      [413, form({ until: "1".repeat(5000) }, AUTHORIZATION)],
    ] as const
  ) assert.equal((await scene.fetch(path, init)).status, status);
  for (const method of ["GET", "HEAD"]) {
    const asked = await scene.fetch(path, { method, headers: AUTHORIZATION });
    assert.equal(asked.status, 200);
  }
  assert.deepEqual(await countsOf(scene), { refused: 1, waiting: 0, dropped: 0 });
  assert.equal((await scene.fetch(path, form({ until }, AUTHORIZATION))).status, 303);
  assert.deepEqual(await countsOf(scene), { refused: 0, waiting: 0, dropped: 1 });
});

Deno.test("reasonOf() gives answers of one kind one key, whatever their values", () => {
  const same: readonly (readonly string[])[] = [
    [
      "MISP answered 422: no attribute 17 in event 9",
      "MISP answered 422: no attribute 3 in event 1",
    ],
    [
      'MISP says: value "root" of user is not allowed',
      'MISP says: value "admin \\"x\\" y" of user is not allowed',
    ],
    ["MISP says: 'a b' is not a name", "MISP says: 'c' is not a name"],
    ["MISP says: 192.0.2.7 is new", "MISP says: 2001:db8::7 is new"],
    [
      `MISP says: ${crypto.randomUUID()} is known`,
      "MISP says: 00000000-0000-5000-8000-00000000000a is known",
    ],
    [
      "MISP says: since 2026-11-23 it is closed",
      "MISP says: since 2026-11-24T10:00:00Z it is closed",
    ],
    [
      "MISP says: hash d41d8cd98f00b204e9800998ecf8427e",
      "MISP says: hash 900150983cd24fb0d6963f7d",
    ],
    [
      'MISP refused it: {"Attribute":{"0":{"value":["7 is not valid"]}}}',
      'MISP refused it: {"Attribute":{"5":{"value":["8 is not valid"]},"9":{"value":["9 is not valid"]}}}',
    ],
    [
      `MISP refused it: {"Event":{"info":["${"x ".repeat(200)}`.slice(0, 300),
      `MISP refused it: {"Event":{"info":["${"x ".repeat(200)}`.slice(0, 290),
    ],
    [
      "MISP left out, without a reason: ip-src 192.0.2.7",
      "MISP left out, without a reason: username root, comment",
    ],
  ];
  const keys = same.map((texts) => {
    const [key, ...others] = new Set(
      texts.map((lastError) => reasonOf({ sink: "misp", lastError }).key),
    );
    assert.deepEqual(others, [], texts[0]);
    return key;
  });
  assert.equal(new Set(keys).size, same.length, "and other answers other keys");
});

Deno.test("reasonOf() tells statuses, fields, sinks and words apart", () => {
  const keys = ([
    ["misp", "MISP answered 422: no"],
    ["misp", "MISP answered 405: no"],
    ["feed", "MISP answered 422: no"],
    ["misp", 'MISP refused it: {"Event":{"info":["no"]}}'],
    ["misp", 'MISP refused it: {"Event":{"date":["no"]}}'],
    ["misp", undefined],
  ] as const).map(([sink, lastError]) => reasonOf({ sink, lastError }).key);
  assert.equal(new Set(keys).size, keys.length);
});

Deno.test("reasonOf() says in a sentence why, and what to do", () => {
  assert.deepEqual(
    [
      undefined,
      "the proxy before MISP does not accept a body as large as this event (413)",
      'MISP refused it: {"Event":{"orgc_id":["No such organisation","7 is unknown"]}}',
    ].map((lastError) => {
      const { text, advice } = reasonOf({ sink: "misp", lastError });
      return `${text} | ${advice}`;
    }),
    [
      "No reason was given. | Read the whole answer and MISP's log. Send the reports again when " +
      "the cause is gone; drop them if MISP must not have them.",
      "The proxy before MISP does not accept a body as large as these events (413). | Raise " +
      "client_max_body_size or LimitRequestBody of that proxy, then send them again.",
      "MISP refused it: orgc_id: No such organisation; orgc_id: … is unknown | Correct in MISP or " +
      "in the configuration what its answer names, then send them again. If nothing there is " +
      "wrong, report it as an issue of this program.",
    ],
  );
});

Deno.test("ReasonGroups stands texts that an attacker chose", () => {
  const groups = new ReasonGroups();
  const start = performance.now();
  for (const piece of ['"', '\\"', "{", "[", "1.", "a:", "0:", "'", "`", "f", "2026-01-01T"]) {
    const lastError = piece.repeat(20_000);
    groups.reason({ sink: "misp", lastError });
  }
  assert.ok(performance.now() - start < 10_000);
});
