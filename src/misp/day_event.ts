/**
 * The MISP event that the sources of one day share (docs/contracts/misp.md 1): what each source adds to it,
 * and what closes it. Pure.
 *
 * @module
 */
import type { DayEvent, SourceRecord } from "../model.ts";
import { type AddressFacts, buildEvent, type EventRules, HIGH, type MispEvent } from "./event.ts";
import { dayTitle } from "./day_title.ts";
import { writeDayStory } from "./story.ts";

/** Ongoing, completed. */
const OPEN = 1;
const CLOSED = "2";
const CLOSED_TAG = { name: 'workflow:state="complete"' };

/** The event of a home's day with the objects of that home alone: MISP merges. */
export function buildDayEvent(
  record: SourceRecord,
  rules: EventRules,
  facts: AddressFacts,
): MispEvent {
  return {
    ...buildEvent(record, rules, facts),
    info: dayTitle(record.openedOn, record.part ?? 1, record.compromisedAt !== undefined),
    analysis: String(Math.max(OPEN, rules.analysis)),
    // A story for each of hundreds of sources would bury the event: the day's comes when it closes.
    EventReport: [],
  };
}

/**
 * What closes a day's event: it is completed, and its story is told. Sources that come back later
 * update their objects in it, not the story.
 */
export function buildClosing(
  { eventUuid, day, part }: DayEvent,
  records: readonly SourceRecord[],
  rules: EventRules,
): MispEvent {
  const isCompromised = records.some((record) => record.compromisedAt !== undefined);
  return {
    uuid: eventUuid,
    info: dayTitle(day, part, isCompromised),
    date: day,
    threat_level_id: isCompromised ? HIGH : String(rules.threatLevel),
    analysis: CLOSED,
    distribution: String(rules.distribution),
    published: false,
    Tag: [CLOSED_TAG],
    Attribute: [],
    Object: [],
    EventReport: [writeDayStory(eventUuid, dayTitle(day, part, false), records, rules)],
  };
}
