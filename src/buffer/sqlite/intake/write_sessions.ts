/**
 * What a batch says of sessions, into the tables. Loaded only where an alert is of a session.
 *
 * @module
 */
import {
  addFurther,
  addTotals,
  type FurtherItems,
  limitOf,
  mergeDetail,
  NO_SESSIONS,
  type SessionDetail,
  type SessionLimits,
  type SessionTotals,
} from "../../../session_evidence.ts";
import {
  detailText,
  kindNumber,
  MOST_ROWS,
  type SessionBatch,
  type SourceSessions,
} from "../../batch/session_batch.ts";
import { storedJson } from "../errors.ts";
import { count, type Statements } from "../sql.ts";

/**
 * Merges sessions into the tables.
 *
 * @param limits undefined: those of a default configuration
 */
export function writeSessionBatch(
  sql: Statements,
  batch: SessionBatch,
  limits: SessionLimits | undefined,
  now: number,
): void {
  for (const [sourceIp, source] of batch.sorted) {
    const counted = writeSessions(sql, sourceIp, source, now);
    const further = addFurther(
      writeItems(sql, sourceIp, source, limits),
      { command: source.furtherCommands },
    );
    writeTotal(sql, sourceIp, counted, further);
  }
  for (const [name, by] of batch.counters) count(sql, name, by);
}

/** @returns the sessions that have no row, since there are too many */
function writeSessions(
  sql: Statements,
  sourceIp: string,
  { sessions }: SourceSessions,
  now: number,
): SessionTotals {
  let rows = Number(
    sql("SELECT count(*) AS n FROM attack_session WHERE source_ip = ?").get(sourceIp)?.n,
  );
  let counted = NO_SESSIONS;
  for (const { sensor, session, connects, logins, longestMs } of sessions.values()) {
    const { changes } = sql(
      `UPDATE attack_session SET connects = connects + ?, logins = logins + ?,
         longest_ms = max(longest_ms, ?), touched_at = max(touched_at, ?)
       WHERE source_ip = ? AND sensor = ? AND session = ?`,
    ).run(connects, logins, longestMs, now, sourceIp, sensor, session);
    if (Number(changes) > 0) continue;
    if (rows >= MOST_ROWS) {
      const loggedIn = Math.min(logins, Math.max(connects, 1));
      counted = addTotals(counted, { sessions: connects, loggedIn, longestMs });
      continue;
    }
    sql(
      `INSERT INTO attack_session (source_ip, sensor, session, connects, logins, longest_ms,
         touched_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ).run(sourceIp, sensor, session, connects, logins, longestMs, now);
    rows++;
  }
  return counted;
}

/** @returns how many items are only counted, since there are too many of their kind */
function writeItems(
  sql: Statements,
  sourceIp: string,
  { items }: SourceSessions,
  limits: SessionLimits | undefined,
): FurtherItems {
  if (items.size === 0) return {};
  const kept = new Map(
    sql("SELECT kind, count(*) AS n FROM attack_session_item WHERE source_ip = ? GROUP BY kind")
      .all(sourceIp).map(({ kind, n }) => [Number(kind), Number(n)]),
  );
  let further: FurtherItems = {};
  for (const item of items.values()) {
    const { kind, value, count, firstSeen, lastSeen } = item;
    const number = kindNumber(kind);
    const row = sql(
      "SELECT detail FROM attack_session_item WHERE source_ip = ? AND kind = ? AND value = ?",
    ).get(sourceIp, number, value);
    if (row !== undefined) {
      const known = row.detail === null ? {} : storedJson(String(row.detail)) as SessionDetail;
      sql(
        `UPDATE attack_session_item SET count = count + ?, first_seen = min(first_seen, ?),
           last_seen = max(last_seen, ?), detail = ?
         WHERE source_ip = ? AND kind = ? AND value = ?`,
      ).run(
        ...[count, firstSeen, lastSeen, detailText(mergeDetail(known, item))],
        ...[sourceIp, number, value],
      );
      continue;
    }
    const others = kept.get(number) ?? 0;
    if (others >= limitOf(kind, limits)) {
      further = addFurther(further, { [kind]: count });
      continue;
    }
    sql(
      `INSERT INTO attack_session_item (source_ip, kind, value, count, first_seen, last_seen,
         detail) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ).run(sourceIp, number, value, count, firstSeen, lastSeen, detailText(item));
    kept.set(number, others + 1);
  }
  return further;
}

/** Adds what is only counted: of most sources, nothing. */
export function writeTotal(
  sql: Statements,
  sourceIp: string,
  { sessions, loggedIn, longestMs }: SessionTotals,
  further: FurtherItems,
): void {
  if (sessions + loggedIn + longestMs === 0 && Object.keys(further).length === 0) return;
  const row = sql("SELECT further FROM attack_session_total WHERE source_ip = ?").get(sourceIp);
  const known = row === undefined ? {} : storedJson(String(row.further)) as FurtherItems;
  sql(
    `INSERT INTO attack_session_total (source_ip, sessions, logged_in, longest_ms, further)
     VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions,
       logged_in = logged_in + excluded.logged_in,
       longest_ms = max(longest_ms, excluded.longest_ms), further = excluded.further`,
  ).run(sourceIp, sessions, loggedIn, longestMs, JSON.stringify(addFurther(known, further)));
}
