/**
 * Events that sources have left, while files or URLs in them have yet to expire.
 *
 * @module
 */
import type { SourceRecord } from "../../../model.ts";
import { itemsSilentFrom } from "../../rows/expiry.ts";
import type { Statements } from "../sql.ts";

/** Keeps a source as the event has it that it left, for as long as something in it may expire. */
export function writeLeft(sql: Statements, record: SourceRecord): void {
  const from = itemsSilentFrom(record);
  if (from === null) return;
  sql("INSERT INTO left_event (silent_from, event_uuid, source_ip, record) VALUES (?, ?, ?, ?)")
    .run(from, record.eventUuid, record.sourceIp, JSON.stringify(record));
}
