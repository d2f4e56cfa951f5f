/**
 * Keeps the sums over days that rankings over a month read.
 *
 * @module
 */
import type { ActivityKind } from "../../../model.ts";
import { DAY_SPAN, KEPT_OF_A_DAY } from "../../rows/activity.ts";
import {
  type Days,
  nextStep,
  type Step,
  SUM_BUCKET,
  SUM_SPAN,
  type Summed,
  SUMMED_KINDS,
  summedOf,
  SUMS_AT_ONCE,
} from "../../rows/summed_days.ts";
import type { Statements } from "../sql.ts";

/** The days that are summed up, of each kind that has any. */
export function readSummed(sql: Statements): ReadonlyMap<ActivityKind, Summed> {
  return new Map(
    sql("SELECT * FROM activity_summed").all()
      .map((row) => [String(row.kind) as ActivityKind, summedOf(row)]),
  );
}

/**
 * Brings the sums forward, one day of one kind after the other.
 *
 * @returns whether there is more to do
 */
export function sumDays(sql: Statements, now: number): boolean {
  const summed = readSummed(sql);
  let rows = 0;
  for (const kind of SUMMED_KINDS) {
    let known = summed.get(kind) ?? "none";
    for (let step = nextStep(known, now); step !== undefined; step = nextStep(known, now)) {
      if (rows >= SUMS_AT_ONCE) return true;
      const done = take(sql, kind, step);
      rows += done.rows;
      known = done.summed;
    }
  }
  return false;
}

function take(
  sql: Statements,
  kind: ActivityKind,
  step: Step,
): { readonly rows: number; readonly summed: Summed } {
  switch (step.kind) {
    case "begin":
      return { rows: 0, summed: note(sql, kind, step.days) };
    case "delete": {
      const rows = deleteSome(sql, kind);
      return { rows, summed: note(sql, kind, rows < SUMS_AT_ONCE ? step.then : undefined) };
    }
    case "takeOff":
      return { rows: takeOff(sql, kind, step.day), summed: note(sql, kind, step.days) };
    case "add":
      deleteTail(sql, kind, step.day);
      return { rows: add(sql, kind, step.day), summed: note(sql, kind, step.days) };
  }
}

function note(sql: Statements, kind: ActivityKind, days: Days | undefined): Summed {
  sql(
    `INSERT INTO activity_summed (kind, first_day, last_day) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET first_day = excluded.first_day, last_day = excluded.last_day`,
  ).run(kind, days?.first ?? null, days?.last ?? null);
  return days ?? "deleting";
}

function deleteSome(sql: Statements, kind: ActivityKind): number {
  return Number(
    sql(
      `DELETE FROM activity WHERE kind = ? AND span = ? AND bucket = ? AND name IN
         (SELECT name FROM activity WHERE kind = ? AND span = ? AND bucket = ? LIMIT ?)`,
    ).run(...[kind, SUM_SPAN, SUM_BUCKET, kind, SUM_SPAN, SUM_BUCKET, SUMS_AT_ONCE]).changes,
  );
}

/** Deletes the long tail of a day that is over: it would grow with every address of a scan. */
function deleteTail(sql: Statements, kind: ActivityKind, day: number): void {
  sql(
    `DELETE FROM activity WHERE kind = ? AND span = ? AND bucket = ? AND attempts <
       (SELECT attempts FROM activity WHERE kind = ? AND span = ? AND bucket = ?
        ORDER BY attempts DESC LIMIT 1 OFFSET ?)`,
  ).run(kind, DAY_SPAN, day, kind, DAY_SPAN, day, KEPT_OF_A_DAY - 1);
}

function add(sql: Statements, kind: ActivityKind, day: number): number {
  return Number(
    sql(
      `INSERT INTO activity (kind, span, name, bucket, attempts)
       SELECT kind, ?, name, ?, attempts FROM activity WHERE kind = ? AND span = ? AND bucket = ?
       ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts`,
    ).run(SUM_SPAN, SUM_BUCKET, kind, DAY_SPAN, day).changes,
  );
}

function takeOff(sql: Statements, kind: ActivityKind, day: number): number {
  const changed = sql(
    `UPDATE activity SET attempts = activity.attempts - old.attempts
     FROM (SELECT name, attempts FROM activity WHERE kind = ? AND span = ? AND bucket = ?) AS old
     WHERE activity.kind = ? AND activity.span = ? AND activity.name = old.name
       AND activity.bucket = ?`,
  ).run(kind, DAY_SPAN, day, kind, SUM_SPAN, SUM_BUCKET).changes;
  sql("DELETE FROM activity WHERE kind = ? AND span = ? AND bucket = ? AND attempts <= 0")
    .run(kind, SUM_SPAN, SUM_BUCKET);
  return Number(changed);
}
