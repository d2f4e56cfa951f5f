/**
 * The reports as people look at them, and the changes that people make.
 *
 * @module
 */
import { DROPPED } from "../../rows/names.ts";
import { toRow } from "../../rows/report.ts";
import type {
  Changed,
  ReportKey,
  ReportList,
  ReportRow,
  ReportsLease,
  ReportsMeant,
  ReportState,
  ReportStore,
} from "../../reports.ts";
import type { Database } from "../database.ts";
import { isHeld, releaseLease, takeLease } from "../leases.ts";
import { all, count, one, type Sql } from "../sql.ts";

/** The columns of a report as people look at it. Bodies may be large: only who shows one reads it. */
export const ROW =
  `SELECT r.uuid, r.sink, r.source_ip, r.event_uuid, r.state, r.attempts, r.snapshot_at,
    r.tries, greatest(r.next_try_at, coalesce(p.until, 0)) AS next_try_at, r.ended_at, r.last_error
  FROM report r LEFT JOIN sink_pause p ON p.sink = r.sink`;

const ORDER = `ORDER BY CASE r.state WHEN 'refused' THEN 0 WHEN 'pending' THEN 1 ELSE 2 END,
  CASE r.state WHEN 'pending' THEN greatest(r.next_try_at, coalesce(p.until, 0))
    ELSE -r.ended_at END,
  r.uuid, r.sink`;

const STATES: readonly ReportState[] = ["refused", "pending", "delivered"];

/** No change lasts longer, milliseconds; the lease is released at its end anyway. */
const CHANGE_MS = 60_000;

/** Reports in PostgreSQL, as people look at them and change them. */
export class PostgresReports implements ReportStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(most: number): Promise<ReportList> {
    return this.#db.view(async (sql) => {
      const rows: ReportRow[] = [];
      for (const state of STATES) {
        rows.push(
          ...(await all(
            sql,
            `${ROW} WHERE r.state = $1 ${ORDER} LIMIT $2`,
            state,
            Math.min(most, Number.MAX_SAFE_INTEGER),
          )).map(toRow),
        );
      }
      return {
        rows,
        counts: {
          refused: await countReports(sql, "refused"),
          pending: await countReports(sql, "pending"),
          delivered: await countReports(sql, "delivered"),
        },
      };
    });
  }

  find(meant: ReportsMeant): Promise<readonly ReportRow[]> {
    return this.#db.read(async (sql) => (await findRows(sql, meant)).map(toRow));
  }

  body({ uuid, sink }: ReportKey): Promise<string | undefined> {
    return this.#db.read(async (sql) => {
      const row = await one(
        sql,
        "SELECT body FROM report_body WHERE uuid = $1 AND sink = $2",
        uuid,
        sink,
      );
      return row === undefined ? undefined : String(row.body);
    });
  }

  retry(reports: readonly ReportKey[], lease: ReportsLease, now: number) {
    return this.#change(reports, lease, now, (sql, report) => retry(sql, report, now));
  }

  drop(reports: readonly ReportKey[], lease: ReportsLease, now: number) {
    return this.#change(reports, lease, now, drop);
  }

  /**
   * Changes reports while nobody delivers. The lease is really taken, not only looked at: its new fence
   * stops a publisher whose lease has run out in the middle of a delivery.
   */
  #change(
    reports: readonly ReportKey[],
    { name, owner, fence }: ReportsLease,
    now: number,
    work: (sql: Sql, report: ReportKey) => Promise<Changed>,
  ): Promise<readonly Changed[] | undefined> {
    return this.#db.write(async (sql) => {
      const changeAll = async () => {
        const changed: Changed[] = [];
        for (const report of reports) changed.push(await work(sql, report));
        return changed;
      };
      if (fence !== undefined) {
        return await isHeld(sql, { name, owner, fence }) ? await changeAll() : undefined;
      }
      const lease = await takeLease(sql, name, owner, CHANGE_MS, now);
      if (lease === undefined) return undefined;
      const changed = await changeAll();
      await releaseLease(sql, lease);
      return changed;
    });
  }
}

/** How many reports have a state, for all sinks. */
export async function countReports(sql: Sql, state: ReportState): Promise<number> {
  const row = await one(sql, "SELECT sum(reports) AS n FROM report_count WHERE state = $1", state);
  return Number(row?.n ?? 0);
}

function findRows(sql: Sql, meant: ReportsMeant) {
  switch (meant.kind) {
    case "uuid":
      return all(sql, `${ROW} WHERE r.uuid = $1 OR r.event_uuid = $1 ${ORDER}`, meant.uuid);
    case "source":
      return all(sql, `${ROW} WHERE r.source_ip = $1 ${ORDER}`, meant.sourceIp);
    case "keys":
      return all(
        sql,
        `${ROW} JOIN unnest($1::text[], $2::text[]) WITH ORDINALITY AS n (uuid, sink, at)
           ON r.uuid = n.uuid AND r.sink = n.sink ORDER BY n.at`,
        meant.keys.map(({ uuid }) => uuid),
        meant.keys.map(({ sink }) => sink),
      );
    case "undelivered":
      return all(sql, `${ROW} WHERE r.state <> 'delivered' ${ORDER}`);
  }
}

/** Makes a report due at once, as if never tried. Its last error can be read until then. */
async function retry(sql: Sql, report: ReportKey, now: number): Promise<Changed> {
  const { uuid, sink } = report;
  const state = await stateOf(sql, report);
  if (state === undefined) return "gone";
  if (state === "delivered") return "delivered";
  if (await isSuperseded(sql, report, now)) return "superseded";
  // Not simply now: a clock that is ahead and set back later would have it wait until then.
  await sql(
    `UPDATE report SET state = 'pending', tries = 0, last_error = NULL,
       next_try_at = least(snapshot_at, $1)
     WHERE uuid = $2 AND sink = $3`,
    ...[now, uuid, sink],
  );
  return "changed";
}

/** Removes a report for good, and counts it. */
async function drop(sql: Sql, report: ReportKey): Promise<Changed> {
  const { uuid, sink } = report;
  const state = await stateOf(sql, report);
  if (state === undefined) return "gone";
  if (state === "delivered") return "delivered";
  await sql("DELETE FROM report WHERE uuid = $1 AND sink = $2", uuid, sink);
  count(sql, new Map([[DROPPED, 1]]));
  return "changed";
}

async function stateOf(sql: Sql, { uuid, sink }: ReportKey): Promise<ReportState | undefined> {
  const row = await one(
    sql,
    "SELECT state FROM report WHERE uuid = $1 AND sink = $2 FOR UPDATE",
    uuid,
    sink,
  );
  return row?.state as ReportState | undefined;
}

/**
 * Whether the event has a later report. A snapshot removes what it supersedes: this finds only what was
 * left behind some other way. Delivered reports are deleted after a while, deliveries are not. A time
 * that is still to come was written by a clock that was set back since, and proves no order.
 */
async function isSuperseded(sql: Sql, { uuid, sink }: ReportKey, now: number): Promise<boolean> {
  return await one(
    sql,
    `SELECT 1 FROM report r WHERE r.uuid = $1 AND r.sink = $2 AND (
       EXISTS (SELECT 1 FROM report later WHERE later.event_uuid = r.event_uuid
         AND later.sink = r.sink AND later.source_ip = r.source_ip
         AND later.snapshot_at > r.snapshot_at AND later.snapshot_at <= $3)
       OR EXISTS (SELECT 1 FROM delivery h WHERE h.event_uuid = r.event_uuid
         AND h.sink = r.sink AND h.source_ip = r.source_ip
         AND h.delivered_at > r.snapshot_at AND h.delivered_at <= $3))`,
    ...[uuid, sink, now],
  ) !== undefined;
}
