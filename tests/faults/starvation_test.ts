/**
 * A source that never stops must not keep itself, or others, out of MISP. `WM_SOAK=1` has more of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Decision } from "../../src/model.ts";
import { eventUuid } from "../../src/misp/uuid.ts";
import type { Fault } from "../fake_misp/server.ts";
import {
  decisionOf,
  HOUR,
  MAX_PARALLEL,
  MINUTE,
  SECOND,
  Site,
  START,
  totalOf,
  totalsAt,
} from "./site.ts";

const RESTLESS = "45.83.64.1";
const POISON = "45.83.64.2";
const DAY_MINUTES = 24 * 60;
/** After the day: what it left open is over, and what was put off is tried again. */
const AFTER_MINUTES = 120;
const NOISY = Deno.env.get("WM_SOAK") === "1" ? 500 : 100;

/**
 * Minutes at which MISP must tell of more, and the total. The first second's guesses arrive at minute 1,
 * are due at 61, and what comes after that at 62 opens the next attack; the last ends by silence, 15
 * minutes after the day.
 */
const UPDATES: readonly (readonly [minute: number, total: number])[] = [
  [61, 3660],
  [122, 7320],
  [183, 10_980],
  [244, 14_640],
  [305, 18_300],
  [366, 21_960],
  [427, 25_620],
  [488, 29_280],
  [549, 32_940],
  [610, 36_600],
  [671, 40_260],
  [732, 43_920],
  [793, 47_580],
  [854, 51_240],
  [915, 54_900],
  [976, 58_560],
  [1037, 62_220],
  [1098, 65_880],
  [1159, 69_540],
  [1220, 73_200],
  [1281, 76_860],
  [1342, 80_520],
  [1403, 84_180],
  [1455, 86_400],
];

/** The same of a source that guesses every ten seconds, to save time. */
const TENTH = UPDATES.map(([minute, total]) => [minute, total / 10]);

/** Guesses of one minute. */
type Minute = (minute: number) => readonly Decision[];

/** A guess each so many seconds. */
function steadily(source: string, seconds: number): Minute {
  return (minute) =>
    Array.from({ length: 60 / seconds }, (_, n) => guess(source, minute, n * seconds * SECOND));
}

/** Each of many sources comes twice a day for 20 minutes, and they do not come together. */
function noise(minute: number): readonly Decision[] {
  const sources = Array.from({ length: NOISY }, (_, n) => n);
  return sources.filter((n) => (minute + n * 7) % 720 < 20)
    .map((n) => guess(noisySource(n), minute, n * 100));
}

const noisySource = (n: number) => `82.202.${n >> 8}.${n & 255}`;

function guess(source: string, minute: number, after: number): Decision {
  const at = START + minute * MINUTE + after;
  // Its connection has a guess each ten seconds.
  const pid = 1000 + minute * 6 + Math.floor(after / (10 * SECOND));
  return decisionOf({ source, at, sensor: "honeypot-fra1", username: "root", pid });
}

const RESTLESS_EVENT = eventUuid("wazuh-manager-01", RESTLESS, "2026-08-23");

/** Lives through the day, and tells when a source's total changed in MISP, and to what. */
async function liveADay(site: Site, minutes: readonly Minute[]) {
  const changes: (readonly [minute: number, total: number])[] = [];
  let asked = 0;
  let shown = 0;
  for (let minute = 1; minute <= DAY_MINUTES + AFTER_MINUTES; minute++) {
    site.now = START + minute * MINUTE;
    if (minute <= DAY_MINUTES) {
      await site.accept(minutes.flatMap((guesses) => guesses(minute - 1)));
    }
    await site.look();
    if (minute * MINUTE % HOUR === 0) await site.prune();
    if (site.misp.requests.length === asked) continue;
    asked = site.misp.requests.length;
    const total = totalOf(site.misp.event(RESTLESS_EVENT));
    if (total !== shown) changes.push([minute, total]);
    shown = total;
  }
  return changes;
}

Deno.test("publishDue() reports a source that guesses every second at least every max_hold, and each attempt once", async () => {
  await using site = await Site.open({ path: ":memory:", asksFirst: true });
  assert.deepEqual(await liveADay(site, [steadily(RESTLESS, 1)]), UPDATES);
});

Deno.test(`publishDue() reports a source that does not stop as often beside ${NOISY} noisy ones, and all its attempts`, async () => {
  await using site = await Site.open({ path: ":memory:", asksFirst: true });
  assert.deepEqual(await liveADay(site, [steadily(RESTLESS, 10), noise]), TENTH);
  const totals = totalsAt(site.misp);
  assert.equal(totals.size, NOISY + 1);
  // Two visits of 20 minutes, one guess a minute.
  const others = [...totals].filter(([source, total]) => source !== RESTLESS && total !== 40);
  assert.deepEqual(others, []);
});

Deno.test("publishDue() to a MISP that answers nobody sends a few requests a pause, however much waits", async () => {
  await using site = await Site.open({ path: ":memory:", asksFirst: false });
  site.misp.failEvery(1, { kind: "close" });
  await liveADay(site, [noise]);
  const { waiting, refused, paused } = await site.buffer.views.status();
  assert.deepEqual([waiting, refused], [NOISY, 0]);
  assert.deepEqual(paused.map(({ sink }) => sink), ["misp"]);
  // Seven pauses up to half an hour, one each half an hour of 26 hours, each with one retry of the floor;
  // the ten retries of the budget come on top, and the three events that show that it is an outage.
  const most = 2 * (7 + 2 * 26) + 10 + 3;
  assert.ok(site.tries.length <= most, `${site.tries.length} requests, ${most} are allowed`);
});

const POISONS: readonly (readonly [name: string, fault: Fault])[] = [
  ["answers 500", { kind: "internal-error" }],
  ["refuses", { kind: "not-authorised" }],
];

for (const [name, fault] of POISONS) {
  Deno.test(`publishDue() does not hold up other sources by a report that MISP always ${name}`, async () => {
    await using site = await Site.open({ path: ":memory:", asksFirst: true });
    const about = new RegExp(POISON.replaceAll(".", "\\."));
    site.misp.failEvery(1, { ...fault, saying: about });
    const changes = await liveADay(site, [steadily(POISON, 10), steadily(RESTLESS, 10)]);
    const gaps = changes.map(([minute], n) => minute - (changes[n - 1]?.[0] ?? 0));
    assert.deepEqual(gaps.filter((gap) => gap > 61), []);
    assert.equal(changes.length, 24);
    assert.equal(changes.at(-1)?.[1], 8640);
    assert.equal(totalsAt(site.misp).get(POISON), undefined);
    const { waiting, refused, pendingAttacks } = await site.buffer.views.status();
    assert.equal(pendingAttacks, 0);
    // Without other deliveries the last one waits: the instance may be at fault.
    assert.equal(waiting + refused, 1);
    if (fault.kind !== "internal-error") assert.equal(refused, 1);
  });
}

Deno.test("publishDue() holds up other sources by no more than a pause at first, whatever reports MISP always hangs up on", async () => {
  await using site = await Site.open({ path: ":memory:", asksFirst: true });
  // As many as are sent at a time: what stays in front would keep all others from being sent.
  const poisons = Array.from({ length: MAX_PARALLEL }, (_, n) => `45.83.65.${n}`);
  site.misp.failEvery(1, { kind: "close", saying: /45\.83\.65\./ });
  const changes = await liveADay(
    site,
    [...poisons, RESTLESS].map((source) => steadily(source, 10)),
  );
  assert.equal(changes.at(-1)?.[1], 8640);
  const gaps = changes.map(([minute], n) => minute - (changes[n - 1]?.[0] ?? 0));
  // Nothing shows at first that MISP works; then each poison waits by itself.
  assert.deepEqual(gaps.filter((gap, n) => gap > (n === 0 ? 63 : 61)), []);
  assert.equal(changes.length, 24);
});
