import assert from "node:assert/strict";
import { PageScene } from "../support/page_scene.ts";
import { A, B, MINUTE, nextEvent, wordsOf } from "./pages_rig.ts";

const HOUR = 60 * MINUTE;
const NL = { countryCode: "NL", country: "Netherlands", asn: 64500, organisation: "Example B.V." };

Deno.test("GET / ranks over the span that is asked for, and says since when", async () => {
  using scene = new PageScene();
  const old = { source: A, username: "old", sourceLocation: NL };
  await scene.attack(old, { ...old, pid: 2 }, { ...old, pid: 3 });
  await scene.publish(true);
  scene.now += 3 * 24 * HOUR;
  await scene.attack({ source: B, username: "new" });
  for (
    const [query, isOld, name, since] of [
      ["?span=hour", false, "last hour", "2026-11-26 13:00 UTC"],
      ["", false, "last 24 hours", "2026-11-25 14:00 UTC"],
      ["?span=x", false, "last 24 hours", "2026-11-25 14:00 UTC"],
      ["?span=week", true, "last 7 days", "2026-11-19 00:00 UTC"],
      ["?span=month", true, "last 30 days", "2026-10-27 00:00 UTC"],
    ] as const
  ) {
    const page = await scene.page(`/${query}`);
    const words = wordsOf(page);
    assert.match(words, /new 1 /, query);
    assert.equal(/ old 3 /.test(words), isOld, query);
    assert.equal(words.includes(`${A} NL Netherlands 3 3`), isOld, query);
    assert.ok(words.includes(`since ${since}`), query);
    assert.match(page, new RegExp(`aria-current="true"[^>]*>\\s*${name}<`), query);
  }
});

Deno.test("GET / ranks countries and networks, and each name leads to its sources", async () => {
  using scene = new PageScene();
  await scene.attack({ source: A, username: "a b&c", sourceLocation: NL }, { source: B });
  await scene.publish(true);
  const page = await scene.page("/");
  const words = wordsOf(page);
  assert.match(words, /Top countries last 24 hours country attempts NL Netherlands 1 /);
  assert.match(words, /Top networks last 24 hours network attempts AS64500 Example B\.V\. 1 /);
  for (
    const address of [
      "/sources?username=a+b%26c",
      "/sources?country=NL",
      "/sources?network=AS64500",
      "/sources?technique=T1110.001",
      "/sources?sensor=honeypot-fra1%40wazuh-manager-01",
      "/sensors/honeypot-fra1%40wazuh-manager-01",
    ]
  ) {
    assert.ok(page.includes(`href="${address}"`), address);
    const response = await scene.fetch(address);
    assert.equal(response.status, 200, address);
    assert.ok((await response.text()).includes(`>${A}</a>`), address);
  }
});

Deno.test("GET / names sensors of attacks that are open by their names", async () => {
  using scene = new PageScene();
  await scene.attack({ source: A });
  assert.match(
    wordsOf(await scene.page("/")),
    /Top sensors last 24 hours sensor attempts honeypot-fra1 1 /,
  );
});

Deno.test("GET / draws nothing where nothing happened, and axes that fit", async () => {
  using scene = new PageScene();
  const empty = await scene.page("/");
  assert.match(wordsOf(empty), /24 hours no attempts .*Last hour no attempts/);
  assert.doesNotMatch(empty, /class="scale"/);
  await scene.attack(
    ...Array.from({ length: 55 }, (_, index) => ({ source: A, pid: index + 1 })),
  );
  const words = wordsOf(await scene.page("/"));
  assert.match(
    words,
    /55 attempts, at most 55 in a minute from 14:07 UTC; each bar is a minute 60 30 0 /,
  );
  assert.match(words, /at most 55 in 15 minutes from 14:00 UTC, a mean of 3\.7 per minute/);
});

Deno.test("GET / draws attempts when they were made, and not when they arrived", async () => {
  using scene = new PageScene();
  const arrival = scene.now;
  scene.now -= 5 * HOUR;
  const { attempted } = await import("../support/page_scene.ts");
  const late = attempted({ source: A }, scene.now);
  scene.now = arrival;
  await scene.buffer.intake.accept([late], { maxUsernames: 100 }, scene.now);
  const words = wordsOf(await scene.page("/"));
  assert.match(words, /1 attempt, at most 1 in 15 minutes from 09:00 UTC/);
  assert.match(words, /Last hour no attempts/);
});

Deno.test("every page names the sources that logged in within a day", async () => {
  using scene = new PageScene();
  const paths = [
    "/",
    "/sources",
    `/sources/${A}`,
    "/sources/x",
    "/refused",
    "/sensors/honeypot-fra1%40wazuh-manager-01",
  ];
  await scene.attack({ source: B });
  await scene.publish(true);
  for (const path of paths) {
    assert.doesNotMatch(await scene.page(path), /logged in to a honeypot/, path);
  }
  await scene.attack({ source: A, isCompromise: true });
  for (const path of [...paths, "/?span=week"]) {
    const page = await scene.page(path);
    assert.match(wordsOf(page), /1 source logged in to a honeypot in the last 24 hours/, path);
    assert.ok(
      page.includes('href="/sources?state=compromised&order=compromised"') ||
        page.includes('href="/sources?state=compromised&amp;order=compromised"'),
      path,
    );
  }
  const list = wordsOf(await scene.page("/sources?state=compromised&order=compromised"));
  assert.match(list, new RegExp(`${A} logged in after failures`));
  scene.now += 25 * HOUR;
  assert.doesNotMatch(await scene.page("/"), /logged in to a honeypot/);
  assert.match(
    wordsOf(await scene.page("/sources?state=compromised&order=compromised")),
    new RegExp(A),
  );
});

Deno.test("GET / and the page of a sensor mark the sensors that fell silent", async () => {
  using scene = new PageScene({}, { silentSensorMs: HOUR });
  await scene.attack({ source: A, sensor: "honeypot-lost" });
  await scene.publish(true);
  scene.now += HOUR - 1;
  assert.doesNotMatch(await scene.page("/"), /silent/);
  scene.now += 1;
  await scene.attack({ source: B, sensor: "honeypot-heard" });
  const words = wordsOf(await scene.page("/"));
  assert.match(words, /1 sensor is silent for 60 min or longer: honeypot-lost/);
  assert.match(words, /honeypot-lost 1 60 min ago silent/);
  assert.match(
    wordsOf(await scene.page("/sensors/honeypot-lost%40wazuh-manager-01")),
    /The sensor is silent : no alert came for 60 min or longer/,
  );
  assert.doesNotMatch(await scene.page("/sensors/honeypot-heard%40wazuh-manager-01"), /silent/);
});

Deno.test("GET /sensors/:key says what a sensor saw, and when last", async () => {
  using scene = new PageScene();
  await scene.attack({ source: A }, { source: A, pid: 2 });
  await scene.publish(true);
  scene.now += HOUR;
  await scene.attack({ source: B }, { source: "198.51.100.9", sensor: "honeypot-other" });
  const led = await scene.fetch("/sensors/honeypot-fra1");
  assert.deepEqual([led.status, led.headers.get("Location")], [
    303,
    "/sensors/honeypot-fra1%40wazuh-manager-01",
  ]);
  const page = await scene.page("/sensors/honeypot-fra1%40wazuh-manager-01");
  const words = wordsOf(page);
  assert.match(words, /alerts 3 last alert 2026-11-23 15:07:20 UTC , just now/);
  assert.match(words, /24 hours 3 attempts, at most 2 in an hour from 14:00 UTC/);
  assert.match(words, new RegExp(`${A} .*${B}`));
  assert.ok(!page.includes("198.51.100.9"));
  const unknown = await scene.fetch("/sensors/honeypot-none");
  assert.equal(unknown.status, 404);
  assert.match(await unknown.text(), /The buffer knows no sensor &quot;honeypot-none&quot;/);
});

Deno.test("GET /sources/:ip draws how dense attempts were, hour by hour", async () => {
  using scene = new PageScene();
  await scene.attack({ source: A });
  scene.now += 2 * HOUR;
  await scene.attack({ source: A, pid: 2 }, { source: A, pid: 3 }, { source: B });
  const page = await scene.page(`/sources/${A}`);
  const words = wordsOf(page);
  assert.match(words, /24 hours 3 attempts, at most 2 in an hour from 16:00 UTC/);
  assert.match(words, /30 days 3 attempts, at most 3 in a day from 2026-11-23/);
  assert.match(page, /<title>14:00 UTC: 1 in an hour<\/title>/);
});

Deno.test("GET /sources/:ip links to sites that know the source, which do not learn from where", async () => {
  const sourceLinks = [
    "Shodan=https://www.shodan.io/host/{ip}",
    "Own=http://intranet.example/?a=b&q={ip}",
  ];
  using scene = new PageScene({}, { sourceLinks });
  await scene.attack({ source: "2001:db8::7" });
  const page = await scene.page("/sources/2001%3Adb8%3A%3A7");
  for (
    const [name, address] of [
      ["MISP search", "https://misp.example.org/events/index/searchall:2001%3Adb8%3A%3A7"],
      ["Shodan", "https://www.shodan.io/host/2001%3Adb8%3A%3A7"],
      ["Own", "http://intranet.example/?a=b&amp;q=2001%3Adb8%3A%3A7"],
    ] as const
  ) {
    const link = new RegExp(`<a href="([^"]*)"\\s+rel="noopener noreferrer">${name}</a>`).exec(
      page,
    );
    assert.equal(link?.[1], address, name);
  }
  assert.match(page, /data-copy="2001:db8::7"/);
});

Deno.test("no page of Telnet alone says SSH in its title", async () => {
  using scene = new PageScene();
  await scene.attack({ source: A });
  for (const path of ["/", "/sources", `/sources/${A}`, "/refused"]) {
    const [, title] = /<title>([^<]*)<\/title>/.exec(await scene.page(path))!;
    assert.doesNotMatch(title!, /ssh/i);
    assert.match(title!, /: honeypot attacks$/);
  }
});

Deno.test("GET /live sends the span that is looked at", async () => {
  using scene = new PageScene();
  await scene.attack({ source: A });
  for (const [path, name] of [["/live?span=week", "last 7 days"], ["/live", "last 24 hours"]]) {
    const reader = (await scene.fetch(path!)).body!.getReader();
    assert.match(wordsOf(await nextEvent(reader)), new RegExp(`Top sources ${name}`));
    await reader.cancel();
  }
  assert.ok((await scene.page("/?span=week")).includes('data-events="/live?span=week"'));
});

Deno.test("pages work under the path of a proxy, which removes it or not", async () => {
  using scene = new PageScene({ basePath: "/honey/pots" });
  scene.answer = () => ({ kind: "refused", reason: 'no href="/x" here' });
  await scene.attack({ source: A });
  await scene.publish(true);
  for (const prefix of ["", "/honey/pots"]) {
    for (const path of ["/", "/sources", `/sources/${A}`, "/refused", "/docs"]) {
      const response = await scene.fetch(prefix + path);
      assert.equal(response.status, 200, prefix + path);
      const page = await response.text();
      for (
        const [, address] of page.matchAll(
          /<[a-z][^>]*\s(?:href|src|action|data-events)="(\/[^"]*)"/g,
        )
      ) {
        assert.ok(address!.startsWith("/honey/pots/"), `${path}: ${address}`);
        assert.ok(!address!.startsWith("/honey/pots/honey"), address);
      }
    }
    const led = await scene.fetch(`${prefix}/sources?ip=${A}`);
    assert.equal(led.headers.get("Location"), `/honey/pots/sources/${A}`);
    assert.equal((await scene.fetch(`${prefix}/healthz`)).status, 200);
  }
  assert.equal((await scene.fetch("/honey/pots")).status, 200);
  const refused = await scene.page("/refused");
  assert.match(refused, /no href=&quot;\/x&quot; here/);
  const css = /href="\/honey\/pots(\/assets\/pages[^"]+)"/.exec(refused)![1]!;
  assert.equal((await scene.fetch(`/honey/pots${css}`)).status, 200);
  const reader = (await scene.fetch("/honey/pots/live")).body!.getReader();
  const event = await nextEvent(reader);
  assert.match(event, /href="\/honey\/pots\/sources\//);
  assert.doesNotMatch(event, /href="\/(?!honey)/);
  await reader.cancel();
});
