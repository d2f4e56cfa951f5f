import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { tempFolder } from "../support/temp.ts";
import {
  accept,
  AT_ONCE,
  DUE,
  freezing,
  guess,
  IP,
  KEEP,
  lease,
  sessionEnd,
  START,
} from "./sqlite_rig.ts";

/** The statements that some work prepares, without those that only set something up. */
async function statementsOf(path: string, work: (buffer: SqliteBuffer) => Promise<unknown>) {
  using buffer = new SqliteBuffer(path, START);
  const prepared = new Set<string>();
  const { prepare } = DatabaseSync.prototype;
  DatabaseSync.prototype.prepare = function (text) {
    prepared.add(text);
    return prepare.call(this, text);
  };
  try {
    await work(buffer);
  } finally {
    DatabaseSync.prototype.prepare = prepare;
  }
  return [...prepared].filter((text) => /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)/.test(text));
}

/** Tables with a row for each thing that waits or is known: to go through one takes as long as it is. */
const LARGE =
  "attack|attack_\\w+|report|report_body|source_record|delivery|sighting|seen_alert|spool";
const SCAN = new RegExp(`^SCAN (?:${LARGE}|[a-z]|later)\\b(?! USING | VIRTUAL TABLE)`);
/** The first rows in the order of the table's key, and no further. */
const FIRST = /FROM spool (?:ORDER BY number )?LIMIT (?:1|\?)$/;

function plansOf(path: string, statements: readonly string[]): readonly string[] {
  const db = new DatabaseSync(path);
  try {
    return statements.flatMap((text) =>
      db.prepare(`EXPLAIN QUERY PLAN ${text}`).all().map(({ detail }) => `${detail}: ${text}`)
    );
  } finally {
    db.close();
  }
}

Deno.test("buffer: no statement of intake or waiting goes through a table", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const statements = await statementsOf(path, async (buffer) => {
    const many = Array.from({ length: 20 }, (_, n) => guess(`user${n}`));
    await accept(buffer, [...many, guess(), sessionEnd()]);
    await accept(buffer, [sessionEnd()], START, 2);
    await accept(buffer, [guess("x"), guess("y")], START, 1);
    await buffer.intake.followState("alerts");
    await buffer.intake.countIgnored("not_ssh");
    await buffer.outbox.nextDueAt(DUE, START);
    await buffer.leases.isHeld("publish", START);
    await buffer.settings.get("x");
    await buffer.settings.put("x", "y");
    const held = await lease(buffer);
    await buffer.outbox.snapshotDue(AT_ONCE, 10, START, freezing(START, ["misp"]).snapshot);
    await buffer.outbox.countWaiting(["misp", "feed"]);
    const [report] = await buffer.outbox.reportsToTry(["misp", "feed"], 10, START);
    await buffer.outbox.markRetry(held, report!, "error", START + 1, START);
    await buffer.outbox.pauseSink(held, report!, "error", () => 1, START);
    await buffer.outbox.markDelivered(held, report!, "", START);
    await buffer.outbox.restSink(held, "feed", START);
    await buffer.outbox.nextExpiryAt({ expireAfterMs: 1 });
    await buffer.outbox.expire(1, 10, START + 30 * 24 * 60 * 60_000, (record) => ({
      ...{ record: { ...record, expiredAt: START }, compacted: [], activity: [] },
      reports: [{ ...report!, restMs: 0 }],
    }));
    await buffer.outbox.nextExpiryAt({ sessionExpireAfterMs: 1 });
    await buffer.outbox.expireItems(1, 10, START, () => assert.fail());
    await buffer.outbox.releaseUnlessDue(held, { ...DUE, forwards: true }, START);
    await buffer.spool.dueAt(START);
    await buffer.spool.oldest(10, 1000);
    await buffer.leases.renew(held, 1, START);
    await buffer.leases.release(held);
  });
  assert.ok(statements.length > 40, `${statements.length} statements`);
  assert.deepEqual(
    plansOf(path, statements).filter((plan) => SCAN.test(plan) && !FIRST.test(plan)),
    [],
  );
});

Deno.test("buffer: counts of reports and the next due time read one row of an index", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const statements = await statementsOf(path, async (buffer) => {
    await accept(buffer, [guess()]);
    await buffer.outbox.snapshotDue(AT_ONCE, 10, START, freezing(START, ["misp"]).snapshot);
  }).then(() =>
    statementsOf(path, async (buffer) => {
      await buffer.outbox.countWaiting(["misp"]);
      await buffer.outbox.nextDueAt(DUE, START);
    })
  );
  const plans = plansOf(path, statements).filter((plan) => /\breport\b/.test(plan.split(":")[0]!));
  assert.deepEqual(plans.map((plan) => plan.split(":")[0]), [
    "SEARCH report USING COVERING INDEX report_waiting (sink=?)",
    "SEARCH report USING INDEX report_dated (sink=?)",
  ]);
});

Deno.test("buffer: the search for addresses that expire reads silent sources only", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const statements = await statementsOf(path, async (buffer) => {
    await buffer.outbox.expire(1, 10, START, () => assert.fail());
    await buffer.outbox.nextExpiryAt({ expireAfterMs: 1 });
  });
  const plans = plansOf(path, statements.filter((text) => text.includes("source_record r")));
  assert.deepEqual(plans.map((plan) => plan.split(":")[0]!).filter((plan) => / r\b/.test(plan)), [
    "SEARCH r USING INDEX source_record_offered (last_seen<?)",
    "SEARCH r USING INDEX source_record_offered (last_seen>?)",
    "SCAN r USING INDEX source_record_offered",
  ]);
});

Deno.test("SqliteBuffer() counts reports by state, whatever becomes of them", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  using buffer = new SqliteBuffer(path, START);
  const counted = () => {
    const db = new DatabaseSync(path, { readOnly: true });
    const by = (sql: string) =>
      db.prepare(sql).all().map(({ sink, state, n }) => `${sink} ${state} ${n}`);
    const kept = by("SELECT sink, state, reports AS n FROM report_count WHERE reports <> 0");
    const real = by("SELECT sink, state, count(*) AS n FROM report GROUP BY sink, state");
    const bodies = Number(db.prepare("SELECT count(*) AS n FROM report_body").get()!.n);
    db.close();
    assert.deepEqual(kept.sort(), real.sort());
    return [...real, `${bodies} bodies`];
  };
  const sources = [IP, "192.241.237.101", "218.92.0.112"];
  await accept(buffer, sources.map((ip) => guess("root", ip)));
  const { snapshot } = freezing(START, ["misp", "feed"]);
  await buffer.outbox.snapshotDue(AT_ONCE, 10, START, snapshot);
  assert.deepEqual(counted(), ["feed pending 3", "misp pending 3", "6 bodies"]);
  const held = await lease(buffer);
  const [first, second, third] = await buffer.outbox.reportsToTry(["misp"], 10, START);
  await buffer.outbox.markDelivered(held, first!, "", START);
  await buffer.outbox.markRefused(held, second!, "no", START);
  await buffer.outbox.markRefused(held, third!, "no", START);
  assert.deepEqual(counted(), [
    "feed pending 3",
    "misp delivered 1",
    "misp refused 2",
    "5 bodies",
  ]);
  await buffer.leases.release(held);
  const owner = { name: "publish", owner: "me" };
  await buffer.reports.retry([second!], owner, START);
  await buffer.reports.drop([third!], owner, START);
  assert.deepEqual(counted(), ["feed pending 3", "misp delivered 1", "misp pending 1", "4 bodies"]);
  await accept(buffer, [guess("root", second!.sourceIp)], START + 1);
  await buffer.outbox.snapshotDue(AT_ONCE, 10, START + 1, snapshot);
  assert.deepEqual(counted(), ["feed pending 3", "misp delivered 1", "misp pending 1", "4 bodies"]);
  await buffer.retention.prune(
    { seenMs: 0, recordMs: 365 * 24 * 3_600_000, connectionMs: 0 },
    START + 8 * 24 * 3_600_000,
  );
  assert.deepEqual(counted(), ["feed pending 3", "misp pending 1", "4 bodies"]);
});

Deno.test("buffer: the search for files and URLs that expire reads those that are offered only", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const statements = await statementsOf(path, async (buffer) => {
    await buffer.outbox.expireItems(1, 10, START, () => assert.fail());
    await buffer.outbox.nextExpiryAt({ sessionExpireAfterMs: 1 });
  });
  const plans = plansOf(path, statements.filter((text) => text.includes("items_silent_from")))
    .map((plan) => plan.split(":")[0]!).filter((plan) => / (r|left_event)\b/.test(plan));
  assert.deepEqual(plans, [
    "SEARCH r USING INDEX source_record_items (items_silent_from<?)",
    "SEARCH r USING INDEX source_record_items (items_silent_from>?)",
    "SEARCH r USING INDEX source_record_items (items_silent_from>?)",
    "SEARCH left_event USING PRIMARY KEY",
  ]);
});

Deno.test("buffer: forgetting sources reads none that has yet to expire", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const statements = await statementsOf(
    path,
    (buffer) => buffer.retention.prune({ ...KEEP, expires: true }, START),
  );
  const plans = plansOf(path, statements.filter((text) => text.includes("snapshot_at < ?")))
    .map((plan) => plan.split(":")[0]!).filter((plan) => /\bsource_record\b/.test(plan));
  assert.ok(plans.length >= 4);
  for (const plan of plans) assert.match(plan, /source_record USING .*INDEX source_record_ended/);
});
