import assert from "node:assert/strict";
import { sourceRecord } from "../support/source_record.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { expireSource, NO_LOOKUPS } from "../../src/publish/snapshot.ts";
import { DAY, IP, Site, START } from "./expiry_rig.ts";

const OTHER_IP = "192.241.237.101";

/** The address of the only event, as MISP has it. */
function address(site: Site) {
  const [event] = site.misp.events();
  return event!.Attribute.find(({ type }) => type === "ip-src")!;
}

/** Kinds and times of the sightings, in days since the start. */
const sightings = (site: Site) =>
  site.misp.sightings().map(({ type, date_sighting }) => [
    type,
    Math.floor((Number(date_sighting) * 1000 - START) / DAY),
  ]);

/** An analyst switches `to_ids`. */
async function switchTo(site: Site, to_ids: boolean): Promise<void> {
  site.now += 1000;
  const { id, value } = address(site);
  await site.asAnalyst(`/attributes/edit/${id}`, { to_ids, value });
  assert.equal(address(site).to_ids, to_ids);
}

Deno.test("publishDue() ends an address after so much silence, with a sighting, and keeps its event", async () => {
  await using site = await Site.start();
  await site.attackAndPublish(IP);
  await site.pass(89);
  assert.deepEqual([site.inMisp(), site.inFeed()], [[IP], [IP]]);
  assert.deepEqual(sightings(site), []);
  await site.pass(1);
  assert.deepEqual([site.inMisp(), site.inFeed()], [[], []]);
  assert.deepEqual(sightings(site), [["2", 90]]);
  const [event] = site.misp.events();
  assert.equal(event!.published, true);
  assert.equal(event!.info, "SSH Brute Force Attack from 82.202.219.155 (1 attempt)");
  assert.match(
    event!.Object[0]!.comment,
    /^expired at 2026-04-01 13:00(:00)?.*, since it was silent; 1 sensor/,
  );
  assert.match(event!.EventReport[0]!.content, /\*\*The address expired at 2026-04-01/);
  const [uuid] = site.listed();
  const feed = site.feedEvent(uuid!);
  assert.deepEqual(
    [...feed.Attribute, ...feed.Object].map(({ deleted }) => deleted),
    [true, true],
  );
  assert.deepEqual(site.hashes(), []);
  assert.equal((await site.buffer.views.status()).expired, 1);
  assert.equal((await site.buffer.views.source(IP))?.expiredAt, START + 90 * DAY + DAY / 24);
  assert.deepEqual(site.logged, ["info: 1 expired after silence"]);
  await site.pass(1);
  assert.equal((await site.buffer.views.status()).expired, 1, "and once only");
});

Deno.test("publishDue() has an address for detection again in the same event when its attacker returns", async () => {
  await using site = await Site.start({ expireDays: 10, reopenDays: 30 });
  await site.attackAndPublish(IP);
  await site.pass(10);
  assert.deepEqual([site.inMisp(), site.inFeed()], [[], []]);
  await site.attackAndPublish(IP);
  assert.deepEqual([site.inMisp(), site.inFeed()], [[IP], [IP]]);
  assert.equal(site.misp.events().length, 1);
  const feed = site.feedEvent(site.listed()[0]!);
  // A MISP that has pulled the tombstone restores only what says so.
  assert.deepEqual([feed.Attribute[0]!.deleted, feed.Object[0]!.deleted], [false, false]);
  assert.equal((await site.buffer.views.source(IP))?.expiredAt, undefined);
  assert.doesNotMatch(site.misp.events()[0]!.Object[0]!.comment, /expired/);
  await site.pass(10);
  assert.deepEqual([site.inMisp(), site.inFeed()], [[], []]);
  assert.deepEqual(sightings(site).map(([type]) => type), ["2", "0", "2"]);
});

Deno.test("publishDue() has an address for detection in its new event only", async () => {
  for (const silence of [40, 100]) {
    await using site = await Site.start();
    await site.attackAndPublish(IP);
    await site.pass(silence);
    await site.attackAndPublish(IP);
    assert.equal(site.misp.events().length, 2);
    assert.deepEqual([site.inMisp(), site.inFeed()], [[IP], [IP]], `after ${silence} days`);
    await site.pass(90);
    assert.deepEqual([site.inMisp(), site.inFeed()], [[], []], `after ${silence} days`);
  }
});

Deno.test("publishDue() keeps to_ids as an analyst switched it", async (t) => {
  await t.step("off before it expired: it stays off when the attacker returns", async () => {
    await using site = await Site.start({ expireDays: 10 });
    await site.attackAndPublish(IP);
    await switchTo(site, false);
    await site.pass(10);
    assert.equal(address(site).to_ids, false);
    await site.attackAndPublish(IP);
    assert.equal(address(site).to_ids, false);
    await site.pass(10);
    await site.attackAndPublish(IP);
    assert.equal(address(site).to_ids, false);
  });
  await t.step("on after it expired: it stays on through the next silence", async () => {
    await using site = await Site.start({ expireDays: 10 });
    await site.attackAndPublish(IP);
    await site.pass(10);
    await switchTo(site, true);
    await site.pass(5);
    await site.attackAndPublish(IP);
    assert.equal(address(site).to_ids, true);
    await site.pass(10);
    assert.equal(address(site).to_ids, true);
    await site.retract(IP);
    assert.equal(address(site).to_ids, false, "a withdrawal ends it all the same");
  });
  await t.step("and its comment, and other attributes", async () => {
    await using site = await Site.start({ expireDays: 10 });
    await site.attackAndPublish(IP);
    const { id, value } = address(site);
    site.now += 1000;
    await site.asAnalyst(`/attributes/edit/${id}`, { comment: "ours to keep", value });
    await site.pass(10);
    assert.deepEqual([address(site).to_ids, address(site).comment], [false, "ours to keep"]);
  });
});

Deno.test("publishDue() takes a try of its own for no decision of an analyst", async () => {
  await using site = await Site.start({ expireDays: 10 });
  await site.attackAndPublish(IP);
  // MISP does what it is asked to, and its answers are lost.
  site.misp.failEvery(1, { kind: "lost-answer", on: /events\/edit/ });
  site.now += 10 * DAY;
  await site.publishOnce();
  assert.deepEqual(site.inMisp(), []);
  site.misp.clearFaults();
  await site.pass(1);
  await site.attackAndPublish(IP);
  assert.deepEqual(site.inMisp(), [IP]);
});

Deno.test("publishDue() has an address for detection again whose end was stored without an answer", async (t) => {
  const lose = async (site: Site) => {
    await site.attackAndPublish(IP);
    site.misp.failEvery(1, { kind: "lost-answer", on: /events\/edit/ });
    site.now += 10 * DAY;
    await site.publishOnce();
    assert.deepEqual(site.inMisp(), []);
    site.misp.clearFaults();
  };
  await t.step("and its attacker returned before the next try", async () => {
    await using site = await Site.start({ expireDays: 10 });
    await lose(site);
    await site.attackAndPublish(IP);
    assert.deepEqual(site.inMisp(), [IP]);
    assert.doesNotMatch(site.misp.events()[0]!.Object[0]!.comment, /expired/);
  });
  await t.step(
    "also where the report of that is lost, too, and another takes its place",
    async () => {
      await using site = await Site.start({ expireDays: 10 });
      await lose(site);
      site.misp.down = true;
      await site.attack(IP);
      site.now += DAY / 24;
      await site.publishOnce();
      await site.attack(IP);
      site.now += DAY / 24;
      await site.publishOnce();
      site.misp.down = false;
      await site.attackAndPublish(IP);
      assert.deepEqual(site.inMisp(), [IP]);
    },
  );
  await t.step("looks at the event for that once", async () => {
    await using site = await Site.start({ expireDays: 10 });
    await lose(site);
    const before = site.misp.requests.length;
    await site.attackAndPublish(IP);
    await site.attackAndPublish(IP);
    const paths = site.misp.requests.slice(before).map(({ path }) => path);
    assert.equal(paths.filter((path) => path.startsWith("/events/view/")).length, 1);
    await switchTo(site, false);
    await site.attackAndPublish(IP);
    assert.equal(address(site).to_ids, false, "an analyst decides");
  });
});

Deno.test("publishDue() ends no address twice, and none that was withdrawn", async () => {
  await using site = await Site.start();
  await site.attackAndPublish(IP, OTHER_IP);
  await site.retract(IP);
  await site.pass(90);
  assert.deepEqual(sightings(site).map(([type]) => type), ["1", "2"]);
  await site.pass(90);
  assert.deepEqual(sightings(site).map(([type]) => type), ["1", "2"]);
});

Deno.test("publishDue() ends no address whose attack is open, nor one that was reported today", async () => {
  await using site = await Site.start({ expireDays: 10 });
  await site.attackAndPublish(IP);
  site.now += 10 * DAY;
  await site.attack(IP);
  await site.publish();
  assert.equal((await site.buffer.views.status()).expired, 0);
  // An old file is replayed: its attacks are long ago.
  const now = site.now;
  site.now = START - 100 * DAY;
  await site.attack(OTHER_IP);
  site.now = now + DAY / 24;
  await site.publish();
  assert.deepEqual(site.inMisp(), [OTHER_IP, IP]);
  await site.pass(1);
  assert.deepEqual(site.inMisp(), [IP]);
});

Deno.test("publishDue() ends at most a hundred addresses in a round, the longest silent first", async () => {
  await using site = await Site.start({ eventPer: "day" });
  const sources = Array.from({ length: 150 }, (_, at) => `82.202.220.${at}`);
  await site.attackAndPublish(...sources.slice(50));
  await site.attackAndPublish(...sources.slice(0, 50));
  site.now += 95 * DAY;
  await site.publishOnce();
  assert.equal((await site.buffer.views.status()).expired, 100);
  assert.deepEqual(site.inMisp(), sources.slice(0, 50).sort());
  await site.publishOnce();
  assert.deepEqual(site.inMisp(), []);
});

Deno.test("publishDue() tells no sink of an end that never had the source", async () => {
  await using site = await Site.start();
  site.misp.failEvery(1, { kind: "drop", on: /events/ });
  await site.attack(IP);
  site.now += DAY / 24;
  assert.equal((await site.publishOnce())?.refused, 1);
  site.misp.clearFaults();
  const requests = site.misp.requests.length;
  await site.pass(90);
  assert.equal(site.misp.requests.length, requests);
  assert.deepEqual(site.inFeed(), []);
  assert.equal((await site.buffer.views.status()).expired, 1);
});

Deno.test("publishDue() tells no sink that a source left an event that it refused", async () => {
  await using site = await Site.start();
  site.misp.failEvery(1, { kind: "drop", on: /events/ });
  await site.attack(IP);
  site.now += DAY / 24;
  assert.equal((await site.publishOnce())?.refused, 1);
  site.misp.clearFaults();
  site.now += 40 * DAY;
  await site.attackAndPublish(IP);
  assert.deepEqual(site.inFeed(), [IP]);
  const { refused, delivered } = await site.buffer.views.status();
  assert.deepEqual([refused, delivered], [1, 4], "the new event in both, the end in the feed");
});

Deno.test("expireSource() gives the same sighting for the same silence", () => {
  const record = sourceRecord();
  const rules = { ...PLAIN_SNAPSHOT_RULES, expireAfterMs: 90 * DAY };
  const [first] = expireSource(record, rules, START, NO_LOOKUPS).reports;
  const [second] = expireSource(record, rules, START + DAY, NO_LOOKUPS).reports;
  assert.deepEqual(
    [first!.uuid, first!.sightings[0]!.uuid],
    [second!.uuid, second!.sightings[0]!.uuid],
  );
});
