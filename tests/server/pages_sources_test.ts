import assert from "node:assert/strict";
import { PageScene } from "../support/page_scene.ts";
import { csvCell } from "../../src/lists/source_rows.ts";
import { AUTHORIZATION, MINUTE, tokens, wordsOf } from "./pages_rig.ts";

const NL = { countryCode: "NL", country: "Netherlands", asn: 64500, organisation: "Example B.V." };
const BR = { countryCode: "BR", country: "Brazil", asn: 64501, organisation: "Exemplo" };

/** Three sources: one of three attempts, one of two that logged in, one that is not published yet. */
async function threeSources(): Promise<PageScene> {
  const scene = new PageScene();
  await scene.attack(
    { source: "192.0.2.1", username: "root", sourceLocation: NL },
    { source: "192.0.2.1", username: "root", pid: 2, sourceLocation: NL },
    { source: "192.0.2.1", username: "admin", pid: 3, sourceLocation: NL },
    { source: "198.51.100.2", username: "root", sourceLocation: BR, isCompromise: true },
    { source: "198.51.100.2", username: "oracle", pid: 2, sourceLocation: BR },
  );
  await scene.publish(true);
  scene.now += MINUTE;
  await scene.attack({ source: "2001:db8::3", username: "git", sensor: "honeypot-ams2" });
  return scene;
}

/** The addresses of a list, in its order. */
async function listed(scene: PageScene, query: string): Promise<readonly string[]> {
  const page = await scene.page(`/sources${query}`);
  return [...page.matchAll(/<th scope="row"[^>]*><a class="address" href="[^"]*">([^<]+)</g)]
    .map(([, address]) => address!);
}

Deno.test("GET /sources lists all sources, most attempts first, and as it is asked to", async () => {
  using scene = await threeSources();
  const [one, two, three] = ["192.0.2.1", "198.51.100.2", "2001:db8::3"];
  for (
    const [query, expected] of [
      ["", [one, two, three]],
      ["?order=last_seen", [three, two, one]],
      ["?order=compromised", [two]],
      ["?address=192.0.2.0/24", [one]],
      ["?cidr=192.0.2.0/24", [one]],
      ["?address=2001:db8::/32", [three]],
      ["?address=198.51.100.2", [two]],
      ["?username=root", [one, two]],
      ["?username=git", [three]],
      ["?username=nobody", []],
      ["?sensor=honeypot-ams2", [three]],
      ["?sensor=honeypot-fra1", [one, two]],
      ["?country=nl", [one]],
      ["?network=AS64501", [two]],
      ["?network=64501", [two]],
      ["?technique=t1110.001", [one, two, three]],
      ["?state=compromised", [two]],
      ["?state=open", [three]],
      ["?username=root&state=compromised", [two]],
      ["?address=&username=&sensor=&country=&network=&technique=&state=&seen=&order=", [
        ...[one, two, three],
      ]],
    ] as const
  ) assert.deepEqual(await listed(scene, query), expected, query);
  scene.now += 2 * 60 * MINUTE;
  assert.deepEqual(await listed(scene, "?seen=hour"), []);
  assert.deepEqual(await listed(scene, "?seen=day"), [one, two, three]);
});

Deno.test("GET /sources shows what it knows of each source, and what was searched for", async () => {
  using scene = await threeSources();
  const page = await scene.page("/sources?country=NL&seen=day");
  assert.match(
    wordsOf(page),
    /192\.0\.2\.1 NL Netherlands AS64500 Example B\.V\. 3 60 s ago 60 s ago 40 delivered MISP event/,
  );
  assert.match(page, /name="country" value="NL"/);
  assert.match(page, /<option value="day" selected/);
  assert.match(page, /<th scope="col"\s+class="number" aria-sort="descending"><a href="/);
  assert.ok(page.includes('href="/sources?country=NL&amp;seen=day&amp;order=last_seen"'));
  assert.ok(page.includes('href="/sources.csv?country=NL&amp;seen=day"'));
});

Deno.test("GET /sources says what is not valid, and what to use instead", async () => {
  using scene = await threeSources();
  for (
    const [query, expected] of [
      [
        "?address=x",
        'address: "x" is not valid; use an address or a network such as 192.0.2.0/24.',
      ],
      [
        "?address=192.0.2.0/33",
        'address: "192.0.2.0/33" is not valid; use an address or a network',
      ],
      ["?country=Nirvana", 'country: "Nirvana" is not valid; use two letters such as NL.'],
      ["?network=x", 'network: "x" is not valid; use a number of an AS such as AS64500.'],
      ["?technique=x", 'technique: "x" is not valid; use an id such as T1110.001.'],
      [
        "?state=x",
        'state: "x" is not valid; use compromised, open, waiting, refused, withdrawn, expired.',
      ],
      ["?seen=x", 'seen: "x" is not valid; use hour, day, week, month.'],
      ["?order=x", 'order: "x" is not valid; use attempts, last_seen, first_seen, compromised.'],
      ["?after=x", 'after: "x" is not valid; use a link of this page.'],
      [`?username=${"x".repeat(501)}`, "is not valid; use at most 500 characters."],
    ] as const
  ) {
    const page = await scene.fetch(`/sources${query}`);
    assert.equal(page.status, 400, query);
    assert.ok((await page.text()).includes(expected.replaceAll('"', "&quot;")), query);
    const json = await scene.fetch(`/sources.json${query}`);
    assert.equal(json.status, 400, query);
    assert.ok((await json.json()).error.includes(expected), query);
  }
});

Deno.test("GET /sources goes on page by page, and each source comes once", async () => {
  using scene = new PageScene();
  await scene.attack(
    ...Array.from({ length: 120 }, (_, index) => ({ source: `192.0.2.${index + 1}` })),
  );
  await scene.publish(true);
  const seen: string[] = [];
  let address: string | undefined = "";
  for (let pages = 0; address !== undefined; pages++) {
    assert.ok(pages < 4);
    seen.push(...await listed(scene, address));
    const page: string = await scene.page(`/sources${address}`);
    address = /<a\s+rel="next"\s+href="\/sources([^"]+)"/.exec(page)?.[1]?.replaceAll("&amp;", "&");
    if (pages > 0) assert.match(page, /<a href="\/sources">First page<\/a>/);
  }
  assert.equal(seen.length, 120);
  assert.equal(new Set(seen).size, 120);
});

Deno.test("GET /sources.json is an array of objects, GET /sources.csv has a line for each", async () => {
  using scene = await threeSources();
  const uuid = (await scene.buffer.views.source("192.0.2.1"))!.eventUuid!;
  const first = {
    address: "192.0.2.1",
    attempts: 3,
    attempts_at_least: false,
    alerts: 3,
    first_seen: "2026-11-23T14:07:20.000Z",
    last_seen: "2026-11-23T14:07:20.000Z",
    compromised: false,
    compromised_at: null,
    state: "delivered",
    withdrawn_at: null,
    expired_at: null,
    country: "NL",
    network: "AS64500",
    organisation: "Example B.V.",
    event_uuid: uuid,
    delivered_to: ["misp"],
    sensor_count: 1,
    day_count: 1,
    confidence: 40,
  };
  const json = await scene.fetch("/sources.json");
  assert.match(json.headers.get("Content-Type") ?? "", /^application\/json/);
  const rows = await json.json();
  assert.deepEqual(rows[0], first);
  assert.deepEqual(
    rows.map((row: typeof first) => [row.address, row.attempts, row.compromised, row.state]),
    [
      ["192.0.2.1", 3, false, "delivered"],
      ["198.51.100.2", 2, true, "delivered"],
      ["2001:db8::3", 1, false, "open"],
    ],
  );
  const csv = await scene.fetch("/sources.csv?country=NL");
  assert.match(csv.headers.get("Content-Type") ?? "", /^text\/csv/);
  assert.equal(csv.headers.get("Content-Disposition"), 'attachment; filename="sources.csv"');
  assert.equal(
    await csv.text(),
    "address,attempts,attempts_at_least,alerts,first_seen,last_seen,compromised,compromised_at," +
      "state,withdrawn_at,expired_at,country,network,organisation,event_uuid,delivered_to,sensor_count,day_count," +
      "confidence\r\n" +
      "192.0.2.1,3,false,3,2026-11-23T14:07:20.000Z,2026-11-23T14:07:20.000Z,false,," +
      `delivered,,,NL,AS64500,Example B.V.,${uuid},misp,1,1,40\r\n`,
  );
});

Deno.test("pages and lists show the confidence of a source, less where a warning list has it", async () => {
  using scene = new PageScene({}, {
    warninglistsOf: (address) => address === "198.51.100.2" ? 1 : 0,
  });
  const both = Array.from({ length: 12 }, (_, pid) => ({
    ...{ source: "192.0.2.1", pid, sensor: pid < 3 ? "honeypot-ams2" : "honeypot-fra1" },
  }));
  await scene.attack(...both, { source: "198.51.100.2" });
  await scene.publish(true);
  const words = async (path: string) => wordsOf(await scene.page(path));
  assert.match(
    await words("/sources/192.0.2.1"),
    / confidence 55 of 100: attacked a honeypot 40, 2 sensors \+10, 12 attempts \+5 /,
  );
  assert.match(
    await words("/sources/198.51.100.2"),
    / confidence 10 of 100: attacked a honeypot 40, 1 warning list -30 /,
  );
  assert.match(await words("/sources"), /192\.0\.2\.1 .* 55 delivered .*198\.51\.100\.2 .* 10 /);
  const rows = await (await scene.fetch("/sources.json")).json();
  assert.deepEqual(
    rows.map((row: Record<string, unknown>) => [row.address, row.sensor_count, row.confidence]),
    [["192.0.2.1", 2, 55], ["198.51.100.2", 1, 10]],
  );
  // The next day, in an attack that is open.
  scene.now += 24 * 3_600_000;
  await scene.attack({ source: "192.0.2.1", pid: 99 });
  assert.match(
    await words("/sources/192.0.2.1"),
    / confidence 60 of 100: .*, 2 days \+5, 13 attempts \+5 /,
  );
});

Deno.test("GET /sources answers in the form that Accept asks for", async () => {
  using scene = await threeSources();
  for (
    const [accept, type] of [
      ["application/json", "application/json"],
      ["text/csv", "text/csv"],
      ["text/html,application/xhtml+xml,*/*;q=0.8", "text/html"],
      ["*/*", "text/html"],
    ] as const
  ) {
    const response = await scene.fetch("/sources", { headers: { Accept: accept } });
    assert.ok(response.headers.get("Content-Type")?.startsWith(type), accept);
    assert.equal(response.headers.get("Vary"), "Accept");
    await response.body?.cancel();
  }
});

Deno.test("GET /sources.json has every source, many reads of the buffer long", async () => {
  using scene = new PageScene();
  for (let third = 0; third < 3; third++) {
    await scene.attack(
      ...Array.from({ length: 254 }, (_, index) => ({
        source: `${["192.0.2", "198.51.100", "203.0.113"][third]}.${index + 1}`,
      })),
    );
  }
  await scene.publish(true);
  const rows = await (await scene.fetch("/sources.json")).json();
  assert.equal(rows.length, 762);
  assert.equal(new Set(rows.map(({ address }: { address: string }) => address)).size, 762);
  const lines = (await scene.page("/sources.csv")).split("\r\n");
  assert.equal(lines.length, 762 + 2);
});

Deno.test("csvCell() makes no formula of a text, and one cell of any text", () => {
  for (
    const [text, expected] of [
      ["Example B.V.", "Example B.V."],
      ["=1+1", '"\'=1+1"'],
      ["+31", '"\'+31"'],
      ["-cmd|' /C calc'!A0", "\"'-cmd|' /C calc'!A0\""],
      ["@SUM(A1)", '"\'@SUM(A1)"'],
      ["  =1+1", '"\'  =1+1"'],
      ["\uff1d1+1", '"\'\uff1d1+1"'],
      ["\t=1", "\\u0009=1"],
      ['a "b", c', '"a ""b"", c"'],
      ["a\r\n=b", "a\\u000d\\u000a=b"],
      ["a;b", '"a;b"'],
      [" a", '" a"'],
      ["", ""],
    ] as const
  ) assert.equal(csvCell(text), expected, text);
  assert.deepEqual([csvCell(null), csvCell(-1), csvCell(true)], ["", "-1", "true"]);
});

Deno.test("lists of sources are for viewers only", async () => {
  using scene = new PageScene({ tokens });
  for (const path of ["/sources", "/sources.csv", "/sources.json", "/sensors/x"]) {
    assert.equal((await scene.fetch(path)).status, 401, path);
    const status = path === "/sensors/x" ? 404 : 200;
    assert.equal((await scene.fetch(path, { headers: AUTHORIZATION })).status, status, path);
  }
});

Deno.test("the look-up form leads to a list for what is a network, an AS or a technique", async () => {
  using scene = new PageScene();
  for (
    const [asked, expected] of [
      ["192.0.2.7", "/sources/192.0.2.7"],
      [" 203.0.113.0/24 ", "/sources?address=203.0.113.0%2F24"],
      ["2001:db8::/32", "/sources?address=2001%3Adb8%3A%3A%2F32"],
      ["as64500", "/sources?network=as64500"],
      ["T1110.001", "/sources?technique=T1110.001"],
      ["root", "/sources/root"],
      ["  ", "/sources"],
    ] as const
  ) {
    const response = await scene.fetch(`/sources?ip=${encodeURIComponent(asked)}`);
    assert.deepEqual([response.status, response.headers.get("Location")], [303, expected]);
  }
  const page = await scene.page("/sources/root");
  assert.ok(page.includes('href="/sources?username=root"'));
  assert.ok(page.includes('href="/sources?sensor=root"'));
});
