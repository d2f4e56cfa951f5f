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
import { all, changes, type Sql } from "../sql.ts";

/**
 * The days that are summed up, of each kind that has any.
 *
 * @param isKept whether nobody changes them until the transaction ends
 */
export async function readSummed(
  sql: Sql,
  isKept = false,
): Promise<ReadonlyMap<ActivityKind, Summed>> {
  const rows = await all(
    sql,
    `SELECT * FROM activity_summed ORDER BY kind ${isKept ? "FOR SHARE" : ""}`,
  );
  return new Map(rows.map((row) => [String(row.kind) as ActivityKind, summedOf(row)]));
}

/**
 * Brings the sums forward, one day of one kind after the other.
 *
 * @returns whether there is more to do
 */
export async function sumDays(sql: Sql, now: number): Promise<boolean> {
  const summed = await readSummed(sql);
  let rows = 0;
  let hasBegun = false;
  for (const kind of SUMMED_KINDS) {
    let known = summed.get(kind) ?? "none";
    for (let step = nextStep(known, now); step !== undefined; step = nextStep(known, now)) {
      if (rows >= SUMS_AT_ONCE) return true;
      const done = await take(sql, kind, step);
      rows += done.rows;
      // A row that is not committed yet makes nobody wait who adds late attempts.
      hasBegun ||= known === "none";
      if (known === "none") break;
      known = done.summed;
    }
  }
  return hasBegun;
}

async function take(
  sql: Sql,
  kind: ActivityKind,
  step: Step,
): Promise<{ readonly rows: number; readonly summed: Summed }> {
  switch (step.kind) {
    case "begin":
      return { rows: 0, summed: await note(sql, kind, step.days) };
    case "delete": {
      const rows = await deleteSome(sql, kind);
      const summed = await note(sql, kind, rows < SUMS_AT_ONCE ? step.then : undefined);
      return { rows, summed };
    }
    case "takeOff": {
      // Before the rows: whoever adds late attempts waits, and then sees which days are left.
      const summed = await note(sql, kind, step.days);
      return { rows: await takeOff(sql, kind, step.day), summed };
    }
    case "add": {
      const summed = await note(sql, kind, step.days);
      await deleteTail(sql, kind, step.day);
      return { rows: await add(sql, kind, step.day), summed };
    }
  }
}

async function note(sql: Sql, kind: ActivityKind, days: Days | undefined): Promise<Summed> {
  await sql(
    `INSERT INTO activity_summed (kind, first_day, last_day) VALUES ($1, $2, $3)
     ON CONFLICT (kind) DO UPDATE SET first_day = excluded.first_day, last_day = excluded.last_day`,
    ...[kind, days?.first ?? null, days?.last ?? null],
  );
  return days ?? "deleting";
}

function deleteSome(sql: Sql, kind: ActivityKind): Promise<number> {
  return changes(
    sql,
    `DELETE FROM activity WHERE kind = $1 AND span = $2 AND bucket = $3 AND name IN
       (SELECT name FROM activity WHERE kind = $1 AND span = $2 AND bucket = $3 LIMIT $4)`,
    ...[kind, SUM_SPAN, SUM_BUCKET, SUMS_AT_ONCE],
  );
}

/** Deletes the long tail of a day that is over: it would grow with every address of a scan. */
async function deleteTail(sql: Sql, kind: ActivityKind, day: number): Promise<void> {
  await sql(
    `DELETE FROM activity WHERE kind = $1 AND span = $2 AND bucket = $3 AND attempts <
       (SELECT attempts FROM activity WHERE kind = $1 AND span = $2 AND bucket = $3
        ORDER BY attempts DESC LIMIT 1 OFFSET $4)`,
    ...[kind, DAY_SPAN, day, KEPT_OF_A_DAY - 1],
  );
}

function add(sql: Sql, kind: ActivityKind, day: number): Promise<number> {
  return changes(
    sql,
    `INSERT INTO activity AS a (kind, span, name, bucket, attempts)
     SELECT kind, $2::bigint, name, $3::bigint, attempts FROM activity
     WHERE kind = $1 AND span = $4 AND bucket = $5
     ON CONFLICT (kind, span, name, bucket) DO UPDATE SET attempts = a.attempts + excluded.attempts`,
    ...[kind, SUM_SPAN, SUM_BUCKET, DAY_SPAN, day],
  );
}

async function takeOff(sql: Sql, kind: ActivityKind, day: number): Promise<number> {
  const changed = await changes(
    sql,
    `UPDATE activity AS a SET attempts = a.attempts - old.attempts FROM activity AS old
     WHERE old.kind = $1 AND old.span = $4 AND old.bucket = $5
       AND a.kind = $1 AND a.span = $2 AND a.name = old.name AND a.bucket = $3`,
    ...[kind, SUM_SPAN, SUM_BUCKET, DAY_SPAN, day],
  );
  await sql(
    "DELETE FROM activity WHERE kind = $1 AND span = $2 AND bucket = $3 AND attempts <= 0",
    ...[kind, SUM_SPAN, SUM_BUCKET],
  );
  return changed;
}
