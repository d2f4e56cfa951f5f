/**
 * Names by which the sources of an older version can be found.
 *
 * @module
 */
import { writeNames } from "./activity.ts";
import { readRecord } from "./snapshot.ts";
import type { Statements } from "../sql.ts";

/** Up to which source the names of records were noted that an older version wrote. */
const NOTED = "names noted up to";
const NOTED_AT_ONCE = 1000;

/**
 * Notes the names of records that an older version of the program wrote, some at a time.
 *
 * @returns whether there are more
 */
export function noteOlderNames(sql: Statements): boolean {
  const row = sql("SELECT value FROM setting WHERE name = ?").get(NOTED);
  const sources = sql(
    "SELECT source_ip FROM source_record WHERE source_ip > ? ORDER BY source_ip LIMIT ?",
  ).all(String(row?.value ?? ""), NOTED_AT_ONCE).map(({ source_ip }) => String(source_ip));
  for (const sourceIp of sources) writeNames(sql, readRecord(sql, sourceIp)!);
  const isMore = sources.length === NOTED_AT_ONCE;
  // No address comes behind a tilde: whatever is written from now on notes its own names.
  sql(
    `INSERT INTO setting (name, value) VALUES (?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value`,
  ).run(NOTED, isMore ? sources.at(-1)! : "~");
  return isMore;
}
