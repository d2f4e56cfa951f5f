/**
 * Managers that forward to a `serve`: each a program of its own, over real connections.
 *
 * `WM_TEST_SEED=N` repeats a run's choices: when `serve` dies.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { expectedTotals, numbers, totalsOfEvents } from "../faults/numbered.ts";
import type { StoredEvent } from "../fake_misp/server.ts";
import { WazuhSite } from "../follow/wazuh_site.ts";
import { seededRandom } from "../support/random.ts";
import {
  alertOf,
  createManager,
  createRelay,
  linesOf,
  SOURCES,
  statusOf,
  until,
} from "./forward_rig.ts";
import { integratordArgs, KINDS, type Program } from "./program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "./service.ts";

/** Alerts of each manager; the first ones come by integratord's calls. */
const ALERTS = 5000;
const CALLS = 4;
const KILLS = 3;
/** A kill comes so many milliseconds after something arrived, at most. */
const LATER_MS = 80;
const SEED = Number(Deno.env.get("WM_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));

/** A counter of a buffer that others write. */
function counterOf({ buffer }: Program, name: string): number {
  const db = new DatabaseSync(buffer, { readOnly: true });
  // Deno 2.5 cannot dispose of a database by itself.
  using _closing = { [Symbol.dispose]: () => db.close() };
  return Number(db.prepare("SELECT value FROM counter WHERE name = ?").get(name)?.value ?? 0);
}

/** As if the pauses after a failure had run out. */
function timePasses({ buffer }: Program): void {
  const db = new DatabaseSync(buffer);
  // Deno 2.5 cannot dispose of a database by itself.
  using _closing = { [Symbol.dispose]: () => db.close() };
  db.exec("PRAGMA busy_timeout = 5000; UPDATE sink_pause SET until = 1");
}

function readFeed(folder: string): readonly StoredEvent[] {
  return [...Deno.readDirSync(folder)]
    .filter(({ name }) => /^[0-9a-f-]{36}\.json$/.test(name))
    .map(({ name }) =>
      (JSON.parse(Deno.readTextFileSync(`${folder}/${name}`)) as { Event: StoredEvent }).Event
    );
}

for (const kind of KINDS) {
  Deno.test(`${kind}: two managers forward to one serve that is killed in the middle, and each alert counts once`, async () => {
    console.log(`seed ${SEED}`);
    const random = seededRandom(SEED);
    const listen = `127.0.0.1:${freePort()}`;
    await using relay = await createRelay(kind, listen);
    await using one = await createManager(kind, listen, relay, "manager-1");
    await using other = await createManager(kind, listen, relay, "manager-2");
    let service = await Service.start(relay, listen);

    // The first manager: calls of integratord, whose alerts leave a process behind that sends them.
    for (const number of numbers(0, CALLS)) {
      const file = `${one.alerts}/${number}.alert`;
      await Deno.writeTextFile(file, alertOf("one", number));
      const called = await one.run(integratordArgs(file));
      assert.deepEqual([called.code, called.stderr], [0, ""]);
    }
    await until("the calls' alerts arrived", () => counterOf(relay, "accepted") === CALLS);
    // The other one: a file that is followed.
    using site = new WazuhSite(`${other.root}/logs/alerts`);
    site.open();
    site.append(linesOf("other", numbers(0, ALERTS)));
    const following = other.command(["follow", "--from-start"]).spawn();
    const followed = following.output();
    const file = `${one.alerts}/all.json`;
    await Deno.writeTextFile(file, linesOf("one", numbers(0, ALERTS)));
    const replayed = await one.run(["replay", "--json", file]);
    assert.equal(JSON.parse(replayed.stdout).duplicate, CALLS);

    // Killed while they send, some moments after something arrived.
    const killedAt: number[] = [];
    let arrived = counterOf(relay, "accepted");
    for (let kills = 0; kills < KILLS; kills++) {
      const flushing = one.run(["flush", "--json"]);
      const before = arrived;
      await until("some arrived", () => counterOf(relay, "accepted") > before, 1);
      await new Promise((resolve) => setTimeout(resolve, random(LATER_MS)));
      await service.end("SIGKILL");
      arrived = counterOf(relay, "accepted");
      killedAt.push(arrived);
      await flushing;
      if (kills === KILLS - 1) break;
      timePasses(one);
      timePasses(other);
      service = await Service.start(relay, listen);
    }
    await until("everything was followed", () => counterOf(other, "accepted") === ALERTS);
    const waiting = (await statusOf(one)).forward.waiting + (await statusOf(other)).forward.waiting;
    assert.ok(waiting > 0, "the kill cut off nothing");
    service = await Service.start(relay, listen);
    timePasses(one);
    timePasses(other);
    const flushed = await one.run(["flush", "--json"]);
    assert.equal(flushed.code, 0, flushed.stdout + flushed.stderr);
    await until("nothing waits", async () => (await statusOf(other)).forward.waiting === 0);
    following.kill("SIGTERM");
    assert.equal((await followed).code, 0);

    // A manager that has forgotten what it sent sends all of it again.
    const before = await statusOf(one);
    {
      const db = new DatabaseSync(one.buffer);
      // Deno 2.5 cannot dispose of a database by itself.
      using _closing = { [Symbol.dispose]: () => db.close() };
      db.exec("DELETE FROM seen_alert");
    }
    assert.equal((await one.run(["replay", file])).code, 0);
    assert.equal((await one.run(["flush", "--json"])).code, 0);
    const after = await statusOf(one);
    assert.equal(after.forward.forwarded - before.forward.forwarded, ALERTS);
    assert.equal(after.forward.duplicate - before.forward.duplicate, ALERTS);

    assert.equal(await service.end(), 0);
    {
      // Who was killed may have been publishing.
      const db = new DatabaseSync(relay.buffer);
      // Deno 2.5 cannot dispose of a database by itself.
      using _closing = { [Symbol.dispose]: () => db.close() };
      db.exec("UPDATE lease SET expires_at = 1 WHERE name = 'publish'");
    }
    assert.equal((await relay.run(["flush", "--now"])).code, 0);
    const all = await statusOf(relay);
    const expected = expectedTotals(numbers(0, ALERTS), SOURCES);
    const totals = totalsOfEvents(readFeed(relay.feed));
    const found = Object.values(totals).reduce((sum, n) => sum + n, 0);
    const cutOff = before.forward.duplicate + (await statusOf(other)).forward.duplicate;
    console.log(
      `${kind}: 2 managers with ${ALERTS} alerts each, serve killed after ` +
        `${
          killedAt.join(", ")
        }, the last time with ${waiting} waiting; ${cutOff} came again after it, ${ALERTS} were sent again on purpose; ` +
        `${found} attempts of ${Object.keys(totals).length} sources, ${2 * ALERTS} expected`,
    );
    assert.equal(all.alerts.accepted, 2 * ALERTS);
    // One that dies twice over the same alerts counts them twice as known, and tells of it once.
    assert.ok(all.alerts.duplicate >= cutOff + ALERTS, `${all.alerts.duplicate} duplicates`);
    assert.deepEqual(
      totals,
      Object.fromEntries(Object.entries(expected).map(([source, n]) => [source, 2 * n])),
    );
    assert.equal((await statusOf(one)).forward.refused, 0);
    for (const manager of [one, other]) {
      assert.throws(() => Deno.statSync(manager.feed), Deno.errors.NotFound, "no event there");
    }
  });
}
