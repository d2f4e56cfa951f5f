/**
 * Compaction: connections that are over go into the totals of their source record, and need no rows of
 * their own any more.
 *
 * @module
 */
import type { Statements } from "../sql.ts";

/** Silence after which no line of a connection comes any more; no record is opened anew earlier. */
const SILENCE_MS = 24 * 60 * 60 * 1000;

/** Compacts the connections of sources without an open attack whose last line came before a time. */
export function compactAll(sql: Statements, before: number): void {
  compact(sql, "source_ip NOT IN (SELECT source_ip FROM attack)", [before]);
}

/**
 * Compacts what attacks find of their sources when they open after a long silence. A record that is
 * opened anew must not count again what the last one published: pids come again, and pid 0 always does.
 */
export function compactBefore(sql: Statements, sources: readonly string[], opened: number): void {
  const before = opened - SILENCE_MS;
  // Nearly always nothing is that old, and one look at each source's own rows is enough.
  const old = sql(
    `SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM attack_connection
       WHERE source_ip = value AND touched_at < ?)`,
  ).all(JSON.stringify(sources), before);
  for (const { value } of old) compact(sql, "source_ip = ?", [String(value), before]);
}

function compact(sql: Statements, which: string, values: readonly (string | number)[]): void {
  const over =
    `SELECT source_ip, sensor, pid, max(max(sshd) + max(pam_error), max(refused)) AS sshd_attempts,
      max(pam) AS pam, max(connect) AS connect
    FROM attack_connection WHERE ${which}
    GROUP BY source_ip, sensor, pid HAVING max(touched_at) < ?`;
  sql(
    `UPDATE source_record SET pam = source_record.pam + over.pam,
       sshd = source_record.sshd + over.sshd, connect = source_record.connect + over.connect
     FROM (SELECT source_ip, sum(sshd_attempts) AS sshd, sum(pam) AS pam, sum(connect) AS connect
       FROM (${over}) GROUP BY source_ip) AS over
     WHERE over.source_ip = source_record.source_ip`,
  ).run(...values);
  sql(
    `DELETE FROM attack_connection WHERE (source_ip, sensor, pid) IN
       (SELECT source_ip, sensor, pid FROM (${over}))`,
  ).run(...values);
}
