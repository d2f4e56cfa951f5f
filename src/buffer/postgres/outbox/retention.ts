/**
 * What is deleted when it is old: one replica at a time, a part after the other, so that no transaction
 * holds much.
 *
 * @module
 */
import { DAY, MINUTE } from "../../../clock.ts";
import { KEPT_MINUTES_MS } from "../../batch/minutes.ts";
import { KNOWN_SOURCES } from "../../rows/names.ts";
import type { Keep, Retention } from "../../retention.ts";
import type { Database } from "../database.ts";
import { compactAll } from "../intake/compaction.ts";
import { isLocked } from "../errors.ts";
import { all, changes, count, one, type Sql } from "../sql.ts";
import { pruneActivity } from "./activity.ts";
import { deleteAlertIds, dropDay, findDays, makeDay } from "./alert_days.ts";
import { IS_ENDED } from "./expiry.ts";
import { sumDays } from "./summed_days.ts";

/**
 * The advisory lock of pruning. A database has one set of such locks for all its schemas, and another schema
 * is another buffer.
 */
const LOCK = "hashtext('custom-misp prune'), hashtext(current_schema())";

/** Alert ids deleted in one transaction. */
const PRUNE_AT_ONCE = 50_000;

/** The same of reports: each changes how many there are, in one row. */
const REPORTS_AT_ONCE = 1_000;
/** The same of sources, each with what belongs to it. */
const SOURCES_AT_ONCE = 2_000;

/** How long a delivered report can be looked at. */
const KEEP_DELIVERED_MS = 7 * DAY;

/** Deletes from PostgreSQL. */
export class PostgresRetention implements Retention {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async prune(keep: Keep, now: number): Promise<boolean> {
    const seenBefore = now - keep.seenMs;
    const { missing, over } = await this.#db.read((sql) => findDays(sql, seenBefore, now));
    for (const day of missing) await this.#unlessLocked((sql) => makeDay(sql, day));
    for (const day of over) await this.#unlessLocked((sql) => dropDay(sql, day, seenBefore));
    const deleted = await this.#alone((sql) => deleteAlertIds(sql, seenBefore, PRUNE_AT_ONCE));
    if (deleted === undefined) return false;
    let isMore = deleted >= PRUNE_AT_ONCE;
    for (const part of PARTS) {
      if (await this.#alone((sql) => part(sql, keep, now)) === true) isMore = true;
    }
    return isMore;
  }

  /** What a long transaction of others is in the way of, such as a backup, is done by a later look. */
  async #unlessLocked(work: (sql: Sql) => Promise<void>): Promise<void> {
    try {
      await this.#alone(work);
    } catch (error) {
      if (!isLocked(error)) throw error;
    }
  }

  /** Undefined: another replica prunes. */
  #alone<T>(work: (sql: Sql) => T | Promise<T>): Promise<T | undefined> {
    return this.#db.write(async (sql) => {
      const row = await one(sql, `SELECT pg_try_advisory_xact_lock(${LOCK}) AS is_ours`);
      return row?.is_ours === true ? await work(sql) : undefined;
    });
  }
}

/** An attack that is still open, since no publisher ran for so long, needs its record. */
const isOver = ({ expires, itemsExpire }: Keep) =>
  "snapshot_at < $1 AND source_ip NOT IN (SELECT source_ip FROM attack)" +
  (expires ? ` AND ${IS_ENDED}` : "") +
  (itemsExpire ? " AND items_silent_from IS NULL" : "");

/** Each says whether there is more to delete than it did. */
const PARTS: readonly ((sql: Sql, keep: Keep, now: number) => void | Promise<boolean | void>)[] = [
  deleteDelivered,
  (sql, keep, now) => compactAll(sql, now - keep.connectionMs),
  (sql, keep, now) => compactSessions(sql, now - keep.connectionMs),
  deleteRecords,
  (sql, _, now) => sumDays(sql, now),
  (sql, _, now) => pruneActivity(sql, now),
  async (sql, keep, now) => {
    await sql("DELETE FROM sensor WHERE last_seen < $1", now - keep.recordMs);
    await sql("DELETE FROM login WHERE at < $1", now - keep.recordMs);
    await sql("DELETE FROM minute WHERE minute < $1", Math.floor((now - KEPT_MINUTES_MS) / MINUTE));
  },
];

async function deleteDelivered(sql: Sql, _: Keep, now: number): Promise<boolean> {
  const gone = await changes(
    sql,
    `DELETE FROM report WHERE (uuid, sink) IN
       (SELECT uuid, sink FROM report WHERE state = 'delivered' AND ended_at < $1
        ORDER BY ended_at LIMIT $2)`,
    now - KEEP_DELIVERED_MS,
    REPORTS_AT_ONCE,
  );
  if (gone > 0) count(sql, new Map([["delivered_forgotten", gone]]));
  return gone >= REPORTS_AT_ONCE;
}

async function deleteRecords(sql: Sql, keep: Keep, now: number): Promise<boolean> {
  const old = now - keep.recordMs;
  const over = isOver(keep);
  if (!keep.itemsExpire) await sql("DELETE FROM left_event");
  const found = await all(
    sql,
    `SELECT source_ip, event_uuid FROM source_record WHERE ${over} ORDER BY snapshot_at LIMIT $2`,
    old,
    SOURCES_AT_ONCE,
  );
  const sources = found.map(({ source_ip }) => String(source_ip));
  const events = found.map(({ event_uuid }) => String(event_uuid));
  for (const table of ["delivery", "sighting"]) {
    await sql(
      `DELETE FROM ${table} WHERE (event_uuid, source_ip) IN
         (SELECT * FROM unnest($1::text[], $2::text[]))`,
      events,
      sources,
    );
  }
  for (const table of ["source_name", "source_session_item"]) {
    await sql(`DELETE FROM ${table} WHERE source_ip = ANY($1)`, sources);
  }
  const gone = `DELETE FROM source_record WHERE ${over} AND source_ip = ANY($2)`;
  const records = await changes(sql, gone, old, sources);
  if (records > 0) count(sql, new Map([[KNOWN_SOURCES, -records]]));
  await sql(
    `DELETE FROM delivery WHERE source_ip LIKE 'day %' AND event_uuid IN
       (SELECT event_uuid FROM day_event WHERE is_closed AND ends_at < $1)`,
    old,
  );
  await sql("DELETE FROM day_event WHERE is_closed AND ends_at < $1", old);
  return found.length >= SOURCES_AT_ONCE;
}

/**
 * Adds sessions that are over to the records of sources without an open attack. Their totals have them
 * already; the next snapshot must not look for their rows any more.
 */
async function compactSessions(sql: Sql, before: number): Promise<void> {
  const path = "'{session,compacted}'";
  const part = (name: string) => `(r.detail::jsonb #>> '{session,compacted,${name}}')::bigint`;
  await sql(
    `WITH gone AS (
       DELETE FROM attack_session
       WHERE source_ip NOT IN (SELECT source_ip FROM attack) AND touched_at < $1
       RETURNING *),
     ended AS (
       SELECT source_ip, sum(greatest(connects, 1)) AS sessions,
         sum(least(logins, greatest(connects, 1))) AS logged_in, max(longest_ms) AS longest_ms
       FROM gone GROUP BY source_ip)
     UPDATE source_record r SET detail = jsonb_set(r.detail::jsonb, ${path}, jsonb_build_object(
         'sessions', ${part("sessions")} + ended.sessions,
         'loggedIn', ${part("loggedIn")} + ended.logged_in,
         'longestMs', greatest(${part("longestMs")}, ended.longest_ms)))::text
     FROM ended WHERE ended.source_ip = r.source_ip
       AND r.detail::jsonb #> ${path} IS NOT NULL`,
    before,
  );
}
