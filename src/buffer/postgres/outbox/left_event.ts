/**
 * Events that sources have left, while files or URLs in them have yet to expire.
 *
 * @module
 */
import type { SourceRecord } from "../../../model.ts";
import { itemsSilentFrom } from "../../rows/expiry.ts";
import type { Sql } from "../sql.ts";

/** Keeps a source as the event has it that it left, for as long as something in it may expire. */
export async function writeLeft(sql: Sql, record: SourceRecord): Promise<void> {
  const from = itemsSilentFrom(record);
  if (from === null) return;
  await sql(
    "INSERT INTO left_event (silent_from, event_uuid, source_ip, record) VALUES ($1, $2, $3, $4)",
    ...[from, record.eventUuid, record.sourceIp, JSON.stringify(record)],
  );
}
