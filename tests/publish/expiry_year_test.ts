/**
 * A year of attackers that come, go and come back, checked against a plain model at every month's end.
 * `WM_SOAK=1` has 50,000 of them.
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
  const { expireDays = 90 } = options;
  await using site = await Site.start(options);
  const days = visits(sources);
  const lastSeen = new Map<string, number>();
  let most = 0;
  for (let day = 0; day < 365; day++) {
    site.now = START + day * DAY;
    const now = days.get(day) ?? [];
    for (const source of now) lastSeen.set(source, site.now);
    await site.attackAndPublish(...now);
    if (new Date(site.now + DAY).getUTCDate() !== 1) continue;
    const silentSince = site.now - expireDays * DAY;
    const model = [...lastSeen].filter(([, at]) => at > silentSince).map(([source]) => source)
      .sort();
    const month = new Date(site.now).toISOString().slice(0, 7);
    assert.deepEqual(site.inMisp(), model, `MISP at the end of ${month}`);
    assert.deepEqual(site.inFeed(), model, `the feed at the end of ${month}`);
    const files = site.folder.names().length - 2;
    assert.equal(files, site.listed().length);
    most = Math.max(most, files);
  }
  assert.ok(most <= mostEvents, `the folder held ${most} events`);
}

Deno.test("publishDue() of a year with an event a source agrees with a plain model", async () => {
  await live({ sources: IS_SOAK ? 50_000 : 300, mostEvents: IS_SOAK ? 50_000 : 330 });
});

Deno.test("publishDue() of a year with an event a day agrees with a plain model", async () => {
  await live({ sources: IS_SOAK ? 50_000 : 2000, mostEvents: 280, eventPer: "day" });
});

Deno.test("publishDue() of a year where attackers come back into their events agrees with a plain model", async () => {
  await live({ sources: 150, mostEvents: 150, expireDays: 10, reopenDays: 100 });
});
