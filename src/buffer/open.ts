/**
 * Opening the SQLite file: made once by whoever comes first, moved aside when it is damaged.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "./schema.ts";
import { faultPoint } from "../fault_point.ts";

/** How long a writer waits for another, milliseconds. */
const BUSY_TIMEOUT_MS = 10_000;

/** The buffer cannot be used: which file, what is wrong, what to do. One line. */
export class BufferError extends Error {
  override name = "BufferError";
}

/** An open database, and what had to be moved aside for it. */
export interface Opened {
  readonly db: DatabaseSync;
  /** Where a damaged file went. */
  readonly movedAside: string | undefined;
}

/**
 * Opens the file, makes its folder and tables where they are missing.
 *
 * @param path the file, or `:memory:`
 * @param now milliseconds UTC, part of the name of a damaged file
 * @throws {BufferError} the file cannot be made, read or written, or is of a newer version
 */
export function openDatabase(path: string, now: number): Opened {
  try {
    return { db: openOnce(path), movedAside: undefined };
  } catch (error) {
    if (!isDamage(error)) throw explain(path, error);
    return replaceDamaged(path, now);
  }
}

/** Whether there is a buffer: commands that only look must not make one. */
export function bufferExists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw explain(path, error);
  }
}

/**
 * One process alone looks again and moves the file: the others find the new one, and nobody moves
 * that away.
 */
export function replaceDamaged(path: string, now: number): Opened {
  try {
    using lock = Deno.openSync(`${path}.lock`, { write: true, create: true, mode: 0o640 });
    lock.lockSync(true);
    try {
      return { db: checked(openOnce(path)), movedAside: undefined };
    } catch (error) {
      if (!isDamage(error)) throw error;
      const movedAside = moveAside(path, now);
      return { db: openOnce(path), movedAside };
    }
  } catch (error) {
    throw explain(path, error);
  }
}

function openOnce(path: string): DatabaseSync {
  if (path !== ":memory:") createFile(path);
  const db = new DatabaseSync(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
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
  const found = String(db.prepare("PRAGMA quick_check(1)").get()?.quick_check);
  if (found === "ok") return db;
  db.close();
  throw new BufferError(`malformed: ${found}`);
}

/** SQLite gives its side files the mode of the database, and the database that of the umask. */
function createFile(path: string): void {
  const options = { write: true, createNew: true, mode: 0o640 };
  try {
    Deno.openSync(path, options).close();
    giveToOwner(path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o750 });
    createFile(path);
  }
}

/**
 * What root makes belongs to whoever owns the folder, or Wazuh's own user could not write it later.
 * Nobody but root can, or needs to, give files away.
 */
export function giveToOwner(path: string): void {
  const folder = Deno.statSync(path.slice(0, path.lastIndexOf("/")) || "/");
  if (folder.uid === Deno.statSync(path).uid) return;
  try {
    Deno.chownSync(path, folder.uid, folder.gid);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
}

/**
 * Whether an error is SQLITE_CORRUPT or SQLITE_NOTADB, which node:sqlite names by their texts only. A
 * table is missing where another process moved a damaged file away between its opening and its use.
 */
export function isDamage(error: unknown): boolean {
  return /malformed|not a database|no such table/i.test(messageOf(error));
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
    const version = schemaVersion(db);
    if (version > MIGRATIONS.length) {
      throw new BufferError(
        `it was written by a newer version (schema ${version}, known here ${MIGRATIONS.length}); ` +
          "install that version again, or move the file away",
      );
    }
    for (const migration of MIGRATIONS.slice(version)) db.exec(migration);
    faultPoint("mid-migration");
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version);
}

const messageOf = (error: unknown) => error instanceof Error ? error.message : String(error);

const isBusy = (error: unknown) => /locked|busy/i.test(messageOf(error));

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

function explain(path: string, error: unknown): BufferError {
  const about = error instanceof Deno.errors.NotCapable
    ? "this binary may not write there; keep buffer.path in the folder it was compiled for"
    : messageOf(error);
  return new BufferError(`buffer ${path}: ${about}`, { cause: error });
}
