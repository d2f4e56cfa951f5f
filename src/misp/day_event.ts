/**
 * The MISP event that the sources of one day share (docs/contracts/misp.md 1): what each source adds to it,
 * and what closes it. Pure.
 *
 * @module
 */
import type { DayEvent, Home } from "../buffer/buffer.ts";
import { type AddressFacts, buildEvent, type EventRules, HIGH, type MispEvent } from "./event.ts";
import { dayTitle } from "./day_title.ts";
import { tellDay } from "./story.ts";

/** Ongoing, completed. */
const OPEN = 1;
const CLOSED = "2";
const CLOSED_TAG = { name: 'workflow:state="complete"' };

/** The event of a home's day with the objects of that home alone: MISP merges. */
export function buildDayEvent(home: Home, rules: EventRules, facts: AddressFacts): MispEvent {
  return {
    ...buildEvent(home, rules, facts),
    info: dayTitle(home.openedOn, home.part ?? 1, home.compromisedAt !== undefined),
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
  homes: readonly Home[],
  rules: EventRules,
): MispEvent {
  const isLetIn = homes.some((home) => home.compromisedAt !== undefined);
  return {
    uuid: eventUuid,
    info: dayTitle(day, part, isLetIn),
    date: day,
    threat_level_id: isLetIn ? HIGH : String(rules.threatLevel),
    analysis: CLOSED,
    distribution: String(rules.distribution),
    published: false,
    Tag: [CLOSED_TAG],
    Attribute: [],
    Object: [],
    EventReport: [tellDay(eventUuid, dayTitle(day, part, false), homes, rules)],
  };
}
