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
import { type Care, CHECKPOINT_PAGES, close, type Opened, openReady, takeFloods } from "./ready.ts";
import { type BufferError, isDamage, isOfFile } from "./trouble.ts";
import { faultPoint } from "../fault_point.ts";

/** What the write-ahead log may hold beside the file, bytes. */
const LOG_BYTES = CHECKPOINT_PAGES * 4096;

/**
 * Opens the file for an integration call, or makes it.
 *
 * @param now milliseconds UTC
 * @throws {BufferError} it cannot be used
 */
export async function openIntake(path: string, now: number): Promise<IntakeBuffer> {
  const ready = openReady(path);
  if (ready !== undefined) return new IntakeBuffer(path, { db: ready, movedAside: undefined });
  const { openDatabase } = await import("./open.ts");
  return new IntakeBuffer(path, openDatabase(path, now));
}

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

  /** @param path the file, or `:memory:` for one that nobody else sees */
  constructor(path: string, opened: Opened, care: Care = {}) {
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
  protected async attempt<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      try {
        return await work();
      } catch (error) {
        if (!isDamage(error) || this.#care.onlyTells) throw error;
        const movedAside = await this.#replace(Date.now());
        if (movedAside === undefined) return await work();
        const { replaced } = await import("./explain.ts");
        throw replaced(this.#path, movedAside);
      }
    } catch (error) {
      throw isOfFile(error) ? await this.#explained(error) : error;
    }
  }

  async #explained(error: unknown): Promise<BufferError> {
    const { explain } = await import("./explain.ts");
    return explain(this.#path, error);
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
    // A power cut takes the place in the file back with the alerts: they are read again.
    const syncsItself = followed === undefined;
    return (await this.#store([decisions], limits, now, syncsItself, followed))[0]!;
  }

  /** As `accept()` of one after the other, in one transaction: all of them are stored, or none. */
  async acceptTogether(
    groups: readonly (readonly Decision[])[],
    limits: buffer.Limits,
    now: number,
  ): Promise<readonly buffer.Accepted[]> {
    const accepted = await this.#store(groups, limits, now, false);
    try {
      await this.#logSync?.sync();
    } catch (error) {
      throw await this.#explained(error);
    }
    return accepted;
  }

  async #store(
    groups: readonly (readonly Decision[])[],
    limits: buffer.Limits,
    now: number,
    syncsItself: boolean,
    followed?: buffer.Followed,
  ): Promise<readonly buffer.Accepted[]> {
    const { maxBytes } = limits;
    const mayBeFull = maxBytes !== undefined && this.#size + LOG_BYTES > maxBytes;
    const room = mayBeFull ? await import("./room.ts") : undefined;
    const store = () => {
      const accepted = acceptAll(this.sql, groups, limits, now);
      if (followed !== undefined) moveCheckpoint(this.sql, followed, now);
      if (room !== undefined && maxBytes !== undefined) {
        const incoming = groups.reduce((sum, { length }) => sum + length, 0);
        room.makeRoom(this.sql, maxBytes, incoming, now);
      }
      faultPoint("in-tx-before-commit");
      return accepted;
    };
    const work = () =>
      syncsItself || this.#logSync === undefined ? this.#commit(store) : this.#commitOnly(store);
    return await this.attempt(async () => {
      try {
        const accepted = work();
        // It went into a file that another process has moved aside since it was opened.
        if (this.#inodeNow() === this.#inode) return accepted;
        const { openDatabase } = await import("./open.ts");
        this.#reopen(openDatabase(this.#path, now));
      } catch (error) {
        if (!isDamage(error)) throw error;
        await this.#replace(now);
      }
      return work();
    });
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
