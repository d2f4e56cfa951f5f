import assert from "node:assert/strict";
import type { Buffer } from "../../src/buffer/buffer.ts";
import { parseNetwork } from "../../src/guard/network_set.ts";
import type { RankedKind, RankingSpan } from "../../src/buffer/rankings.ts";
import type { SourceOrder, SourceQuery } from "../../src/buffer/sources.ts";
import type { Location } from "../../src/model.ts";
import { attempted, type SceneAttempt } from "../support/page_scene.ts";
import { seededRandom } from "../support/random.ts";
import { eachEngine, type Open, snapshotAll } from "./sqlite_rig.ts";

const NOW = Date.UTC(2026, 10, 23, 14, 7, 20);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LIMITS = { maxUsernames: 100 };
const NL: Location = { countryCode: "NL", asn: 64500, organisation: "Example B.V." };

/** Attempts, each at a time of its own. */
async function attack(
  buffer: Buffer,
  ...attempts: readonly (SceneAttempt & { readonly at: number })[]
): Promise<void> {
  const decisions = attempts.map((one) => attempted(one, one.at));
  await buffer.intake.accept(decisions, LIMITS, NOW);
}

const times = (count: number, one: SceneAttempt & { readonly at: number }) =>
  Array.from({ length: count }, (_, index) => ({ ...one, pid: index + 1 }));

async function ranking(buffer: Buffer, kind: RankedKind, span: RankingSpan, most = 10) {
  const { rankings } = await buffer.views.rankings([kind], span, NOW, most);
  return rankings[0]!.rows.map(({ name, attempts }) => [name, attempts]);
}

/** A day and a half of three sources. */
async function filled(open: Open): Promise<Buffer> {
  const buffer = open();
  await attack(
    buffer,
    ...times(7, { source: "192.0.2.1", username: "root", at: NOW - 10_000, sourceLocation: NL }),
    ...times(4, {
      source: "192.0.2.2",
      username: "admin",
      sensor: "honeypot-ams2",
      at: NOW - HOUR,
    }),
    ...times(9, { source: "192.0.2.2", username: "root", at: NOW - 20 * HOUR }),
    ...times(30, { source: "198.51.100.3", username: "pi", at: NOW - 3 * DAY }),
  );
  return buffer;
}

for (const state of ["open", "snapshot"] as const) {
  eachEngine(`rankings() are those of all attempts in their span: ${state}`, async (open) => {
    using buffer = await filled(open);
    if (state === "snapshot") await snapshotAll(buffer, NOW);
    assert.deepEqual(await ranking(buffer, "source", "hour"), [["192.0.2.1", 7], ["192.0.2.2", 4]]);
    assert.deepEqual(await ranking(buffer, "source", "day"), [["192.0.2.2", 13], ["192.0.2.1", 7]]);
    assert.deepEqual(await ranking(buffer, "source", "week"), [
      ...[["198.51.100.3", 30], ["192.0.2.2", 13], ["192.0.2.1", 7]],
    ]);
    assert.deepEqual(await ranking(buffer, "username", "day"), [["root", 16], ["admin", 4]]);
    assert.deepEqual(await ranking(buffer, "username", "month", 2), [["pi", 30], ["root", 16]]);
    assert.deepEqual(await ranking(buffer, "country", "day"), [["NL", 7]]);
    assert.deepEqual(await ranking(buffer, "network", "day"), [["AS64500", 7]]);
    assert.deepEqual(await ranking(buffer, "technique", "day"), [
      ...[["T1021.004", 20], ["T1110.001", 20]],
    ]);
    const { rankings: [sensors] } = await buffer.views.rankings(["sensor"], "day", NOW, 5);
    assert.deepEqual(sensors!.rows.map(({ attempts }) => attempts), [16, 4]);
    const history = await buffer.views.history("day", NOW);
    assert.deepEqual(history.rows, [
      { at: Date.UTC(2026, 10, 22, 18), attempts: 9 },
      { at: Date.UTC(2026, 10, 23, 13), attempts: 4 },
      { at: Date.UTC(2026, 10, 23, 14), attempts: 7 },
    ]);
    assert.deepEqual((await buffer.views.history("month", NOW, "198.51.100.3")).rows, [
      { at: Date.UTC(2026, 10, 20), attempts: 30 },
    ]);
  });
}

eachEngine("rankings() add what comes after a snapshot, and count nothing twice", async (open) => {
  using buffer = await filled(open);
  await snapshotAll(buffer, NOW);
  await attack(buffer, { source: "192.0.2.1", username: "root", pid: 900, at: NOW });
  assert.deepEqual(await ranking(buffer, "source", "hour"), [["192.0.2.1", 8], ["192.0.2.2", 4]]);
  await snapshotAll(buffer, NOW + 1);
  await snapshotAll(buffer, NOW + 2);
  assert.deepEqual(await ranking(buffer, "source", "hour"), [["192.0.2.1", 8], ["192.0.2.2", 4]]);
});

eachEngine("rankings() name sensors and networks as people know them", async (open) => {
  using buffer = await filled(open);
  await snapshotAll(buffer, NOW);
  const { rankings } = await buffer.views.rankings(["sensor", "network"], "day", NOW, 1);
  assert.deepEqual(rankings.map(({ rows }) => rows[0]!.label), ["honeypot-fra1", "Example B.V."]);
});

eachEngine("rankings() read what no database stores as it is, and names like it", async (open) => {
  using buffer = open();
  const network = (organisation: string) => ({ ...NL, organisation });
  const from = (source: string, username: string, organisation: string) =>
    attack(buffer, { source, username, at: NOW, sourceLocation: network(organisation) });
  await from("192.0.2.1", "\\u0000", "Half \ud83d");
  await snapshotAll(buffer, NOW);
  const { rankings } = await buffer.views.rankings(["network", "username"], "day", NOW, 10);
  assert.equal(rankings[0]!.rows[0]!.label, "Half \ufffd");
  const source = await buffer.views.source("192.0.2.1");
  assert.deepEqual(source?.usernames.map(({ text }) => text), ["\\u0000"]);
});

eachEngine(
  "rankings() find the first of very many names, whatever their order in each hour",
  async (open) => {
    using buffer = open();
    const random = seededRandom(27);
    const expected = new Map<string, number>();
    const attempts = Array.from({ length: 4000 }, (_, index) => {
      const source = `203.0.${random(4)}.${Math.floor(random(200) * random(200) / 200)}`;
      expected.set(source, (expected.get(source) ?? 0) + 1);
      return { source, pid: index + 1, at: NOW - random(23) * HOUR };
    });
    await attack(buffer, ...attempts);
    const model = [...expected].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 10);
    assert.deepEqual(await ranking(buffer, "source", "day"), model);
    await snapshotAll(buffer, NOW);
    while ((await snapshotAll(buffer, NOW)).length > 0);
    assert.deepEqual(await ranking(buffer, "source", "day"), model);
  },
);

eachEngine("prune() deletes hours after a day and days after a month", async (open) => {
  using buffer = await filled(open);
  await snapshotAll(buffer, NOW);
  const keep = { seenMs: 400 * DAY, recordMs: 400 * DAY, connectionMs: DAY };
  await buffer.retention.prune(keep, NOW + 7 * HOUR);
  const later = (span: RankingSpan, at: number) =>
    buffer.views.history(span, at).then(({ rows }) => rows.map(({ attempts }) => attempts));
  assert.deepEqual(await later("day", NOW + 7 * HOUR), [4, 7]);
  assert.deepEqual(await later("month", NOW + 7 * HOUR), [30, 9, 11]);
  await buffer.retention.prune(keep, NOW + 40 * DAY);
  assert.deepEqual(await later("month", NOW), []);
});

const query = (more: Partial<SourceQuery>, order: SourceOrder = "attempts") => ({
  ...{ order, most: 10 },
  ...more,
});

const QUERIES: readonly (readonly [what: string, Partial<SourceQuery>, found: string[]])[] = [
  ["all", {}, ["198.51.100.3", "192.0.2.2", "192.0.2.1"]],
  ["a network", { cidr: parseNetwork("192.0.2.0/30") }, ["192.0.2.2", "192.0.2.1"]],
  ["an address", { cidr: parseNetwork("192.0.2.1") }, ["192.0.2.1"]],
  ["another family", { cidr: parseNetwork("::/0") }, []],
  ["a user name", { username: "root" }, ["192.0.2.2", "192.0.2.1"]],
  ["a user name nobody tried", { username: "ro" }, []],
  ["a sensor", { sensor: "honeypot-ams2" }, ["192.0.2.2"]],
  ["a country", { country: "nl" }, ["192.0.2.1"]],
  ["an autonomous system", { network: "as64500" }, ["192.0.2.1"]],
  ["a technique", { technique: "t1110.001" }, ["198.51.100.3", "192.0.2.2", "192.0.2.1"]],
  ["a time", { since: NOW - DAY }, ["192.0.2.2", "192.0.2.1"]],
  ["two filters", { username: "root", sensor: "honeypot-ams2" }, ["192.0.2.2"]],
  ["compromised sources", { state: "compromised" }, []],
  ["withdrawn sources", { state: "withdrawn" }, []],
];

for (const [what, asked, expected] of QUERIES) {
  eachEngine(`sources() lists ${what}, open or reported`, async (open) => {
    using buffer = await filled(open);
    const list = () => buffer.views.sources(query(asked));
    assert.deepEqual((await list()).rows.map(({ sourceIp }) => sourceIp), expected);
    await snapshotAll(buffer, NOW);
    const { rows, next, isComplete } = await list();
    assert.deepEqual(rows.map(({ sourceIp }) => sourceIp), expected);
    assert.deepEqual([next, isComplete], [undefined, true]);
  });
}

eachEngine("sources() knows which sources are open, wait, or got in", async (open) => {
  using buffer = await filled(open);
  await snapshotAll(buffer, NOW);
  await attack(buffer, { source: "192.0.2.9", isCompromise: true, at: NOW - 5 });
  const found = async (more: Partial<SourceQuery>, order: SourceOrder = "attempts") =>
    (await buffer.views.sources(query(more, order))).rows.map(({ sourceIp }) => sourceIp);
  assert.deepEqual(await found({ state: "open" }), ["192.0.2.9"]);
  assert.deepEqual(await found({ state: "compromised" }), ["192.0.2.9"]);
  assert.deepEqual(await found({}, "compromised"), ["192.0.2.9"]);
  assert.deepEqual(await found({ state: "waiting" }), ["198.51.100.3", "192.0.2.2", "192.0.2.1"]);
  const before = await buffer.views.compromised(NOW);
  await snapshotAll(buffer, NOW);
  assert.deepEqual(await found({ state: "compromised" }), ["192.0.2.9"]);
  const expected = {
    ...{ lastDay: 1, ever: 1, latest: [{ sourceIp: "192.0.2.9", at: NOW - 5 }] },
  };
  assert.deepEqual([before, await buffer.views.compromised(NOW)], [expected, expected]);
  assert.equal((await buffer.views.compromised(NOW + DAY)).lastDay, 0);
});

for (const order of ["attempts", "last_seen", "first_seen"] as const) {
  eachEngine(
    `sources() by ${order} goes on where a part ended, and has each source once`,
    async (open) => {
      using buffer = open();
      const random = seededRandom(5);
      const attempts = Array.from({ length: 300 }, (_, index) => ({
        ...{ source: `203.0.113.${random(120)}`, pid: index + 1, at: NOW - random(50) * HOUR },
      }));
      await attack(buffer, ...attempts.slice(0, 200));
      await snapshotAll(buffer, NOW);
      await attack(buffer, ...attempts.slice(200));
      const seen: { sourceIp: string; value: number }[] = [];
      let after: SourceQuery["after"];
      do {
        const part = await buffer.views.sources({ order, most: 7, after });
        const valueOf = (row: typeof part.rows[number]) =>
          order === "attempts"
            ? row.attempts.value
            : order === "last_seen"
            ? row.lastSeen
            : row.firstSeen;
        seen.push(...part.rows.map((row) => ({ sourceIp: row.sourceIp, value: valueOf(row) })));
        after = part.next;
      } while (after !== undefined);
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => b.value - a.value || (a.sourceIp < b.sourceIp ? 1 : -1)),
      );
      assert.equal(seen.length, new Set(attempts.map(({ source }) => source)).size);
      assert.equal(new Set(seen.map(({ sourceIp }) => sourceIp)).size, seen.length);
    },
  );
}

eachEngine("sources() finds a sensor by its name on each of several managers", async (open) => {
  for (const isReported of [false, true]) {
    using buffer = open();
    for (const [index, manager] of ["one", "two"].entries()) {
      const decision = attempted({ source: `192.0.2.${index + 1}` }, NOW - HOUR);
      assert.ok(decision.kind === "attempts");
      const attempts = decision.attempts.map((one) => ({
        ...one,
        sensor: { ...one.sensor, manager },
      }));
      await buffer.intake.accept([{ ...decision, attempts }], LIMITS, NOW);
    }
    if (isReported) await snapshotAll(buffer, NOW);
    const { rows } = await buffer.views.sources(query({ sensor: "honeypot-fra1" }));
    assert.deepEqual(rows.map(({ sourceIp }) => sourceIp), ["192.0.2.2", "192.0.2.1"]);
  }
});

eachEngine(
  "rankings() of the whole and sourceParts() leave nothing out, however much is open",
  async (open) => {
    using buffer = open();
    // The source that is heard of first has most attempts: pages would only look at the latest thousand.
    const attempts = [
      ...times(2_000, { source: "198.51.100.1", username: "first", at: NOW - 2 * HOUR }),
      ...Array.from({ length: 1_200 }, (_, index) => ({
        ...{ source: `203.0.${100 + Math.floor(index / 200)}.${1 + index % 200}`, pid: index + 1 },
        ...{ username: "root", at: NOW - HOUR },
      })),
    ];
    await buffer.intake.accept(
      attempts.slice(0, 2_000).map((one) => attempted(one, one.at)),
      LIMITS,
      NOW - 1,
    );
    await buffer.intake.accept(
      attempts.slice(2_000).map((one) => attempted(one, one.at)),
      LIMITS,
      NOW,
    );
    const { rankings } = await buffer.views.rankings(["source", "username"], "day", NOW, 2, true);
    assert.deepEqual(
      rankings.map(({ rows, isComplete }) => [rows.map(({ attempts }) => attempts), isComplete]),
      [[[2_000, 1], true], [[2_000, 1_200], true]],
    );
    const parts = await Array.fromAsync(buffer.views.sourceParts({ order: "attempts" }, Infinity));
    assert.deepEqual(
      parts.map(({ rows, isComplete, next }) => [rows.length, isComplete, next === undefined]),
      [[1_000, true, false], [201, true, true]],
    );
    const rows = parts.flatMap((part) => part.rows);
    assert.deepEqual(rows[0]!.attempts, { value: 2_000, isMore: false });
    assert.equal(new Set(rows.map(({ sourceIp }) => sourceIp)).size, 1_201);
    const [first] = await Array.fromAsync(buffer.views.sourceParts({ order: "attempts" }, 7));
    assert.deepEqual([first!.rows.length, first!.next !== undefined], [7, true]);
  },
);
