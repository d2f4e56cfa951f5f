/**
 * A lock that ends with the process that holds it, however it ends: the kernel takes it back.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { close } from "./connect.ts";
import { createFile } from "./open.ts";

/**
 * Takes the lock, without waiting. It is SQLite's lock of an empty database, since Deno 2.5 has no file
 * lock that does not wait.
 *
 * @param path a file for the lock alone
 * @returns the lock, until it is disposed of; undefined: another has it, or the file cannot be used
 */
export function tryProcessLock(path: string): Disposable | undefined {
  let db: DatabaseSync | undefined;
  try {
    createFile(path);
    const opened = new DatabaseSync(path);
    db = opened;
    // A journal in memory: no second file beside it.
    opened.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return { [Symbol.dispose]: () => close(opened) };
  } catch {
    // Without the lock, a lease of a process that died runs out by its time.
    if (db !== undefined) close(db);
    return undefined;
  }
}
