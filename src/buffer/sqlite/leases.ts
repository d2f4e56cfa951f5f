/**
 * Leases: who may publish. The fence grows with every holder, and outlives a release.
 *
 * @module
 */
import type { Lease, LeaseStore } from "../leases.ts";
import type { Database } from "./database.ts";
import type { Statements } from "./sql.ts";

/** No lease lasts longer, milliseconds: one that does is dated by a clock that was set back since. */
const LONGEST_LEASE_MS = 60 * 60_000;

/** Leases in a SQLite file. */
export class SqliteLeases implements LeaseStore, Disposable {
  readonly #db: Database;
  readonly #path: string | undefined;
  /** By the lease's name and fence. Each is held for as long as its lease. */
  readonly #locks = new Map<string, Disposable>();

  /** @param path of the buffer's file; undefined: no lease ends with its process */
  constructor(db: Database, path?: string) {
    this.#db = db;
    this.#path = path;
  }

  [Symbol.dispose](): void {
    for (const lock of this.#locks.values()) lock[Symbol.dispose]();
  }

  async take(
    name: string,
    owner: string,
    milliseconds: number,
    now: number,
    endsWithProcess = false,
  ): Promise<Lease | undefined> {
    const lock = endsWithProcess ? await this.tryLock(name) : undefined;
    let lease: Lease | undefined;
    try {
      lease = await this.#db.write((sql) =>
        takeLease(sql, name, owner, milliseconds, now, lock !== undefined)
      );
    } finally {
      if (lease === undefined) lock?.[Symbol.dispose]();
    }
    if (lease !== undefined && lock !== undefined) this.#locks.set(keyOf(lease), lock);
    return lease;
  }

  renew(lease: Lease, milliseconds: number, now: number): Promise<boolean> {
    return this.#db.write((sql) => {
      const { changes } = sql("UPDATE lease SET expires_at = ? WHERE name = ? AND fence = ?")
        .run(now + milliseconds, lease.name, lease.fence);
      return Number(changes) > 0;
    });
  }

  async release(lease: Lease): Promise<void> {
    try {
      await this.#db.write((sql) => releaseLease(sql, lease));
    } finally {
      this.#locks.get(keyOf(lease))?.[Symbol.dispose]();
      this.#locks.delete(keyOf(lease));
    }
  }

  isHeld(name: string, now: number): Promise<boolean> {
    return this.#db.read((sql) =>
      sql("SELECT 1 FROM lease WHERE name = ? AND expires_at > ?").get(name, now) !== undefined
    );
  }

  /** Takes the lock of the kernel that goes with a lease, until it is disposed of. */
  async tryLock(name: string): Promise<Disposable | undefined> {
    if (this.#path === undefined || this.#path === ":memory:") return undefined;
    const { tryProcessLock } = await import("./process_lock.ts");
    return tryProcessLock(`${this.#path}.${name}.lock`);
  }
}

const keyOf = ({ name, fence }: Lease) => `${name} ${fence}`;

/**
 * Takes a lease that nobody holds, or that has run out, within the transaction that is open.
 *
 * @param isGuarded whether the taker has just got the lock of the kernel for it. Then no guarded holder
 *   is alive: each keeps the lock for as long as its lease
 */
export function takeLease(
  sql: Statements,
  name: string,
  owner: string,
  milliseconds: number,
  now: number,
  isGuarded = false,
): Lease | undefined {
  const row = sql(
    `INSERT INTO lease (name, owner, fence, expires_at, is_guarded)
     VALUES (:name, :owner, 1, :end, :guarded)
     ON CONFLICT DO UPDATE SET owner = excluded.owner, fence = fence + 1,
       expires_at = excluded.expires_at, is_guarded = excluded.is_guarded
     WHERE expires_at <= :now OR expires_at > :latest OR (is_guarded = 1 AND :guarded = 1)
     RETURNING fence`,
  ).get({
    name,
    owner,
    end: now + milliseconds,
    guarded: isGuarded ? 1 : 0,
    now,
    latest: now + LONGEST_LEASE_MS,
  });
  return row === undefined ? undefined : { name, owner, fence: Number(row.fence) };
}

/** Ends a lease, if it is still ours, within the transaction that is open. */
export function releaseLease(sql: Statements, lease: Lease): void {
  sql("UPDATE lease SET expires_at = 0 WHERE name = ? AND fence = ?").run(lease.name, lease.fence);
}

/**
 * Whether a lease is held by its holder. The owner counts, too: in a buffer that replaced a damaged one, fences begin anew.
 */
export function isOurs(sql: Statements, { name, fence, owner }: Lease): boolean {
  const held = sql("SELECT 1 FROM lease WHERE name = ? AND fence = ? AND owner = ?");
  return held.get(name, fence, owner) !== undefined;
}
