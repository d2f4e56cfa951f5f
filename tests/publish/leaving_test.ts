/** What an event, or the feed, has lost sight of: it ends and comes back all the same. */
import assert from "node:assert/strict";
import type { SessionItem } from "../../src/session_evidence.ts";
import { DAY, IP, Site } from "./expiry_rig.ts";

const OTHER = "192.241.237.101";

Deno.test("publishDue() says in the feed that an address is back, though its file had left", async () => {
  await using site = await Site.start({ expireDays: 90, reopenDays: 365, keepDays: 120 });
  await site.attackAndPublish(IP);
  const [uuid] = site.listed();
  await site.pass(90);
  await site.pass(125);
  await site.attackAndPublish(OTHER);
  assert.equal(site.listed().includes(uuid!), false);
  await site.attackAndPublish(IP);
  const { Attribute, Object } = site.feedEvent(uuid!);
  assert.deepEqual([...Attribute, ...Object].map(({ deleted }) => deleted), [false, false]);
});

Deno.test("publishDue() ends an address in the event that it leaves, where none expires", async () => {
  await using site = await Site.start({ expireDays: 0 });
  await site.attackAndPublish(IP);
  await site.pass(40);
  assert.deepEqual(site.inMisp(), [IP]);
  await site.attackAndPublish(IP);
  assert.equal(site.misp.events().length, 2);
  assert.deepEqual([site.inMisp(), site.inFeed()], [[IP], [IP]]);
  await site.retract(IP);
  assert.deepEqual([site.inMisp(), site.inFeed()], [[], []]);
});

Deno.test("retractSource() means the attack that is open, too, after any silence", async () => {
  await using site = await Site.start();
  await site.attackAndPublish(IP);
  site.now += 40 * DAY;
  await site.attack(IP);
  await site.retract(IP);
  await site.pass(1 / 24);
  assert.deepEqual([site.inMisp(), site.inFeed()], [[], []]);
  await site.pass(40);
  await site.attackAndPublish(IP);
  assert.deepEqual([site.inMisp(), site.inFeed()], [[IP], [IP]], "what came later counts");
});

const file = (number: number, ...urls: readonly string[]): SessionItem => ({
  ...{ kind: "payload", value: number.toString(16).padStart(64, "a"), ways: ["download"] },
  urls: urls.map((path) => ({ url: `http://81.2.69.${number}/${path}` })),
});

const LIMITS = { day: [10, ["x"]], source: [50, ["a", "b"]] } as const;

for (const eventPer of ["day", "source"] as const) {
  Deno.test(`publishDue() keeps the files of a full event when an earlier one comes late: ${eventPer}`, async () => {
    await using site = await Site.start({
      ...{ eventPer, sessionDays: 10, reopenDays: 60, expireDays: 20 },
    });
    const [most, urls] = LIMITS[eventPer];
    const began = site.now;
    for (let number = 1; number <= most; number++) {
      site.now = began + 1000 * number;
      await site.bring(IP, file(number, ...urls));
    }
    await site.pass(1 / 24);
    const published = site.itemsInMisp();
    assert.equal(published.length, most * (1 + urls.length));
    // A sensor that was offline brings what happened an hour before.
    const { now } = site;
    site.now = began - DAY / 24;
    await site.bring(IP, file(200, "late"));
    site.now = now;
    await site.pass(1 / 24);
    assert.deepEqual([site.itemsInMisp(), site.itemsInFeed()], [published, published]);
    for (let times = 0; times < 3; times++) await site.pass(15);
    assert.deepEqual([site.itemsInMisp(), site.itemsInFeed()], [[], []]);
  });
}

Deno.test("retractSource() takes all keys that were published, when an earlier one came late", async () => {
  await using site = await Site.start({ eventPer: "day" });
  const key = (name: string): SessionItem => ({
    ...{ kind: "key", value: `SHA256:${name.repeat(43)}`, keyType: "ssh-rsa" },
  });
  const began = site.now;
  for (const [at, name] of [..."BCDEF"].entries()) {
    site.now = began + 1000 * at;
    await site.bring(IP, key(name));
  }
  await site.pass(1 / 24);
  const { now } = site;
  site.now = began - DAY / 24;
  await site.bring(IP, key("A"));
  site.now = now;
  await site.pass(1 / 24);
  const offered = () =>
    site.misp.events().flatMap(({ Attribute }) => Attribute)
      .filter(({ type, to_ids }) => type === "ssh-fingerprint" && to_ids).length;
  assert.equal(offered(), 5);
  await site.retract(IP);
  assert.equal(offered(), 0);
});
