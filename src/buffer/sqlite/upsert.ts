/**
 * Rows of one table, many in one statement: what a statement costs beside its rows is half of what a
 * small row costs.
 *
 * @module
 */
import type { SQLInputValue } from "node:sqlite";
import type { Statements } from "./sql.ts";

/** What is written, and what becomes of a row that is there already. */
export interface Upsert {
  /** `INSERT INTO … (…)`. */
  readonly into: string;
  readonly columns: number;
  /** `ON CONFLICT …`. */
  readonly onConflict: string;
}

/** Rows of a statement: with more of them little is won, and what is left over goes one by one. */
const AT_ONCE = 16;

/**
 * Writes rows.
 *
 * @param values of one row after the other, in the order of the columns
 */
export function writeRows(
  sql: Statements,
  upsert: Upsert,
  values: readonly SQLInputValue[],
): void {
  let at = 0;
  for (const rows of [AT_ONCE, 1]) {
    const size = rows * upsert.columns;
    if (at + size > values.length) continue;
    const text = textOf(upsert, rows);
    for (; at + size <= values.length; at += size) {
      sql(text).run(...values.slice(at, at + size));
    }
  }
}

/** A text is put together once: to look a new one up among the prepared ones takes longer. */
const texts = new WeakMap<Upsert, Map<number, string>>();

function textOf(upsert: Upsert, rows: number): string {
  let known = texts.get(upsert);
  if (known === undefined) {
    known = new Map();
    texts.set(upsert, known);
  }
  let text = known.get(rows);
  if (text === undefined) {
    const row = `(${Array(upsert.columns).fill("?").join(", ")})`;
    text = `${upsert.into} VALUES ${Array(rows).fill(row).join(", ")} ${upsert.onConflict}`;
    known.set(rows, text);
  }
  return text;
}
