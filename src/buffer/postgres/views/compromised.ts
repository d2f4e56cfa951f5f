/**
 * The sources whose login succeeded on a honeypot: what must wake somebody.
 *
 * @module
 */
import { DAY } from "../../../clock.ts";
import type { CompromisedSources } from "../../views.ts";
import { all, one, type Sql } from "../sql.ts";

/**
 * Each of these sources, and when its login first succeeded. An open attack of a known source has its own
 * time, and the record has the first.
 */
export const COMPROMISED = `(SELECT source_ip, compromised_at AS at FROM source_record
    WHERE compromised_at IS NOT NULL
  UNION ALL SELECT source_ip, compromised_at FROM attack a
    WHERE compromised_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM source_record r
      WHERE r.source_ip = a.source_ip AND r.compromised_at IS NOT NULL)) AS c`;

/** Sources that are named. */
const NAMED = 10;

/**
 * Reads the sources whose login succeeded, from records and from open attacks. A source is one of the last
 * 24 hours by its first login that succeeded.
 */
export async function readCompromised(sql: Sql, now: number): Promise<CompromisedSources> {
  const [counts, latest] = await Promise.all([
    one(
      sql,
      `SELECT count(*) AS ever, count(*) FILTER (WHERE at > $1) AS last_day FROM ${COMPROMISED}`,
      now - DAY,
    ),
    all(
      sql,
      `SELECT source_ip, at FROM ${COMPROMISED} ORDER BY at DESC, source_ip LIMIT $1`,
      NAMED,
    ),
  ]);
  return {
    lastDay: Number(counts?.last_day ?? 0),
    ever: Number(counts?.ever ?? 0),
    latest: latest.map((row) => ({ sourceIp: String(row.source_ip), at: Number(row.at) })),
  };
}
