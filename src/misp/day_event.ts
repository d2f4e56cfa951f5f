/**
 * The MISP event that the sources of one day share (docs/contracts/misp.md 1): the part of each source,
 * and the update that closes the event. Pure.
 *
 * @module
 */
import type { DayEvent, SourceRecord } from "../model.ts";
import {
  type AddressFacts,
  buildEvent,
  distributionOf,
  type EventRules,
  HIGH,
  type MispEvent,
} from "./event.ts";
import { FAILURE_REPORT, type MispObject } from "./objects.ts";
import { dayTitle } from "./day_title.ts";
import { SESSIONS_OF_DAY } from "./sessions/session_parts.ts";
import { serverName } from "./sessions/session_words.ts";
import { readableTime, writeDayStory } from "./story.ts";

/** Values of `analysis`: ongoing, completed. */
const OPEN = 1;
const CLOSED = "2";
/** The tag of a day that is over. */
export const CLOSED_TAG = { name: 'workflow:state="complete"' };

/** The event of a source's day with the objects of that source alone: MISP merges them. */
export function buildDayEvent(
  record: SourceRecord,
  rules: EventRules,
  facts: AddressFacts,
): MispEvent {
  const event = buildEvent(record, rules, facts, SESSIONS_OF_DAY);
  return {
    ...event,
    info: dayTitle(
      record.openedOn,
      record.part ?? 1,
      record.compromisedAt !== undefined,
      hasTelnet([record], rules),
    ),
    analysis: String(Math.max(OPEN, rules.analysis)),
    Object: event.Object.map((object) => sayingWithdrawn(object, record)),
    // Hundreds of reports would bury the event: one report of the day comes when the event closes.
    EventReport: [],
  };
}

/** The title of a day cannot say which of its sources was withdrawn. */
function sayingWithdrawn(object: MispObject, { retractedAt }: SourceRecord): MispObject {
  if (retractedAt === undefined || object.name !== FAILURE_REPORT) return object;
  const comment = `withdrawn by an operator at ${readableTime(retractedAt)}; ${object.comment}`;
  return { ...object, comment };
}

/**
 * The update that closes a day's event: it completes the analysis and adds the event report. Sources that
 * come back later update their objects in the event, but not its report.
 */
export function buildClosing(
  { eventUuid, day, part }: DayEvent,
  records: readonly SourceRecord[],
  rules: EventRules,
): MispEvent {
  const isCompromised = records.some((record) => record.compromisedAt !== undefined);
  const isOfAny = hasTelnet(records, rules);
  return {
    uuid: eventUuid,
    info: dayTitle(day, part, isCompromised, isOfAny),
    date: day,
    threat_level_id: isCompromised ? HIGH : String(rules.threatLevel),
    analysis: CLOSED,
    ...distributionOf(rules),
    published: false,
    Tag: [CLOSED_TAG],
    Attribute: [],
    Object: [],
    EventReport: [writeDayStory(eventUuid, dayTitle(day, part, false, isOfAny), records, rules)],
  };
}

/** By the configuration, too: the event's title is sent with its first source and stays. */
function hasTelnet(records: readonly SourceRecord[], { telnet = false }: EventRules): boolean {
  return telnet || records.some((record) => serverName(record) === "Telnet");
}
