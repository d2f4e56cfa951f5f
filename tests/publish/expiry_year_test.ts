/**
 * A year of attackers that come, go and come back, checked against a plain model at every month's end.
 * `WM_SOAK=1` has 50,000 of them, and 10,000 where each day has one event: hundreds of sources change
 * each of these events, and MISP answers all of it every time.
 */
import assert from "node:assert/strict";
import { seededRandom } from "../support/random.ts";
import { DAY, Site, type SiteOptions, START } from "./expiry_rig.ts";

const IS_SOAK = Deno.env.get("WM_SOAK") === "1";
/** Days of silence between two attacks of a source: some shorter than 30 and 90 days, some longer. */
const GAPS = [3, 17, 45, 80, 89, 95, 150];

interface Year extends SiteOptions {
  readonly sources: number;
  /** The most events that the feed's folder ever holds. */
  readonly mostEvents: number;
}

/** Who attacked when, and which events that makes, as a person would reckon it. Times: milliseconds UTC. */
class Model {
  readonly #expireMs: number;
  readonly #reopenMs: number;
  readonly #lastSeen = new Map<string, number>();
  /** When the events last changed that their sources have left. */
  readonly #left: number[] = [];

  constructor({ expireDays = 90, reopenDays = 30 }: SiteOptions) {
    this.#expireMs = expireDays * DAY;
    this.#reopenMs = reopenDays * DAY;
  }

  attack(source: string, now: number): void {
    const before = this.#lastSeen.get(source);
    if (before !== undefined && now - before > this.#reopenMs) {
      // The event that it leaves ends now, unless silence has ended it before.
      this.#left.push(Math.min(now, before + this.#expireMs));
    }
    this.#lastSeen.set(source, now);
  }

  /** The addresses that are for detection. */
  offered(now: number): readonly string[] {
    return [...this.#lastSeen].filter(([, at]) => at > now - this.#expireMs)
      .map(([source]) => source).sort();
  }

  /** How many events there are, where each source has its own. */
  get events(): number {
    return this.#lastSeen.size + this.#left.length;
  }

  /** How many of them have changed since. */
  changedSince(time: number, now: number): number {
    const changes = this.#lastSeen.values().map((at) => {
      const expiresAt = at + this.#expireMs;
      return expiresAt <= now ? expiresAt : at;
    });
    return [...changes, ...this.#left].filter((at) => at >= time).length;
  }
}

/** On which days each source attacks. */
function visits(sources: number): ReadonlyMap<number, readonly string[]> {
  const random = seededRandom(2027);
  const days = new Map<number, string[]>();
  for (let number = 0; number < sources; number++) {
    const source = `82.${202 + (number >> 16)}.${number >> 8 & 255}.${number & 255}`;
    let day = random(365);
    while (day < 365) {
      const sourcesOfDay = days.get(day);
      if (sourcesOfDay === undefined) days.set(day, [source]);
      else sourcesOfDay.push(source);
      // Every third visit is the last.
      if (random(3) === 0) break;
      day += GAPS[random(GAPS.length)]!;
    }
  }
  return days;
}

async function live({ sources, mostEvents, ...options }: Year): Promise<void> {
  const { keepDays = 120, eventPer = "source" } = options;
  await using site = await Site.start({ ...options, isDirect: sources > 200 });
  const days = visits(sources);
  const model = new Model(options);
  let most = 0;
  for (let day = 0; day < 365; day++) {
    site.now = START + day * DAY;
    const now = days.get(day) ?? [];
    for (const source of now) model.attack(source, site.now);
    await site.attackAndPublish(...now);
    const files = site.folder.names().length - 2;
    most = Math.max(most, files);
    if (new Date(site.now + DAY).getUTCDate() !== 1) continue;
    const offered = model.offered(site.now);
    const month = new Date(site.now).toISOString().slice(0, 7);
    assert.deepEqual(site.inMisp(), offered, `MISP at the end of ${month}`);
    assert.deepEqual(site.inFeed(), offered, `the feed at the end of ${month}`);
    assert.equal(files, site.listed().length);
    if (eventPer === "source") {
      assert.equal([...site.misp.stored()].length, model.events, month);
      // The feed is cleaned once a day.
      const [least, mostOfMonth] = [keepDays, keepDays + 2].map((kept) =>
        model.changedSince(site.now - kept * DAY, site.now)
      );
      const isBounded = least! <= files && files <= mostOfMonth!;
      assert.ok(isBounded, `${month}: ${files} events, not ${least} to ${mostOfMonth}`);
    }
    if (IS_SOAK) console.log(`${month}: ${offered.length} addresses, ${files} events in the feed`);
  }
  assert.ok(most <= mostEvents, `the folder held ${most} events`);
}

Deno.test("publishDue() of a year with an event a source agrees with a plain model", async () => {
  await live({ sources: IS_SOAK ? 50_000 : 300, mostEvents: IS_SOAK ? 60_000 : 360 });
});

Deno.test("publishDue() of a year with an event a day agrees with a plain model", async () => {
  await live({ sources: IS_SOAK ? 10_000 : 2000, mostEvents: 280, eventPer: "day" });
});

Deno.test("publishDue() of a year where attackers come back into their events agrees with a plain model", async () => {
  await live({ sources: 150, mostEvents: 150, expireDays: 10, reopenDays: 100 });
});
