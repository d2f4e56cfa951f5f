import assert from "node:assert/strict";
import type { ListedQuery, ListedRow } from "../../src/buffer/listed.ts";
import type { Buffer } from "../../src/buffer/buffer.ts";
import { decide } from "../../src/intake/decide.ts";
import { entryOf } from "../../src/lists/entry.ts";
import { confidenceOfSource } from "../../src/lists/source_confidence.ts";
import { record, sessionRules } from "../cowrie/session_rig.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { accept, DAY, eachEngine, guess, snapshotAll, START } from "./sqlite_rig.ts";

async function rowsOf(buffer: Buffer, query: Partial<ListedQuery> = {}) {
  const rows: ListedRow[] = [];
  for await (const page of buffer.views.listed({ since: 0, minAttempts: 1, ...query })) {
    assert.ok(page.length <= 1000);
    rows.push(...page);
  }
  return rows;
}

eachEngine("listed() has what was published of each source", async (open) => {
  using buffer = open();
  const old = { time: "2026-08-20T06:00:00.000+0000" };
  await accept(buffer, [guess("root", "192.0.2.7", old)]);
  await snapshotAll(buffer, START);
  const other = { agent: "honeypot-ams2", agentId: "008", time: "2026-08-23T05:00:00.000+0000" };
  await accept(buffer, [guess("root", "192.0.2.7", other), guess("a", "192.0.2.7", other)]);
  await snapshotAll(buffer, START);
  // Of an attack that is open, nothing was published, nor of one that is not worth a report.
  await accept(buffer, [guess("root", "192.0.2.8")]);
  await buffer.outbox.snapshotDue(
    { periodMs: 0, maxHoldMs: 0, sinks: ["feed"] },
    1000,
    START,
    (attack, earlier) =>
      snapshotAttack(attack, earlier, { ...PLAIN_SNAPSHOT_RULES, minAttempts: 2 }, { now: START }),
  );
  assert.deepEqual(await rowsOf(buffer), [{
    ...{ sourceIp: "192.0.2.7", attempts: 3, sensors: 2, days: 2 },
    firstSeen: Date.UTC(2026, 7, 20, 6),
    lastSeen: Date.UTC(2026, 7, 23, 5),
    ...{
      leftPayload: false,
      compromisedAt: undefined,
      retractedAt: undefined,
      expiredAt: undefined,
    },
  }]);
  assert.equal((await rowsOf(buffer, { minAttempts: 4 })).length, 0);
  assert.equal((await rowsOf(buffer, { since: START - DAY })).length, 1);
  assert.equal((await rowsOf(buffer, { since: START })).length, 0);
});

eachEngine("listed() gives each source once, while others are published", async (open) => {
  using buffer = open();
  const ip = (n: number) => `198.51.${n >> 8}.${n & 255}`;
  const attack = async (from: number, to: number) => {
    const all = Array.from({ length: to - from }, (_, n) => guess("root", ip(n + from)));
    for (let at = 0; at < all.length; at += 500) await accept(buffer, all.slice(at, at + 500));
    while ((await snapshotAll(buffer, START)).length > 0);
  };
  await attack(0, 2400);
  const seen = new Map<string, number>();
  for await (const page of buffer.views.listed({ since: 0, minAttempts: 1 })) {
    for (const { sourceIp } of page) seen.set(sourceIp, (seen.get(sourceIp) ?? 0) + 1);
    await attack(1000, 1400);
  }
  assert.equal(seen.size, 2400);
  assert.deepEqual([...new Set(seen.values())], [1]);
});

eachEngine("listed() knows who left a file, and who never guessed", async (open) => {
  using buffer = open();
  const brought = {
    ...{ eventid: "cowrie.session.file_upload", src_ip: "198.51.100.77" },
    ...{ shasum: "ab".repeat(32), filename: "x" },
  };
  await accept(buffer, [decide(record(brought), sessionRules(), START)]);
  await snapshotAll(buffer, START);
  const rows = await rowsOf(buffer, { minAttempts: 0 });
  assert.deepEqual(rows.map(({ attempts, leftPayload }) => [attempts, leftPayload]), [[0, true]]);
  assert.equal(entryOf(rows[0]!).confidence, 45);
  const source = await buffer.views.source("198.51.100.77");
  assert.equal(confidenceOfSource(source!, 0).value, 45);
});
