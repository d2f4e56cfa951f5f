import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers";
import { PUBLISH_LEASE } from "../../src/publish/publisher.ts";
import { parseTokens } from "../../src/server/access.ts";
import { MOST_LISTENERS } from "../../src/server/pages/live.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { PageScene, SCENE_START } from "../support/page_scene.ts";

const A = "82.202.219.155";
const B = "2a02:4780::7";
const MINUTE = 60_000;
const TOKEN = "Correct-Horse-Battery-Staple";
const tokens = () =>
  parseTokens(`analyst sha256:${createHash("sha256").update(TOKEN).digest("hex")}`);
const AUTHORIZATION = { Authorization: `Basic ${btoa(`me:${TOKEN}`)}` };

/** What is told to readers: no tags, one space between words. */
function wordsOf(page: string): string {
  return page.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
}

function form(fields: Record<string, string>, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    body: new URLSearchParams(fields).toString(),
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
  };
}

/** A scene with a report that MISP refused. */
async function refusedScene(reason = "MISP said no", changes = {}): Promise<PageScene> {
  const scene = new PageScene(changes);
  scene.answer = () => ({ kind: "refused", reason });
  await scene.guess({ source: A });
  await scene.publish(true);
  return scene;
}

/** The whole text of the next event. */
async function nextEvent(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value } = await reader.read();
  return new TextDecoder().decode(value);
}

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
  assert.match(words, /1 alert came, and none was evidence/);
  assert.match(words, /ignored: not honeypot 1/);
});

Deno.test("GET / tells the rate, sources, names, sensors, techniques and what waits", async () => {
  using scene = new PageScene();
  const place = { countryCode: "NL", country: "Netherlands" };
  await scene.guess(
    { source: A, username: "oracle", place },
    { source: A, username: "oracle", sensor: "honeypot-ams2" },
    { source: B, username: "git" },
  );
  scene.now += MINUTE;
  const words = wordsOf(await scene.page("/"));
  for (
    const told of [
      /attempts in 24 h 3 /,
      /known sources 0 2 open attacks/,
      /lag 60 s /,
      new RegExp(`${A} NL Netherlands 2 60 s ago pending gathering for 60 s`),
      new RegExp(`${B} – 1 `),
      /oracle 2 git 1/,
      /honeypot-ams2 1 60 s ago/,
      /T1110\.001 Password Guessing 2/,
      /2 attacks are being gathered: each is reported once its source was silent for 15 min, at the latest after 60 min/,
    ]
  ) assert.match(words, told);
});

Deno.test("GET / counts a guess once that sshd and PAM tell of", async () => {
  using scene = new PageScene();
  const rules = ["5760", "5503"];
  const lines = [
    "Failed password for root from 82.202.219.155 port 51676 ssh2",
    "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=82.202.219.155  user=root",
  ];
  for (const [index, message] of lines.entries()) {
    const alert = sshdAlert({ rule: rules[index]!, message });
    const answer = await scene.fetch("/alerts", { method: "POST", body: JSON.stringify(alert) });
    assert.equal((await answer.json()).accepted, 1);
  }
  assert.match(wordsOf(await scene.page("/")), /attempts in 24 h 1 /);
});

Deno.test("GET / links delivered sources to their event in MISP", async () => {
  using scene = new PageScene();
  await scene.guess({ source: A });
  await scene.publish(true);
  const uuid = (await scene.buffer.sourceView(A))?.eventUuid;
  const page = await scene.page("/");
  assert.ok(page.includes(`href="https://misp.example.org/events/view/${uuid}"`));
  assert.match(wordsOf(page), /delivered MISP event/);
  assert.match(wordsOf(page), /known sources 1 0 open attacks/);
  assert.match(wordsOf(page), /last MISP success 0 s ago, at 14:07 UTC/);
});

for (const mispUrl of [undefined, "javascript:alert(1)//"]) {
  Deno.test(`GET / makes no link with misp.url ${mispUrl}`, async () => {
    using scene = new PageScene({}, { mispUrl });
    await scene.guess({ source: A });
    await scene.publish(true);
    const page = await scene.page("/");
    assert.match(wordsOf(page), /delivered/);
    assert.doesNotMatch(page, /events\/view|javascript:/);
  });
}

Deno.test("GET / says what is wrong: refused reports, a sink that is left alone, a long wait", async () => {
  using scene = await refusedScene("no such <b>tag</b>");
  await scene.guess({ source: B });
  scene.answer = () => ({ kind: "unavailable", reason: "connection <i>refused</i>" });
  await scene.publish(true);
  scene.now += 1000;
  let page = await scene.page("/");
  assert.match(wordsOf(page), /1 report refused : see why, and send again/);
  assert.match(page, /<b>misp is left alone<\/b>/);
  assert.match(page, /connection &lt;i&gt;refused&lt;\/i&gt;/);
  assert.match(wordsOf(page), /refused no such &lt;b&gt;tag/);
  assert.doesNotMatch(page, /longer than it should/);
  scene.now += 70 * MINUTE;
  page = await scene.page("/");
  assert.match(wordsOf(page), /Something waits for 70 min , longer than it should/);
});

Deno.test("GET / draws each quarter of an hour of a day, and forgets what is older", async () => {
  using scene = new PageScene();
  await scene.guess({ source: A }, { source: A });
  scene.now += 3 * 60 * MINUTE;
  await scene.guess({ source: A });
  const page = await scene.page("/");
  assert.equal(
    page.match(/<rect class="bar( latest)?" x=/g)?.length,
    3,
    "two of a day, one of an hour",
  );
  assert.match(page, /aria-label="24 hours: 3 attempts, at most 0\.1 per minute at 14:00 UTC"/);
  scene.now += 23 * 60 * MINUTE;
  await scene.buffer.prune({ seenMs: 1e12, homeMs: 1e12, connectionMs: 1e12 }, scene.now);
  assert.deepEqual((await scene.buffer.overview(scene.now)).minutes.length, 1);
  scene.now += 3 * 60 * MINUTE;
  await scene.buffer.prune({ seenMs: 1e12, homeMs: 1e12, connectionMs: 1e12 }, scene.now);
  assert.deepEqual((await scene.buffer.overview(0)).minutes, []);
});

Deno.test("GET / remembers sensors that fell silent", async () => {
  using scene = new PageScene();
  await scene.guess({ source: A, sensor: "honeypot-lost" });
  await scene.publish(true);
  for (let index = 0; index < 110; index++) {
    scene.now += 1000;
    await scene.guess({ source: `82.1.1.${index}` });
  }
  await scene.publish(true);
  assert.match(wordsOf(await scene.page("/")), /honeypot-lost 1 2 min ago/);
});

Deno.test("overview() knows how many sources there are, through updates and forgetting", async () => {
  using scene = new PageScene();
  await scene.guess({ source: A }, { source: B });
  await scene.publish(true);
  scene.now += MINUTE;
  await scene.guess({ source: A });
  await scene.publish(true);
  assert.equal((await scene.buffer.overview(scene.now)).knownSources, 2);
  await scene.buffer.prune({ seenMs: 1e12, homeMs: 1000, connectionMs: 1e12 }, scene.now);
  assert.equal((await scene.buffer.overview(scene.now)).knownSources, 1);
  assert.equal((await scene.buffer.status()).knownSources, 1);
});

const HOSTILE = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  "</title></svg></table><script>x</script>",
  "{{7*7}}${7*7}",
  "\u202egnp.exe\u0000\u001b[2J",
  "&lt;b&gt;",
  "javascript:alert(1)",
];

/** The tags of a page and their attributes, as a parser of one's own mind would see them. */
function assertHarmless(page: string, about: string): void {
  assert.doesNotMatch(page, /<script(?! src="\/assets\/)/i, about);
  assert.doesNotMatch(page, /<(img|iframe|object|embed|style|base)\b/i, about);
  for (const [tag] of page.matchAll(/<[a-z][^>]*>/gi)) {
    const names = tag.replaceAll(/"[^"]*"/g, '""');
    assert.doesNotMatch(names, /\s(on\w+|style)\s*=/i, `${about}: ${tag}`);
    const [, link] = /\s(?:href|src|action)="([^"]*)"/i.exec(tag) ?? [];
    assert.match(link ?? "/", /^(\/(?!\/)|#|https:\/\/misp\.example\.org\/)/, `${about}: ${tag}`);
  }
  // deno-lint-ignore no-control-regex -- they are what must not be there
  assert.doesNotMatch(page, /[\u0000-\u0008\u001b\u202a-\u202e]/, about);
}

Deno.test("pages show an attacker's words as words, in every place", async () => {
  using scene = new PageScene();
  for (const text of HOSTILE) {
    const place = { country: text, countryCode: text, city: text, organisation: text, asn: 1 };
    const guess = { username: text, sensor: text, technique: text, place };
    scene.answer = () => ({ kind: "refused", reason: text });
    await scene.guess({ ...guess, source: A, isCompromise: true }, { ...guess, source: B });
    await scene.publish(true);
    scene.answer = () => ({ kind: "retry", reason: text });
    await scene.guess({ ...guess, source: B });
    await scene.publish(true);
    scene.answer = () => ({ kind: "unavailable", reason: text });
    await scene.guess({ ...guess, source: "82.1.1.1" });
    await scene.publish(true);
    await scene.buffer.remember("publisher's problem", text);
    await scene.guess({ ...guess, source: A });
    for (
      const path of [
        ...["/", "/refused", `/sources/${A}`, `/sources/${encodeURIComponent(B)}`],
        ...[`/sources/${encodeURIComponent(text)}`, `/refused?told=${encodeURIComponent(text)}`],
        `/refused?told=due&reports=${encodeURIComponent(text)}`,
      ]
    ) {
      const page = await scene.page(path);
      assertHarmless(page, `${path} ${text}`);
      if (path === "/") assert.ok(page.includes("<bdi>"), "names are set apart");
    }
    scene.now += 60 * MINUTE;
  }
  const page = await scene.page("/");
  assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  assert.match(page, /\\u202egnp\.exe/);
});

Deno.test("pages have nothing from elsewhere and nothing that the policy would refuse", async () => {
  using scene = await refusedScene();
  for (const path of ["/", "/refused", `/sources/${A}`, "/sources/1.1.1.1"]) {
    const response = await scene.fetch(path);
    assertHarmless(await response.text(), path);
    assert.equal(response.headers.get("Cache-Control"), "no-store");
    assert.match(response.headers.get("Content-Type") ?? "", /^text\/html; charset=utf-8/i);
    const policy = response.headers.get("Content-Security-Policy") ?? "";
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
  }
});

Deno.test("pages load files that may be kept, since their names change with them", async () => {
  using scene = new PageScene();
  const page = await scene.page("/");
  const paths = [...page.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
  assert.equal(paths.length, 3);
  for (const path of paths) {
    const response = await scene.fetch(path);
    const text = await response.text();
    assert.equal(response.status, 200);
    assert.match(response.headers.get("Cache-Control") ?? "", /max-age=31536000, immutable/);
    assert.ok(path.includes(createHash("sha256").update(text).digest("hex").slice(0, 12)));
    assert.doesNotMatch(text, /@import|url\(|https?:\/\/(?!www\.w3\.org\/2000\/svg")/);
  }
  assert.equal((await scene.fetch("/assets/pages.000000000000.css")).status, 404);
});

Deno.test("GET / without JavaScript is loaded again, and is whole", async () => {
  using scene = new PageScene();
  await scene.guess({ source: A });
  const page = await scene.page("/");
  assert.match(page, /<noscript><meta http-equiv="refresh" content="30"><\/noscript>/);
  assert.ok(page.includes(A));
});

Deno.test("GET /sources/:ip tells of one source", async () => {
  using scene = await refusedScene("Event.info is too long");
  scene.answer = () => ({ kind: "delivered", notes: [] });
  scene.now += MINUTE;
  await scene.guess(
    { source: A, username: "oracle", isCompromise: true },
    { source: A, username: "" },
  );
  await scene.publish(true);
  scene.now += MINUTE;
  await scene.guess({ source: A, username: "oracle" });
  const page = await scene.page(`/sources/${A}`);
  const words = wordsOf(page);
  for (
    const told of [
      /A login was let in/,
      /attempts 4 alerts 4/,
      /first seen 2026-11-23 14:07:20 UTC last seen 2026-11-23 14:09:20 UTC/,
      /delivered report to misp: 3 attempts so far/,
      /an attack began that is not reported yet/,
      /oracle 2 \(empty\) 1 root 1/,
      /honeypot-fra1 4 2 min ago just now/,
      /T1021\.004 SSH/,
    ]
  ) assert.match(words, told);
  assert.match(page, /<svg role="img" aria-label="seen from 2026-11-23 14:07:20 UTC/);
});

Deno.test("GET /sources/:ip says 404 to what is unknown and to what is no address", async () => {
  using scene = new PageScene();
  for (
    const [path, told] of [["1.2.3.4", "Nothing is known"], ["x", "no address"], [
      "1.2.3",
      "no address",
    ]]
  ) {
    const response = await scene.fetch(`/sources/${path}`);
    assert.equal(response.status, 404, path);
    assert.ok((await response.text()).includes(told!), path);
  }
});

Deno.test("GET /sources leads to the address that was asked for, as it is written here", async () => {
  using scene = new PageScene();
  await scene.guess({ source: B });
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

Deno.test("GET /refused tells why, and POST /refused/retry sends again", async () => {
  using scene = await refusedScene("Event.info is too long");
  const page = await scene.page("/refused");
  assert.match(wordsOf(page), new RegExp(`${A} .* Event\\.info is too long`));
  const report = /name="report" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const answer = await scene.fetch("/refused/retry", form({ report, sink: "misp" }));
  assert.deepEqual([answer.status, answer.headers.get("Location")], [
    303,
    "/refused?told=due&reports=1",
  ]);
  const after = wordsOf(await scene.page("/refused?told=due&reports=1"));
  assert.match(after, /1 report is due now, and will be sent within a minute/);
  assert.match(after, /None: everything was taken, or waits for its turn/);
  scene.answer = () => ({ kind: "delivered", notes: [] });
  await scene.publish();
  assert.equal((await scene.buffer.status()).delivered, 1);
  const again = await scene.fetch("/refused/retry", form({ report, sink: "misp" }));
  assert.equal(again.headers.get("Location"), "/refused?told=none");
});

Deno.test("POST /refused/retry sends all of them again", async () => {
  using scene = await refusedScene();
  await scene.guess({ source: B });
  await scene.publish(true);
  assert.match(wordsOf(await scene.page("/refused")), /2 reports were refused/);
  const answer = await scene.fetch("/refused/retry", form({ all: "2" }));
  assert.equal(answer.headers.get("Location"), "/refused?told=due&reports=2");
  assert.equal((await scene.buffer.status()).waiting, 2);
});

Deno.test("POST /refused/retry changes nothing while a publisher is at work", async () => {
  using scene = await refusedScene();
  await scene.buffer.takeLease(PUBLISH_LEASE, "other", MINUTE, scene.now);
  const answer = await scene.fetch("/refused/retry", form({ all: "1" }));
  assert.equal(answer.headers.get("Location"), "/refused?told=busy");
  assert.match(wordsOf(await scene.page("/refused?told=busy")), /A publisher is at work just now/);
  assert.equal((await scene.buffer.status()).refused, 1);
});

Deno.test("POST /refused/retry refuses what names no report, and long forms", async () => {
  using scene = await refusedScene();
  for (
    const fields of [{}, { report: "x", sink: "misp" }, { report: crypto.randomUUID(), sink: "x" }]
  ) {
    assert.equal(
      (await scene.fetch("/refused/retry", form(fields as Record<string, string>))).status,
      400,
    );
  }
  const long = form({ report: "x".repeat(5000) });
  assert.equal((await scene.fetch("/refused/retry", long)).status, 413);
  assert.equal((await scene.buffer.status()).refused, 1);
});

Deno.test("POST /refused/retry refuses forms of other pages", async () => {
  using local = await refusedScene();
  using known = await refusedScene("no", { tokens });
  for (const origin of ["http://evil.example", "null", "http://127.0.0.1:9", "https://localhost"]) {
    const own = await local.fetch("/refused/retry", form({ all: "1" }, { Origin: origin }));
    assert.equal(own.status, 401, origin);
    const headers = { ...AUTHORIZATION, Origin: origin };
    const other = await known.fetch("/refused/retry", form({ all: "1" }, headers));
    assert.equal(other.status, 401, origin);
  }
  assert.equal((await local.buffer.status()).refused, 1);
  assert.equal((await known.buffer.status()).refused, 1);
  const headers = { ...AUTHORIZATION, Origin: "http://127.0.0.1:8787" };
  assert.equal((await known.fetch("/refused/retry", form({ all: "1" }, headers))).status, 303);
});

const PATHS = ["/", "/live", "/refused", "/sources", `/sources/${A}`];

Deno.test("pages are for those with a token once there are tokens", async () => {
  using scene = await refusedScene("no", { tokens });
  const css = /"(\/assets\/pages[^"]+)"/.exec(
    await (await scene.fetch("/", { headers: AUTHORIZATION })).text(),
  )![1]!;
  for (const path of [...PATHS, css]) {
    const response = await scene.fetch(path);
    assert.equal(response.status, 401, path);
    assert.doesNotMatch(await response.text(), new RegExp(A));
  }
  assert.equal((await scene.fetch("/refused/retry", form({ all: "1" }))).status, 401);
});

Deno.test("pages are for this machine only while there are no tokens", async () => {
  using scene = await refusedScene();
  for (const path of PATHS) assert.equal((await scene.fetch(path, {}, "198.51.100.9")).status, 401);
});

Deno.test("open pages are seen by everybody, and change nothing", async () => {
  using scene = await refusedScene("no", { tokens, openPages: true });
  for (const path of ["/", "/refused", `/sources/${A}`]) {
    assert.equal((await scene.fetch(path, {}, "198.51.100.9")).status, 200, path);
  }
  const answer = await scene.fetch("/refused/retry", form({ all: "1" }), "198.51.100.9");
  assert.equal(answer.status, 401);
});

/** Lets what is live look once, and waits until it has. */
async function step(scene: PageScene): Promise<void> {
  for (const work of scene.steps) work();
  // The steps' own promises are not told: theirs are short chains without a timer.
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}

Deno.test("GET /live tells the state at once, then again when something was accepted or delivered", async () => {
  using scene = new PageScene();
  const response = await scene.fetch("/live");
  assert.match(response.headers.get("Content-Type") ?? "", /^text\/event-stream/);
  assert.equal(response.headers.get("Cache-Control"), "no-store, no-transform");
  const reader = response.body!.getReader();
  const first = await nextEvent(reader);
  assert.match(first, /^retry: 3000\nevent: parts\n(data: [^\n]*\n)+\n$/);
  assert.match(wordsOf(first), /No attacks yet/);
  await step(scene);
  const body = JSON.stringify(sshdAlert());
  assert.equal((await scene.fetch("/alerts", { method: "POST", body })).status, 200);
  await step(scene);
  const second = await nextEvent(reader);
  assert.match(second, /82\.202\.219\.155/);
  assert.match(second, /pending/);
  await scene.publish(true);
  await step(scene);
  assert.match(await nextEvent(reader), /delivered/);
  await reader.cancel();
});

Deno.test("GET /live says that it is still there when nothing changes, and time when a minute is over", async () => {
  using scene = new PageScene();
  const reader = (await scene.fetch("/live")).body!.getReader();
  await nextEvent(reader);
  for (let steps = 0; steps < 15; steps++) await step(scene);
  assert.equal(await nextEvent(reader), ": still here\n\n");
  scene.now += MINUTE;
  await step(scene);
  assert.match(await nextEvent(reader), /as of/);
  await reader.cancel();
});

Deno.test("GET /live does no work once nobody listens", async () => {
  using scene = new PageScene();
  const one = (await scene.fetch("/live")).body!;
  const other = (await scene.fetch("/live")).body!;
  assert.equal(scene.steps.size, 1);
  await one.cancel();
  assert.equal(scene.steps.size, 1);
  await other.cancel();
  assert.equal(scene.steps.size, 0);
});

Deno.test("GET /live leaves out who does not read, and keeps nothing for them", async () => {
  using scene = new PageScene();
  const reader = (await scene.fetch("/live")).body!.getReader();
  for (let index = 0; index < 5; index++) {
    await scene.guess({ source: `82.1.1.${index}` });
    await step(scene);
  }
  assert.doesNotMatch(await nextEvent(reader), /82\.1\.1\.0/);
  await scene.guess({ source: "82.1.1.9" });
  await step(scene);
  assert.match(await nextEvent(reader), /82\.1\.1\.4[^]*82\.1\.1\.9|82\.1\.1\.9[^]*82\.1\.1\.4/);
  await reader.cancel();
});

Deno.test("GET /live takes no more listeners than it can serve", async () => {
  using scene = new PageScene();
  const bodies: ReadableStream[] = [];
  for (let index = 0; index < MOST_LISTENERS; index++) {
    bodies.push((await scene.fetch("/live")).body!);
  }
  const response = await scene.fetch("/live");
  assert.deepEqual([response.status, response.headers.get("Retry-After")], [503, "10"]);
  await bodies[0]!.cancel();
  const next = await scene.fetch("/live");
  assert.equal(next.status, 200);
  for (const body of [...bodies.slice(1), next.body!]) await body.cancel();
});

Deno.test("GET /live ends with the service", async () => {
  const ended = new AbortController();
  using scene = new PageScene({}, { ended: ended.signal });
  const reader = (await scene.fetch("/live")).body!.getReader();
  await nextEvent(reader);
  ended.abort();
  assert.equal((await reader.read()).done, true);
  assert.equal(scene.steps.size, 0);
  assert.equal((await scene.fetch("/live")).status, 503);
});

Deno.test("GET /live goes on after a look that failed", async () => {
  using scene = new PageScene();
  const reader = (await scene.fetch("/live")).body!.getReader();
  await nextEvent(reader);
  const { stamp } = scene.buffer;
  scene.buffer.stamp = () => Promise.reject(new Error("disk I/O error"));
  await step(scene);
  assert.deepEqual(scene.logged, ["error: live: disk I/O error"]);
  scene.buffer.stamp = stamp;
  await scene.guess({ source: A });
  await step(scene);
  assert.match(await nextEvent(reader), new RegExp(A));
  await reader.cancel();
});

Deno.test("stamp() changes with every write, of other processes too", async () => {
  const path = Deno.makeTempDirSync({ dir: "/tmp", prefix: "custom-misp-" });
  try {
    using one = new PageScene({}, {}, `${path}/buffer.db`);
    using other = new PageScene({}, {}, `${path}/buffer.db`);
    const before = await one.buffer.stamp();
    assert.equal(await one.buffer.stamp(), before);
    await other.guess({ source: A });
    const between = await one.buffer.stamp();
    assert.notEqual(between, before);
    await one.guess({ source: A });
    assert.notEqual(await one.buffer.stamp(), between);
  } finally {
    Deno.removeSync(path, { recursive: true });
  }
});

Deno.test("overview() of a source with very many connections ends early and says so", async () => {
  using scene = new PageScene();
  await scene.guess(...Array.from({ length: 6100 }, (_, index) => ({ source: A, pid: index + 1 })));
  const [row] = (await scene.buffer.overview(SCENE_START)).sources;
  assert.deepEqual(row?.attempts, { value: 3000, isMore: true });
  assert.match(wordsOf(await scene.page("/")), /3,000\+/);
  const view = await scene.buffer.sourceView(A);
  assert.deepEqual(view?.attempts, { value: 6100, isMore: false });
});
