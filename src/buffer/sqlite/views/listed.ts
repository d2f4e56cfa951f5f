/**
 * The sources that lists are made of, a page at a time in the order of their key: a source that is
 * published while the pages are read is neither left out nor read twice.
 *
 * @module
 */
import { DAY } from "../../../clock.ts";
import type { ListedQuery, ListedRow } from "../../listed.ts";
import { kindNumber } from "../../batch/session_batch.ts";
import { DAY_SPAN } from "../../rows/activity.ts";
import type { Statements } from "../sql.ts";

const PAYLOAD = kindNumber("payload");

/** Sources of one page: reading them takes some milliseconds, in which the process does nothing else. */
const AT_ONCE = 1000;

/** A part of the sources. */
export interface ListedPage {
  readonly rows: readonly ListedRow[];
  /** Where the next page begins; undefined: this is the last. */
  readonly next: string | undefined;
}

/**
 * Reads the next page.
 *
 * @param after the last address of the page before; empty: there is none
 */
export function readListed(
  sql: Statements,
  { since, minAttempts }: ListedQuery,
  after: string,
): ListedPage {
  // The page is cut before it is filtered: few of many may pass, and a page must not take long.
  const page = sql(
    `SELECT *,
       CASE is_asked WHEN 1 THEN (SELECT count(*) FROM source_name n
         WHERE n.source_ip = r.source_ip AND n.kind = 'sensor') END AS sensors,
       CASE is_asked WHEN 1 THEN (SELECT count(*) FROM activity
         WHERE kind = 'source' AND span = ${DAY_SPAN} AND name = r.source_ip) END AS days,
       CASE is_asked WHEN 1 THEN EXISTS (SELECT 1 FROM source_session_item i
         WHERE i.source_ip = r.source_ip AND i.kind = ${PAYLOAD}) END AS left_payload
     FROM (SELECT source_ip, first_seen, last_seen, attempts, compromised_at, retracted_at, expired_at,
         reports > 0 AND last_seen >= ? AND attempts >= ? AS is_asked
       FROM source_record WHERE source_ip > ? ORDER BY source_ip LIMIT ${AT_ONCE}) r
     ORDER BY source_ip`,
  ).all(since, minAttempts, after);
  return {
    rows: page.filter((row) => row.is_asked === 1).map(toListed),
    next: page.length < AT_ONCE ? undefined : String(page.at(-1)!.source_ip),
  };
}

function toListed(row: Record<string, unknown>): ListedRow {
  const [firstSeen, lastSeen] = [Number(row.first_seen), Number(row.last_seen)];
  const isOneDay = Math.floor(firstSeen / DAY) === Math.floor(lastSeen / DAY);
  return {
    sourceIp: String(row.source_ip),
    firstSeen,
    lastSeen,
    attempts: Number(row.attempts),
    sensors: Math.max(1, Number(row.sensors)),
    // Activity is kept for a month, and of a day that is over for the most active sources only.
    days: Math.max(isOneDay ? 1 : 2, Number(row.days)),
    leftPayload: row.left_payload === 1,
    compromisedAt: row.compromised_at === null ? undefined : Number(row.compromised_at),
    retractedAt: row.retracted_at === null ? undefined : Number(row.retracted_at),
    expiredAt: row.expired_at === null ? undefined : Number(row.expired_at),
  };
}
