import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../src/buffer/sqlite/schema.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { tempFolder } from "../support/temp.ts";
import { accept, eachEngine, guess, sessionEnd, START } from "./sqlite_rig.ts";

const NOW = Date.UTC(2026, 10, 23, 14, 7, 20);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const LIMITS = { maxUsernames: 100 };

Deno.test("overview() of a buffer of an earlier version knows its sources, sensors and deliveries", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const old = new DatabaseSync(path);
  for (const migration of MIGRATIONS.slice(0, 3)) old.exec(migration);
  old.exec("PRAGMA user_version = 3");
  const record = old.prepare(
    `INSERT INTO home_event (source_ip, event_uuid, publisher, opened_on, first_seen, last_seen,
       alerts, pam, guesses, connect, attempts, reports, detail, frozen_at)
     VALUES (?, ?, 'wazuh', '2026-11-23', ?, ?, 2, 0, 2, 0, 2, 1, ?, ?)`,
  );
  for (const [index, source] of ["82.1.1.1", "82.1.1.2"].entries()) {
    const detail = {
      ...{ services: ["ssh"], furtherUsernames: 0, usernames: { root: 2 }, techniques: [] },
      sensors: [{
        ...{ sensor: "007@wazuh", name: "honeypot-fra1", alerts: 2 },
        ...{ firstSeen: NOW - MINUTE, lastSeen: NOW - index },
      }],
    };
    record.run(source, `event-${index}`, NOW, NOW, JSON.stringify(detail), NOW);
  }
  old.exec(`INSERT INTO delivered_home VALUES ('event-0', 'misp', '82.1.1.1', ${NOW - 5}, '')`);
  old.close();
  using buffer = new SqliteBuffer(path, NOW);
  const found = await buffer.views.overview(NOW, "day");
  assert.equal(found.knownSources, 2);
  assert.deepEqual(found.sensors, [
    { sensor: "007@wazuh", name: "honeypot-fra1", alerts: 4, lastSeen: NOW },
  ]);
  assert.deepEqual([...found.lastDelivered], [["misp", NOW - 5]]);
  // In which hour an older version saw an attempt is not known.
  assert.deepEqual(found.sources, []);
  const keep = { seenMs: DAY, recordMs: DAY, connectionMs: DAY };
  assert.equal(await buffer.retention.prune(keep, NOW), false);
  const { rows } = await buffer.views.sources({ order: "attempts", most: 10, username: "root" });
  assert.deepEqual(
    rows.map(({ sourceIp, attempts, deliveredTo }) => [sourceIp, attempts.value, deliveredTo]),
    [["82.1.1.2", 2, []], ["82.1.1.1", 2, ["misp"]]],
  );
});

eachEngine("sources() are in the order of what came in the same moment, too", async (open) => {
  using buffer = open();
  const list = async () =>
    (await buffer.views.sources({ order: "last_seen", most: 10 })).rows.map(({ sourceIp }) =>
      sourceIp
    );
  const at = (minutes: number) => ({ time: new Date(START + minutes * MINUTE).toISOString() });
  await accept(buffer, [guess("root", "82.1.1.1", at(0)), guess("root", "82.1.1.2", at(1))], START);
  assert.deepEqual(await list(), ["82.1.1.2", "82.1.1.1"]);
  // The end of a session changes nothing else.
  assert.equal((await accept(buffer, [sessionEnd("82.1.1.1", at(2))], START)).accepted, 1);
  assert.deepEqual(await list(), ["82.1.1.1", "82.1.1.2"]);
});

eachEngine("accept() writes one row for each minute in which attempts were made", async (open) => {
  using buffer = open();
  const guess = (minutes: number, agent = "honeypot-fra1") =>
    decideDefault(sshdAlert({ agent, time: new Date(NOW + minutes * MINUTE).toISOString() }));
  await buffer.intake.accept([guess(0), guess(0), guess(1)], LIMITS, NOW + 2 * MINUTE);
  await buffer.intake.accept([guess(0), guess(0), guess(2, "web-01")], LIMITS, NOW + 2 * MINUTE);
  // What is replayed of an earlier day is not of this one.
  await buffer.intake.accept([guess(-26 * 60)], LIMITS, NOW + 2 * MINUTE);
  const at = Math.floor(NOW / MINUTE) * MINUTE;
  assert.deepEqual((await buffer.views.overview(NOW + 2 * MINUTE, "day")).minutes, [
    { at, attempts: 4, alerts: 4 },
    { at: at + MINUTE, attempts: 1, alerts: 1 },
  ]);
});

Deno.test("overview() and sourceView() find what they show by index", () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  new SqliteBuffer(path, NOW)[Symbol.dispose]();
  const db = new DatabaseSync(path);
  const plans = [
    "SELECT 1 FROM report WHERE state = 'pending'",
    "SELECT 1 FROM report WHERE state = 'refused' ORDER BY ended_at DESC",
    "SELECT min(snapshot_at) FROM report WHERE state = 'pending'",
    "SELECT 1 FROM report WHERE source_ip = 'x' ORDER BY snapshot_at DESC",
    "SELECT source_ip FROM source_record ORDER BY snapshot_at DESC",
    "SELECT source_ip FROM attack ORDER BY touched_at DESC",
  ];
  for (const query of plans) {
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${query}`).all().map(({ detail }) =>
      String(detail)
    );
    assert.match(plan[0] ?? "", /USING (COVERING )?INDEX/, query);
  }
  db.close();
});
