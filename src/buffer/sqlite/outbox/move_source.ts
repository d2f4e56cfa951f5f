/**
 * Sources that go into the next part of their day, since somebody deleted its event in a sink.
 *
 * @module
 */
import type { FindDaySlot, Report, Snapshot, SourceRecord } from "../../../model.ts";
import type { Statements } from "../sql.ts";
import * as days from "./day_events.ts";
import { readRecord, writeReports } from "./snapshot.ts";

/**
 * Moves the source of a refused report, unless the sink had it in the event that was deleted: then
 * somebody deleted it on purpose.
 *
 * @returns whether it is moved
 */
export function moveSource(
  sql: Statements,
  { eventUuid, sink, sourceIp }: Report,
  now: number,
  build: (record: SourceRecord, findDaySlot: FindDaySlot) => Snapshot,
): boolean {
  const record = readRecord(sql, sourceIp);
  if (record?.part === undefined || record.eventUuid !== eventUuid) return false;
  const wasThere = sql(
    "SELECT 1 FROM delivery WHERE event_uuid = ? AND sink = ? AND source_ip = ?",
  ).get(eventUuid, sink, sourceIp);
  if (wasThere !== undefined) return false;
  days.closeForGood(sql, eventUuid);
  sql("DELETE FROM report WHERE event_uuid = ? AND source_ip = ? AND state <> 'delivered'")
    .run(eventUuid, sourceIp);
  sql("DELETE FROM sighting WHERE event_uuid = ? AND source_ip = ?").run(eventUuid, sourceIp);
  writeReports(sql, build(record, (request) => days.findDaySlot(sql, request)), now);
  return true;
}
