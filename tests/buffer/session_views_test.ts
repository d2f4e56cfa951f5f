import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../src/buffer/sqlite/schema.ts";
import type { Statements } from "../../src/buffer/sqlite/sql.ts";
import {
  readItem,
  readNewPayloads,
  readSessionCounts,
} from "../../src/buffer/sqlite/views/session_views.ts";

const HOUR = 60 * 60_000;

/** Tables with items, and the plan of each query. */
function tables(
  rows: readonly (readonly [source: string, kind: number, value: string, first: number])[],
) {
  const db = new DatabaseSync(":memory:");
  for (const migration of MIGRATIONS) db.exec(migration);
  const insert = db.prepare(
    "INSERT INTO source_session_item VALUES (?, ?, ?, 2, ?, ?, NULL, NULL)",
  );
  for (const [source, kind, value, first] of rows) {
    insert.run(source, kind, value, first, first + 1);
  }
  const plans: string[] = [];
  const sql = ((text: string) => {
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${text}`).all();
    plans.push(...plan.map(({ detail }) => String(detail)));
    return db.prepare(text);
  }) as unknown as Statements;
  return { sql, plans, [Symbol.dispose]: () => db.close() };
}

Deno.test("readItem() finds sources by an index, the latest first, up to a number", () => {
  using found = tables([["192.0.2.1", 3, "a", 10], ["192.0.2.2", 3, "a", 20], [
    "192.0.2.3",
    3,
    "b",
    30,
  ]]);
  const view = readItem(found.sql, "payload", "a", 10);
  assert.deepEqual(view?.sources.map(({ sourceIp }) => sourceIp), ["192.0.2.2", "192.0.2.1"]);
  assert.deepEqual([view?.item.count, view?.item.firstSeen, view?.item.lastSeen], [4, 10, 21]);
  assert.equal(readItem(found.sql, "payload", "a", 1)?.isMore, true);
  assert.equal(readItem(found.sql, "hassh", "a", 10), undefined);
  for (const kind of ["hassh", "key"] as const) readItem(found.sql, kind, "a", 10);
  for (const plan of found.plans) assert.match(plan, /USING (COVERING )?INDEX source_session/);
});

Deno.test("readNewPayloads() leaves out what another source brought before", () => {
  using found = tables([
    ...[["192.0.2.1", 3, "old", 1], ["192.0.2.2", 3, "old", 5 * HOUR]] as const,
    ...[["192.0.2.1", 3, "new", 3 * HOUR], ["192.0.2.2", 3, "new", 4 * HOUR]] as const,
    ...[["192.0.2.1", 3, "newer", 6 * HOUR], ["192.0.2.1", 0, "client", 6 * HOUR]] as const,
  ]);
  const { rows, count } = readNewPayloads(found.sql, 2 * HOUR, 10);
  assert.deepEqual(rows.map(({ item, sources }) => [item.value, item.firstSeen, sources.value]), [
    ["newer", 6 * HOUR, 1],
    ["new", 3 * HOUR, 2],
  ]);
  assert.deepEqual(count, { value: 2, isMore: false });
  for (const plan of found.plans) assert.match(plan, /USING (COVERING )?INDEX source_session/);
});

Deno.test("readSessionCounts() counts different files by an index", () => {
  using found = tables([["192.0.2.1", 3, "a", 1], ["192.0.2.2", 3, "a", 1], [
    "192.0.2.2",
    3,
    "b",
    1,
  ]]);
  const counters = new Map([["sessions", 7], ["payloads", 9], ["decoy_logins", 8]]);
  assert.deepEqual(readSessionCounts(found.sql, counters), {
    sessions: 7,
    logins: 8,
    payloads: 9,
    hashes: 2,
  });
  assert.equal(found.plans.some((plan) => /^SCAN source_session_item$/.test(plan)), false);
});
