/**
 * Brings SQLite's write-ahead log to the disk beside the event loop. A commit that syncs by itself
 * keeps the whole process waiting for the disk; here requests are read meanwhile.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";

/** What is synced. */
export type Syncable = Pick<Deno.FsFile, "syncData" | "close">;

/** The log of one database file; several commits share a sync. */
export class WalSync implements Disposable {
  readonly #open: () => Syncable;
  #file: Syncable | undefined;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /** @param open opens the log when it is synced first: by then it is there */
  constructor(open: () => Syncable) {
    this.#open = open;
  }

  /**
   * Resolves when all that was committed before the call is on the disk.
   *
   * @throws what the file system says; then nothing is known of the disk
   */
  sync(): Promise<void> {
    // The one under way may have passed what was committed since it began.
    this.#next ??= this.#running.catch(() => undefined).then(() => {
      this.#running = this.#syncNow();
      this.#next = undefined;
      return this.#running;
    });
    return this.#next;
  }

  async #syncNow(): Promise<void> {
    this.#file ??= this.#open();
    await this.#file.syncData();
  }

  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/**
 * The log of a database file; undefined where it has none, as on file systems without shared memory.
 *
 * SQLite holds its locks on other files: closing this one releases none of them, as closing the
 * database file would.
 */
export function walSyncOf(db: DatabaseSync, path: string): WalSync | undefined {
  const mode = db.prepare("PRAGMA journal_mode").get()?.journal_mode;
  return mode === "wal" ? new WalSync(() => Deno.openSync(`${path}-wal`)) : undefined;
}
