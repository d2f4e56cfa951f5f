import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { LockWait } from "../../src/buffer/sqlite/lock_wait.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { inGroups } from "../../src/server/ingest/group_commit.ts";
import { tempFolder } from "../support/temp.ts";
import { guess, START } from "./sqlite_rig.ts";

const LIMITS = { maxUsernames: 100 };

/** Another process's open transaction. */
class Holder implements Disposable {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec("BEGIN IMMEDIATE");
  }

  [Symbol.dispose](): void {
    this.#db.exec("ROLLBACK");
    this.#db.close();
  }
}

const open = (path: string, lockTimeoutMs: number) =>
  new SqliteBuffer(path, START, { asyncSync: true, lockWait: new LockWait(lockTimeoutMs) });

Deno.test("accept() that waits for a lock lets the event loop turn, reads go on, and it stores in the end", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  using buffer = open(path, 600_000);
  const holder = new Holder(path);
  let isStored = false;
  const storing = buffer.intake.accept([guess()], LIMITS, START).then((accepted) => {
    isStored = true;
    return accepted;
  });
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await buffer.views.status()).accepted, 0);
  }
  assert.equal(isStored, false);
  holder[Symbol.dispose]();
  assert.equal((await storing).accepted, 1);
  assert.equal((await buffer.views.status()).accepted, 1);
});

Deno.test("accept() of many that wait for one lock ends for all of them after one lock timeout", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  using buffer = open(path, 500);
  const holder = new Holder(path);
  const startedAt = performance.now();
  const accept = inGroups((groups) => buffer.intake.acceptTogether(groups, LIMITS, START));
  const waiting = Array.from({ length: 40 }, () => accept([guess()]));
  waiting.push(buffer.intake.accept([guess()], LIMITS, START).then((one) => one));
  const outcomes = await Promise.allSettled(waiting);
  // One after the other they would have taken 20 s.
  assert.ok(performance.now() - startedAt < 10_000, `${performance.now() - startedAt} ms`);
  const reasons = new Set(outcomes.map((one) => one.status === "rejected" ? `${one.reason}` : one));
  assert.deepEqual([...reasons], [
    `BufferError: buffer ${path}: another process has kept it locked for 0.5 s ` +
    `(database is locked); \`fuser ${path}\` shows which`,
  ]);
  holder[Symbol.dispose]();
  assert.equal((await accept([guess()])).accepted, 1);
});
