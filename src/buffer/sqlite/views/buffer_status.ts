/**
 * What the tables say about themselves.
 *
 * @module
 */
import type { Statements } from "../sql.ts";
import type { BufferStatus } from "../../views.ts";
import { EXPIRED } from "../outbox/expiry.ts";
import { LAST_DELIVERED } from "../outbox/outbox.ts";
import { DROPPED } from "../outbox/reports.ts";
import { KNOWN_SOURCES } from "../outbox/snapshot.ts";
import { evicted, usedBytes } from "../intake/size_limit.ts";
import { readSessionCounts } from "./session_views.ts";

const IGNORED = "ignored.";

/** Reads the counters and the queues. */
export function readStatus(sql: Statements): BufferStatus {
  const counters = new Map(
    sql("SELECT name, value FROM counter").all().map((
      row,
    ) => [String(row.name), Number(row.value)]),
  );
  const states = new Map(
    sql("SELECT state, sum(reports) AS n FROM report_count GROUP BY state").all()
      .map((row) => [String(row.state), Number(row.n)]),
  );
  const open = sql("SELECT count(*) AS n, min(opened_at) AS oldest FROM attack").get()!;
  const failed = sql(
    `SELECT last_error, ended_at FROM report WHERE last_error IS NOT NULL
     ORDER BY ended_at DESC LIMIT 1`,
  ).get();
  return {
    pendingAttacks: Number(open.n),
    pendingAttempts: pendingAttempts(sql),
    oldestOpenedAt: optional(open.oldest),
    waiting: states.get("pending") ?? 0,
    delivered: (states.get("delivered") ?? 0) + (counters.get("delivered_forgotten") ?? 0),
    refused: states.get("refused") ?? 0,
    dropped: counters.get(DROPPED) ?? 0,
    knownSources: counters.get(KNOWN_SOURCES) ?? 0,
    expired: counters.get(EXPIRED) ?? 0,
    lastDeliveredAt: lastOf(counters),
    lastAcceptedAt: counters.get("last_accepted_at"),
    paused: sql("SELECT sink, until, since, reason FROM sink_pause").all().map((row) => ({
      sink: String(row.sink),
      until: Number(row.until),
      since: Number(row.since),
      reason: String(row.reason),
    })),
    lastError: failed === undefined
      ? undefined
      : { at: Number(failed.ended_at), text: String(failed.last_error) },
    accepted: counters.get("accepted") ?? 0,
    duplicate: counters.get("duplicate") ?? 0,
    spoofedSrcip: counters.get("spoofed_srcip") ?? 0,
    ignored: new Map(
      [...counters].filter(([name]) => name.startsWith(IGNORED))
        .map(([name, value]) => [name.slice(IGNORED.length), value]),
    ),
    sessions: readSessionCounts(sql, counters),
    bytes: usedBytes(sql),
    evicted: evicted(sql),
  };
}

/** When any sink accepted something last. */
function lastOf(counters: ReadonlyMap<string, number>): number | undefined {
  const times = [...counters].filter(([name]) => name.startsWith(LAST_DELIVERED))
    .map(([, at]) => at);
  return times.length === 0 ? undefined : Math.max(...times);
}

const optional = (value: unknown) =>
  value === null || value === undefined ? undefined : Number(value);

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
