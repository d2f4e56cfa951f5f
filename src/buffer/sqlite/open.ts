/**
 * Opening the SQLite file. The first process makes it; a damaged one is moved aside.
 *
 * @module
 */
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "./schema.ts";
import { noFile, statOf, toBufferError } from "./error_text.ts";
import { type Opened, type OpenOptions, schemaVersion } from "./connect.ts";
import { BUSY_TIMEOUT_MS, Damage, isBusy, isDamage, isProvenDamage, Unusable } from "./errors.ts";
import { faultPoint } from "../../fault_point.ts";
import { followed, giveToOwner, openOwned } from "../../file_owner.ts";

/**
 * Opens the file, makes its folder and tables where they are missing.
 *
 * @param path the file, or `:memory:`
 * @param now milliseconds UTC, part of the name of a damaged file
 * @throws {BufferError} the file cannot be made, read or written, or is of a newer version
 */
export function openDatabase(path: string, now: number, options: OpenOptions = {}): Opened {
  try {
    const db = openOnce(path);
    return { db: options.fullCheck ? checked(db) : db, movedAside: undefined };
  } catch (error) {
    if (!isDamage(error) || options.keepDamaged) throw toBufferError(path, error);
    return replaceDamaged(path, now);
  }
}

/**
 * Whether there is a buffer: commands that only look must not make one.
 *
 * @throws {BufferError} there is something else
 */
export function bufferExists(path: string): boolean {
  try {
    if (Deno.statSync(path).isFile) return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw toBufferError(path, error);
  }
  throw toBufferError(path, noFile());
}

/**
 * One process alone looks again and moves the file: the others find the new one, and no process moves
 * that away. It moves what two connections of its own find damaged, one after the other: a disk that
 * fails now and then damages nothing.
 */
export function replaceDamaged(path: string, now: number): Opened {
  try {
    using lock = openOwned(`${path}.lock`, "write");
    lock.lockSync(true);
    const db = openWhole(path) ?? openWhole(path);
    if (db !== undefined) return { db, movedAside: undefined };
    const movedAside = moveAside(path, now);
    return { db: openOnce(path), movedAside };
  } catch (error) {
    throw toBufferError(path, error);
  }
}

/** Undefined where the file is damaged; what else prevents the opening is thrown. */
function openWhole(path: string): DatabaseSync | undefined {
  try {
    return checked(openOnce(path));
  } catch (error) {
    if (isProvenDamage(error)) return undefined;
    throw error;
  }
}

/** Another process may move a damaged file aside meanwhile, but not each time. */
const TRIES = 5;

function openOnce(path: string): DatabaseSync {
  for (let tries = TRIES;; tries--) {
    try {
      return openNamed(path);
    } catch (error) {
      if (!(error instanceof Replaced) || tries === 0) throw error;
    }
  }
}

/** Its name leads to another file than before it was opened. */
class Replaced extends Error {
  override name = "Replaced";
}

function openNamed(path: string): DatabaseSync {
  const known = path === ":memory:" ? undefined : prepared(path);
  const db = new DatabaseSync(path);
  try {
    // SQLite opens by name: it may have opened something else.
    if (known !== undefined && followed(path)?.ino !== known.ino) {
      throw new Replaced("it was replaced while it was opened");
    }
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    // Reads the tables' definitions: where that fails, Deno 2.5 has SQLite's words only here.
    db.exec("SELECT 1 FROM sqlite_schema LIMIT 1");
    // Before the switch: a file of another program does not change by a byte.
    requireOurs(db);
    switchToWal(db);
    db.exec("PRAGMA synchronous = FULL");
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Damage may sit in any page, while the first ones can be read. */
function checked(db: DatabaseSync): DatabaseSync {
  try {
    const found = String(db.prepare("PRAGMA quick_check(1)").get()?.quick_check);
    if (isReadError(found)) throw Object.assign(new Error(found), { code: "EIO" });
    // A heading stands in front of what was found.
    if (found !== "ok") throw new Damage(found.split("\n").at(-1));
    // A text that reaches into a page of its own may be lost without SQLite's noticing; and another
    // program's database may have the version of ours, but none of its tables.
    for (const [table, text] of [["source_record", "detail"], ["report_body", "body"]]) {
      db.exec(`SELECT ${text} FROM ${table} LIMIT 0`);
      const bad = db.prepare(
        `SELECT 1 FROM ${table} WHERE ${text} <> '' AND NOT json_valid(${text})`,
      )
        .get();
      if (bad !== undefined) throw new Damage(`${table}.${text} is not JSON`);
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite's code of an error of reading and writing; the higher bits of a code say which. */
const SQLITE_IOERR = 10;

/**
 * Whether the check could not read a page, which it reports in the same way as damage. Of a page on the
 * list of free ones it gives no code; that page holds nothing.
 */
function isReadError(found: string): boolean {
  const code = Number(/error code=(\d+)/.exec(found)?.[1]);
  return (code & 0xff) === SQLITE_IOERR || found.includes("failed to get page");
}

/** Makes the file where it is missing, and follows no link that others made. */
function prepared(path: string): Deno.FileInfo | undefined {
  for (const suffix of ["-wal", "-shm"]) followed(path + suffix);
  const known = followed(path);
  if (known !== undefined) return known;
  createFile(path);
  return followed(path);
}

/**
 * Makes an empty file, and its folder, where it is missing. SQLite gives its side files the mode of the
 * database, and the database that of the umask.
 */
export function createFile(path: string): void {
  // Asked first, since it mostly is there: an error is dearer than the question.
  if (statOf(path) !== undefined) return;
  const options = { write: true, createNew: true, mode: 0o640 };
  try {
    Deno.openSync(path, options).close();
    giveToOwner(path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    giveToOwner(dirname(path));
    createFile(path);
  }
}

/**
 * A newer version's buffer must not be touched, and a database of another program must not get our
 * tables.
 */
function requireOurs(db: DatabaseSync): void {
  const version = schemaVersion(db);
  if (version > MIGRATIONS.length) {
    throw new Unusable(
      `it was written by a newer version (schema ${version}, known here ${MIGRATIONS.length})`,
      "install that version again, or move the file away",
    );
  }
  if (version > 0 || db.prepare("SELECT 1 FROM sqlite_schema").get() === undefined) return;
  // Another process may have made the tables just now, and their version with them.
  if (schemaVersion(db) === 0) throw new Damage("it is the database of another program");
}

/** The switch takes an exclusive lock that does not wait for the busy timeout. */
function switchToWal(db: DatabaseSync): void {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      db.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      Atomics.wait(pause, 0, 0, 5 + Math.random() * 20);
    }
  }
}

function migrate(db: DatabaseSync): void {
  if (schemaVersion(db) === MIGRATIONS.length) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    requireOurs(db);
    const version = schemaVersion(db);
    for (const migration of MIGRATIONS.slice(version)) db.exec(migration);
    faultPoint("mid-migration");
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

function moveAside(path: string, now: number): string {
  const stamp = new Date(now).toISOString().replace(/[:.]/g, "-");
  const target = `${path}.corrupt-${stamp}`;
  for (const suffix of ["-wal", "-shm", ""]) {
    try {
      Deno.renameSync(path + suffix, target + suffix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return target;
}
