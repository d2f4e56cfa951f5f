/**
 * The sources whose login succeeded on a honeypot: what must wake somebody.
 *
 * @module
 */
import type { CompromisedSources } from "../../views.ts";
import type { Statements } from "../sql.ts";
import { DAY } from "../../../clock.ts";

/** Sources that are named. */
const NAMED = 10;

/**
 * Each of these sources, and when its login first succeeded. An open attack of a known source has its own
 * time, and the record has the first.
 */
export const COMPROMISED = `
  SELECT source_ip, compromised_at AS at FROM source_record WHERE compromised_at IS NOT NULL
  UNION ALL SELECT a.source_ip, a.compromised_at FROM attack a
    LEFT JOIN source_record r ON r.source_ip = a.source_ip
    WHERE a.compromised_at IS NOT NULL AND r.compromised_at IS NULL`;

/**
 * Reads them from records and from open attacks. A source is one of the last 24 hours by its first login
 * that succeeded.
 */
export function readCompromised(sql: Statements, now: number): CompromisedSources {
  const counts = sql(
    `SELECT count(*) AS ever, coalesce(sum(at > ?), 0) AS last_day FROM (${COMPROMISED})`,
  ).get(now - DAY);
  return {
    lastDay: Number(counts?.last_day ?? 0),
    ever: Number(counts?.ever ?? 0),
    latest: sql(`SELECT source_ip, at FROM (${COMPROMISED}) ORDER BY at DESC, source_ip LIMIT ?`)
      .all(NAMED).map((row) => ({ sourceIp: String(row.source_ip), at: Number(row.at) })),
  };
}
