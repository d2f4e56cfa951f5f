/**
 * A row of a table, whatever the engine.
 *
 * @module
 */

/** By the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

/** A column that may be null, as a number. */
export const optional = (value: unknown) =>
  value === null || value === undefined ? undefined : Number(value);
