/**
 * What an integration call needs of the buffer, and no more: what publishes, shows and forwards is
 * loaded with `sqlite.ts`.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Decision, IgnoreReason } from "../types.ts";
import type * as buffer from "./buffer.ts";
import { acceptAll, count, type Statements } from "./accept.ts";
import { moveCheckpoint } from "./checkpoint.ts";
import { isHeld } from "./leases.ts";
import { type LogSync, logSyncOf } from "./log_sync.ts";
import { makeRoom } from "./room.ts";
import {
  type Care,
  CHECKPOINT_PAGES,
  close,
  openDatabase,
  type Opened,
  replaceDamaged,
  takeFloods,
} from "./open.ts";
import { explain, isDamage, isOfFile, replaced } from "./trouble.ts";
import { faultPoint } from "../fault_point.ts";

/** What the write-ahead log may hold beside the file, bytes. */
const LOG_BYTES = CHECKPOINT_PAGES * 4096;

/** A buffer that alerts are put into, and no more: what an integration call loads. */
export class IntakeBuffer implements Disposable {
  #db: DatabaseSync;
  /** Tells whether the file is still the one that was opened. */
  #inode: number | null | undefined;
  readonly #path: string;
  readonly #care: Care;
  readonly #statements = new Map<string, StatementSync>();
  /** Undefined: each commit syncs by itself. */
  #logSync: LogSync | undefined;
  /** Of the file when it was last looked at, bytes. */
  #size = Infinity;
  /** Where a damaged file was moved to, when this buffer was opened or later. */
  movedAside: string | undefined;

  /**
   * Opens or makes the file.
   *
   * @param path the file, or `:memory:` for one that nobody else sees
   * @param now milliseconds UTC
   * @throws {BufferError} it cannot be used
   */
  constructor(path: string, now: number, care: Care = {}) {
    const opened = openDatabase(path, now, care);
    this.#path = path;
    this.#care = care;
    this.#db = opened.db;
    if (care.takesFloods) takeFloods(this.#db);
    if (care.syncsBeside) this.#logSync = logSyncOf(this.#db, path);
    this.#inode = this.#inodeNow();
    this.movedAside = opened.movedAside;
  }

  [Symbol.dispose](): void {
    this.#logSync?.[Symbol.dispose]();
    // Where nothing could be put into the place of a damaged file, it is closed already.
    close(this.#db);
  }

  protected readonly sql: Statements = (text) => {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  };

  /** A writer's transaction: it waits its turn at the start, never in the middle. */
  protected transaction<T>(work: () => T): Promise<T> {
    return this.attempt(() => this.#commit(work));
  }

  /**
   * Does what needs the file, and says in one line why it cannot be done. What meets damage replaces
   * the file, and says so; where another process did that already, it is done on the new one.
   */
  protected attempt<T>(work: () => T): Promise<T> {
    try {
      try {
        return Promise.resolve(work());
      } catch (error) {
        if (!isDamage(error) || this.#care.onlyTells) throw error;
        const movedAside = this.#replace(Date.now());
        if (movedAside !== undefined) throw replaced(this.#path, movedAside);
        return Promise.resolve(work());
      }
    } catch (error) {
      return Promise.reject(isOfFile(error) ? explain(this.#path, error) : error);
    }
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

  /** Leaves the sync to {@link LogSync}. Checkpoints, and any other commit, sync all the same. */
  #commitOnly<T>(work: () => T): T {
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

  async accept(
    decisions: readonly Decision[],
    limits: buffer.Limits,
    now: number,
    followed?: buffer.Followed,
  ): Promise<buffer.Accepted> {
    return (await this.acceptTogether([decisions], limits, now, followed))[0]!;
  }

  /** As `accept()` of one after the other, in one transaction: all of them are stored, or none. */
  async acceptTogether(
    groups: readonly (readonly Decision[])[],
    limits: buffer.Limits,
    now: number,
    followed?: buffer.Followed,
  ): Promise<readonly buffer.Accepted[]> {
    const accepted = await this.#store(groups, limits, now, followed);
    const synced = this.#logSync?.sync();
    await synced?.catch((error: unknown) => {
      throw explain(this.#path, error);
    });
    return accepted;
  }

  #store(
    groups: readonly (readonly Decision[])[],
    limits: buffer.Limits,
    now: number,
    followed?: buffer.Followed,
  ): Promise<readonly buffer.Accepted[]> {
    const store = () => {
      const accepted = acceptAll(this.sql, groups, limits, now);
      if (followed !== undefined) moveCheckpoint(this.sql, followed, now);
      const { maxBytes } = limits;
      const incoming = groups.reduce((sum, { length }) => sum + length, 0);
      if (maxBytes !== undefined && this.#size + LOG_BYTES > maxBytes) {
        makeRoom(this.sql, maxBytes, incoming, now);
      }
      faultPoint("in-tx-before-commit");
      return accepted;
    };
    const work = () => this.#logSync === undefined ? this.#commit(store) : this.#commitOnly(store);
    return this.attempt(() => {
      try {
        const accepted = work();
        // It went into a file that another process has moved aside since it was opened.
        if (this.#inodeNow() === this.#inode) return accepted;
        this.#reopen(openDatabase(this.#path, now));
      } catch (error) {
        if (!isDamage(error)) throw error;
        this.#replace(now);
      }
      return work();
    });
  }

  /** Damage may show only when its page is read. @returns where the damaged file went */
  #replace(now: number): string | undefined {
    close(this.#db);
    return this.#reopen(replaceDamaged(this.#path, now));
  }

  #reopen({ db, movedAside }: Opened): string | undefined {
    this.#statements.clear();
    close(this.#db);
    this.#db = db;
    this.#logSync?.[Symbol.dispose]();
    if (this.#care.syncsBeside) this.#logSync = logSyncOf(db, this.#path);
    if (this.#care.takesFloods) takeFloods(db);
    this.#inode = this.#inodeNow();
    this.movedAside = movedAside ?? this.movedAside;
    return movedAside;
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

  remembered(name: string): Promise<string | undefined> {
    return this.attempt(() => {
      const row = this.sql("SELECT value FROM remembered WHERE name = ?").get(name);
      return row === undefined ? undefined : String(row.value);
    });
  }

  remember(name: string, value: string | undefined): Promise<void> {
    return this.transaction(() => {
      if (value === undefined) this.sql("DELETE FROM remembered WHERE name = ?").run(name);
      else {
        this.sql(
          `INSERT INTO remembered (name, value) VALUES (?, ?)
           ON CONFLICT DO UPDATE SET value = excluded.value`,
        ).run(name, value);
      }
    });
  }

  countIgnored(reason: IgnoreReason): Promise<void> {
    return this.transaction(() => count(this.sql, `ignored.${reason}`, 1));
  }

  isLeaseHeld(name: string, now: number): Promise<boolean> {
    return this.attempt(() => isHeld(this.sql, name, now));
  }
}
