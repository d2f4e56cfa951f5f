/**
 * Statements within one transaction, and the counters that many parts of the buffer keep.
 *
 * @module
 */
import type { Result, Row } from "./trip.ts";
import type { Value } from "./values.ts";

/**
 * The statements of one transaction, in the order of the calls. Parameters are `$1`, `$2`, … Those that are
 * called together, as within `Promise.all()`, share a trip to the server.
 */
export interface Sql {
  /** Runs a statement. */
  (text: string, ...values: readonly Value[]): Promise<Result>;
  /**
   * Runs a statement that is sent along with the next one, or with the commit, which then fails with it.
   * Its result comes at that time.
   */
  readonly later: (text: string, ...values: readonly Value[]) => Promise<Result>;
  /** Runs any number of statements without parameters. */
  readonly script: (text: string) => Promise<void>;
}

/** The rows of a statement. */
export async function all(sql: Sql, text: string, ...values: readonly Value[]) {
  return (await sql(text, ...values)).rows;
}

/** The first row of a statement; undefined: it has none. */
export async function one(
  sql: Sql,
  text: string,
  ...values: readonly Value[]
): Promise<Row | undefined> {
  return (await sql(text, ...values)).rows[0];
}

/** How many rows a statement changed. */
export async function changes(sql: Sql, text: string, ...values: readonly Value[]) {
  return (await sql(text, ...values)).changes;
}

/**
 * A counter is the sum of some rows: writers that store at the same time do not wait for one another. Its
 * number is any that connections differ in.
 */
export const SHARD = "pg_backend_pid() % 16";

/** The statement that adds to counters, given the parameters of their names and of what is added. */
export const COUNT = (names: string, values: string) =>
  `INSERT INTO counter AS c (name, shard, value)
   SELECT name, ${SHARD}, value FROM unnest(${names}::text[], ${values}::bigint[]) AS n (name, value)
   ORDER BY name
   ON CONFLICT (name, shard) DO UPDATE SET value = c.value + excluded.value`;

/** Adds to counters that `status` shows. */
export function count(sql: Sql, by: ReadonlyMap<string, number>): void {
  const names = [...by.keys()].sort();
  if (names.length === 0) return;
  sql.later(COUNT("$1", "$2"), names, names.map((name) => by.get(name)!));
}

/** Notes the time at which something happened last; an earlier one changes nothing. */
export function noteLast(sql: Sql, name: string, at: number): void {
  sql.later(
    `INSERT INTO last_time AS t (name, shard, at) VALUES ($1, ${SHARD}, $2)
     ON CONFLICT (name, shard) DO UPDATE SET at = greatest(t.at, excluded.at)`,
    name,
    at,
  );
}

/** All counters, and all times at which something happened last, by their names. */
export async function readCounters(sql: Sql): Promise<ReadonlyMap<string, number>> {
  const rows = await all(
    sql,
    `SELECT name, sum(value) AS value FROM counter GROUP BY name
     UNION ALL SELECT name, max(at) FROM last_time GROUP BY name`,
  );
  return new Map(rows.map((row) => [String(row.name), Number(row.value)]));
}

/** A column that may be null, as a number. */
export const optional = (value: unknown) =>
  value === null || value === undefined ? undefined : Number(value);
