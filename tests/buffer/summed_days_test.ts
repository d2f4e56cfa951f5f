import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { Buffer } from "../../src/buffer/buffer.ts";
import { RANKED_KINDS } from "../../src/buffer/rankings.ts";
import {
  type Days,
  lateSums,
  mayBeSummed,
  nextStep,
  SUMMED_KINDS,
  summedRanges,
} from "../../src/buffer/rows/summed_days.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { attempted } from "../support/page_scene.ts";
import { seededRandom } from "../support/random.ts";
import { tempFolder } from "../support/temp.ts";
import { eachEngine, snapshotAll } from "./sqlite_rig.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 8, 1, 12);
const TODAY = START / DAY - 0.5;
const LIMITS = { maxUsernames: 100 };
const KEEP = { seenMs: 400 * DAY, recordMs: 400 * DAY, connectionMs: 60_000 };

Deno.test("every kind that is ranked has sums", () => {
  assert.deepEqual([...SUMMED_KINDS].sort(), [...RANKED_KINDS].sort());
});

Deno.test("nextStep() adds days that are over, takes off the oldest, and begins anew after a gap", () => {
  const step = (days: Days | "none" | "deleting", at = START) => nextStep(days, at);
  const first = TODAY - 30;
  const none = { first, last: first - 1 };
  assert.deepEqual(step("none"), { kind: "begin", days: none });
  assert.deepEqual(step("deleting"), { kind: "delete", then: none });
  assert.deepEqual(step(none), { kind: "add", day: first, days: { first, last: first } });
  assert.deepEqual(step({ first, last: TODAY - 1 }), undefined);
  assert.deepEqual(step({ first, last: TODAY - 1 }, START + DAY), {
    kind: "takeOff",
    day: first,
    days: { first: first + 1, last: TODAY - 1 },
  });
  assert.deepEqual(step({ first: first + 1, last: TODAY - 1 }, START + DAY), {
    kind: "add",
    day: TODAY,
    days: { first: first + 1, last: TODAY },
  });
  // The rows of the first day are gone already.
  assert.equal(step({ first, last: TODAY - 1 }, START + 2 * DAY)?.kind, "delete");
  // The clock was set back.
  assert.equal(step({ first, last: TODAY - 1 }, START - DAY)?.kind, "delete");
  assert.deepEqual(step(none, START + DAY)?.kind, "begin");
});

Deno.test("summedRanges() uses sums where the ranking has all of their days", () => {
  const month = { span: 24, first: TODAY - 30, last: TODAY };
  const days = { first: TODAY - 30, last: TODAY - 1 };
  const sums = { span: 720, first: 0, last: 0 };
  assert.deepEqual(summedRanges(month, days), [sums, { span: 24, first: TODAY, last: TODAY }]);
  assert.deepEqual(summedRanges(month, { first: TODAY - 29, last: TODAY - 2 }), [
    sums,
    { span: 24, first: TODAY - 30, last: TODAY - 30 },
    { span: 24, first: TODAY - 1, last: TODAY },
  ]);
  for (
    const unfit of [
      ...[undefined, "none", "deleting"] as const,
      ...[{ first: TODAY - 31, last: TODAY - 1 }, { first: TODAY - 30, last: TODAY - 31 }],
      { first: TODAY - 30, last: TODAY + 1 },
    ]
  ) assert.deepEqual(summedRanges(month, unfit), [month]);
  const week = { span: 24, first: TODAY - 7, last: TODAY };
  assert.deepEqual(summedRanges(week, days), [week]);
  const hours = { span: 1, first: 1, last: 24 };
  assert.deepEqual(summedRanges(hours, days), [hours]);
});

Deno.test("lateSums() are of days that the sums have, and a clock may be an hour late", () => {
  const summed = new Map([["source", { first: TODAY - 30, last: TODAY - 1 }]] as const);
  assert.deepEqual(
    lateSums([
      ["source", 24, "a", TODAY - 1, 3],
      ["source", 24, "a", TODAY, 4],
      ["source", 1, "a", (TODAY - 1) * 24, 5],
      ["source", 24, "a", TODAY - 31, 6],
      ["username", 24, "a", TODAY - 1, 7],
    ], summed),
    [["source", 720, "a", 0, 3]],
  );
  const rows = [{ kind: "source", name: "a", hour: TODAY * 24, attempts: 1 }] as const;
  assert.deepEqual(
    [TODAY * DAY, (TODAY + 1) * DAY - HOUR - 1, (TODAY + 1) * DAY - HOUR].map((now) =>
      mayBeSummed(rows, now)
    ),
    [false, false, true],
  );
});

/** One attempt of the model. */
interface Seen {
  readonly source: string;
  readonly sensor: string;
  readonly at: number;
}

/** Who had most attempts in the month that ends at a time. */
function modelOf(seen: readonly Seen[], of: (one: Seen) => string, now: number) {
  const sums = new Map<string, number>();
  const today = Math.floor(now / DAY);
  for (const one of seen) {
    const day = Math.floor(one.at / DAY);
    if (day < today - 30 || day > today) continue;
    sums.set(of(one), (sums.get(of(one)) ?? 0) + 1);
  }
  return [...sums].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 10);
}

async function checkMonth(buffer: Buffer, seen: readonly Seen[], now: number, what: string) {
  // Attempts with a name are spread over the hours of an attack: theirs are not exact for each day.
  const kinds = ["source", "sensor"] as const;
  const { rankings } = await buffer.views.rankings(kinds, "month", now, 10);
  const found = rankings.map(({ rows }) => rows.map(({ name, attempts }) => [name, attempts]));
  assert.deepEqual(found, [
    modelOf(seen, ({ source }) => source, now),
    modelOf(seen, ({ sensor }) => `${sensor}@wazuh-manager-01`, now),
  ], what);
}

/** Prunes until nothing is left to do: an engine does a part at a time. */
async function prune(buffer: Buffer, now: number): Promise<void> {
  for (let times = 0; times < 3; times++) await buffer.retention.prune(KEEP, now);
}

eachEngine("rankings() of a month are exact on each day, with late attempts", async (open) => {
  using buffer = open();
  const random = seededRandom(25);
  const seen: Seen[] = [];
  let pid = 0;
  let now = START;
  const oneDay = async (attempts: number) => {
    const made = Array.from({ length: attempts }, (): Seen => {
      // Some arrive late, as after an outage or by a replay.
      const late = random(4) === 0 ? random(5) * DAY + random(20) * HOUR : 0;
      return {
        source: `192.0.2.${1 + random(14)}`,
        sensor: `honeypot-${random(3)}`,
        at: now - late,
      };
    });
    seen.push(...made);
    const decisions = made.map((one) => attempted({ ...one, pid: ++pid }, one.at));
    await buffer.intake.accept(decisions, LIMITS, now);
  };
  for (let day = 0; day < 36; day++, now += DAY) {
    await oneDay(8);
    if (day % 5 !== 0) { while ((await snapshotAll(buffer, now)).length > 0); }
    await checkMonth(buffer, seen, now, `day ${day}, before`);
    if (day % 7 !== 3) await prune(buffer, now + HOUR);
    await checkMonth(buffer, seen, now + HOUR, `day ${day}, after`);
  }
  // Nobody ran for some days, and then for longer than days are kept.
  for (const gap of [3, 50]) {
    now += gap * DAY;
    await oneDay(8);
    while ((await snapshotAll(buffer, now)).length > 0);
    await prune(buffer, now);
    await checkMonth(buffer, seen, now, `${gap} days later`);
    await oneDay(5);
    while ((await snapshotAll(buffer, now)).length > 0);
    await checkMonth(buffer, seen, now, `${gap} days later, again`);
  }
});

Deno.test("rankings() of a month read sums, and not the days that are in them", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  using buffer = new SqliteBuffer(path, START);
  const attempts = [1, 2, 3].map((pid) =>
    attempted({ source: "192.0.2.1", pid }, START - pid * DAY)
  );
  await buffer.intake.accept(attempts, LIMITS, START);
  await snapshotAll(buffer, START);
  await prune(buffer, START);
  const db = new DatabaseSync(path);
  db.prepare("DELETE FROM activity WHERE span = 24 AND bucket < ?").run(TODAY);
  db.close();
  const rowsOf = async (span: "week" | "month") =>
    (await buffer.views.rankings(["source"], span, START, 10)).rankings[0]!.rows
      .map(({ name, attempts }) => [name, attempts]);
  assert.deepEqual(await rowsOf("month"), [["192.0.2.1", 3]]);
  assert.deepEqual(await rowsOf("week"), []);
});
