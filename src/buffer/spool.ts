/**
 * Alerts that wait to be forwarded, on their way out: who was told that one arrived takes it out.
 *
 * @module
 */
import { count, type Statements } from "./accept.ts";
import type { Lease } from "./buffer.ts";
import { FAR_AHEAD_MS, pause } from "./outbox.ts";
import { BYTES, counted, WAITING } from "./spooling.ts";
import type { Forwarded, SpooledAlert, SpoolStatus } from "./spool_desk.ts";

/** Under this name it is left alone after a failure, as sinks are. */
export const FORWARD = "forward";

const FORWARDED = "forward.taken";
const DUPLICATE = "forward.duplicate";
const IGNORED = "forward.ignored";

/** The oldest that wait. */
export function alertsToForward(
  sql: Statements,
  most: number,
  mostBytes: number,
): readonly SpooledAlert[] {
  const sizes = sql("SELECT number, bytes FROM spool ORDER BY number LIMIT ?").all(most);
  let last: number | undefined;
  let bytes = 0;
  for (const row of sizes) {
    bytes += Number(row.bytes);
    if (last !== undefined && bytes > mostBytes) break;
    last = Number(row.number);
  }
  if (last === undefined) return [];
  return sql("SELECT number, body FROM spool WHERE number <= ? ORDER BY number").all(last)
    .map((row) => ({ number: Number(row.number), body: String(row.body) }));
}

/** The owner too: in a buffer that took the place of a damaged one, fences begin anew. */
function isOurs(sql: Statements, { name, fence, owner }: Lease): boolean {
  const held = sql("SELECT 1 FROM lease WHERE name = ? AND fence = ? AND owner = ?");
  return held.get(name, fence, owner) !== undefined;
}

/** Takes out what arrived, and sets aside what never will. */
export function markForwarded(
  sql: Statements,
  lease: Lease,
  { taken, refused, duplicate, ignored }: Forwarded,
  now: number,
): boolean {
  if (!isOurs(sql, lease)) return false;
  let bytes = 0;
  let gone = 0;
  for (const number of taken) {
    const row = sql("DELETE FROM spool WHERE number = ? RETURNING bytes").get(number);
    if (row === undefined) continue;
    bytes += Number(row.bytes);
    gone++;
  }
  for (const { number, reason } of refused) {
    sql(
      `INSERT INTO spool_refused (bytes, added_at, refused_at, reason, body)
       SELECT bytes, added_at, ?, ?, body FROM spool WHERE number = ?`,
    ).run(now, reason, number);
    const { changes } = sql("DELETE FROM spool WHERE number = ?").run(number);
    count(sql, WAITING, -Number(changes));
  }
  count(sql, WAITING, -gone);
  count(sql, BYTES, -bytes);
  count(sql, FORWARDED, gone);
  count(sql, DUPLICATE, duplicate);
  count(sql, IGNORED, ignored);
  sql("DELETE FROM sink_pause WHERE sink = ?").run(FORWARD);
  return true;
}

/** Leaves the other side alone for a while. */
export function pauseForwarding(
  sql: Statements,
  lease: Lease,
  reason: string,
  pauseMs: (failures: number) => number,
  now: number,
): void {
  if (isOurs(sql, lease)) pause(sql, FORWARD, reason, pauseMs, now);
}

/** Whether any alert waits. */
export function hasSpooled(sql: Statements): boolean {
  return sql("SELECT 1 FROM spool LIMIT 1").get() !== undefined;
}

/** When the next may be sent: at once, too, where a clock that was set back since said when. */
export function forwardDueAt(sql: Statements, now: number): number | undefined {
  if (!hasSpooled(sql)) return undefined;
  const until = Number(sql("SELECT until FROM sink_pause WHERE sink = ?").get(FORWARD)?.until ?? 0);
  return until > now + FAR_AHEAD_MS ? 0 : until;
}

/** What was set aside waits again, behind the others. */
export function forwardRefusedAgain(sql: Statements, lease: Lease): number {
  if (!isOurs(sql, lease)) return 0;
  const { changes } = sql(
    `INSERT INTO spool (bytes, added_at, body)
     SELECT bytes, added_at, body FROM spool_refused ORDER BY number`,
  ).run();
  if (changes === 0) return 0;
  sql("DELETE FROM spool_refused").run();
  count(sql, WAITING, Number(changes));
  return Number(changes);
}

/** What waits, and what became of the rest. */
export function spoolStatus(sql: Statements): SpoolStatus {
  const oldest = sql("SELECT added_at FROM spool ORDER BY number LIMIT 1").get();
  const latest = sql("SELECT reason FROM spool_refused ORDER BY number DESC LIMIT 1").get();
  return {
    waiting: counted(sql, WAITING),
    oldestAddedAt: oldest === undefined ? undefined : Number(oldest.added_at),
    bytes: counted(sql, BYTES),
    refused: Number(sql("SELECT count(*) AS n FROM spool_refused").get()!.n),
    lastRefusal: latest === undefined ? undefined : String(latest.reason),
    forwarded: counted(sql, FORWARDED),
    duplicate: counted(sql, DUPLICATE),
    ignored: counted(sql, IGNORED),
  };
}
