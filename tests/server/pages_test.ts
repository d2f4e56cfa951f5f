import assert from "node:assert/strict";
import { sshdAlert } from "../support/fixtures.ts";
import { PageScene, SCENE_START } from "../support/page_scene.ts";
import { A, B, MINUTE, refusedScene, wordsOf } from "./pages_rig.ts";

Deno.test("GET / of an empty buffer says what to do next", async () => {
  using scene = new PageScene();
  const words = wordsOf(await scene.page("/"));
  assert.match(words, /No attacks yet/);
  assert.match(words, /curl --data-binary @alert\.json/);
  assert.match(words, /last MISP success never/);
});

Deno.test("GET / says why alerts came to nothing", async () => {
  using scene = new PageScene();
  const body = JSON.stringify(sshdAlert({ agent: "web-01" }));
  await scene.fetch("/alerts", { method: "POST", body });
  const words = wordsOf(await scene.page("/"));
  assert.match(words, /1 alert arrived, and none was evidence/);
  assert.match(words, /ignored: not honeypot 1/);
});

Deno.test("GET / shows the rate, sources, names, sensors, techniques and what waits", async () => {
  using scene = new PageScene();
  const sourceLocation = { countryCode: "NL", country: "Netherlands" };
  await scene.attack(
    { source: A, username: "oracle", sourceLocation },
    { source: A, username: "oracle", sensor: "honeypot-ams2" },
    { source: B, username: "git" },
  );
  scene.now += MINUTE;
  const words = wordsOf(await scene.page("/"));
  for (
    const expected of [
      /attempts in 24 h 3 /,
      /known sources 0 2 open attacks/,
      /lag 60 s /,
      new RegExp(`${A} NL Netherlands 2 2 60 s ago pending collecting for 60 s`),
      new RegExp(`${B} – 1 1 `),
      /oracle 2 git 1/,
      /honeypot-ams2 1 60 s ago/,
      /T1021\.004 SSH 3 T1110\.001 Password Guessing 3/,
      /2 attacks are open\. An attack is reported once its source was silent for 15 min, at the latest after 60 min/,
    ]
  ) assert.match(words, expected);
});

Deno.test("GET / counts an attempt once that sshd and PAM log", async () => {
  using scene = new PageScene();
  const rules = ["5760", "5503"];
  const lines = [
    "Failed password for root from 82.202.219.155 port 51676 ssh2",
    "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=82.202.219.155  user=root",
  ];
  for (const [index, message] of lines.entries()) {
    const time = new Date(SCENE_START).toISOString();
    const alert = sshdAlert({ time, rule: rules[index]!, message });
    const answer = await scene.fetch("/alerts", { method: "POST", body: JSON.stringify(alert) });
    assert.equal((await answer.json()).accepted, 1);
  }
  assert.match(wordsOf(await scene.page("/")), /attempts in 24 h 1 /);
});

Deno.test("GET / links delivered sources to their event in MISP", async () => {
  using scene = new PageScene();
  await scene.attack({ source: A });
  await scene.publish(true);
  const uuid = (await scene.buffer.views.source(A))?.eventUuid;
  const page = await scene.page("/");
  assert.ok(page.includes(`href="https://misp.example.org/events/view/${uuid}"`));
  assert.match(wordsOf(page), /delivered MISP event/);
  assert.match(wordsOf(page), /known sources 1 0 open attacks/);
  assert.match(wordsOf(page), /last MISP success 0 s ago, at 14:07 UTC/);
});

for (const mispUrl of [undefined, "javascript:alert(1)//"]) {
  Deno.test(`GET / makes no link with misp.url ${mispUrl}`, async () => {
    using scene = new PageScene({}, { mispUrl });
    await scene.attack({ source: A });
    await scene.publish(true);
    const page = await scene.page("/");
    assert.match(wordsOf(page), /delivered/);
    assert.doesNotMatch(page, /events\/view|javascript:/);
  });
}

Deno.test("GET / says what is wrong: refused reports, a sink that is paused, a long wait", async () => {
  using scene = await refusedScene("no such <b>tag</b>");
  await scene.attack({ source: B });
  scene.answer = () => ({ kind: "unavailable", reason: "connection <i>refused</i>" });
  await scene.publish(true);
  scene.now += 1000;
  let page = await scene.page("/");
  assert.match(wordsOf(page), /1 report refused : see why, and send again/);
  assert.match(page, /<b>misp is paused<\/b>/);
  assert.match(page, /connection &lt;i&gt;refused&lt;\/i&gt;/);
  assert.match(wordsOf(page), /refused no such &lt;b&gt;tag/);
  assert.doesNotMatch(page, /longer than expected/);
  scene.now += 70 * MINUTE;
  page = await scene.page("/");
  assert.match(wordsOf(page), /An attack or a report has waited for 70 min , longer than expected/);
});

Deno.test("GET / draws each quarter of an hour of a day, and omits what is older", async () => {
  using scene = new PageScene();
  await scene.attack({ source: A }, { source: A });
  scene.now += 3 * 60 * MINUTE;
  await scene.attack({ source: A });
  const page = await scene.page("/");
  assert.equal(
    page.match(/<rect class="bar( latest)?" x=/g)?.length,
    3,
    "two of a day, one of an hour",
  );
  assert.match(
    page,
    /aria-label="24 hours: 3 attempts, at most 2 in 15 minutes from 14:00 UTC, a mean of 0\.1 per minute"/,
  );
  scene.now += 23 * 60 * MINUTE;
  await scene.buffer.retention.prune(
    { seenMs: 1e12, recordMs: 1e12, connectionMs: 1e12 },
    scene.now,
  );
  assert.deepEqual((await scene.buffer.views.overview(scene.now, "day")).minutes.length, 1);
  scene.now += 3 * 60 * MINUTE;
  await scene.buffer.retention.prune(
    { seenMs: 1e12, recordMs: 1e12, connectionMs: 1e12 },
    scene.now,
  );
  assert.deepEqual((await scene.buffer.views.overview(0, "day")).minutes, []);
});

Deno.test("GET / remembers sensors that fell silent", async () => {
  using scene = new PageScene();
  await scene.attack({ source: A, sensor: "honeypot-lost" });
  await scene.publish(true);
  for (let index = 0; index < 110; index++) {
    scene.now += 1000;
    await scene.attack({ source: `82.1.1.${index}` });
  }
  await scene.publish(true);
  assert.match(wordsOf(await scene.page("/")), /honeypot-lost 1 2 min ago/);
});

Deno.test("overview() knows how many sources there are, through updates and forgetting", async () => {
  using scene = new PageScene();
  await scene.attack({ source: A }, { source: B });
  await scene.publish(true);
  scene.now += MINUTE;
  await scene.attack({ source: A });
  await scene.publish(true);
  assert.equal((await scene.buffer.views.overview(scene.now, "day")).knownSources, 2);
  await scene.buffer.retention.prune(
    { seenMs: 1e12, recordMs: 1000, connectionMs: 1e12 },
    scene.now,
  );
  assert.equal((await scene.buffer.views.overview(scene.now, "day")).knownSources, 1);
  assert.equal((await scene.buffer.views.status()).knownSources, 1);
});

Deno.test("GET / without JavaScript is loaded again, and is whole", async () => {
  using scene = new PageScene();
  await scene.attack({ source: A });
  const page = await scene.page("/");
  assert.match(page, /<noscript><meta http-equiv="refresh" content="30"><\/noscript>/);
  assert.ok(page.includes(A));
});

Deno.test("GET /sources/:ip shows one source", async () => {
  using scene = await refusedScene("Event.info is too long");
  scene.answer = () => ({ kind: "delivered", notes: [] });
  scene.now += MINUTE;
  await scene.attack(
    { source: A, username: "oracle", isCompromise: true },
    { source: A, username: "" },
  );
  await scene.publish(true);
  scene.now += MINUTE;
  await scene.attack({ source: A, username: "oracle" });
  const page = await scene.page(`/sources/${A}`);
  const words = wordsOf(page);
  for (
    const expected of [
      /The source logged in after failures at 2026-11-23 14:08:20 UTC/,
      /attempts 4 alerts 4/,
      /first seen 2026-11-23 14:07:20 UTC last seen 2026-11-23 14:09:20 UTC/,
      /delivered report to misp: 3 attempts so far/,
      /an attack began that is not reported yet/,
      /oracle 2 \(empty\) 1 root 1/,
      /honeypot-fra1 4 2 min ago just now/,
      /T1021\.004 SSH/,
    ]
  ) assert.match(words, expected);
  assert.match(page, /<svg role="img" aria-label="seen from 2026-11-23 14:07:20 UTC/);
});

Deno.test("GET /sources/:ip says 404 to an unknown source and to an invalid address", async () => {
  using scene = new PageScene();
  for (
    const [path, expected] of [["1.2.3.4", "The buffer knows nothing"], [
      "x",
      "not a valid address",
    ], [
      "1.2.3",
      "not a valid address",
    ]]
  ) {
    const response = await scene.fetch(`/sources/${path}`);
    assert.equal(response.status, 404, path);
    assert.ok((await response.text()).includes(expected!), path);
  }
});

Deno.test("GET /sources leads to the address that was asked for, as it is written here", async () => {
  using scene = new PageScene();
  await scene.attack({ source: B });
  const asked = await scene.fetch("/sources?ip=+2A02:4780:0:0::7+");
  assert.deepEqual([asked.status, asked.headers.get("Location")], [
    303,
    "/sources/2A02%3A4780%3A0%3A0%3A%3A7",
  ]);
  const led = await scene.fetch(asked.headers.get("Location")!);
  assert.deepEqual([led.status, led.headers.get("Location")], [
    303,
    "/sources/2a02%3A4780%3A%3A7",
  ]);
  assert.equal((await scene.fetch(led.headers.get("Location")!)).status, 200);
  const away = await scene.fetch("/sources?ip=//evil.example/");
  assert.equal(away.headers.get("Location"), "/sources/%2F%2Fevil.example%2F");
});

Deno.test("sources() of an attack with very many connections ends early and says so", async () => {
  using scene = new PageScene();
  await scene.attack(
    ...Array.from({ length: 20_100 }, (_, index) => ({ source: A, pid: index + 1 })),
    { source: B },
  );
  const { rows } = await scene.buffer.views.sources({ order: "attempts", most: 2 });
  assert.deepEqual(
    rows.map(({ sourceIp, attempts }) => [sourceIp, attempts]),
    [[A, { value: 1000, isMore: true }], [B, { value: 1, isMore: false }]],
  );
  const view = await scene.buffer.views.source(A);
  assert.deepEqual(view?.attempts, { value: 10_000, isMore: true });
  await scene.publish(true);
  const published = await scene.buffer.views.sources({ order: "attempts", most: 2 });
  assert.deepEqual(
    published.rows.map(({ sourceIp, attempts }) => [sourceIp, attempts]),
    [[A, { value: 20_100, isMore: false }], [B, { value: 1, isMore: false }]],
  );
});
