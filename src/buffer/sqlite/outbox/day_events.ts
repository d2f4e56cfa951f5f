/**
 * Events that the sources of one day share: which part a new source goes into, and which are over.
 *
 * @module
 */
import type { Statements } from "../sql.ts";
import type { DayEvent, DaySlotRequest } from "../../../model.ts";
import { MOST_ATTRIBUTES } from "../../rows/day_event.ts";

const DAY_MS = 24 * 60 * 60_000;

/** Finds a slot in the newest part of a day's event, or opens the next part. */
export function findDaySlot(sql: Statements, request: DaySlotRequest): DayEvent {
  const { publisher, day, attributes, uuidOf } = request;
  const newest = sql(
    `SELECT part, attributes FROM day_event WHERE publisher = ? AND day = ?
     ORDER BY part DESC LIMIT 1`,
  ).get(publisher, day);
  const hasSlot = newest !== undefined &&
    Number(newest.attributes) + attributes <= MOST_ATTRIBUTES;
  const part = Number(newest?.part ?? 0) + (hasSlot ? 0 : 1);
  const eventUuid = uuidOf(part);
  // One that was closed meanwhile and gets a new source is closed again.
  sql(
    `INSERT INTO day_event (event_uuid, publisher, day, part, attributes, ends_at)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET attributes = attributes + excluded.attributes, is_closed = 0`,
  ).run(eventUuid, publisher, day, part, attributes, Date.parse(day) + DAY_MS);
  return { eventUuid, publisher, day, part };
}

/** Counts attributes that a source adds to its event: new sources find the next part sooner. */
export function growDayEvent(sql: Statements, eventUuid: string, by: number): void {
  sql("UPDATE day_event SET attributes = attributes + ? WHERE event_uuid = ?").run(by, eventUuid);
}

/** The events of days that ended before a time and are not closed yet. */
export function dayEventsToClose(sql: Statements, endedBefore: number): readonly DayEvent[] {
  return sql(
    `SELECT event_uuid, publisher, day, part FROM day_event
     WHERE is_closed = 0 AND ends_at <= ? ORDER BY ends_at, part`,
  ).all(endedBefore).map((row) => ({
    eventUuid: String(row.event_uuid),
    publisher: String(row.publisher),
    day: String(row.day),
    part: Number(row.part),
  }));
}

/** Closes an event that a sink never takes again: new sources of its day go into the next part. */
export function closeForGood(sql: Statements, eventUuid: string): void {
  sql("UPDATE day_event SET attributes = max(attributes, ?), is_closed = 1 WHERE event_uuid = ?")
    .run(MOST_ATTRIBUTES, eventUuid);
}

/** Remembers that the report that closes an event is on its way. */
export function markClosed(sql: Statements, { eventUuid }: DayEvent): void {
  sql("UPDATE day_event SET is_closed = 1 WHERE event_uuid = ?").run(eventUuid);
}

/** The addresses that live in an event. */
export function sourcesOf(sql: Statements, { eventUuid }: DayEvent): readonly string[] {
  return sql("SELECT source_ip FROM source_record WHERE event_uuid = ?").all(eventUuid)
    .map((row) => String(row.source_ip));
}
