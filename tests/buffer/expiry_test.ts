import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { SourceRecord } from "../../src/model.ts";
import { EXPIRY } from "../../src/buffer/sqlite/migrations/expiry.ts";
import { MIGRATIONS } from "../../src/buffer/sqlite/schema.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { tempFolder } from "../support/temp.ts";
import { accept, DAY, guess, IP, KEEP, open, OTHER_IP, snapshotAll, START } from "./sqlite_rig.ts";

/** Ends an address without any report. */
const ended = (now: number) => (record: SourceRecord) => ({
  ...{ record: { ...record, expiredAt: now }, reports: [], compacted: [], activity: [] },
});

const expire = (buffer: SqliteBuffer, now: number) =>
  buffer.outbox.expire(90 * DAY, 10, now, ended(now));

/** When the attempt was made, by the alert itself. */
const seenAt = (buffer: SqliteBuffer) => buffer.views.source(IP).then((one) => one!.lastSeen);

Deno.test("prune() keeps a source until its address has expired, however late that is", async () => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await snapshotAll(buffer, START);
  const keep = { ...KEEP, expires: true };
  const later = START + 200 * DAY;
  await buffer.retention.prune(keep, later);
  assert.equal((await buffer.views.status()).knownSources, 1);
  assert.equal(await expire(buffer, later), 1);
  await buffer.retention.prune(keep, later + 30 * DAY);
  assert.equal((await buffer.views.status()).knownSources, 1);
  await buffer.retention.prune(keep, later + 31 * DAY);
  assert.equal((await buffer.views.status()).knownSources, 0);
});

Deno.test("expire() ends an address once, at the end of its silence", async () => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await snapshotAll(buffer, START);
  const at = await seenAt(buffer) + 90 * DAY;
  assert.equal(await buffer.outbox.nextExpiryAt({ expireAfterMs: 90 * DAY }), at);
  assert.equal(await expire(buffer, at - 1), 0);
  assert.equal(await expire(buffer, at), 1);
  assert.equal(await expire(buffer, at), 0);
  assert.equal(await buffer.outbox.nextExpiryAt({ expireAfterMs: 90 * DAY }), undefined);
  assert.equal((await buffer.views.status()).expired, 1);
});

Deno.test("expire() ends an address by this machine's clock where a sensor's is ahead", async () => {
  using buffer = open();
  const alert = guess();
  assert.equal(alert.kind, "attempts");
  const attempts = alert.attempts.map((one) => ({ ...one, at: START + 3650 * DAY }));
  await accept(buffer, [{ ...alert, attempts }]);
  await snapshotAll(buffer, START);
  assert.equal(await expire(buffer, START + 89 * DAY), 0);
  assert.equal(await expire(buffer, START + 90 * DAY), 1);
});

Deno.test("a buffer of the schema before expires the sources that were reported, and no others", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const old = new DatabaseSync(path);
  const earlier = MIGRATIONS.slice(0, MIGRATIONS.indexOf(EXPIRY));
  for (const migration of earlier) old.exec(migration);
  old.exec(`PRAGMA user_version = ${earlier.length}`);
  const row = old.prepare(
    `INSERT INTO source_record (source_ip, event_uuid, publisher, opened_on, first_seen, last_seen,
       alerts, pam, sshd, connect, attempts, reports, detail, snapshot_at)
     VALUES (?, 'event', 'wazuh', '2026-08-23', ?, ?, 1, 0, 1, 0, 1, ?, ?, ?)`,
  );
  const detail = JSON.stringify({
    ...{ services: ["ssh"], furtherUsernames: 0, usernames: {}, sensors: [], techniques: [] },
  });
  row.run(IP, START, START, 1, detail, START);
  row.run(OTHER_IP, START, START, 0, detail, START);
  old.close();
  using buffer = new SqliteBuffer(path, START);
  assert.equal(await expire(buffer, START + 90 * DAY), 1);
  assert.equal((await buffer.views.source(IP))?.expiredAt, START + 90 * DAY);
  assert.equal((await buffer.views.source(OTHER_IP))?.expiredAt, undefined);
});
