/**
 * Logins that succeeded, on their way to the webhook. A row is claimed before its request and concluded
 * after it, so that no process sends it twice.
 *
 * @module
 */
import type { Lease } from "../../leases.ts";
import type {
  Ended,
  Notification,
  NotificationKey,
  NotificationStore,
} from "../../notifications.ts";
import { DAY } from "../../../clock.ts";
import type { Database } from "../database.ts";
import { isOurs } from "../leases.ts";
import type { Statements } from "../sql.ts";
import { COMPROMISED } from "../views/compromised.ts";
import { pausedUntil } from "./due.ts";
import { endPause, pause } from "./pause.ts";

/** Under this name notifying is paused after a failure, as sinks are. */
export const NOTIFY = "notify";

/** How long it is tried to send one, and how old a login is that is reported, milliseconds. */
const TRIED_MS = DAY;
/** How long it is known that one was sent, milliseconds: no login is reported after a day. */
const KEPT_MS = 30 * DAY;
/** Notifications that are noted at once. */
const COLLECTED = 1000;

type Row = Record<string, unknown>;

/** Notifications in a SQLite file. */
export class SqliteNotifications implements NotificationStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  isDue(since: number, now: number): Promise<boolean> {
    return this.#db.read((sql) =>
      fresh(sql, since, now, 1).length > 0 || isAny(sql, "claimed") ||
      isAny(sql, "waiting") && pausedUntil(sql, NOTIFY, now) <= now
    );
  }

  isWaiting(): Promise<boolean> {
    return this.#db.read((sql) => isAny(sql, "waiting"));
  }

  collect(lease: Lease, since: number, now: number): Promise<Ended> {
    return this.#db.write((sql) => {
      if (!isOurs(sql, lease)) return { unknown: [], expired: [] };
      // They are of a time before the webhook was set anew.
      sql("DELETE FROM notification WHERE state = 'waiting' AND login_at < ?").run(since);
      for (const row of fresh(sql, since, now, COLLECTED)) note(sql, row, now);
      sql("DELETE FROM notification WHERE login_at < ? AND state NOT IN ('waiting', 'claimed')")
        .run(now - KEPT_MS);
      const end = (state: string, where: string, ...values: readonly number[]) =>
        sql(
          `UPDATE notification SET state = ? WHERE ${where} RETURNING source_ip, login_at`,
        ).all(state, ...values).map(toKey);
      return {
        // Whoever claimed it held the lease that is ours now.
        unknown: end("unknown", "state = 'claimed'"),
        expired: end("expired", "state = 'waiting' AND created_at < ?", now - TRIED_MS),
      };
    });
  }

  next(now: number, everything = false): Promise<Notification | undefined> {
    return this.#db.read((sql) => {
      // The second condition is that of the index, which SQLite does not see in the first.
      if (!everything && pausedUntil(sql, NOTIFY, now) > now) return undefined;
      const row = sql(
        `SELECT n.*, r.event_uuid FROM notification n
         LEFT JOIN source_record r ON r.source_ip = n.source_ip AND EXISTS (
           SELECT 1 FROM delivery d WHERE d.event_uuid = r.event_uuid AND d.sink = 'misp'
             AND d.source_ip = r.source_ip)
         WHERE n.state = 'waiting' AND n.state IN ('waiting', 'claimed')
         ORDER BY n.tries, n.login_at LIMIT 1`,
      ).get();
      if (row === undefined) return undefined;
      return {
        ...toKey(row),
        sensor: optional(row.sensor),
        username: optional(row.username),
        eventUuid: optional(row.event_uuid),
      };
    });
  }

  claim(lease: Lease, { sourceIp, loginAt }: NotificationKey): Promise<boolean> {
    return this.#db.write((sql) => {
      if (!isOurs(sql, lease)) return false;
      const { changes } = sql(
        `UPDATE notification SET state = 'claimed', tries = tries + 1
         WHERE source_ip = ? AND login_at = ? AND state = 'waiting'`,
      ).run(sourceIp, loginAt);
      return Number(changes) > 0;
    });
  }

  conclude(
    lease: Lease,
    { sourceIp, loginAt }: NotificationKey,
    state: "sent" | "unknown",
  ): Promise<void> {
    return this.#db.write((sql) => {
      if (!isOurs(sql, lease)) return;
      sql("UPDATE notification SET state = ? WHERE source_ip = ? AND login_at = ?")
        .run(state, sourceIp, loginAt);
      if (state === "sent") endPause(sql, NOTIFY, Number.MAX_SAFE_INTEGER, 0);
    });
  }

  postpone(
    lease: Lease,
    { sourceIp, loginAt }: NotificationKey,
    reason: string,
    pauseMs: (failures: number) => number,
    now: number,
  ): Promise<void> {
    return this.#db.write((sql) => {
      if (!isOurs(sql, lease)) return;
      sql(
        `UPDATE notification SET state = 'waiting'
         WHERE source_ip = ? AND login_at = ? AND state = 'claimed'`,
      ).run(sourceIp, loginAt);
      pause(sql, NOTIFY, reason, pauseMs, now);
    });
  }
}

/** Sources that logged in lately and are not noted yet. */
function fresh(sql: Statements, since: number, now: number, most: number): readonly Row[] {
  return sql(
    `SELECT c.source_ip, c.at FROM (${COMPROMISED}) c
     WHERE c.at >= ? AND NOT EXISTS (
       SELECT 1 FROM notification n WHERE n.source_ip = c.source_ip AND n.login_at = c.at)
     ORDER BY c.at LIMIT ?`,
  ).all(Math.max(since, now - TRIED_MS), most);
}

function note(sql: Statements, { source_ip, at }: Row, now: number): void {
  const [source, time] = [String(source_ip), Number(at)];
  const login = sql("SELECT name, username FROM login WHERE source_ip = ? AND at = ? LIMIT 1")
    .get(source, time);
  const sensor = login ?? sql(
    "SELECT name FROM attack_sensor WHERE source_ip = ? ORDER BY abs(last_seen - ?) LIMIT 1",
  ).get(source, time);
  sql(
    `INSERT OR IGNORE INTO notification (source_ip, login_at, sensor, username, created_at)
     VALUES (?, ?, ?, ?, ?)`,
  ).run(source, time, optional(sensor?.name) ?? null, optional(login?.username) ?? null, now);
}

function isAny(sql: Statements, state: "waiting" | "claimed"): boolean {
  return sql("SELECT 1 FROM notification WHERE state = ? AND state IN ('waiting', 'claimed')")
    .get(state) !== undefined;
}

const toKey = (row: Row): NotificationKey => ({
  sourceIp: String(row.source_ip),
  loginAt: Number(row.login_at),
});

const optional = (value: unknown) =>
  value === null || value === undefined ? undefined : String(value);
