/**
 * Alerts that wait to be forwarded, on their way out: a forwarder that learns that one arrived deletes it.
 *
 * @module
 */
import type { Lease } from "../../leases.ts";
import type { Forwarded, SpooledAlert, SpoolStatus, SpoolStore } from "../../spool.ts";
import type { Database } from "../database.ts";
import { BYTES, WAITING } from "../intake/spool_append.ts";
import { isOurs } from "../leases.ts";
import { count, counted, type Statements } from "../sql.ts";
import { pausedUntil } from "./due.ts";
import { endPause, pause } from "./pause.ts";

/** Under this name forwarding is paused after a failure, as sinks are. */
export const FORWARD = "forward";

const FORWARDED = "forward.accepted";
const DUPLICATE = "forward.duplicate";
const IGNORED = "forward.ignored";

/** The spool of a SQLite file. */
export class SqliteSpool implements SpoolStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  oldest(most: number, mostBytes: number): Promise<readonly SpooledAlert[]> {
    return this.#db.read((sql) => {
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
    });
  }

  markForwarded(
    lease: Lease,
    forwarded: Forwarded,
    now: number,
    startedAt = now,
  ): Promise<boolean> {
    return this.#db.write((sql) => {
      if (!isOurs(sql, lease)) return false;
      mark(sql, forwarded, now);
      endPause(sql, FORWARD, startedAt, now);
      return true;
    });
  }

  pause(
    lease: Lease,
    reason: string,
    pauseMs: (failures: number) => number,
    now: number,
  ): Promise<void> {
    return this.#db.write((sql) => {
      if (isOurs(sql, lease)) pause(sql, FORWARD, reason, pauseMs, now);
    });
  }

  dueAt(now: number): Promise<number | undefined> {
    return this.#db.read((sql) => {
      if (!hasSpooled(sql)) return undefined;
      return pausedUntil(sql, FORWARD, now);
    });
  }

  retryRefused(lease: Lease): Promise<number> {
    return this.#db.write((sql) => {
      if (!isOurs(sql, lease)) return 0;
      const { changes } = sql(
        `INSERT INTO spool (bytes, added_at, body)
         SELECT bytes, added_at, body FROM spool_refused ORDER BY number`,
      ).run();
      if (changes === 0) return 0;
      sql("DELETE FROM spool_refused").run();
      count(sql, WAITING, Number(changes));
      return Number(changes);
    });
  }

  status(): Promise<SpoolStatus> {
    return this.#db.read((sql) => {
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
    });
  }
}

function mark(
  sql: Statements,
  { accepted, refused, duplicate, ignored }: Forwarded,
  now: number,
): void {
  let bytes = 0;
  let gone = 0;
  for (const number of accepted) {
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
}

/** Whether any alert waits. */
export function hasSpooled(sql: Statements): boolean {
  return sql("SELECT 1 FROM spool LIMIT 1").get() !== undefined;
}
