/**
 * Sources that go into the next part of their day, since somebody deleted its event in a sink.
 *
 * @module
 */
import type { FindDaySlot, Report, Snapshot, SourceRecord } from "../../../model.ts";
import { one, type Sql } from "../sql.ts";
import { closeForGood } from "./day_events.ts";
import { readRecord, writeReports } from "./snapshot.ts";
import { built } from "./taking.ts";

/**
 * Moves the source of a refused report, unless the sink had it in the event that was deleted: then
 * somebody deleted it on purpose.
 *
 * @returns whether it is moved
 */
export async function moveSource(
  sql: Sql,
  { eventUuid, sink, sourceIp }: Report,
  now: number,
  build: (record: SourceRecord, findDaySlot: FindDaySlot) => Snapshot,
): Promise<boolean> {
  await sql("SELECT 1 FROM source_record WHERE source_ip = $1 FOR UPDATE", sourceIp);
  const record = await readRecord(sql, sourceIp);
  if (record?.part === undefined || record.eventUuid !== eventUuid) return false;
  const wasThere = await one(
    sql,
    "SELECT 1 FROM delivery WHERE event_uuid = $1 AND sink = $2 AND source_ip = $3",
    ...[eventUuid, sink, sourceIp],
  );
  if (wasThere !== undefined) return false;
  await closeForGood(sql, eventUuid);
  await sql(
    "DELETE FROM report WHERE event_uuid = $1 AND source_ip = $2 AND state <> 'delivered'",
    eventUuid,
    sourceIp,
  );
  await sql("DELETE FROM sighting WHERE event_uuid = $1 AND source_ip = $2", eventUuid, sourceIp);
  await writeReports(sql, await built(sql, (find) => build(record, find)), now);
  return true;
}
