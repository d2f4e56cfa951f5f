/**
 * Prepared statements, and the counters that many parts of the buffer keep.
 *
 * @module
 */
import type { StatementSync } from "node:sqlite";

/** Gives the prepared statement of a text. */
export type Statements = (text: string) => StatementSync;

/** Adds to a counter that `status` shows. */
export function count(sql: Statements, name: string, by: number): void {
  sql(
    `INSERT INTO counter (name, value) VALUES (?, ?)
     ON CONFLICT DO UPDATE SET value = value + excluded.value`,
  ).run(name, by);
}

/** What a counter says. */
export function counted(sql: Statements, name: string): number {
  return Number(sql("SELECT value FROM counter WHERE name = ?").get(name)?.value ?? 0);
}
