import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { tempFolder } from "../support/temp.ts";
import { publishAll } from "./writer_process.ts";

const PROJECT = new URL("../../", import.meta.url).pathname;
const WRITERS = 8;
const ALERTS = 150;

/** 8 × 75 of its own and 10 that every writer hands over under the same ids. */
const ON_COMMON_SOURCE = 610;
const ON_OWN_SOURCE = 75;

function start(path: string, role: string) {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write=/tmp"],
      ...["--config", `${PROJECT}deno.json`, `${PROJECT}tests/buffer/writer_process.ts`],
      ...[path, role, String(ALERTS)],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function untilReady(child: Deno.ChildProcess): Promise<void> {
  const reader = child.stdout.getReader();
  await reader.read();
  reader.releaseLock();
}

async function untilEnded(child: Deno.ChildProcess): Promise<void> {
  const { code, stderr } = await child.output();
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.equal(code, 0);
}

/** All processes open the buffer in the same moment. */
async function writeTogether(path: string): Promise<void> {
  const writers = Array.from({ length: WRITERS }, (_, index) => start(path, String(index + 1)));
  await Promise.all(writers.map(untilReady));
  await Promise.all(writers.map((writer) => writer.stdin.close()));
  await Promise.all(writers.map(untilEnded));
}

/** What is known of each source once everything is published. */
async function attemptsOfRecords(path: string): Promise<Record<string, number>> {
  using buffer = new SqliteBuffer(path, Date.now());
  await publishAll(buffer, "the test");
  const { pendingAttacks, waiting } = await buffer.views.status();
  assert.deepEqual({ pendingAttacks, waiting }, { pendingAttacks: 0, waiting: 0 });
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = db.prepare("SELECT source_ip, attempts FROM source_record ORDER BY source_ip")
      .all();
    return Object.fromEntries(rows.map((row) => [String(row.source_ip), Number(row.attempts)]));
  } finally {
    db.close();
  }
}

const EVERYTHING = {
  "212.64.151.1": ON_OWN_SOURCE,
  "212.64.151.2": ON_OWN_SOURCE,
  "212.64.151.3": ON_OWN_SOURCE,
  "212.64.151.4": ON_OWN_SOURCE,
  "212.64.151.5": ON_OWN_SOURCE,
  "212.64.151.6": ON_OWN_SOURCE,
  "212.64.151.7": ON_OWN_SOURCE,
  "212.64.151.8": ON_OWN_SOURCE,
  "82.202.219.155": ON_COMMON_SOURCE,
};

async function countsOf(path: string) {
  using buffer = new SqliteBuffer(path, Date.now());
  const { accepted, duplicate, pendingAttacks, pendingAttempts } = await buffer.views.status();
  return { accepted, duplicate, pendingAttacks, pendingAttempts };
}

Deno.test("accept() of eight processes that make the buffer together loses nothing and counts nothing twice", async () => {
  using folder = tempFolder();
  const path = folder.file("state/buffer.db");
  await writeTogether(path);
  assert.deepEqual(await countsOf(path), {
    accepted: 1210,
    duplicate: 70,
    pendingAttacks: 9,
    pendingAttempts: 1210,
  });
  assert.deepEqual(await attemptsOfRecords(path), EVERYTHING);
  assert.deepEqual(folder.names(), ["state"]);
});

Deno.test("accept() of eight processes conserves every alert while a ninth takes snapshots, delivers and compacts", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const publisher = start(path, "publish");
  await untilReady(publisher);
  await writeTogether(path);
  await publisher.stdin.close();
  await untilEnded(publisher);
  assert.deepEqual(await attemptsOfRecords(path), EVERYTHING);
  using buffer = new SqliteBuffer(path, Date.now());
  const { accepted, duplicate, refused } = await buffer.views.status();
  assert.deepEqual({ accepted, duplicate, refused }, { accepted: 1210, duplicate: 70, refused: 0 });
});

Deno.test("SqliteBuffer() of eight processes on a damaged file moves it aside once and loses nothing", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  Deno.writeTextFileSync(path, "this was a buffer once\n".repeat(1000));
  await writeTogether(path);
  assert.deepEqual(await countsOf(path), {
    accepted: 1210,
    duplicate: 70,
    pendingAttacks: 9,
    pendingAttempts: 1210,
  });
  const aside = folder.names().filter((name) => /^buffer\.db\.corrupt-[^/]*Z$/.test(name));
  assert.equal(aside.length, 1);
  assert.match(Deno.readTextFileSync(folder.file(aside[0]!)), /^this was a buffer once/);
});
