/** Pages of files, clients and keys, and what other pages say of sessions. */
import assert from "node:assert/strict";
import type { PageParts } from "../../src/server/pages/pages.ts";
import { PageScene } from "../support/page_scene.ts";
import { A, B, download, HASH, HASSH, live, liveInSessions } from "../support/session_scene.ts";
import { wordsOf } from "./pages_rig.ts";

async function scene(pages: Partial<PageParts> = {}): Promise<PageScene> {
  const made = new PageScene({}, pages);
  await liveInSessions(made);
  return made;
}

Deno.test("GET /payloads/HASH names the sources that brought a file, and links both ways", async () => {
  using pages = await scene();
  const page = await pages.page(`/payloads/${HASH}`);
  assert.ok(page.includes(`href="/sources/${A}"`) && page.includes(`href="/sources/${B}"`));
  assert.match(wordsOf(page), /times 2 /);
  assert.match(wordsOf(page), /4096 bytes/);
  assert.match(wordsOf(page), /from http:\/\/203\.0\.113\.9\/bot\.sh/);
  assert.equal(page.includes('href="http://203'), false);
  const source = await pages.page(`/sources/${A}`);
  assert.ok(source.includes(`<a href="/payloads/${HASH}">`));
  assert.ok(source.includes(`<a href="/clients/${HASSH}">`));
  assert.match(source, /<a href="\/keys\/SHA256%3A[A-Za-z0-9%]+">/);
  assert.match(wordsOf(source), /logged in to the decoy in 1 of them/);
  assert.doesNotMatch(wordsOf(source), /compromised/);
});

Deno.test("GET /clients/HASSH and /keys/FINGERPRINT name their sources", async () => {
  using pages = await scene();
  const source = await pages.page(`/sources/${A}`);
  const key = /<a href="(\/keys\/[^"]+)">/.exec(source)![1]!;
  for (const path of [`/clients/${HASSH}`, key]) {
    const page = await pages.page(path);
    assert.ok(page.includes(`/sources/${A}`) && page.includes(`/sources/${B}`), path);
  }
  assert.match(wordsOf(await pages.page(key)), /Planted key .*ssh-ed25519/);
});

Deno.test("GET /payloads/HASH.json and .csv give programs the same", async () => {
  using pages = await scene();
  const json = await (await pages.fetch(`/payloads/${HASH}.json`)).json();
  assert.deepEqual(
    [json.value, json.times, json.size, json.ways, json.urls, json.more_sources],
    [HASH, 2, 4096, ["download"], ["http://203.0.113.9/bot.sh"], false],
  );
  assert.deepEqual(json.sources.map((one: { address: string }) => one.address), [B, A]);
  const csv = await pages.fetch(`/payloads/${HASH}.csv`);
  assert.equal(csv.headers.get("Content-Type"), "text/csv; charset=utf-8; header=present");
  assert.equal(
    await csv.text(),
    "address,times,first_seen,last_seen\r\n" +
      `${B},1,2026-11-23T14:08:20.000Z,2026-11-23T14:08:20.000Z\r\n` +
      `${A},1,2026-11-23T14:07:20.000Z,2026-11-23T14:07:20.000Z\r\n`,
  );
  const key = /<a href="(\/keys\/[^"]+)">/.exec(await pages.page(`/sources/${A}`))![1]!;
  assert.equal((await (await pages.fetch(`${key}.json`)).json()).key_type, "ssh-ed25519");
});

Deno.test("GET /payloads/HASH marks who was withdrawn, and gives programs only what is offered", async () => {
  let hidden = "";
  using pages = await scene({
    standing: () => Promise.resolve((ip) => ip === hidden ? "refused" : "offered"),
  });
  await pages.buffer.outbox.republish(B, pages.now, (known) => ({
    ...{ record: { ...known, retractedAt: pages.now }, reports: [], compacted: [], activity: [] },
  }));
  const path = `/payloads/${HASH}`;
  const sources = async () => (await (await pages.fetch(`${path}.json`)).json()).sources.length;
  assert.match(wordsOf(await pages.page(path)), /198\.51\.100\.31 withdrawn 1 /);
  assert.equal(await sources(), 1);
  assert.match(await pages.page(`${path}.csv`), /^address.*\r\n198\.51\.100\.30,[^\n]*\r\n$/);
  hidden = A;
  assert.ok(!(await pages.page(path)).includes(A));
  assert.equal(await sources(), 0);
});

Deno.test("GET / names new payloads of 24 hours, and no older ones", async () => {
  using pages = await scene();
  assert.match(wordsOf(await pages.page("/")), /New payloads in 24 h 1 .*a1a1a1/);
  pages.now += 25 * 60 * 60_000;
  await live(pages, download("198.51.100.32"));
  await pages.publish(true);
  assert.doesNotMatch(wordsOf(await pages.page("/")), /New payloads/);
  await live(pages, download("198.51.100.32", { shasum: "b2".repeat(32) }));
  await pages.publish(true);
  assert.match(wordsOf(await pages.page("/")), /New payloads in 24 h 1 .*b2b2b2/);
  assert.match(wordsOf(await pages.page("/payloads")), /new in 30 days: 2/);
});

Deno.test("GET /payloads.json and .csv list new files, without formulas for a spreadsheet", async () => {
  using pages = await scene();
  const rows = await (await pages.fetch("/payloads.json")).json();
  assert.deepEqual(
    rows.map((row: { sha256: string; sources: number }) => [row.sha256, row.sources]),
    [
      [HASH, 2],
    ],
  );
  const hostile = new PageScene();
  await live(hostile, download(A, { filename: "/tmp/=cmd()" }));
  await hostile.publish(true);
  const csv = await (await hostile.fetch("/payloads.csv")).text();
  hostile[Symbol.dispose]();
  assert.match(csv, /"'=cmd\(\)"/);
});

Deno.test("pages of sessions show hostile text as text", async () => {
  using pages = await scene();
  for (const path of ["/", "/payloads", `/payloads/${HASH}`, `/sources/${A}`, `/sources/${B}`]) {
    const page = await pages.page(path);
    assert.equal(page.includes("<img"), false, path);
    assert.equal(page.includes("\u202e"), false, path);
  }
});

Deno.test("pages of sessions say what is not valid, what is unknown, and where a page is", async () => {
  using pages = await scene();
  const status = async (path: string) => (await pages.fetch(path)).status;
  assert.equal(await status("/payloads/x"), 404);
  assert.match(
    wordsOf(await pages.page("/payloads/x")),
    /This is not a valid SHA-256: 64 hexadecimal digits\./,
  );
  assert.equal(await status(`/payloads/${"c3".repeat(32)}`), 404);
  assert.equal(await status(`/clients/${HASSH}.json`), 200);
  assert.equal(await status(`/keys/${HASSH}.json`), 404);
  const upper = await pages.fetch(`/payloads/${HASH.toUpperCase()}`);
  assert.deepEqual([upper.status, upper.headers.get("Location")], [303, `/payloads/${HASH}`]);
});

Deno.test("pages of sessions are for those who may look", async () => {
  using pages = await scene();
  for (const path of ["/payloads", "/payloads.csv", `/payloads/${HASH}`, `/keys/x`, "/clients/x"]) {
    assert.equal((await pages.fetch(path, {}, "198.51.100.7")).status, 401, path);
  }
});

Deno.test("status() counts sessions and files each time, and different files once", async () => {
  using pages = await scene();
  const { sessions } = await pages.buffer.views.status();
  assert.deepEqual(sessions, { sessions: 2, logins: 2, payloads: 2, hashes: 1 });
});

Deno.test("source() has what an open attack adds to a record", async () => {
  using pages = await scene();
  await live(pages, download(A), download(A, { shasum: "d4".repeat(32) }));
  const found = await pages.buffer.views.source(A);
  assert.deepEqual(
    found?.sessions?.items.filter(({ kind }) => kind === "payload")
      .map(({ value, count }) => [value.slice(0, 4), count]),
    [["a1a1", 2], ["d4d4", 1]],
  );
  assert.deepEqual(found?.sessions?.totals, { sessions: 1, loggedIn: 1, longestMs: 0 });
});
