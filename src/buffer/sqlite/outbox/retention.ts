/**
 * What is deleted when it is old.
 *
 * @module
 */
import type { Keep, Retention } from "../../retention.ts";
import type { Database } from "../database.ts";
import { deleteAlertIds } from "../intake/alert_ids.ts";
import { compactAll } from "../intake/compaction.ts";
import { KEPT_MINUTES_MS } from "../../batch/minutes.ts";
import { compactSessions, deleteSessionsBefore } from "./session_rows.ts";
import { sumDays } from "./summed_days.ts";
import { count, type Statements } from "../sql.ts";
import { pruneActivity } from "./activity.ts";
import { noteOlderNames } from "./older_names.ts";
import { IS_ENDED } from "./expiry.ts";
import { KNOWN_SOURCES } from "../../rows/names.ts";
import { DAY } from "../../../clock.ts";

/** Deletes from a SQLite file. */
export class SqliteRetention implements Retention {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  prune(keep: Keep, now: number): Promise<boolean> {
    return this.#db.write((sql) => prune(sql, keep, now));
  }
}

/** Alert ids deleted in one transaction, so that writers need not wait long. */
const PRUNE_AT_ONCE = 50_000;

/** How long a delivered report can be looked at. */
const KEEP_DELIVERED_MS = 7 * DAY;

function prune(sql: Statements, keep: Keep, now: number): boolean {
  const deleted = deleteAlertIds(sql, now - keep.seenMs, PRUNE_AT_ONCE);
  const gone = Number(
    sql("DELETE FROM report WHERE state = 'delivered' AND ended_at < ?")
      .run(now - KEEP_DELIVERED_MS).changes,
  );
  if (gone > 0) {
    sql(
      `INSERT INTO counter (name, value) VALUES ('delivered_forgotten', ?)
       ON CONFLICT DO UPDATE SET value = value + excluded.value`,
    ).run(gone);
  }
  compactAll(sql, now - keep.connectionMs);
  compactSessions(sql, now - keep.connectionMs);
  const old = now - keep.recordMs;
  // An attack that is still open, since no publisher ran for so long, needs its record.
  const isOver = "snapshot_at < ? AND source_ip NOT IN (SELECT source_ip FROM attack)" +
    (keep.expires ? ` AND ${IS_ENDED}` : "") +
    (keep.itemsExpire ? " AND items_silent_from IS NULL" : "");
  for (const table of ["delivery", "sighting"]) {
    sql(
      `DELETE FROM ${table} WHERE (event_uuid, source_ip) IN
         (SELECT event_uuid, source_ip FROM source_record WHERE ${isOver})`,
    ).run(old);
  }
  sql(
    `DELETE FROM source_name WHERE source_ip IN
       (SELECT source_ip FROM source_record WHERE ${isOver})`,
  ).run(old);
  deleteSessionsBefore(sql, isOver, old);
  const records = Number(sql(`DELETE FROM source_record WHERE ${isOver}`).run(old).changes);
  if (records > 0) count(sql, KNOWN_SOURCES, -records);
  if (!keep.itemsExpire) sql("DELETE FROM left_event").run();
  sql("DELETE FROM sensor WHERE last_seen < ?").run(old);
  sql("DELETE FROM login WHERE at < ?").run(old);
  const hasDays = sumDays(sql, now);
  pruneActivity(sql, now);
  sql("DELETE FROM minute WHERE minute < ?").run(Math.floor((now - KEPT_MINUTES_MS) / 60_000));
  sql(
    `DELETE FROM delivery WHERE source_ip LIKE 'day %' AND event_uuid IN
       (SELECT event_uuid FROM day_event WHERE is_closed = 1 AND ends_at < ?)`,
  ).run(old);
  sql("DELETE FROM day_event WHERE is_closed = 1 AND ends_at < ?").run(old);
  return noteOlderNames(sql) || hasDays || deleted >= PRUNE_AT_ONCE;
}
