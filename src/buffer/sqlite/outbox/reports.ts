/**
 * The reports as people look at them, and the changes that people make.
 *
 * @module
 */
import { count, type Statements } from "../sql.ts";
import { DROPPED } from "../../rows/names.ts";
import { toRow } from "../../rows/report.ts";
import type { Database } from "../database.ts";
import { storedJson } from "../errors.ts";
import { isOurs, releaseLease, type SqliteLeases, takeLease } from "../leases.ts";
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

/** The columns of a report as people look at it. Bodies may be large: only who shows one reads it. */
export const ROW =
  `SELECT r.uuid, r.sink, r.source_ip, r.event_uuid, r.state, r.attempts, r.snapshot_at,
    r.tries, max(r.next_try_at, coalesce(p.until, 0)) AS next_try_at, r.ended_at, r.last_error
  FROM report r LEFT JOIN sink_pause p ON p.sink = r.sink`;

const ORDER = `ORDER BY CASE r.state WHEN 'refused' THEN 0 WHEN 'pending' THEN 1 ELSE 2 END,
  CASE r.state WHEN 'pending' THEN max(r.next_try_at, coalesce(p.until, 0)) ELSE -r.ended_at END,
  r.uuid, r.sink`;

const STATES: readonly ReportState[] = ["refused", "pending", "delivered"];

/** Reports of a SQLite file, as people look at them and change them. */
export class SqliteReports implements ReportStore {
  readonly #db: Database;
  readonly #leases: SqliteLeases;

  constructor(db: Database, leases: SqliteLeases) {
    this.#db = db;
    this.#leases = leases;
  }

  list(most: number): Promise<ReportList> {
    return this.#db.read((sql) => listReports(sql, most));
  }

  find(meant: ReportsMeant): Promise<readonly ReportRow[]> {
    return this.#db.read((sql) => findReports(sql, meant));
  }

  body({ uuid, sink }: ReportKey): Promise<string | undefined> {
    return this.#db.read((sql) => {
      const row = sql("SELECT body FROM report_body WHERE uuid = ? AND sink = ?").get(uuid, sink);
      if (row === undefined) return undefined;
      storedJson(String(row.body));
      return String(row.body);
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
  async #change(
    reports: readonly ReportKey[],
    { name, owner, fence }: ReportsLease,
    now: number,
    work: (sql: Statements, report: ReportKey) => Changed,
  ): Promise<readonly Changed[] | undefined> {
    if (fence !== undefined) {
      const held = { name, owner, fence };
      return await this.#db.write((sql) =>
        isOurs(sql, held) ? reports.map((report) => work(sql, report)) : undefined
      );
    }
    // A publisher that died does not deliver.
    using lock = await this.#leases.tryLock(name);
    return await this.#db.write((sql) => {
      const lease = takeLease(sql, name, owner, CHANGE_MS, now, lock !== undefined);
      if (lease === undefined) return undefined;
      const changed = reports.map((report) => work(sql, report));
      releaseLease(sql, lease);
      return changed;
    });
  }
}

/** No change lasts longer, milliseconds; the lease is released at its end anyway. */
const CHANGE_MS = 60_000;

/** How many reports have a state, for all sinks. */
export function countReports(sql: Statements, state: ReportState): number {
  const row = sql("SELECT sum(reports) AS n FROM report_count WHERE state = ?").get(state);
  return Number(row?.n ?? 0);
}

/** The reports by state, so many of each. */
function listReports(sql: Statements, most: number): ReportList {
  return {
    rows: STATES.flatMap((state) =>
      sql(`${ROW} WHERE r.state = ? ${ORDER} LIMIT ?`)
        .all(state, Math.min(most, Number.MAX_SAFE_INTEGER)).map(toRow)
    ),
    counts: {
      refused: countReports(sql, "refused"),
      pending: countReports(sql, "pending"),
      delivered: countReports(sql, "delivered"),
    },
  };
}

/** The reports that are meant. */
function findReports(sql: Statements, meant: ReportsMeant): readonly ReportRow[] {
  switch (meant.kind) {
    case "uuid":
      return sql(`${ROW} WHERE r.uuid = ? OR r.event_uuid = ? ${ORDER}`)
        .all(meant.uuid, meant.uuid).map(toRow);
    case "source":
      return sql(`${ROW} WHERE r.source_ip = ? ${ORDER}`).all(meant.sourceIp).map(toRow);
    case "keys":
      return meant.keys.flatMap(({ uuid, sink }) =>
        sql(`${ROW} WHERE r.uuid = ? AND r.sink = ?`).all(uuid, sink).map(toRow)
      );
    case "undelivered":
      return sql(`${ROW} WHERE r.state <> 'delivered' ${ORDER}`).all().map(toRow);
  }
}

/** Makes a report due at once, as if never tried. It does not wait because it was refused. */
function retry(sql: Statements, report: ReportKey, now: number): Changed {
  const { uuid, sink } = report;
  const state = stateOf(sql, report);
  if (state === undefined) return "gone";
  if (state === "delivered") return "delivered";
  if (isSuperseded(sql, report, now)) return "superseded";
  // Not simply now: a clock that is ahead and set back later would have it wait until then.
  sql(
    `UPDATE report SET state = 'pending', tries = 0, last_error = NULL,
       next_try_at = min(snapshot_at, ?)
     WHERE uuid = ? AND sink = ?`,
  ).run(now, uuid, sink);
  return "changed";
}

/** Removes a report for good, and counts it. */
function drop(sql: Statements, report: ReportKey): Changed {
  const { uuid, sink } = report;
  const state = stateOf(sql, report);
  if (state === undefined) return "gone";
  if (state === "delivered") return "delivered";
  sql("DELETE FROM report WHERE uuid = ? AND sink = ?").run(uuid, sink);
  count(sql, DROPPED, 1);
  return "changed";
}

function stateOf(sql: Statements, { uuid, sink }: ReportKey): ReportState | undefined {
  const row = sql("SELECT state FROM report WHERE uuid = ? AND sink = ?").get(uuid, sink);
  return row?.state as ReportState | undefined;
}

/**
 * Whether the event has a later report. A snapshot removes what it supersedes: this finds only what was
 * left behind some other way. Delivered reports are deleted after a while, deliveries are not. A time
 * that is still to come was written by a clock that was set back since, and proves no order.
 */
function isSuperseded(sql: Statements, { uuid, sink }: ReportKey, now: number): boolean {
  return sql(
    `SELECT 1 FROM report r WHERE r.uuid = :uuid AND r.sink = :sink AND (
       EXISTS (SELECT 1 FROM report later WHERE later.event_uuid = r.event_uuid
         AND later.sink = r.sink AND later.source_ip = r.source_ip
         AND later.snapshot_at > r.snapshot_at AND later.snapshot_at <= :now)
       OR EXISTS (SELECT 1 FROM delivery h WHERE h.event_uuid = r.event_uuid
         AND h.sink = r.sink AND h.source_ip = r.source_ip
         AND h.delivered_at > r.snapshot_at AND h.delivered_at <= :now))`,
  ).get({ uuid, sink, now }) !== undefined;
}
