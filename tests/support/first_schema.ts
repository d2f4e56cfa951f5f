/**
 * What the tables and columns of the first schema are called now.
 *
 * @module
 */

const TABLES: Readonly<Record<string, string>> = {
  home_event: "source_record",
  remembered: "setting",
};

const COLUMNS: Readonly<Record<string, string>> = {
  frozen_at: "snapshot_at AS frozen_at",
  guesses: "sshd AS guesses",
  place: "source_location AS place",
  body: `coalesce((SELECT b.body FROM report_body b
    WHERE b.uuid = report.uuid AND b.sink = report.sink), '') AS body`,
};

/** The name that a table of the first schema has now. */
export const tableNow = (name: string): string => TABLES[name] ?? name;

/** A column of the first schema, as it is selected now. */
export const columnNow = (name: string): string => COLUMNS[name] ?? name;
