/**
 * Damage of every kind to a buffer that holds alerts, and what lies in its place that is none.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { bufferExists } from "../../src/buffer/sqlite/open.ts";
import { BufferError } from "../../src/buffer/sqlite/errors.ts";
import { MIGRATIONS } from "../../src/buffer/sqlite/schema.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { columnNow, tableNow } from "../support/first_schema.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import {
  accept,
  ALL,
  asides,
  countsOf,
  fill,
  isOneLine,
  NOW,
  PAGE,
  PENDING,
  SNAPSHOT,
  snapshotAll,
  useAll,
  zeroPage,
} from "./damage_rig.ts";

Deno.test("accept() stores the alert at hand whichever page of the buffer is zeroed", async () => {
  using folder = tempFolder();
  const whole = folder.file("whole.db");
  await fill(whole);
  const pages = Deno.statSync(whole).size / PAGE;
  assert.ok(pages > 20, `${pages}`);
  const path = folder.file("buffer.db");
  let replaced = 0;
  for (let page = 0; page < pages; page++) {
    Deno.copyFileSync(whole, path);
    zeroPage(path, page);
    let movedAside: string | undefined;
    {
      using buffer = new SqliteBuffer(path, NOW);
      assert.equal((await accept(buffer, 900)).accepted, 1, `page ${page}`);
      // A later one meets what the first one did not.
      assert.equal((await accept(buffer, 900)).duplicate, 1, `page ${page}`);
      movedAside = buffer.movedAside;
    }
    if (movedAside !== undefined) {
      replaced++;
      assert.deepEqual((await countsOf(path)).accepted, 1, `page ${page}`);
      // What lies aside is what was damaged: its size, not the new one's.
      assert.equal(Deno.statSync(movedAside).size >= pages * PAGE, true, `page ${page}`);
    }
    removeAll(folder, path);
  }
  assert.ok(replaced >= 8, `only ${replaced} of ${pages} pages were missed by an alert`);
});

Deno.test("SqliteBuffer() says or mends the loss of any page in one line, whatever is asked of it", async () => {
  using folder = tempFolder();
  const whole = folder.file("whole.db");
  await fill(whole);
  const pages = Deno.statSync(whole).size / PAGE;
  const path = folder.file("buffer.db");
  let met = 0;
  for (let page = 0; page < pages; page++) {
    Deno.copyFileSync(whole, path);
    zeroPage(path, page);
    const before = Deno.readFileSync(path);
    const told = await useAll(path, true);
    for (const line of told) {
      assert.match(line, /it is damaged \(.*\); `replay` of kept alert files moves it aside/);
    }
    assert.deepEqual(asides(folder), [], `page ${page}: who only looks moves nothing`);
    assert.deepEqual(Deno.readFileSync(path), before, `page ${page}`);
    if (told.length > 0) {
      met++;
      Deno.copyFileSync(path, folder.file("checked.db"));
      using buffer = new SqliteBuffer(folder.file("checked.db"), NOW, { fullCheck: true });
      assert.notEqual(buffer.movedAside, undefined, `page ${page}: \`replay\` finds it, too`);
    }
    const lines = await useAll(path, false);
    if (told.length > 0) {
      const aside = folder.names().filter((name) => /^buffer\.db\.corrupt-[^/]*Z$/.test(name));
      assert.equal(aside.length, 1, `page ${page}: ${told[0]}`);
    }
    for (const line of lines) assert.match(line, /it was damaged; it is kept as .*corrupt-/);
    assert.ok(lines.length <= 1, `page ${page}: told again after it was replaced`);
    assert.deepEqual(await useAll(path, true), [], `page ${page}: mended once`);
    removeAll(folder, path);
    removeAll(folder, folder.file("checked.db"));
  }
  assert.ok(met >= 8, `only ${met} of ${pages} pages were noticed`);
});

function removeAll(folder: TempFolder, path: string): void {
  for (const name of folder.names()) {
    if (folder.file(name).startsWith(path)) Deno.removeSync(folder.file(name));
  }
}

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82]);

const UNTRUSTED: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "a text": new TextEncoder().encode("2026-11-23 nothing of interest\n".repeat(400)),
  "an image": new Uint8Array([...PNG, ...new Uint8Array(9000).map((_, at) => (at * 31) % 251)]),
};

for (const [name, bytes] of Object.entries(UNTRUSTED)) {
  Deno.test(`SqliteBuffer() keeps ${name} that lies where the buffer should be, byte for byte`, async () => {
    using folder = tempFolder();
    const path = folder.file("buffer.db");
    Deno.writeFileSync(path, bytes);
    const told = await useAll(path, true);
    assert.match(told.join(), /it is damaged \(file is not a database\)/);
    assert.deepEqual(Deno.readFileSync(path), bytes);
    using buffer = new SqliteBuffer(path, NOW);
    assert.equal((await accept(buffer, 1)).accepted, 1);
    assert.deepEqual(Deno.readFileSync(buffer.movedAside!), bytes);
  });
}

for (const version of [0, 1, MIGRATIONS.length]) {
  Deno.test(`accept() moves another program's database of version ${version} aside and keeps what it holds`, async () => {
    using folder = tempFolder();
    const path = folder.file("buffer.db");
    const theirs = new DatabaseSync(path);
    theirs.exec(`CREATE TABLE moz_places (url TEXT); INSERT INTO moz_places VALUES ('theirs');
      PRAGMA user_version = ${version}`);
    theirs.close();
    const told = await useAll(path, true);
    assert.ok(told.length > 0);
    for (const line of told) assert.match(line, /^buffer .*: it is damaged \(/);
    let movedAside: string | undefined;
    {
      using buffer = new SqliteBuffer(path, NOW);
      assert.equal((await accept(buffer, 1)).accepted, 1);
      movedAside = buffer.movedAside;
    }
    assert.equal((await countsOf(path)).accepted, 1);
    const aside = new DatabaseSync(movedAside!, { readOnly: true });
    const tables = aside.prepare("SELECT name FROM sqlite_schema").all().map(({ name }) => name);
    assert.equal(aside.prepare("SELECT url FROM moz_places").get()?.url, "theirs");
    aside.close();
    if (version !== 1) assert.deepEqual(tables, ["moz_places"], "none of ours was put into it");
  });
}

Deno.test("SqliteBuffer() and bufferExists() say what is no file, and leave it there", async () => {
  using folder = tempFolder();
  const makers: readonly [name: string, make: (path: string) => Promise<unknown> | void][] = [
    ["it is a folder, a pipe or a device; move it away", (path) => Deno.mkdirSync(path)],
    [
      "it is a folder, a pipe or a device; move it away",
      (path) => new Deno.Command("mkfifo", { args: [path] }).output(),
    ],
    [
      "it is a link to nowhere; make that folder",
      (path) => new Deno.Command("ln", { args: ["-s", folder.file("no/b.db"), path] }).output(),
    ],
  ];
  for (const [index, [text, make]] of makers.entries()) {
    const path = folder.file(`buffer-${index}.db`);
    await make(path);
    const before = Deno.lstatSync(path);
    assert.throws(
      () => new SqliteBuffer(path, NOW),
      (error) => isOneLine(error, path) && (error as Error).message.includes(text),
    );
    if (!before.isSymlink) assert.throws(() => bufferExists(path), BufferError);
    assert.equal(Deno.lstatSync(path).ino, before.ino);
    assert.deepEqual(folder.names().filter((name) => name.includes("probe")), []);
  }
});

Deno.test("SqliteBuffer() takes a buffer along from its first schema without loss", async () => {
  using folder = tempFolder();
  await fill(folder.file("now.db"));
  const path = folder.file("buffer.db");
  const db = new DatabaseSync(path);
  db.exec(MIGRATIONS[0]!);
  const now = new DatabaseSync(folder.file("now.db"), { readOnly: true });
  const namesIn = (from: DatabaseSync, sql: string) =>
    from.prepare(sql).all().map(({ name }) => String(name));
  const allTables = "SELECT name FROM sqlite_schema WHERE type = 'table'";
  const tables = namesIn(db, allTables).filter((name) =>
    namesIn(now, allTables).includes(tableNow(name))
  );
  for (const table of tables) {
    const columns = namesIn(db, `SELECT name FROM pragma_table_info('${table}')`);
    const marks = columns.map(() => "?").join();
    // Managers stood there by name.
    const rows = table === "seen_alert"
      ? "SELECT name AS manager, alert_id, seen_at FROM seen_alert JOIN manager ON number = manager"
      : `SELECT ${columns.map(columnNow).join()} FROM ${tableNow(table)}`;
    for (const row of now.prepare(rows).all()) {
      db.prepare(`INSERT INTO ${table} (${columns.join()}) VALUES (${marks})`)
        .run(...columns.map((name) => row[name]!));
    }
  }
  now.close();
  db.exec(`INSERT INTO home_sink (event_uuid, sink, delivered_at)
    SELECT event_uuid, 'feed', ${NOW} FROM home_event; PRAGMA user_version = 1`);
  db.close();
  assert.deepEqual(await countsOf(path), ALL);
  assert.deepEqual(asides(folder), []);
  using buffer = new SqliteBuffer(path, NOW);
  assert.equal((await accept(buffer, 3)).duplicate, 1);
  const reports = await buffer.outbox.reportsToTry(["feed"], 100, NOW * 2);
  assert.deepEqual(reports.map(({ isKnownThere }) => isKnownThere), Array(SNAPSHOT).fill(true));
  assert.equal(await snapshotAll(buffer), PENDING);
});

Deno.test("accept() goes into the new file once another process has moved the old one aside", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  using served = new SqliteBuffer(path, NOW);
  await accept(served, 1);
  for (const suffix of ["", "-wal", "-shm"]) Deno.renameSync(path + suffix, `${path}.old${suffix}`);
  assert.equal((await accept(served, 2)).accepted, 1);
  assert.equal((await countsOf(path)).accepted, 1);
  assert.equal((await accept(served, 2)).duplicate, 1);
});
