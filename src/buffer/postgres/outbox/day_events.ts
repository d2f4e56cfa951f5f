/**
 * Events that the sources of one day share: which part a new source goes into, and which are over.
 *
 * @module
 */
import type { DayEvent, DaySlotRequest } from "../../../model.ts";
import { DAY } from "../../../clock.ts";
import { MOST_ATTRIBUTES } from "../../rows/day_event.ts";
import { all, one, type Sql } from "../sql.ts";

/** Finds a slot in the newest part of a day's event, or opens the next part. */
export async function findDaySlot(sql: Sql, request: DaySlotRequest): Promise<DayEvent> {
  const { publisher, day, attributes, uuidOf } = request;
  const newest = await one(
    sql,
    `SELECT part, attributes FROM day_event WHERE publisher = $1 AND day = $2
     ORDER BY part DESC LIMIT 1`,
    publisher,
    day,
  );
  const hasSlot = newest !== undefined &&
    Number(newest.attributes) + attributes <= MOST_ATTRIBUTES;
  const part = Number(newest?.part ?? 0) + (hasSlot ? 0 : 1);
  const eventUuid = uuidOf(part);
  // One that was closed meanwhile and gets a new source is closed again.
  await sql(
    `INSERT INTO day_event AS d (event_uuid, publisher, day, part, attributes, ends_at)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (event_uuid) DO UPDATE SET attributes = d.attributes + excluded.attributes,
       is_closed = false`,
    ...[eventUuid, publisher, day, part, attributes, Date.parse(day) + DAY],
  );
  return { eventUuid, publisher, day, part };
}

/** The events of days that ended before a time and are not closed yet. */
export async function dayEventsToClose(
  sql: Sql,
  endedBefore: number,
): Promise<readonly DayEvent[]> {
  const rows = await all(
    sql,
    `SELECT event_uuid, publisher, day, part FROM day_event
     WHERE NOT is_closed AND ends_at <= $1 ORDER BY ends_at, part`,
    endedBefore,
  );
  return rows.map((row) => ({
    eventUuid: String(row.event_uuid),
    publisher: String(row.publisher),
    day: String(row.day),
    part: Number(row.part),
  }));
}

/** Closes an event that a sink never takes again: new sources of its day go into the next part. */
export async function closeForGood(sql: Sql, eventUuid: string): Promise<void> {
  await sql(
    `UPDATE day_event SET attributes = greatest(attributes, $1), is_closed = true
     WHERE event_uuid = $2`,
    MOST_ATTRIBUTES,
    eventUuid,
  );
}

/** Remembers that the report that closes an event is on its way. */
export async function markClosed(sql: Sql, { eventUuid }: DayEvent): Promise<void> {
  await sql("UPDATE day_event SET is_closed = true WHERE event_uuid = $1", eventUuid);
}

/** The addresses that live in an event. */
export async function sourcesOf(sql: Sql, { eventUuid }: DayEvent): Promise<readonly string[]> {
  const rows = await all(
    sql,
    "SELECT source_ip FROM source_record WHERE event_uuid = $1 ORDER BY source_ip",
    eventUuid,
  );
  return rows.map((row) => String(row.source_ip));
}
