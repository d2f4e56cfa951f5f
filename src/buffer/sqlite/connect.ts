/**
 * Opening the SQLite file as it nearly always is: there, whole, and of this version. Whatever else it is
 * finds its way in open.ts, which is loaded then.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { BUSY_TIMEOUT_MS } from "./errors.ts";
import type { LockWait } from "./lock_wait.ts";

/**
 * Pages that are kept in memory, KiB; allocated only as they are used. A batch of a flood changes more than
 * SQLite's own 2 MiB, and would be written twice: pages above the limit go to the disk before the
 * commit.
 */
const CACHE_KIB = 24 * 1024;

/**
 * Pages after which the log is copied into the file: what every batch changes is copied once in many.
 * Not for short processes: the only process that opens the file has to read the whole log first.
 */
export const CHECKPOINT_PAGES = 16_000;

/** How a file is opened. By default it is moved aside when damage is met. */
export interface OpenOptions {
  /** For a long-running process that stores many alerts at a time. */
  readonly bulk?: boolean;
  /**
   * Batches that are stored together are synced beside the event loop: for a process that does other work
   * meanwhile. Nothing waits for the sync of followed lines: the next synced commit includes them.
   */
  readonly asyncSync?: boolean;
  /**
   * How a long-running process waits for a lock: beside its event loop. Undefined: the process stops
   * until it has the lock, for {@link BUSY_TIMEOUT_MS} at most.
   */
  readonly lockWait?: LockWait;
  /** Damage is reported, and nothing is moved: for commands that only look. */
  readonly keepDamaged?: boolean;
  /** All pages are looked at when opening, not only those that are used. */
  readonly fullCheck?: boolean;
}

/** An open database, and what had to be moved aside for it. */
export interface Opened {
  readonly db: DatabaseSync;
  /** Where a damaged file went. */
  readonly movedAside: string | undefined;
}

/** How many migrations the tables have had (schema.ts). */
export const SCHEMA_VERSION = 20;

/**
 * Opens a file that needs nothing done to it.
 *
 * @returns undefined when there is none, or when something has to be done first
 */
export function openReady(path: string): DatabaseSync | undefined {
  let db: DatabaseSync | undefined;
  try {
    // What a link leads to is looked at in open.ts, unless root made it.
    const named = Deno.lstatSync(path);
    if (named.isSymlink && named.uid !== 0) return undefined;
    if (!named.isFile && !Deno.statSync(path).isFile) return undefined;
    db = new DatabaseSync(path);
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    if (schemaVersion(db) === SCHEMA_VERSION) {
      db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
      return db;
    }
  } catch {
    // The opening in open.ts meets the same error, and reports it.
  }
  db?.close();
  return undefined;
}

/** Sets a connection up for batches of many alerts. */
export function tuneForBulk(db: DatabaseSync): void {
  db.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
}

/** How many migrations a file has had. */
export function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version);
}

/** Closes a database that may be closed already: Deno 2.5 cannot say which. */
export function close(db: DatabaseSync): void {
  try {
    db.close();
  } catch {
    return;
  }
}
