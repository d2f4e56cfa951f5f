/**
 * Damage of every kind to a buffer that holds alerts, and what each way in makes of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { BufferError, bufferExists } from "../../src/buffer/open.ts";

import { SqliteBuffer } from "../../src/buffer/sqlite.ts";

import { acceptNumber, alertOf, sourceOf } from "./numbered_sources.ts";
import { createProgram, integratordArgs, KINDS, type Program } from "../e2e/program.ts";
import { MIGRATIONS } from "../../src/buffer/schema.ts";
import { FREEZE_RULES } from "../buffer/writer_process.ts";
import { freezeAttack } from "../../src/publish/freeze.ts";
import { decideDefault } from "../support/fixtures.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

const NOW = Date.UTC(2026, 10, 23, 1, 21, 31, 5);
const PAGE = 4096;

/** What a buffer of these tests holds: frozen sources first, pending ones behind them. */
const FROZEN = 5;
const PENDING = 5;
/** The first source's further alerts: what is known of it reaches into pages of its own. */
const REPEATED = 20;
/** All of them. */
const HELD = FROZEN + PENDING + REPEATED;

const accept = (buffer: SqliteBuffer, number: number) => acceptNumber(buffer, number, NOW);

async function freezeAll(buffer: SqliteBuffer): Promise<number> {
  const rules = { periodMs: -1e9, maxHoldMs: -1e9, sinks: FREEZE_RULES.sinks };
  return await buffer.freezeDue(
    rules,
    1000,
    NOW,
    (attack, home) => freezeAttack(attack, home, FREEZE_RULES, NOW),
  );
}

/** Fills a buffer with alerts 1 to 10, half of them frozen with repeats of the first, and leaves all of it in its one file. */
async function fill(path: string): Promise<void> {
  using buffer = new SqliteBuffer(path, NOW);
  const take = (alerts: readonly unknown[]) =>
    buffer.accept(alerts.map(decideDefault), { maxUsernames: 100 }, NOW);
  const frozen = Array.from({ length: FROZEN }, (_, at) => alertOf(at + 1));
  const repeated = Array.from({ length: REPEATED }, (_, at) => alertOf(1, at + 1));
  await take([...frozen, ...repeated]);
  await freezeAll(buffer);
  await take(Array.from({ length: PENDING }, (_, at) => alertOf(FROZEN + at + 1)));
}

async function countsOf(path: string) {
  using buffer = new SqliteBuffer(path, NOW);
  const { accepted, pendingAttacks, pendingAttempts, waiting } = await buffer.status();
  return { accepted, pendingAttacks, pendingAttempts, waiting };
}

const ALL = {
  accepted: HELD,
  pendingAttacks: PENDING,
  pendingAttempts: PENDING,
  waiting: FROZEN,
};

const asides = (folder: TempFolder) =>
  folder.names().filter((name) => /\.corrupt-[^/]*Z$/.test(name));

function zeroPage(path: string, page: number): void {
  using file = Deno.openSync(path, { write: true });
  file.seekSync(page * PAGE, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(PAGE));
}

/** What goes wrong must be one line that names the file. */
function isOneLine(error: unknown, path: string): boolean {
  return error instanceof BufferError && error.message.startsWith(`buffer ${path}: `) &&
    !error.message.includes("\n");
}

/** Everything that other commands ask of a buffer. @returns the lines that they end with */
async function useAll(path: string, onlyTells: boolean): Promise<readonly string[]> {
  const lines: string[] = [];
  const uses: readonly ((buffer: SqliteBuffer) => Promise<unknown>)[] = [
    (buffer) => buffer.status(),
    (buffer) => buffer.listReports(Infinity),
    async (buffer) => {
      for (const row of (await buffer.listReports(50)).rows) {
        JSON.parse(await buffer.reportBody(row) ?? "{}");
      }
    },
    (buffer) => buffer.findReports({ kind: "undelivered" }),
    (buffer) => buffer.remembered("anything"),
    (buffer) => buffer.isLeaseHeld("publish", NOW),
    (buffer) => buffer.nextDueAt({ periodMs: 1, maxHoldMs: 1, sinks: ["feed"] }),
    async (buffer) => {
      for (const report of await buffer.reportsToTry(["feed"], 100, NOW * 2)) {
        JSON.parse(report.body);
      }
    },
    (buffer) => buffer.countWaiting(["feed"]),
    (buffer) => buffer.closeDays(NOW, () => []),
    ...(onlyTells ? [] : [
      async (buffer: SqliteBuffer) => {
        for (let number = 1; number <= FROZEN; number++) {
          await acceptNumber(buffer, number, NOW, REPEATED + 1);
        }
      },
      freezeAll,
      (buffer: SqliteBuffer) => buffer.remember("anything", "x"),
      (buffer: SqliteBuffer) => buffer.takeLease("publish", "me", 1000, NOW),
      (buffer: SqliteBuffer) =>
        buffer.prune({ seenMs: 0, homeMs: 1e12, connectionMs: 1e12 }, NOW + 1e6),
    ]),
  ];
  const tell = (error: unknown) => {
    assert.ok(isOneLine(error, path), `${error instanceof Error ? error.stack : error}`);
    lines.push((error as Error).message);
  };
  try {
    using buffer = new SqliteBuffer(path, NOW, { onlyTells });
    for (const use of uses) await use(buffer).catch(tell);
  } catch (error) {
    tell(error);
  }
  return lines;
}

Deno.test("accept() finds room for the alert at hand whichever page of the buffer is zeroed", async () => {
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
      using buffer = new SqliteBuffer(folder.file("checked.db"), NOW, { checksAll: true });
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

/** What SQLite itself says of a file. */
function integrityOf(path: string): unknown {
  const db = new DatabaseSync(path);
  try {
    return db.prepare("PRAGMA integrity_check").get()?.integrity_check;
  } finally {
    db.close();
  }
}

/**
 * A buffer of a process that was killed: alerts 1 to 10 in its file, 11 to 15 in its WAL only.
 *
 * @returns the length of the WAL behind each of those five commits
 */
async function fillWal(folder: TempFolder, path: string): Promise<readonly number[]> {
  const live = folder.file("live.db");
  await fill(live);
  using buffer = new SqliteBuffer(live, NOW);
  const lengths: number[] = [];
  for (let number = 11; number <= 15; number++) {
    await accept(buffer, number);
    lengths.push(Deno.statSync(`${live}-wal`).size);
  }
  for (const suffix of ["", "-wal", "-shm"]) Deno.copyFileSync(live + suffix, path + suffix);
  return lengths;
}

const FRAME = PAGE + 24;

/** What is done to the WAL, and how many of its five alerts must be there after it. */
const WAL_DAMAGE: Readonly<
  Record<string, readonly [(wal: string, lengths: readonly number[]) => void, kept: number]>
> = {
  "torn in the middle of its last frame": [
    (wal, lengths) => Deno.truncateSync(wal, lengths[4]! - FRAME / 2),
    4,
  ],
  "torn behind a frame that is no commit": [
    (wal, lengths) => Deno.truncateSync(wal, lengths[2]! + FRAME),
    3,
  ],
  "torn in its header": [(wal) => Deno.truncateSync(wal, 17), 0],
  "with a flipped byte in its fourth commit": [
    (wal, lengths) => {
      const bytes = Deno.readFileSync(wal);
      bytes[lengths[2]! + 24 + 99]! ^= 0x10;
      Deno.writeFileSync(wal, bytes);
    },
    3,
  ],
  "with a tail of rubbish": [
    (wal) => Deno.writeFileSync(wal, new Uint8Array(3 * FRAME).fill(0xa5), { append: true }),
    5,
  ],
  "that is gone": [(wal) => Deno.removeSync(wal), 0],
  "beside a -shm of rubbish": [
    (wal) => Deno.writeFileSync(wal.replace(/wal$/, "shm"), new Uint8Array(32768).fill(0xa5)),
    5,
  ],
  "beside no -shm": [(wal) => Deno.removeSync(wal.replace(/wal$/, "shm")), 5],
};

for (const [name, [damage, kept]] of Object.entries(WAL_DAMAGE)) {
  Deno.test(`SqliteBuffer() finds what was committed before the damage to a WAL ${name}`, async () => {
    using folder = tempFolder();
    const path = folder.file("buffer.db");
    const lengths = await fillWal(folder, path);
    damage(`${path}-wal`, lengths);
    {
      using buffer = new SqliteBuffer(path, NOW);
      assert.equal((await buffer.status()).accepted, HELD + kept);
      for (let number = 1; number <= 15; number++) {
        const { duplicate } = await accept(buffer, number);
        assert.equal(duplicate, number <= 10 + kept ? 1 : 0, `alert ${number}`);
      }
    }
    assert.deepEqual(asides(folder), []);
    assert.deepEqual(await countsOf(path), {
      ...ALL,
      accepted: HELD + 5,
      pendingAttacks: 10,
      pendingAttempts: 10,
    });
    assert.equal(integrityOf(path), "ok");
  });
}

Deno.test("accept() has whatever it acknowledged in any copy that is made behind its back", async () => {
  using folder = tempFolder();
  const path = folder.file("live.db");
  const writer = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write=/tmp"],
      ...["--config", new URL("../../deno.json", import.meta.url).pathname],
      ...[new URL("numbered_sources.ts", import.meta.url).pathname, path],
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let acknowledged = 0;
  const reading = (async () => {
    let rest = "";
    for await (const text of writer.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      acknowledged = Number(lines.at(-1) ?? acknowledged);
    }
  })();
  const copies: { readonly path: string; readonly acknowledged: number }[] = [];
  try {
    while (acknowledged === 0) await sleep(10);
    for (let copy = 0; copy < 15; copy++) {
      await sleep(20 + Math.random() * 80);
      const known = acknowledged;
      const target = folder.file(`copy-${copy}.db`);
      // Both files of the same moment, whatever the writer is in the middle of.
      writer.kill("SIGSTOP");
      for (const suffix of ["", "-wal"]) Deno.copyFileSync(path + suffix, target + suffix);
      writer.kill("SIGCONT");
      copies.push({ path: target, acknowledged: known });
    }
  } finally {
    writer.kill("SIGKILL");
    await writer.status;
    await reading;
  }
  const found: number[] = [];
  for (const copy of copies) {
    using buffer = new SqliteBuffer(copy.path, NOW);
    assert.equal(buffer.movedAside, undefined);
    const { accepted, pendingAttempts } = await buffer.status();
    assert.ok(accepted >= copy.acknowledged, `${accepted} of ${copy.acknowledged}`);
    assert.equal(pendingAttempts, accepted);
    assert.equal(integrityOf(copy.path), "ok");
    for (const number of [1, copy.acknowledged, accepted]) {
      assert.equal((await accept(buffer, number)).duplicate, 1, `alert ${number}`);
    }
    found.push(accepted);
  }
  assert.ok(found.at(-1)! > found[0]! + 15, `nothing was written meanwhile: ${found}`);
});

const sleep = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82]);

const FOREIGN: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "a text": new TextEncoder().encode("2026-11-23 nothing of interest\n".repeat(400)),
  "an image": new Uint8Array([...PNG, ...new Uint8Array(9000).map((_, at) => (at * 31) % 251)]),
};

for (const [name, bytes] of Object.entries(FOREIGN)) {
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
  const tables = namesIn(db, allTables).filter((name) => namesIn(now, allTables).includes(name));
  for (const table of tables) {
    const columns = namesIn(db, `SELECT name FROM pragma_table_info('${table}')`);
    const marks = columns.map(() => "?").join();
    // Managers stood there by name.
    const rows = table === "seen_alert"
      ? "SELECT name AS manager, alert_id, seen_at FROM seen_alert JOIN manager ON number = manager"
      : `SELECT ${columns.join()} FROM ${table}`;
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
  const reports = await buffer.reportsToTry(["feed"], 100, NOW * 2);
  assert.deepEqual(reports.map(({ isKnownThere }) => isKnownThere), Array(FROZEN).fill(true));
  assert.equal(await freezeAll(buffer), PENDING);
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

/** Fills the first page of a table, which SQLite reads as soon as anybody uses the table, with rubbish. */
function damageTable(path: string, table: string): void {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  const { rootpage } = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(table)!;
  db.close();
  zeroPage(path, Number(rootpage) - 1);
}

const stateOf = (program: Program) => program.buffer.replace(/\/[^/]*$/, "");

const asidesOf = (program: Program) =>
  [...Deno.readDirSync(stateOf(program))].map(({ name }) => name)
    .filter((name) => /\.corrupt-[^/]*Z$/.test(name));

async function shown(program: Program) {
  const { code, stdout, stderr } = await program.run(["status", "--json"]);
  assert.deepEqual([code, stderr], [0, ""]);
  const { alerts, pending, reports } = JSON.parse(stdout) as {
    alerts: { accepted: number };
    pending: { attempts: number };
    reports: { waiting: number; delivered: number };
  };
  return { accepted: alerts.accepted, attempts: pending.attempts, ...reports };
}

function titlesOf(program: Program): readonly string[] {
  const manifest = JSON.parse(Deno.readTextFileSync(`${program.feed}/manifest.json`)) as Record<
    string,
    { info: string }
  >;
  return Object.values(manifest).map(({ info }) => info).sort();
}

for (const kind of KINDS) {
  Deno.test(`${kind}: damage that only the publisher meets is told by all, mended by the publisher, and made good by replay`, async () => {
    await using program = await createProgram(kind);
    const kept = `${program.alerts}/kept.json`;
    const write = (numbers: readonly number[]) =>
      Deno.writeTextFile(kept, numbers.map((n) => JSON.stringify(alertOf(n))).join("\n"));
    await write([1, 2, 3]);
    assert.equal((await program.run(["replay", kept])).code, 0);
    assert.equal((await program.run(["flush", "--now"])).code, 0);
    await write([1, 2, 3, 4, 5]);
    assert.equal((await program.run(["replay", kept])).code, 0);
    const titles = titlesOf(program);
    damageTable(program.buffer, "report");
    for (const args of [["status"], ["report"], ["retract", sourceOf(1)]]) {
      const { code, stdout, stderr } = await program.run(args);
      assert.deepEqual([code, stdout], [1, ""], args.join());
      assert.match(
        stderr,
        /^custom-misp\S+: buffer \S+buffer\.db: it is damaged \(database disk image is malformed\); `replay` of kept alert files moves it aside and fills a new one\n$/,
      );
    }
    const examined = await program.run(["doctor"]);
    assert.equal(examined.code, 1);
    const said = examined.stdout.replace(/\s+/g, " ");
    assert.match(said, /buffer\.db: it is damaged \(.*\) -> `replay` of kept alert files moves it/);
    assert.doesNotMatch(said, /\\u000a/);
    assert.deepEqual(asidesOf(program), []);
    // Without anything due its own pages are all that it reads.
    const flushed = await program.run(["flush", "--now"]);
    assert.equal(flushed.code, 1);
    assert.match(
      flushed.stderr,
      /^custom-misp\S+: buffer \S+buffer\.db: it was damaged; it is kept as \S+\.corrupt-\S+Z, a new one was started; `replay` of kept alert files fills it again\n$/,
    );
    assert.equal(asidesOf(program).length, 1);
    assert.match(Deno.readTextFileSync(program.log), / error: the buffer was damaged; it is kept/);
    // Damage that shows at opening ends alike: what waited is not delivered.
    Deno.writeTextFileSync(program.buffer, "not a database\n".repeat(500));
    const again = await program.run(["flush"]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^[^\n]* it was damaged; it is kept as [^\n]*\n$/);
    assert.equal((await program.run(["flush"])).code, 0);
    assert.equal((await program.run(["replay", kept])).code, 0);
    assert.deepEqual(
      await shown(program),
      { accepted: 5, attempts: 5, waiting: 0, delivered: 0, refused: 0, dropped: 0 },
    );
    assert.equal((await program.run(["flush", "--now"])).code, 0);
    assert.equal(titles.length, 3);
    assert.deepEqual(titlesOf(program).filter((title) => titles.includes(title)), titles);
    assert.equal(titlesOf(program).length, 5);
  });

  Deno.test(`${kind}: damage that an alert does not meet until it is stored costs it nothing`, async () => {
    await using program = await createProgram(kind);
    const file = `${program.alerts}/one.alert`;
    await Deno.writeTextFile(file, JSON.stringify(alertOf(1)));
    assert.equal((await program.run(["replay", file])).code, 0);
    damageTable(program.buffer, "remembered");
    await Deno.writeTextFile(file, JSON.stringify(alertOf(2)));
    const { code, stderr } = await program.run(integratordArgs(file));
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal((await shown(program)).accepted, 1);
    assert.match(Deno.readTextFileSync(program.log), /the buffer was damaged; it is kept as/);
  });

  Deno.test(`${kind}: replay finds damage that nothing else meets, before it fills anything in`, async () => {
    await using program = await createProgram(kind);
    const kept = `${program.alerts}/kept.json`;
    await Deno.writeTextFile(kept, [1, 2].map((n) => JSON.stringify(alertOf(n))).join("\n"));
    assert.equal((await program.run(["replay", kept])).code, 0);
    damageTable(program.buffer, "home_event");
    const { code, stdout, stderr } = await program.run(["replay", kept]);
    assert.deepEqual([code, stdout], [0, "accepted 2, duplicate 0, ignored 0\n"]);
    assert.match(stderr, /^the buffer was damaged; it is kept as \S+, a new one is filled\n$/);
    assert.equal((await shown(program)).attempts, 2);
    assert.equal((await program.run(["doctor", "--json"])).stdout.includes("damaged"), false);
  });

  Deno.test(`${kind}: a buffer of a newer version is left alone, and every command says so`, async () => {
    await using program = await createProgram(kind);
    const file = `${program.alerts}/one.alert`;
    await Deno.writeTextFile(file, JSON.stringify(alertOf(1)));
    const db = new DatabaseSync(program.buffer);
    db.exec("CREATE TABLE seen_alert (a); PRAGMA user_version = 77");
    db.close();
    const before = Deno.readFileSync(program.buffer);
    for (const args of [integratordArgs(file), ["status"], ["flush"], ["replay", file]]) {
      const { code, stdout, stderr } = await program.run(args);
      assert.deepEqual([code, stdout], [1, ""], args.join());
      assert.match(
        stderr,
        /^[^\n]*buffer \S+buffer\.db: it was written by a newer version \(schema 77, known here \d+\); install that version again, or move the file away\n$/,
      );
    }
    const { code, stdout } = await program.run(["doctor"]);
    assert.equal(code, 1);
    assert.match(stdout.replace(/\s+/g, " "), /newer version \(schema 77.*-> install that version/);
    assert.deepEqual(Deno.readFileSync(program.buffer), before);
    assert.deepEqual(asidesOf(program), []);
  });
}

Deno.test("serve stores what is sent while its buffer is damaged, and says so at once", async () => {
  await using program = await createProgram("deno run");
  const child = program.command(["serve", "--listen", "127.0.0.1:0"]).spawn();
  let said = "";
  let listening = (_url: string) => {};
  const url = new Promise<string>((resolve) => listening = resolve);
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      said += text;
      const found = /listening on (http:\S+)/.exec(said);
      if (found !== null) listening(found[1]!);
    }
  })();
  const send = async (number: number) => {
    const body = JSON.stringify(alertOf(number));
    const answer = await fetch(`${await url}/alerts`, { method: "POST", body });
    return [answer.status, (await answer.json() as { accepted: number }).accepted];
  };
  try {
    assert.deepEqual(await send(1), [200, 1]);
    assert.equal(said.includes("damaged"), false);
    damageTable(program.buffer, "seen_alert");
    assert.deepEqual(await send(2), [200, 1]);
    assert.deepEqual(await send(3), [200, 1]);
  } finally {
    child.kill("SIGTERM");
    await child.stdout.cancel();
    await reading;
    await child.status;
  }
  assert.equal(said.match(/the buffer was damaged; it is kept as/g)?.length, 1, said);
  assert.equal((await shown(program)).accepted, 2);
});
