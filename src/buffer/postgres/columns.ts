/**
 * Rows as the arrays of their columns: one statement takes any number of them, and each text of a statement
 * is the same whatever their number. Pure.
 *
 * @module
 */
import type { Value } from "./values.ts";

/** A column that may be null. */
export type Cell = string | number | null;

/** What rows a statement takes, and what becomes of one that is there already. */
export interface Rows {
  /** `INSERT INTO table AS t (…)`. */
  readonly into: string;
  /** The type of each column. */
  readonly types: readonly ("text" | "bigint")[];
  /** Columns of the key, which are the first. */
  readonly keys: number;
  /** `ON CONFLICT …`, and what is returned. */
  readonly onConflict: string;
}

/** The statement that writes rows in the order in which they are given. @param before parameters */
export function insertOf({ into, types, onConflict }: Rows, before = 0): string {
  const names = types.map((_, index) => `c${index}`).join(", ");
  const arrays = types.map((type, index) => `$${before + index + 1}::${type}[]`).join(", ");
  return `${into} SELECT ${names} FROM unnest(${arrays}) AS n (${names}) ${onConflict}`;
}

/**
 * Rows in groups that have each key once: a statement changes no row twice. Nearly always it is one group;
 * texts that are stored as the same one make another.
 */
export function distinctRows(
  rows: readonly (readonly Cell[])[],
  keys: number,
): readonly (readonly (readonly Cell[])[])[] {
  const groups: (readonly Cell[])[][] = [];
  const times = new Map<string, number>();
  for (const row of rows) {
    const key = row.slice(0, keys).join("\0");
    const at = times.get(key) ?? 0;
    times.set(key, at + 1);
    (groups[at] ??= []).push(row);
  }
  return groups;
}

/** One array for each column. @param columns how many */
export function columnsOf(rows: readonly (readonly Cell[])[], columns: number): readonly Value[] {
  return Array.from({ length: columns }, (_, index) => rows.map((row) => row[index]!));
}
