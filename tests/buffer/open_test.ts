import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../src/buffer/sqlite/open.ts";
import { openReady, SCHEMA_VERSION } from "../../src/buffer/sqlite/connect.ts";
import { MIGRATIONS } from "../../src/buffer/sqlite/schema.ts";
import { BufferError } from "../../src/buffer/sqlite/errors.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { tempFolder } from "../support/temp.ts";

const NOW = Date.UTC(2026, 10, 23, 1, 21, 31, 5);
const ASIDE = "buffer.db.corrupt-2026-11-23T01-21-31-005Z";

const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;

async function isWorking(buffer: SqliteBuffer): Promise<boolean> {
  const { accepted } = await buffer.intake.accept(
    [decideDefault(sshdAlert())],
    { maxUsernames: 1 },
    NOW,
  );
  return accepted === 1;
}

const DAMAGE: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "zeros": new Uint8Array(8192),
  "text": new TextEncoder().encode("no database\n".repeat(500)),
  "noise": new Uint8Array(8192).map((_, index) => (index * 7919) % 251),
  "a short text": new TextEncoder().encode("no database"),
  "an SQLite header and nothing behind it": new TextEncoder().encode("SQLite format 3\0"),
};

for (const [name, bytes] of Object.entries(DAMAGE)) {
  Deno.test(`SqliteBuffer() moves a file of ${name} aside and starts a new one`, async () => {
    using folder = tempFolder();
    const path = folder.file("buffer.db");
    Deno.writeFileSync(path, bytes);
    using buffer = new SqliteBuffer(path, NOW);
    assert.equal(buffer.movedAside, folder.file(ASIDE));
    assert.deepEqual(Deno.readFileSync(folder.file(ASIDE)), bytes);
    assert.equal(await isWorking(buffer), true);
  });
}

Deno.test("SqliteBuffer() moves a buffer aside that lost its end", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  await makeBuffer(path);
  Deno.truncateSync(path, 8192);
  using buffer = new SqliteBuffer(path, NOW);
  assert.equal(buffer.movedAside, folder.file(ASIDE));
  assert.equal(await isWorking(buffer), true);
});

Deno.test("SqliteBuffer() moves a buffer aside whose tables are overwritten", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  await makeBuffer(path);
  const bytes = Deno.readFileSync(path);
  bytes.fill(0xff, 100);
  Deno.writeFileSync(path, bytes);
  using buffer = new SqliteBuffer(path, NOW);
  assert.equal(buffer.movedAside, folder.file(ASIDE));
  assert.equal(await isWorking(buffer), true);
});

Deno.test("SqliteBuffer() takes a file without a byte for a new one", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  Deno.writeFileSync(path, new Uint8Array());
  using buffer = new SqliteBuffer(path, NOW);
  assert.equal(buffer.movedAside, undefined);
  assert.equal(await isWorking(buffer), true);
});

Deno.test("SqliteBuffer() finds everything again", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  await makeBuffer(path);
  using buffer = new SqliteBuffer(path, NOW);
  assert.equal(buffer.movedAside, undefined);
  const { accepted, pendingAttempts } = await buffer.views.status();
  assert.deepEqual([accepted, pendingAttempts], [1, 1]);
});

Deno.test("SqliteBuffer() finds what a killed process had committed", async () => {
  using folder = tempFolder();
  await makeBuffer(folder.file("killed.db"));
  using open = new SqliteBuffer(folder.file("killed.db"), NOW);
  assert.equal(await isWorking(open), true);
  for (const suffix of ["", "-wal"]) {
    Deno.copyFileSync(folder.file(`killed.db${suffix}`), folder.file(`buffer.db${suffix}`));
  }
  using buffer = new SqliteBuffer(folder.file("buffer.db"), NOW);
  assert.equal(buffer.movedAside, undefined);
  assert.equal((await buffer.views.status()).accepted, 2);
});

Deno.test("SqliteBuffer() refuses a file of a newer version, says so and does not touch it", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  await makeBuffer(path);
  const db = new DatabaseSync(path);
  db.exec("PRAGMA user_version = 999");
  db.close();
  const before = Deno.readFileSync(path);
  assert.throws(
    () => new SqliteBuffer(path, NOW),
    (error) =>
      error instanceof BufferError &&
      error.message.startsWith(`buffer ${path}: it was written by a newer version (schema 999`) &&
      !error.message.includes("\n"),
  );
  assert.deepEqual(folder.names(), ["buffer.db"]);
  assert.deepEqual(Deno.readFileSync(path), before);
});

Deno.test("SqliteBuffer() makes the folder, and files that others cannot read", async () => {
  using folder = tempFolder();
  const path = folder.file("queue/custom-misp/buffer.db");
  using buffer = new SqliteBuffer(path, NOW);
  assert.equal(await isWorking(buffer), true);
  for (const suffix of ["", "-wal", "-shm"]) assert.equal(modeOf(path + suffix) & ~0o640, 0);
  assert.equal(modeOf(folder.file("queue/custom-misp")) & 0o007, 0);
});

Deno.test("SqliteBuffer() says in one line which file cannot be used", () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(folder.file("a-file"), "");
  for (const path of [folder.file("a-file/buffer.db"), folder.path]) {
    assert.throws(
      () => new SqliteBuffer(path, NOW),
      (error) =>
        error instanceof BufferError && error.message.startsWith(`buffer ${path}: `) &&
        !error.message.includes("\n"),
    );
  }
});

Deno.test("openDatabase() keeps what it wrote: WAL, every commit synced", () => {
  using folder = tempFolder();
  const { db } = openDatabase(folder.file("buffer.db"), NOW);
  const pragma = (name: string) => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  assert.equal(pragma("journal_mode"), "wal");
  assert.equal(pragma("synchronous"), 2);
  db.close();
});

/** A buffer with one alert, all of it in its one file. */
async function makeBuffer(path: string): Promise<void> {
  using buffer = new SqliteBuffer(path, NOW);
  assert.equal(await isWorking(buffer), true);
}

Deno.test("openReady() takes a file of this version, set up as openDatabase() does", () => {
  assert.equal(SCHEMA_VERSION, MIGRATIONS.length);
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  openDatabase(path, NOW).db.close();
  const db = openReady(path);
  assert.ok(db);
  const pragma = (name: string) => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  assert.deepEqual(
    ["journal_mode", "synchronous", "busy_timeout"].map(pragma),
    ["wal", 2, 10_000],
  );
  db.close();
});

Deno.test("openReady() leaves to openDatabase() what is not there, older, newer or no database", () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  assert.equal(openReady(path), undefined);
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
  assert.equal(openReady(folder.path), undefined);
  for (const version of [SCHEMA_VERSION - 1, SCHEMA_VERSION + 1]) {
    const { db } = openDatabase(path, NOW);
    db.exec(`PRAGMA user_version = ${version}`);
    db.close();
    assert.equal(openReady(path), undefined);
    Deno.removeSync(path);
  }
  Deno.writeTextFileSync(path, "no database, and long enough to be looked at: ".repeat(100));
  assert.equal(openReady(path), undefined);
  assert.match(Deno.readTextFileSync(path), /^no database/);
});
