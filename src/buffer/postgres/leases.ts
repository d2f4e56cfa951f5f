/**
 * Leases: who may publish. The fence grows with every holder, and outlives a release.
 *
 * They run by the clock of the database, which all replicas share. A holder that ends with its process is
 * guarded: it says every few seconds that it lives, and is gone when it has not said so for a while.
 *
 * @module
 */
import { SECOND } from "../../clock.ts";
import type { Lease, LeaseStore } from "../leases.ts";
import type { Database } from "./database.ts";
import { all, changes, one, type Sql } from "./sql.ts";

/** No lease lasts longer, milliseconds: one that does is dated by a clock that was set back since. */
const LONGEST_LEASE_MS = 60 * 60 * SECOND;

/** How often a guarded holder says that it lives, and when it counts as gone. Milliseconds. */
const SIGN_MS = 2 * SECOND;
const GONE_MS = 8 * SECOND;

/**
 * The time of the database, given the time of the caller: the caller's own, where they differ by less than
 * a statement may take on its way.
 */
const databaseTime = (given: string, callers: string) =>
  `(${given} + CASE WHEN abs(${CLOCK} - ${callers}) < 2000 THEN 0 ELSE ${CLOCK} - ${callers} END)`;

const CLOCK = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/** Leases in PostgreSQL. */
export class PostgresLeases implements LeaseStore, Disposable {
  readonly #db: Database;
  /** By the lease's name and fence. */
  readonly #signs = new Map<string, ReturnType<typeof setInterval>>();

  constructor(db: Database) {
    this.#db = db;
  }

  [Symbol.dispose](): void {
    for (const timer of this.#signs.values()) clearInterval(timer);
    this.#signs.clear();
  }

  async take(
    name: string,
    owner: string,
    milliseconds: number,
    now: number,
    endsWithProcess = false,
  ): Promise<Lease | undefined> {
    const lease = await this.#db.write((sql) =>
      takeLease(sql, name, owner, milliseconds, now, endsWithProcess)
    );
    if (lease !== undefined && endsWithProcess) {
      this.#signs.set(keyOf(lease), setInterval(() => void this.#sign(lease), SIGN_MS));
    }
    return lease;
  }

  renew(lease: Lease, milliseconds: number, now: number): Promise<boolean> {
    return this.#db.write(async (sql) =>
      await changes(
        sql,
        `UPDATE lease SET expires_at = ${databaseTime("$1::bigint", "$2::bigint")} + $3
         WHERE name = $4 AND fence = $5 AND owner = $6`,
        ...[now, Date.now(), milliseconds, lease.name, lease.fence, lease.owner],
      ) > 0
    );
  }

  async release(lease: Lease): Promise<void> {
    clearInterval(this.#signs.get(keyOf(lease)));
    this.#signs.delete(keyOf(lease));
    await this.#db.write((sql) => releaseLease(sql, lease));
  }

  isHeld(name: string, now: number): Promise<boolean> {
    return this.#db.read(async (sql) =>
      await one(
        sql,
        `SELECT 1 FROM lease WHERE name = $1
         AND expires_at > ${databaseTime("$2::bigint", "$3::bigint")}`,
        ...[name, now, Date.now()],
      ) !== undefined
    );
  }

  /** A sign that fails is followed by another one, unless the lease is lost. */
  async #sign({ name, fence, owner }: Lease): Promise<void> {
    await this.#db.write((sql) =>
      changes(
        sql,
        `UPDATE lease SET seen_at = ${CLOCK} WHERE name = $1 AND fence = $2 AND owner = $3`,
        ...[name, fence, owner],
      )
    ).catch(() => undefined);
  }
}

const keyOf = ({ name, fence }: Lease) => `${name} ${fence}`;

/** Takes a lease that nobody holds, or that has run out, within the transaction that is open. */
export async function takeLease(
  sql: Sql,
  name: string,
  owner: string,
  milliseconds: number,
  now: number,
  isGuarded = false,
): Promise<Lease | undefined> {
  const row = await one(
    sql,
    `INSERT INTO lease AS l (name, owner, fence, expires_at, seen_at)
     VALUES ($1, $2, 1, ${databaseTime("$3::bigint", "$4::bigint")} + $5,
       CASE WHEN $6::boolean THEN ${CLOCK} END)
     ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, fence = l.fence + 1,
       expires_at = excluded.expires_at, seen_at = excluded.seen_at
     WHERE l.expires_at <= excluded.expires_at - $5
       OR l.expires_at > excluded.expires_at - $5 + ${LONGEST_LEASE_MS}
       OR l.seen_at < ${CLOCK} - ${GONE_MS}
     RETURNING fence`,
    ...[name, owner, now, Date.now(), milliseconds, isGuarded],
  );
  return row === undefined ? undefined : { name, owner, fence: Number(row.fence) };
}

/** The names of leases that somebody holds. */
export async function heldLeases(sql: Sql): Promise<readonly string[]> {
  const rows = await all(
    sql,
    `SELECT name FROM lease WHERE expires_at BETWEEN ${CLOCK} + 1 AND ${CLOCK} + ${LONGEST_LEASE_MS}
       AND coalesce(seen_at >= ${CLOCK} - ${GONE_MS}, true) ORDER BY name`,
  );
  return rows.map(({ name }) => String(name));
}

/** Ends a lease, if it is still ours, within the transaction that is open. */
export async function releaseLease(sql: Sql, { name, fence, owner }: Lease): Promise<void> {
  await sql(
    "UPDATE lease SET expires_at = 0, seen_at = NULL WHERE name = $1 AND fence = $2 AND owner = $3",
    ...[name, fence, owner],
  );
}

/** Whether a lease is still ours, until the transaction that is open ends. */
export async function isHeld(sql: Sql, { name, fence, owner }: Lease): Promise<boolean> {
  return await one(
    sql,
    "SELECT 1 FROM lease WHERE name = $1 AND fence = $2 AND owner = $3 FOR SHARE",
    ...[name, fence, owner],
  ) !== undefined;
}
