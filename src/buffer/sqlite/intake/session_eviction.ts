/**
 * Gives up what is long about sessions where the buffer is at its limit: commands become a count.
 *
 * @module
 */
import { addFurther, type FurtherItems, NO_SESSIONS } from "../../../session_evidence.ts";
import { storedJson } from "../errors.ts";
import type { Statements } from "../sql.ts";
import { kindNumber } from "../../batch/session_batch.ts";
import { writeTotal } from "./write_sessions.ts";

/** Commands that a source keeps. */
const COMMANDS_KEPT = 10;

/** Merges all but the most frequent commands of a source into a count. @returns how many */
export function mergeCommands(sql: Statements, source: string): number {
  const attack = takeRare(sql, "attack_session_item", source);
  writeTotal(sql, source, NO_SESSIONS, { command: attack.times });
  const record = takeRare(sql, "source_session_item", source);
  if (record.times > 0) addToRecord(sql, source, record.times);
  return attack.commands + record.commands;
}

function takeRare(sql: Statements, table: string, source: string) {
  const kind = kindNumber("command");
  const rare = sql(
    `SELECT value, count FROM ${table} WHERE source_ip = ? AND kind = ?
     ORDER BY count DESC, value LIMIT -1 OFFSET ?`,
  ).all(source, kind, COMMANDS_KEPT);
  for (const { value } of rare) {
    sql(`DELETE FROM ${table} WHERE source_ip = ? AND kind = ? AND value = ?`)
      .run(source, kind, value!);
  }
  const times = rare.reduce((sum, { count }) => sum + Number(count), 0);
  return { commands: rare.length, times };
}

function addToRecord(sql: Statements, source: string, times: number): void {
  const row = sql(
    "SELECT json_extract(detail, '$.session.further') AS further FROM source_record WHERE source_ip = ?",
  ).get(source);
  if (row === undefined) return;
  const known = row.further === null ? {} : storedJson(String(row.further)) as FurtherItems;
  sql(
    "UPDATE source_record SET detail = json_set(detail, '$.session.further', json(?)) WHERE source_ip = ?",
  )
    .run(JSON.stringify(addFurther(known, { command: times })), source);
}
