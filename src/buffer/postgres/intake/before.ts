/**
 * What the tables say of the sources of a batch before it is written.
 *
 * @module
 */
import { all, type Sql } from "../sql.ts";
import type { Row } from "../trip.ts";
import { SILENCE_MS } from "./compaction.ts";

/** What was stored of sources before. */
export interface Before {
  /** User names of each source; one at two locations counts twice. */
  readonly names: ReadonlyMap<string, number>;
  /** Sources without an open attack that have connections which are over. */
  readonly old: readonly string[];
  /** Whether there are accepted logins that may belong to them. */
  readonly hasLogins: boolean;
}

/**
 * Reads it without a lock, so that all writers lock the rows of a batch in one order, in one trip. What
 * another writer stores at this moment is missing: an attack may then keep some names more than its limit.
 *
 * No subquery is one that PostgreSQL might answer by reading a table as a whole.
 */
export async function readBefore(
  sql: Sql,
  sources: readonly string[],
  now: number,
): Promise<Before> {
  const rows = await all(
    sql,
    `SELECT s.source_ip,
       (SELECT count(*) FROM attack_username n WHERE n.source_ip = s.source_ip) AS names,
       (SELECT 1 FROM attack a WHERE a.source_ip = s.source_ip) IS NULL
         AND (SELECT 1 FROM attack_connection c WHERE c.source_ip = s.source_ip
           AND c.touched_at < $2 LIMIT 1) IS NOT NULL AS has_old,
       EXISTS (SELECT 1 FROM login) AS has_logins
     FROM unnest($1::text[]) AS s (source_ip)`,
    sources,
    now - SILENCE_MS,
  );
  const sourceOf = (row: Row) => String(row.source_ip);
  return {
    names: new Map(rows.map((row) => [sourceOf(row), Number(row.names)])),
    old: rows.filter(({ has_old }) => has_old === true).map(sourceOf),
    hasLogins: rows[0]?.has_logins === true,
  };
}
