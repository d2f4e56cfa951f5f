/**
 * Leases: who may publish. The fence grows with every holder, and outlives a release.
 *
 * @module
 */
import type { Statements } from "./accept.ts";
import type { Lease } from "./buffer.ts";

/** No lease lasts longer, milliseconds: one that does is of a clock that was set back since. */
const LONGEST_LEASE_MS = 60 * 60_000;

/** Takes a lease that nobody holds, or that has run out. */
export function take(
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

/** Prolongs a lease that is still ours. */
export function renew(sql: Statements, lease: Lease, milliseconds: number, now: number): boolean {
  const changed = sql("UPDATE lease SET expires_at = ? WHERE name = ? AND fence = ?")
    .run(now + milliseconds, lease.name, lease.fence).changes;
  return Number(changed) > 0;
}

/** Gives a lease up, if it is still ours. */
export function release(sql: Statements, lease: Lease): void {
  sql("UPDATE lease SET expires_at = 0 WHERE name = ? AND fence = ?").run(lease.name, lease.fence);
}

/** Whether somebody holds it. */
export function isHeld(sql: Statements, name: string, now: number): boolean {
  return sql("SELECT 1 FROM lease WHERE name = ? AND expires_at > ?").get(name, now) !== undefined;
}
