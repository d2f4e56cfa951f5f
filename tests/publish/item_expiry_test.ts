import assert from "node:assert/strict";
import type { SessionItem } from "../../src/session_evidence.ts";
import { eachEngine } from "../buffer/sqlite_rig.ts";
import { HASHES, KEY } from "../support/session_evidence.ts";
import { DAY, IP, Site, type SiteOptions } from "./expiry_rig.ts";

const OTHER_IP = "192.241.237.101";
const URL = "http://203.0.113.9/bot.sh";
const FILE: SessionItem = {
  ...{ kind: "payload", value: HASHES[0]!, ways: ["download"], urls: [{ url: URL }] },
};
const OTHER_FILE: SessionItem = { kind: "payload", value: HASHES[1]!, ways: ["upload"] };
const GONE: SessionItem = { kind: "url", value: "http://203.0.113.10/gone" };
const PLANTED: SessionItem = { kind: "key", value: KEY };

const MODES: readonly NonNullable<SiteOptions["eventPer"]>[] = ["source", "day"];

/** A session now, published an hour later. */
async function bring(site: Site, source: string, ...items: readonly SessionItem[]): Promise<void> {
  await site.bring(source, ...items);
  await site.pass(1 / 24);
}

/** What is for detection in MISP and in the feed, which agree. */
function offered(site: Site): readonly string[] {
  assert.deepEqual(site.itemsInFeed(), site.itemsInMisp());
  return site.itemsInMisp();
}

/** The object of a file, as MISP has it. */
function fileObject(site: Site, value = FILE.value) {
  return site.misp.events().flatMap((event) => event.Object)
    .find(({ Attribute }) => Attribute.some((one) => one.value === value))!;
}

/** An analyst switches `to_ids` of the file. */
async function switchTo(site: Site, to_ids: boolean): Promise<void> {
  site.now += 1000;
  const { id, value } = fileObject(site).Attribute.find(({ type }) => type === "sha256")!;
  await site.asAnalyst(`/attributes/edit/${id}`, { to_ids, value });
}

const isFileOffered = (site: Site) => site.itemsInMisp().includes(FILE.value);

for (const eventPer of MODES) {
  eachEngine(
    `publishDue() ends files and URLs after so much silence, with an event a ${eventPer}`,
    async (open) => {
      await using site = await Site.start({ sessionDays: 10, eventPer, open });
      await bring(site, IP, FILE, GONE, PLANTED);
      await bring(site, OTHER_IP, OTHER_FILE);
      const all = [OTHER_FILE.value, FILE.value, GONE.value, URL].sort();
      assert.deepEqual(offered(site), all);
      await site.pass(9);
      assert.deepEqual(offered(site), all);
      await site.pass(1);
      assert.deepEqual(offered(site), []);
      assert.match(
        fileObject(site).comment,
        /^expired at 2026-01-11 14:00:00 UTC, since no session brought it again; brought 1 time/,
      );
      // Addresses and planted keys do not expire with them.
      assert.deepEqual(site.inMisp(), [OTHER_IP, IP, KEY].sort());
      assert.deepEqual(site.inFeed(), [OTHER_IP, IP, KEY].sort());
      const hashed = site.hashes().length;
      assert.equal(hashed, 3);
      const { expired, expiredItems } = await site.buffer.views.status();
      assert.deepEqual([expired, expiredItems], [0, 3]);
      assert.deepEqual(
        site.logged.filter((line) => line.startsWith("info")),
        ["info: 3 files and URLs expired after silence"],
      );
      const requests = site.misp.requests.length;
      await site.pass(5);
      assert.equal(site.misp.requests.length, requests, "and once only");
    },
  );

  eachEngine(
    `publishDue() has a file for detection again when it comes again, with an event a ${eventPer}`,
    async (open) => {
      await using site = await Site.start({ sessionDays: 10, eventPer, open });
      await bring(site, IP, FILE, OTHER_FILE);
      await site.pass(10);
      assert.deepEqual(offered(site), []);
      await site.attackAndPublish(IP);
      assert.deepEqual(offered(site), [], "an attempt is no file");
      await bring(site, IP, FILE);
      assert.deepEqual(offered(site), [FILE.value, URL].sort());
      assert.doesNotMatch(fileObject(site).comment, /expired/);
      assert.match(fileObject(site, OTHER_FILE.value).comment, /^expired/);
      await site.pass(10);
      assert.deepEqual(offered(site), []);
    },
  );
}

eachEngine("publishDue() ends a file of a source that goes on attacking", async (open) => {
  await using site = await Site.start({ sessionDays: 10, open });
  await bring(site, IP, FILE);
  for (let day = 0; day < 12; day++) {
    await site.attackAndPublish(IP);
    await site.pass(23 / 24);
    assert.equal(isFileOffered(site), day < 9, `day ${day}`);
  }
  assert.deepEqual(site.inMisp(), [IP]);
});

eachEngine("publishDue() ends no file that an open attack has brought again", async (open) => {
  await using site = await Site.start({ sessionDays: 10, open });
  await bring(site, IP, FILE);
  site.now += 10 * DAY;
  await site.bring(IP, FILE);
  await site.publish();
  assert.equal((await site.buffer.views.status()).expiredItems, 0);
  await site.pass(1 / 24);
  assert.ok(isFileOffered(site));
});

Deno.test("publishDue() without session.expire_after_days ends no file", async () => {
  await using site = await Site.start({ expireDays: 10 });
  await bring(site, IP, FILE, PLANTED);
  await site.pass(300);
  assert.deepEqual(offered(site), [FILE.value, URL].sort());
  // In the feed, what is not about the address stays, too.
  assert.deepEqual([site.inMisp(), site.inFeed()], [[KEY], [KEY]]);
});

eachEngine(
  "publishDue() ends the files of an event that its source has left, in their own time",
  async (open) => {
    for (const isBroughtAgain of [false, true]) {
      await using site = await Site.start({ sessionDays: 60, open });
      await bring(site, IP, FILE);
      await site.pass(40);
      if (isBroughtAgain) await site.bring(IP, FILE);
      await site.attackAndPublish(IP);
      assert.equal(site.misp.events().length, 2);
      const again = isBroughtAgain ? [FILE.value, URL] : [];
      assert.deepEqual(offered(site), [FILE.value, URL, ...again].sort());
      assert.deepEqual(site.inMisp(), [IP]);
      await site.pass(20);
      assert.deepEqual(offered(site), [...again].sort(), "in the event that it left");
      await site.pass(40);
      assert.deepEqual(offered(site), []);
      assert.equal((await site.buffer.views.status()).expiredItems, isBroughtAgain ? 2 : 1);
    }
  },
);

eachEngine("prune() keeps a source until its files have expired", async (open) => {
  await using site = await Site.start({ expireDays: 10, sessionDays: 200, open });
  await bring(site, IP, FILE);
  // Its address expires, and much later it is still known.
  for (const days of [60, 60, 79]) await site.pass(days);
  assert.deepEqual([site.inMisp(), offered(site)], [[], [FILE.value, URL].sort()]);
  await site.pass(1);
  assert.deepEqual(offered(site), []);
  await site.pass(32);
  await site.pass(1);
  assert.equal((await site.buffer.views.status()).knownSources, 0);
});

Deno.test("publishDue() keeps to_ids of a file as an analyst switched it", async (t) => {
  await t.step("off before it expired: it stays off when it comes again", async () => {
    await using site = await Site.start({ sessionDays: 10 });
    await bring(site, IP, FILE);
    await switchTo(site, false);
    await site.pass(10);
    await bring(site, IP, FILE);
    assert.deepEqual(site.itemsInMisp(), [URL], "of the file only");
  });
  await t.step("on after it expired: it stays on through the next silence", async () => {
    await using site = await Site.start({ sessionDays: 10 });
    await bring(site, IP, FILE);
    await site.pass(10);
    await switchTo(site, true);
    await bring(site, IP, FILE);
    await site.pass(10);
    assert.deepEqual(site.itemsInMisp(), [FILE.value]);
    await site.retract(IP);
    assert.deepEqual(site.inMisp(), []);
  });
});

Deno.test("publishDue() takes a lost answer about files for no decision of an analyst", async () => {
  for (const eventPer of MODES) {
    await using site = await Site.start({ sessionDays: 10, eventPer });
    await bring(site, IP, FILE);
    // MISP does what it is asked to, and its answers are lost.
    site.misp.failEvery(1, { kind: "lost-answer", on: /events\/edit/ });
    site.now += 10 * DAY;
    await site.publishOnce();
    assert.deepEqual(site.itemsInMisp(), []);
    site.misp.clearFaults();
    await site.pass(1);
    await bring(site, IP, FILE);
    assert.deepEqual(offered(site), [FILE.value, URL].sort(), eventPer);
  }
});

for (const eventPer of MODES) {
  Deno.test(`publishDue() has a file for detection again whose end was stored without an answer, with an event a ${eventPer}`, async () => {
    await using site = await Site.start({ sessionDays: 10, eventPer });
    await bring(site, IP, FILE);
    site.misp.failEvery(1, { kind: "lost-answer", on: /events\/edit/ });
    site.now += 10 * DAY;
    await site.publishOnce();
    assert.deepEqual(site.itemsInMisp(), []);
    site.misp.clearFaults();
    await bring(site, IP, FILE);
    assert.deepEqual(offered(site), [FILE.value, URL].sort());
    assert.doesNotMatch(fileObject(site).comment, /expired/);
    assert.doesNotMatch(JSON.stringify(site.misp.requests), /returnedAt/);
  });
}

Deno.test("publishDue() says no end of files to a sink that never had the source, nor of a withdrawn one", async () => {
  await using site = await Site.start({ sessionDays: 10 });
  site.misp.failEvery(1, { kind: "drop", on: /events/ });
  await site.bring(IP, FILE);
  site.now += DAY / 24;
  assert.equal((await site.publishOnce())?.refused, 1);
  site.misp.clearFaults();
  await bring(site, OTHER_IP, OTHER_FILE);
  await site.retract(OTHER_IP);
  const requests = site.misp.requests.length;
  await site.pass(10);
  assert.equal(site.misp.requests.length, requests);
  assert.deepEqual(site.itemsInFeed(), []);
  assert.equal((await site.buffer.views.status()).expiredItems, 1);
});
