/**
 * What the tables say about themselves.
 *
 * @module
 */
import { statusOf } from "../../rows/overview.ts";
import { optional } from "../../rows/row.ts";
import type { BufferStatus } from "../../views.ts";
import { evicted, usedBytes } from "../intake/size_limit.ts";
import { readSessionCounts } from "./session_views.ts";
import type { Statements } from "../sql.ts";

/** Reads the counters and the queues. */
export function readStatus(sql: Statements): BufferStatus {
  const counters = new Map(
    sql("SELECT name, value FROM counter").all()
      .map((row) => [String(row.name), Number(row.value)]),
  );
  return statusOf({
    counters,
    states: sql("SELECT state, sum(reports) AS n FROM report_count GROUP BY state").all(),
    open: sql("SELECT count(*) AS n, min(opened_at) AS oldest FROM attack").get()!,
    pendingAttempts: pendingAttempts(sql),
    failed: sql(
      `SELECT last_error, ended_at FROM report WHERE last_error IS NOT NULL
       ORDER BY ended_at DESC LIMIT 1`,
    ).get(),
    paused: sql("SELECT sink, until, since, reason FROM sink_pause").all(),
    sessions: readSessionCounts(sql, counters),
    bytes: usedBytes(sql),
    evicted: evicted(sql),
  });
}

/**
 * Attempts gathered since the last report of each source: the formula of docs/contracts/wazuh.md 4.4 over
 * all that is known of the source, less what its record event says already.
 */
function pendingAttempts(sql: Statements): number {
  const row = sql(
    `WITH connection AS (
       SELECT source_ip, max(max(sshd) + max(pam_error), max(refused)) AS sshd, max(pam) AS pam,
         max(connect) AS connect
       FROM attack_connection WHERE source_ip IN (SELECT source_ip FROM attack)
       GROUP BY source_ip, sensor, pid),
     live AS (
       SELECT source_ip, sum(sshd) AS sshd, sum(pam) AS pam, sum(connect) AS connect
       FROM connection GROUP BY source_ip)
     SELECT sum(max(live.pam + coalesce(record.pam, 0), live.sshd + coalesce(record.sshd, 0),
         live.connect + coalesce(record.connect, 0)) - coalesce(record.attempts, 0)) AS attempts
     FROM live LEFT JOIN source_record AS record USING (source_ip)`,
  ).get();
  return optional(row?.attempts) ?? 0;
}
