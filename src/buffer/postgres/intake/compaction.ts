/**
 * Compaction: connections that are over go into the totals of their source record, and need no rows of
 * their own any more.
 *
 * @module
 */
import { DAY } from "../../../clock.ts";
import type { Sql } from "../sql.ts";

/** Silence after which no line of a connection comes any more; no record is opened anew earlier. */
export const SILENCE_MS = DAY;

/** Compacts the connections of sources without an open attack whose last line came before a time. */
export function compactAll(sql: Sql, before: number): void {
  compact(sql, before, "source_ip NOT IN (SELECT source_ip FROM attack)", null);
}

/**
 * Compacts what attacks find of their sources when they open after a long silence. A record that is
 * opened anew must not count again what the last one published: pids come again, and pid 0 always does.
 */
export function compactBefore(
  sql: Sql,
  sources: readonly string[],
  opened: number,
): void {
  if (sources.length === 0) return;
  compact(sql, opened - SILENCE_MS, "source_ip = ANY($2)", sources);
}

/** In one statement: what another process has compacted meanwhile is not deleted here, nor added. */
function compact(
  sql: Sql,
  before: number,
  which: string,
  sources: readonly string[] | null,
): void {
  sql.later(
    `WITH over AS (
       SELECT source_ip, sensor, pid FROM attack_connection WHERE ${which}
       GROUP BY source_ip, sensor, pid HAVING max(touched_at) < $1),
     gone AS (
       DELETE FROM attack_connection c USING over
       WHERE c.source_ip = over.source_ip AND c.sensor = over.sensor AND c.pid = over.pid
         AND c.touched_at < $1
       RETURNING c.*),
     connection AS (
       SELECT source_ip, greatest(max(sshd) + max(pam_error), max(refused)) AS sshd,
         max(pam) AS pam, max(connect) AS connect
       FROM gone GROUP BY source_ip, sensor, pid),
     total AS (
       SELECT source_ip, sum(sshd) AS sshd, sum(pam) AS pam, sum(connect) AS connect
       FROM connection GROUP BY source_ip)
     UPDATE source_record r SET pam = r.pam + total.pam, sshd = r.sshd + total.sshd,
       connect = r.connect + total.connect
     FROM total WHERE total.source_ip = r.source_ip`,
    ...(sources === null ? [before] : [before, sources]),
  );
}
