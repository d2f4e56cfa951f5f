/**
 * One connection to the SQLite file: reads, writes, and what becomes of both when the file is damaged
 * or moved by another process.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { CHECKPOINT_PAGES, close, type Opened, type OpenOptions, tuneForBulk } from "./connect.ts";
import { messageOf } from "../../errors.ts";
import { type BufferError, isDamage, isOfFile, isOfValue, Unstorable } from "./errors.ts";
import type { Statements } from "./sql.ts";
import { type WalSync, walSyncOf } from "./wal_sync.ts";

/** What the write-ahead log may hold beside the file, bytes. */
const LOG_BYTES = CHECKPOINT_PAGES * 4096;

/** The connection. */
export class Database implements Disposable {
  #db: DatabaseSync;
  /** Shows whether the file is still the one that was opened. */
  #inode: number | null | undefined;
  readonly #path: string;
  readonly #options: OpenOptions;
  readonly #statements = new Map<string, StatementSync>();
  /** Undefined: each commit syncs by itself. */
  #walSync: WalSync | undefined;
  /** Of the file when it was last looked at, bytes. */
  #size = Infinity;
  /** Where a damaged file was moved to, when this one was opened or later. */
  movedAside: string | undefined;

  /** @param path the file, or `:memory:` for one of this process alone */
  constructor(path: string, opened: Opened, options: OpenOptions = {}) {
    this.#path = path;
    this.#options = options;
    this.#db = opened.db;
    this.#tune();
    this.#inode = this.#inodeNow();
    this.movedAside = opened.movedAside;
  }

  [Symbol.dispose](): void {
    this.#walSync?.[Symbol.dispose]();
    // Where a damaged file could not be replaced, it is closed already.
    close(this.#db);
  }

  readonly #sql: Statements = (text) => {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  };

  /**
   * Reads. What meets damage replaces the file, and says so; where another process did that already,
   * the work is done on the new one.
   *
   * @throws {BufferError} in one line, why it cannot be done
   */
  read<T>(work: (sql: Statements) => T): Promise<T> {
    const read = () => work(this.#sql);
    const { lockWait } = this.#options;
    return this.#attempt(lockWait === undefined ? read : () => lockWait.beside(read));
  }

  /**
   * A transaction that writes: it waits its turn at the start, never in the middle.
   *
   * @throws {BufferError} as for `read()`
   */
  write<T>(work: (sql: Statements) => T): Promise<T> {
    return this.#attemptInTurn(() => this.#commit(() => work(this.#sql)));
  }

  /**
   * A transaction whose result must be in the file that is there: it is done again where it went into
   * a file that another process has moved aside, or met damage.
   *
   * @param now milliseconds UTC, part of the name of a damaged file
   * @param isSynced false: {@link Database.sync} brings it to the disk, or the next synced commit does
   */
  async store<T>(work: (sql: Statements) => T, now: number, isSynced: boolean): Promise<T> {
    const store = () => work(this.#sql);
    const commit = () =>
      isSynced || this.#walSync === undefined ? this.#commit(store) : this.#commitUnsynced(store);
    return await this.#attemptInTurn(async () => {
      try {
        const result = commit();
        if (this.#inodeNow() === this.#inode) return result;
        const { openDatabase } = await import("./open.ts");
        this.#reopen(openDatabase(this.#path, now));
      } catch (error) {
        if (!isDamage(error)) throw error;
        await this.#replace(now);
      }
      return commit();
    });
  }

  /** Brings all that was committed before the call to the disk, beside the event loop. */
  async sync(): Promise<void> {
    try {
      await this.#walSync?.sync();
    } catch (error) {
      throw await this.#describedError(error);
    }
  }

  /** Whether the file and its log may be at a limit together, by the size that was last seen. */
  mayExceed(maxBytes: number): boolean {
    return this.#size + LOG_BYTES > maxBytes;
  }

  #attemptInTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const { lockWait } = this.#options;
    return this.#attempt(lockWait === undefined ? work : () => lockWait.inTurn(work));
  }

  async #attempt<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      try {
        return await work();
      } catch (error) {
        if (!isDamage(error) || this.#options.keepDamaged) throw error;
        const movedAside = await this.#replace(Date.now());
        if (movedAside === undefined) return await work();
        const { replaced } = await import("./error_text.ts");
        throw replaced(this.#path, movedAside);
      }
    } catch (error) {
      if (isOfValue(error)) throw new Unstorable(messageOf(error), { cause: error });
      throw isOfFile(error) ? await this.#describedError(error) : error;
    }
  }

  async #describedError(error: unknown): Promise<BufferError> {
    const { toBufferError } = await import("./error_text.ts");
    return toBufferError(this.#path, error, this.#options.lockWait?.timeoutMs);
  }

  #commit<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Leaves the sync to {@link WalSync}. Checkpoints, and any other commit, sync all the same. */
  #commitUnsynced<T>(work: () => T): T {
    this.#db.exec("PRAGMA synchronous = NORMAL");
    try {
      return this.#commit(work);
    } finally {
      this.#db.exec("PRAGMA synchronous = FULL");
    }
  }

  /** A full disk makes SQLite roll back by itself; then there is nothing left to undo. */
  #rollBack(): void {
    try {
      this.#db.exec("ROLLBACK");
    } catch {
      return;
    }
  }

  /** Damage may show only when its page is read. @returns where the damaged file went */
  async #replace(now: number): Promise<string | undefined> {
    const { replaceDamaged } = await import("./open.ts");
    close(this.#db);
    return this.#reopen(replaceDamaged(this.#path, now));
  }

  #reopen({ db, movedAside }: Opened): string | undefined {
    this.#statements.clear();
    close(this.#db);
    this.#db = db;
    this.#walSync?.[Symbol.dispose]();
    this.#tune();
    this.#inode = this.#inodeNow();
    this.movedAside = movedAside ?? this.movedAside;
    return movedAside;
  }

  #tune(): void {
    if (this.#options.bulk) tuneForBulk(this.#db);
    if (this.#options.asyncSync) this.#walSync = walSyncOf(this.#db, this.#path);
    if (this.#options.lockWait !== undefined) this.#db.exec("PRAGMA busy_timeout = 0");
  }

  #inodeNow(): number | null | undefined {
    if (this.#path === ":memory:") return undefined;
    try {
      const { ino, size } = Deno.statSync(this.#path);
      this.#size = size;
      return ino;
    } catch (error) {
      // The rights to it may be lost; what was committed was committed.
      return error instanceof Deno.errors.NotFound ? undefined : this.#inode;
    }
  }
}
