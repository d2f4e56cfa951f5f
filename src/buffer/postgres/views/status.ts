/**
 * What the tables say about themselves.
 *
 * @module
 */
import { statusOf } from "../../rows/overview.ts";
import type { BufferStatus, Evicted } from "../../views.ts";
import { sessionCounts } from "../../rows/session_views.ts";
import { countFiles } from "./session_views.ts";
import { all, one, readCounters, type Sql } from "../sql.ts";

/** Nothing is evicted: the size of a database server is not this program's to limit. */
export const NOTHING_EVICTED: Evicted = { alertIds: 0, usernames: 0, passwords: 0, commands: 0 };

/** Reads the counters and the queues. */
export async function readStatus(sql: Sql): Promise<BufferStatus> {
  const [counters, files, states, open, pending, failed, paused, bytes] = await Promise.all([
    readCounters(sql),
    countFiles(sql),
    all(sql, "SELECT state, sum(reports) AS n FROM report_count GROUP BY state"),
    one(sql, "SELECT count(*) AS n, min(opened_at) AS oldest FROM attack"),
    pendingAttempts(sql),
    one(
      sql,
      `SELECT last_error, ended_at FROM report WHERE last_error IS NOT NULL
       ORDER BY ended_at DESC LIMIT 1`,
    ),
    readPauses(sql),
    usedBytes(sql),
  ]);
  return statusOf({
    ...{ counters, states, open: open!, pendingAttempts: pending, failed, paused, bytes },
    sessions: sessionCounts(counters, files),
    evicted: NOTHING_EVICTED,
  });
}

/** The sinks that rest, and why. */
export const readPauses = (sql: Sql) =>
  all(sql, "SELECT sink, until, since, reason FROM sink_pause ORDER BY sink");

/** What the tables and their indexes take, bytes. */
async function usedBytes(sql: Sql): Promise<number> {
  const row = await one(
    sql,
    `SELECT coalesce(sum(pg_total_relation_size(oid)), 0) AS bytes FROM pg_class
     WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`,
  );
  return Number(row?.bytes);
}

/**
 * Attempts gathered since the last report of each source: the formula of docs/contracts/wazuh.md 4.4 over
 * all that is known of the source, less what its record event says already.
 */
async function pendingAttempts(sql: Sql): Promise<number> {
  const row = await one(
    sql,
    `WITH connection AS (
       SELECT source_ip, greatest(max(sshd) + max(pam_error), max(refused)) AS sshd,
         max(pam) AS pam, max(connect) AS connect
       FROM attack_connection WHERE source_ip IN (SELECT source_ip FROM attack)
       GROUP BY source_ip, sensor, pid),
     live AS (
       SELECT source_ip, sum(sshd) AS sshd, sum(pam) AS pam, sum(connect) AS connect
       FROM connection GROUP BY source_ip)
     SELECT sum(greatest(live.pam + coalesce(r.pam, 0), live.sshd + coalesce(r.sshd, 0),
         live.connect + coalesce(r.connect, 0)) - coalesce(r.attempts, 0)) AS attempts
     FROM live LEFT JOIN source_record AS r USING (source_ip)`,
  );
  return Number(row?.attempts ?? 0);
}
