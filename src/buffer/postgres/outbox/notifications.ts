/**
 * Logins that succeeded, on their way to the webhook. A row is claimed before its request and concluded
 * after it, so that no process sends it twice.
 *
 * @module
 */
import { DAY } from "../../../clock.ts";
import type { Lease } from "../../leases.ts";
import type {
  Ended,
  Notification,
  NotificationKey,
  NotificationStore,
} from "../../notifications.ts";
import type { Row } from "../trip.ts";
import type { Value } from "../values.ts";
import type { Database } from "../database.ts";
import { isHeld } from "../leases.ts";
import { all, changes, one, type Sql } from "../sql.ts";
import { COMPROMISED } from "../views/compromised.ts";
import { LATEST, pausedUntil } from "./due.ts";
import { endPause, pause } from "./pause.ts";

/** Under this name notifying is paused after a failure, as sinks are. */
const NOTIFY = "notify";

/** How long it is tried to send one, and how old a login is that is reported, milliseconds. */
const TRIED_MS = DAY;
/** How long it is known that one was sent, milliseconds: no login is reported after a day. */
const KEPT_MS = 30 * DAY;
/** Notifications that are noted at once. */
const COLLECTED = 1000;

/** Notifications in PostgreSQL. */
export class PostgresNotifications implements NotificationStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  isDue(since: number, now: number): Promise<boolean> {
    return this.#db.read(async (sql) =>
      (await fresh(sql, since, now, 1)).length > 0 || await isAny(sql, "claimed") ||
      await isAny(sql, "waiting") && await pausedUntil(sql, NOTIFY, now) <= now
    );
  }

  isWaiting(): Promise<boolean> {
    return this.#db.read((sql) => isAny(sql, "waiting"));
  }

  collect(lease: Lease, since: number, now: number): Promise<Ended> {
    return this.#db.write(async (sql) => {
      if (!await isHeld(sql, lease)) return { unknown: [], expired: [] };
      // They are of a time before the webhook was set anew.
      await sql("DELETE FROM notification WHERE state = 'waiting' AND login_at < $1", since);
      for (const row of await fresh(sql, since, now, COLLECTED)) await note(sql, row, now);
      await sql(
        "DELETE FROM notification WHERE login_at < $1 AND state NOT IN ('waiting', 'claimed')",
        now - KEPT_MS,
      );
      const end = async (state: string, where: string, ...values: readonly Value[]) =>
        (await all(
          sql,
          `UPDATE notification SET state = '${state}' WHERE ${where} RETURNING source_ip, login_at`,
          ...values,
        )).map(toKey);
      return {
        // Whoever claimed it held the lease that is ours now.
        unknown: await end("unknown", "state = 'claimed'"),
        expired: await end("expired", "state = 'waiting' AND created_at < $1", now - TRIED_MS),
      };
    });
  }

  next(now: number, everything = false): Promise<Notification | undefined> {
    return this.#db.read(async (sql) => {
      if (!everything && await pausedUntil(sql, NOTIFY, now) > now) return undefined;
      const row = await one(
        sql,
        `SELECT n.*, r.event_uuid FROM notification n
         LEFT JOIN source_record r ON r.source_ip = n.source_ip AND EXISTS (
           SELECT 1 FROM delivery d WHERE d.event_uuid = r.event_uuid AND d.sink = 'misp'
             AND d.source_ip = r.source_ip)
         WHERE n.state = 'waiting' ORDER BY n.tries, n.login_at LIMIT 1`,
      );
      if (row === undefined) return undefined;
      return {
        ...toKey(row),
        sensor: text(row.sensor),
        username: text(row.username),
        eventUuid: text(row.event_uuid),
      };
    });
  }

  claim(lease: Lease, { sourceIp, loginAt }: NotificationKey): Promise<boolean> {
    return this.#db.write(async (sql) =>
      await isHeld(sql, lease) && await changes(
          sql,
          `UPDATE notification SET state = 'claimed', tries = tries + 1
           WHERE source_ip = $1 AND login_at = $2 AND state = 'waiting'`,
          sourceIp,
          loginAt,
        ) > 0
    );
  }

  conclude(
    lease: Lease,
    { sourceIp, loginAt }: NotificationKey,
    state: "sent" | "unknown",
  ): Promise<void> {
    return this.#db.write(async (sql) => {
      if (!await isHeld(sql, lease)) return;
      await sql(
        "UPDATE notification SET state = $1 WHERE source_ip = $2 AND login_at = $3",
        ...[state, sourceIp, loginAt],
      );
      if (state === "sent") await endPause(sql, NOTIFY, LATEST, 0);
    });
  }

  postpone(
    lease: Lease,
    { sourceIp, loginAt }: NotificationKey,
    reason: string,
    pauseMs: (failures: number) => number,
    now: number,
  ): Promise<void> {
    return this.#db.write(async (sql) => {
      if (!await isHeld(sql, lease)) return;
      await sql(
        `UPDATE notification SET state = 'waiting'
         WHERE source_ip = $1 AND login_at = $2 AND state = 'claimed'`,
        sourceIp,
        loginAt,
      );
      await pause(sql, NOTIFY, reason, pauseMs, now);
    });
  }
}

/** Sources that logged in lately and are not noted yet. */
function fresh(sql: Sql, since: number, now: number, most: number): Promise<readonly Row[]> {
  return all(
    sql,
    `SELECT c.source_ip, c.at FROM ${COMPROMISED}
     WHERE c.at >= $1 AND NOT EXISTS (
       SELECT 1 FROM notification n WHERE n.source_ip = c.source_ip AND n.login_at = c.at)
     ORDER BY c.at LIMIT $2`,
    Math.max(since, now - TRIED_MS),
    most,
  );
}

async function note(sql: Sql, { source_ip, at }: Row, now: number): Promise<void> {
  const [source, time] = [String(source_ip), Number(at)];
  const login = await one(
    sql,
    "SELECT name, username FROM login WHERE source_ip = $1 AND at = $2 LIMIT 1",
    source,
    time,
  );
  const sensor = login ?? await one(
    sql,
    "SELECT name FROM attack_sensor WHERE source_ip = $1 ORDER BY abs(last_seen - $2) LIMIT 1",
    source,
    time,
  );
  await sql(
    `INSERT INTO notification (source_ip, login_at, sensor, username, created_at)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
    ...[source, time, text(sensor?.name) ?? null, text(login?.username) ?? null, now],
  );
}

async function isAny(sql: Sql, state: "waiting" | "claimed"): Promise<boolean> {
  return await one(
    sql,
    `SELECT 1 FROM notification WHERE state = $1 AND state IN ('waiting', 'claimed') LIMIT 1`,
    state,
  ) !== undefined;
}

const toKey = (row: Row): NotificationKey => ({
  sourceIp: String(row.source_ip),
  loginAt: Number(row.login_at),
});

const text = (value: unknown) => value === null || value === undefined ? undefined : String(value);
