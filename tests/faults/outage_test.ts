/**
 * Three days without MISP under traffic that does not stop, and what comes when it is back. With
 * `WM_SOAK=1` at 50 alerts a second, 13 million in all; else the same three days with fewer of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { publishDue } from "../../src/publish/publisher.ts";
import type { FakeMisp, StoredEvent } from "../fake_misp/server.ts";
import { tempFolder } from "../support/temp.ts";
import {
  DAY,
  HOUR,
  LONG_READ_TIMEOUT_MS,
  MAX_PARALLEL,
  MINUTE,
  SECOND,
  Site,
  START,
  totalsAt,
} from "./site.ts";
import { type Amount, STEP_MS, Traffic } from "./traffic.ts";

const SOAK = Deno.env.get("WM_SOAK") === "1";
const AMOUNT: Amount = SOAK
  ? { alerts: 30_000, stayers: 20, ofBackgroundPublisher: 600, bursts: 14 }
  : { alerts: 120, stayers: 2, ofBackgroundPublisher: 20, bursts: 1 };
const DAYS = 3;
const STEPS = DAYS * DAY / STEP_MS;
const RESTART_AT_HOUR = 36;

/** How MISP is away, from which hour on. */
const KNOWN_PROBLEMS: ReadonlyMap<number, (site: Site) => void> = new Map([
  [0, ({ misp }) => void (misp.down = true)],
  [24, (site) => {
    const { misp } = site;
    site.readTimeoutMs = 50;
    misp.down = false;
    misp.failEvery(1, { kind: "hang" });
  }],
  [30, (site) => {
    const { misp } = site;
    site.readTimeoutMs = LONG_READ_TIMEOUT_MS;
    misp.clearFaults();
    misp.failEvery(1, { kind: "gateway", status: 503 });
  }],
  [48, ({ misp }) => {
    misp.clearFaults();
    misp.failEvery(1, { kind: "rate-limit", reset: HOUR / SECOND });
  }],
  [54, ({ misp }) => void (misp.down = true)],
]);

/**
 * Looks come every 10 minutes, the first thing is due at 30. Pauses of 30 s to 4 min are over by the
 * next look, then come 8, 16 and, for good, 30 minutes.
 */
const FIRST_TRIES = [30, 40, 50, 60, 70, 80, 100, 130, 160, 190];
const LONGEST_PAUSE = 30;
/** MISP asks for an hour from minute 2880 on, and nobody answers from 3240 on. */
const PAUSES_ASKED_FOR = [2950, 3010, 3070, 3130, 3190, 3250];
/** Those ten, 90 to minute 2890, these six, and one each half an hour to 4300 of 4320. */
const TRIES_WHILE_AWAY = 10 + 90 + 6 + 35;

/** Measured: 38 and 5400, the rest of the source's are its sightings and its share of the indexes. */
const BYTES_OF_ALERT = 50;
const BYTES_OF_SOURCE = 6500;
const MOST_RSS_GROWTH = 300 * 1024 * 1024;

interface DayEnd {
  readonly bytes: number;
  readonly alerts: number;
  readonly sources: number;
  readonly rss: number;
}

Deno.test("publishDue() after three days without MISP delivers everything once, oldest first, with the times of the attacks", async (t) => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  await using site = await Site.open({ path, asksFirst: true });
  const traffic = new Traffic(AMOUNT);
  const days: DayEnd[] = [];
  let repeated = 0;
  for (let step = 1; step <= STEPS; step++) {
    const hour = (step - 1) * STEP_MS / HOUR;
    KNOWN_PROBLEMS.get(hour)?.(site);
    if (hour === RESTART_AT_HOUR) site.restart();
    site.now = START + step * STEP_MS;
    const { duplicate } = await site.accept(traffic.next());
    repeated += duplicate;
    await site.look();
    traffic.look(site.now);
    if (step * STEP_MS % HOUR === 0) await site.prune();
    if (step * STEP_MS % DAY === 0) {
      const { handedOver: alerts, known } = traffic;
      days.push({ bytes: bytesOf(path), alerts, sources: known.size, rss: Deno.memoryUsage().rss });
    }
  }
  // The first day's batches have made the heap as large as it will be.
  const rss = days.at(-1)!.rss - days[0]!.rss;
  const tries = site.tries.length;
  const reached = site.misp.requests.length;
  const waiting = keptReports(path);

  await t.step("tries while MISP is away come one a pause, up to half an hour apart", () => {
    const minutes = site.tries.map(({ at }) => (at - START) / MINUTE);
    assert.deepEqual(minutes.slice(0, FIRST_TRIES.length), FIRST_TRIES);
    const asked = minutes.filter((minute) => minute > 2890 && minute <= 3250);
    assert.deepEqual(asked, PAUSES_ASKED_FOR);
    const gaps = minutes.map((minute, n) => minute - (minutes[n - 1] ?? 0));
    const others = gaps.filter((_, n) =>
      n >= FIRST_TRIES.length && !PAUSES_ASKED_FOR.includes(minutes[n]!)
    );
    assert.deepEqual(new Set(others), new Set([LONGEST_PAUSE]));
    assert.equal(tries, TRIES_WHILE_AWAY);
  });

  await t.step("the buffer grows by alert ids and sources only", () => {
    for (const [n, day] of days.entries()) {
      const before = days[n - 1];
      if (before === undefined) continue;
      const limit = (day.alerts - before.alerts) * BYTES_OF_ALERT +
        (day.sources - before.sources) * BYTES_OF_SOURCE;
      const growth = day.bytes - before.bytes;
      assert.ok(growth <= limit, `day ${n + 1}: ${growth} bytes, allowed are ${limit}`);
    }
    const places = waiting.map(({ event, source }) => `${event} ${source}`);
    assert.equal(new Set(places).size, places.length);
    assert.deepEqual(new Set(waiting.map(({ state }) => state)), new Set(["pending"]));
    if (SOAK) assert.ok(rss < MOST_RSS_GROWTH, `${rss} bytes more memory`);
  });

  site.misp.clearFaults();
  site.misp.down = false;
  site.now += STEP_MS;
  traffic.look(site.now);
  const rounds = await publishFromFour(site, path);
  const drained = keptReports(path);

  await t.step("one of four publishers drains the buffer, and it asks before it sends", () => {
    assert.equal(rounds.filter((round) => round !== undefined).length, 1);
    const paths = site.misp.requests.slice(reached).map((request) => request.path);
    const asked = ["/servers/getVersion.json", "/users/view/me.json"];
    assert.deepEqual(paths.slice(0, 3), [...asked, "/events/add"]);
    assert.equal(paths.filter((each) => asked.includes(each)).length, 2);
    assert.ok(site.misp.maxInFlight <= MAX_PARALLEL, `${site.misp.maxInFlight} at a time`);
  });

  await t.step("the oldest report goes first, those behind that met the trouble", () => {
    const snapshotAt = new Map(drained.map(({ event, snapshot }) => [event, snapshot]));
    const metProblem = new Set(drained.filter((one) => one.metProblem).map(({ event }) => event));
    const sent = site.tries.slice(tries).filter(({ path }) => path === "/events/add")
      .map(({ about }) => about);
    const times = sent.filter((event) => !metProblem.has(event))
      .flatMap((event) => snapshotAt.get(event) ?? []);
    assert.ok(metProblem.size <= TRIES_WHILE_AWAY, `${metProblem.size} met the trouble`);
    assert.equal(times.length, drained.length - metProblem.size);
    assert.ok(new Set(times).size > 50, "hardly any two were frozen at different times");
    assert.deepEqual(times, times.toSorted((one, other) => one - other));
  });

  for (let step = 0; step < 2 * HOUR / STEP_MS; step++) {
    site.now += STEP_MS;
    await site.look();
    traffic.look(site.now);
  }
  const { delivered, ...left } = await site.buffer.views.status();
  const requests = site.misp.requests.length - reached;
  const events = site.misp.events();

  await t.step("no report costs more than three requests on average", () => {
    assert.ok(requests <= 3 * delivered, `${requests} requests for ${delivered} reports`);
  });

  await t.step("every alert counts once, and nothing is left behind", () => {
    assert.deepEqual([left.pendingAttacks, left.waiting, left.refused], [0, 0, 0]);
    assert.equal(repeated, traffic.repeated);
    const totals = totalsAt(site.misp);
    const sum = [...totals.values()].reduce((all, total) => all + total, 0);
    assert.equal(sum, STEPS * AMOUNT.alerts);
    assert.equal(events.length, traffic.known.size);
    const expected = [...traffic.known.values()].map(({ source, alerts }) => [source, alerts]);
    assert.deepEqual(Object.fromEntries(totals), Object.fromEntries(expected));
  });

  await t.step("events and sightings have the times of the attacks, not of their delivery", () => {
    for (const event of events) {
      const [object] = event.Object;
      const [address] = event.Attribute;
      const { first, last } = traffic.known.get(address!.value)!;
      const seen = [isoTime(first), isoTime(last)];
      assert.equal(event.date, isoTime(first).slice(0, 10));
      assert.deepEqual([object!.first_seen, object!.last_seen], seen);
      assert.deepEqual([address!.first_seen, address!.last_seen], seen);
    }
    const expected = traffic.sightings.map(({ source, sensor, second }) =>
      `${source} ${sensor} ${second}`
    );
    assert.deepEqual(sightingsAt(site.misp, events).sort(), expected.sort());
  });

  const lost = traffic.handedOver - [...totalsAt(site.misp).values()].reduce((a, b) => a + b, 0);
  const mebibytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  console.log(
    `${DAYS} days, ${traffic.handedOver} alerts, ${traffic.known.size} sources; buffer at each ` +
      `day's end ${
        days.map(({ bytes }) => mebibytes(bytes)).join(", ")
      }; memory after the first day +${
        mebibytes(rss)
      }; ${tries} tries while away, ${requests} requests for ${delivered} reports after; ` +
      `${repeated} duplicates, ${lost} losses`,
  );
});

/** Four processes see at the same moment that MISP's pause is over. */
async function publishFromFour(site: Site, path: string) {
  using stack = new DisposableStack();
  const buffers = Array.from({ length: 4 }, () => stack.use(new SqliteBuffer(path, site.now)));
  return await Promise.all(
    buffers.map((buffer, n) => publishDue(site.partsOf(buffer), `publisher ${n}`)),
  );
}

/** What the buffer takes on the disk once nothing is left in its write-ahead log. */
function bytesOf(path: string): number {
  const db = new DatabaseSync(path);
  // Deno 2.5 cannot dispose of a database by itself.
  using _closing = { [Symbol.dispose]: () => db.close() };
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return Deno.statSync(path).size;
}

function keptReports(path: string) {
  const db = new DatabaseSync(path, { readOnly: true });
  // Deno 2.5 cannot dispose of a database by itself.
  using _closing = { [Symbol.dispose]: () => db.close() };
  return db.prepare(
    `SELECT event_uuid, source_ip, state, snapshot_at, next_try_at > snapshot_at AS later FROM report`,
  ).all().map((row) => ({
    event: String(row.event_uuid),
    source: String(row.source_ip),
    state: String(row.state),
    snapshot: Number(row.snapshot_at),
    metProblem: row.later === 1,
  }));
}

function sightingsAt(misp: FakeMisp, events: readonly StoredEvent[]): string[] {
  const addresses = new Map(
    events.flatMap(({ Attribute }) => Attribute)
      .map(({ id, value }) => [id, value]),
  );
  return misp.sightings().map(({ attribute_id, source, date_sighting }) =>
    `${addresses.get(attribute_id)} ${source} ${date_sighting}`
  );
}

const isoTime = (at: number) => new Date(at).toISOString().replace("Z", "000+00:00");
