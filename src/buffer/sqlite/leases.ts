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
export class SqliteLeases implements LeaseStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  take(name: string, owner: string, milliseconds: number, now: number) {
    return this.#db.write((sql) => takeLease(sql, name, owner, milliseconds, now));
  }

  renew(lease: Lease, milliseconds: number, now: number): Promise<boolean> {
    return this.#db.write((sql) => {
      const { changes } = sql("UPDATE lease SET expires_at = ? WHERE name = ? AND fence = ?")
        .run(now + milliseconds, lease.name, lease.fence);
      return Number(changes) > 0;
    });
  }

  release(lease: Lease): Promise<void> {
    return this.#db.write((sql) => releaseLease(sql, lease));
  }

  isHeld(name: string, now: number): Promise<boolean> {
    return this.#db.read((sql) =>
      sql("SELECT 1 FROM lease WHERE name = ? AND expires_at > ?").get(name, now) !== undefined
    );
  }
}

/** Takes a lease that nobody holds, or that has run out, within the transaction that is open. */
export function takeLease(
  sql: Statements,
  name: string,
  owner: string,
  milliseconds: number,
  now: number,
): Lease | undefined {
  const row = sql(
    `INSERT INTO lease (name, owner, fence, expires_at) VALUES (?, ?, 1, ?)
     ON CONFLICT DO UPDATE SET owner = excluded.owner, fence = fence + 1,
       expires_at = excluded.expires_at
     WHERE expires_at <= ? OR expires_at > ?
     RETURNING fence`,
  ).get(name, owner, now + milliseconds, now, now + LONGEST_LEASE_MS);
  return row === undefined ? undefined : { name, owner, fence: Number(row.fence) };
}

/** Ends a lease, if it is still ours, within the transaction that is open. */
export function releaseLease(sql: Statements, lease: Lease): void {
  sql("UPDATE lease SET expires_at = 0 WHERE name = ? AND fence = ?").run(lease.name, lease.fence);
}
