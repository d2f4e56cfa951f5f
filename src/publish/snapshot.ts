/**
 * From an attack to its reports. Pure: any retry sends the bytes that were frozen.
 *
 * @module
 */
import type {
  Attack,
  DayEvent,
  FindDaySlot,
  Location,
  NewReport,
  Sighting,
  SinkName,
  Snapshot,
  SourceRecord,
} from "../model.ts";
import type { ListVerdict } from "../guard/warninglists.ts";
import { buildEvent, type EventRules } from "../misp/event.ts";
import { buildClosing, buildDayEvent } from "../misp/day_event.ts";
import { attributesOf, withObjectsDeleted } from "../misp/objects.ts";
import { falsePositive, sightingsOf } from "../misp/sightings.ts";
import { dayEventUuid, uuidV5 } from "../misp/uuid.ts";
import { type FindSharedEvent, type RecordRules, updateRecord } from "./source_record.ts";

/** What freezing is configured by. */
export interface SnapshotRules extends RecordRules, EventRules {
  readonly sinks: readonly SinkName[];
  /** An event is updated in MISP at most once in so long, milliseconds. */
  readonly publishIntervalMs: number;
  /** A source with fewer attempts so far is remembered, but not published. */
  readonly minAttempts: number;
}

/** What is looked up of an address, beside what the attack itself says. */
export interface Lookups {
  readonly verdictOf: (address: string) => ListVerdict | undefined;
  readonly locate: (address: string) => Location | undefined;
}

/** Nothing is configured to be looked up. */
export const NO_LOOKUPS: Lookups = { verdictOf: () => undefined, locate: () => undefined };

/**
 * Freezes an attack.
 *
 * A source on a dropping warning list is not published, but an event that is there already is brought
 * up to date, without `to_ids`; so is what looks like a compromise.
 *
 * @param now milliseconds UTC
 * @param findDaySlot undefined: a new source gets an event of its own
 */
export function snapshotAttack(
  attack: Attack,
  earlier: SourceRecord | undefined,
  rules: SnapshotRules,
  now: number,
  lookups: Lookups = NO_LOOKUPS,
  findDaySlot?: FindDaySlot,
): Snapshot {
  const location = lookups.locate(attack.sourceIp) ?? attack.sourceLocation;
  const findShared: FindSharedEvent | undefined = findDaySlot === undefined
    ? undefined
    : (publisher, day) =>
      findDaySlot({
        publisher,
        day,
        attributes: attributesOf(location),
        uuidOf: (part) => dayEventUuid(publisher, day, part),
      });
  const { record, compacted } = updateRecord(attack, earlier, rules, now, findShared);
  const mustBePublished = record.compromisedAt !== undefined || record.reports > 0;
  const verdict = lookups.verdictOf(record.sourceIp);
  if (!mustBePublished && verdict?.action === "drop") {
    return { record, compacted, reports: [], suppressed: "warning_listed" };
  }
  if (!mustBePublished && record.attempts < rules.minAttempts) {
    return { record, compacted, reports: [] };
  }
  // The event itself tells of the first attack.
  const again = record.reports === 0 ? [] : sightingsOf(record, attack.sensors, rules);
  return { ...makeReports(record, rules, now, lookups, again, rules.publishIntervalMs), compacted };
}

/**
 * Withdraws an address: its event stays, but no longer gives it to detection, and says why.
 *
 * @param home of a source that was reported
 * @param now milliseconds UTC
 */
export function retractSource(
  record: SourceRecord,
  rules: SnapshotRules,
  now: number,
  lookups: Lookups,
): Snapshot {
  const retracted = { ...record, retractedAt: record.retractedAt ?? now };
  const sightings = [falsePositive(retracted, retracted.retractedAt)];
  return { ...makeReports(retracted, rules, now, lookups, sightings, 0), compacted: [] };
}

/** Closes the event of a day that is over: the report of the event itself, not of a source. */
export function closeDay(
  event: DayEvent,
  records: readonly SourceRecord[],
  rules: SnapshotRules,
  now: number,
): readonly NewReport[] {
  const published = records.filter((record) => record.reports > 0);
  if (published.length === 0) return [];
  const body = JSON.stringify(buildClosing(event, published, rules));
  return rules.sinks.map((sink) => ({
    // A day that gets a source later is closed again, and that is another report.
    uuid: uuidV5(event.eventUuid, `report/closed/${published.length}`),
    sink,
    sourceIp: `day ${event.day}`,
    eventUuid: event.eventUuid,
    body,
    attempts: published.reduce((sum, record) => sum + record.attempts, 0),
    snapshotAt: now,
    sightings: [],
    restMs: 0,
  }));
}

function makeReports(
  record: SourceRecord,
  rules: SnapshotRules,
  now: number,
  lookups: Lookups,
  sightings: readonly Sighting[],
  restMs: number,
): Pick<Snapshot, "record" | "reports"> {
  const { sourceIp, eventUuid, attempts } = record;
  const published = { ...record, reports: record.reports + 1 };
  const verdict = lookups.verdictOf(sourceIp);
  const location = lookups.locate(sourceIp) ?? record.sourceLocation;
  const build = record.part === undefined ? buildEvent : buildDayEvent;
  const event = build(published, rules, { verdict, location });
  const name = record.part === undefined ? published.reports : `${sourceIp}/${published.reports}`;
  const uuid = uuidV5(eventUuid, `report/${name}`);
  const reports = rules.sinks.map((sink) => ({
    uuid,
    sink,
    sourceIp,
    eventUuid,
    // Whoever pulls a feed learns only by a deletion that an address is withdrawn.
    body: JSON.stringify(
      sink === "feed" && record.retractedAt !== undefined ? withObjectsDeleted(event) : event,
    ),
    attempts,
    snapshotAt: now,
    // A feed has no sightings: whoever pulls it gets the new times.
    sightings: sink === "misp" ? sightings : [],
    restMs: sink === "misp" ? restMs : 0,
  }));
  return { record: published, reports };
}
