/**
 * From an attack to its reports. Pure: the bytes of a report are made once, and any retry sends the same.
 *
 * @module
 */
import type {
  Attack,
  DayEvent,
  FindDaySlot,
  IgnoreReason,
  Location,
  NewReport,
  Sighting,
  SinkName,
  Snapshot,
  SourceRecord,
} from "../model.ts";
import type { ListVerdict } from "../guard/warninglists.ts";
import { buildEvent, type EventRules, type MispEvent, type ReportBody } from "../misp/event.ts";
import { buildClosing, buildDayEvent } from "../misp/day_event.ts";
import {
  withAddressDeleted,
  withObjectsDeleted,
  withPartsDeleted,
  withPartsRestored,
} from "../misp/objects.ts";
import { attributesOf } from "../misp/sessions/attribute_count.ts";
import {
  isExpiredPart,
  sessionAttributes,
  type SessionFacts,
} from "../misp/sessions/session_parts.ts";
import { expiration, falsePositive, sightingsOf } from "../misp/sightings.ts";
import { type EventNames, uuidV5 } from "../misp/uuid.ts";
import { isHandsOn, offeredItems } from "../session_evidence.ts";
import { type FindSharedEvent, type RecordRules, updateRecord } from "./source_record.ts";

/** What snapshots are configured by. */
export interface SnapshotRules extends RecordRules, EventRules, EventNames {
  readonly sinks: readonly SinkName[];
  /** An event is updated in MISP at most once in so long, milliseconds. */
  readonly publishIntervalMs: number;
  /** A source with fewer attempts so far is stored, but not published. */
  readonly minAttempts: number;
  /** Silence after which an address is no longer for detection, milliseconds; undefined: never. */
  readonly expireAfterMs?: number | undefined;
  /** The same for files and URLs that no session of a source brought again. */
  readonly sessionExpireAfterMs?: number | undefined;
}

/** What else is known of an address, beside what the attack itself says. */
export interface Lookups extends SessionFacts {
  readonly verdictOf: (address: string) => ListVerdict | undefined;
  readonly locate: (address: string) => Location | undefined;
  /** Why nothing of an address is published now; by default everything may be. */
  readonly refusalOf?: (address: string) => IgnoreReason | undefined;
}

/** Look-ups of a configuration that has none. */
export const NO_LOOKUPS: Lookups = { verdictOf: () => undefined, locate: () => undefined };

/** When a snapshot is taken, and what it looks up. */
export interface SnapshotMoment {
  /** Milliseconds UTC. */
  readonly now: number;
  /** {@link NO_LOOKUPS} by default. */
  readonly lookups?: Lookups;
  /** Undefined: a new source gets an event of its own. */
  readonly findDaySlot?: FindDaySlot | undefined;
}

/**
 * Takes the snapshot of an attack.
 *
 * A source that is allow-listed by now, or whose range is special by now, is not published. Nor is one on a
 * warning list that drops. An event that MISP has already is updated all
 * the same, without `to_ids`, and a compromise is always published. A source that got into a decoy, or
 * left something there, is published whatever the number of its attempts, which may be 0.
 */
export function snapshotAttack(
  attack: Attack,
  earlier: SourceRecord | undefined,
  rules: SnapshotRules,
  { now, lookups = NO_LOOKUPS, findDaySlot }: SnapshotMoment,
): Snapshot {
  const location = lookups.locate(attack.sourceIp) ?? attack.sourceLocation;
  const findShared: FindSharedEvent | undefined = findDaySlot === undefined
    ? undefined
    : (publisher, day) =>
      findDaySlot({
        publisher,
        day,
        attributes: attributesOf(location, attack.session),
        uuidOf: (part) => rules.dayEventUuidOf(publisher, day, part),
      });
  const located = { ...attack, sourceLocation: location };
  const { record, ...rest } = updateRecord(located, earlier, rules, { now, findShared });
  const ended = { ...rest, dayGrowth: dayGrowth(record, earlier, attack) };
  const { reports: left, ...kept } = leaveEvent(earlier, record, rules, now, lookups);
  const refusal = lookups.refusalOf?.(record.sourceIp);
  if (refusal !== undefined) {
    return { record, ...ended, ...kept, reports: left, suppressed: refusal };
  }
  const mustBePublished = record.compromisedAt !== undefined || record.reports > 0;
  const verdict = lookups.verdictOf(record.sourceIp);
  if (!mustBePublished && verdict?.action === "drop") {
    return { record, ...ended, ...kept, reports: left, suppressed: "warning_listed" };
  }
  // Who got into a decoy's shell needs no further attempt to be worth a report.
  const isWorth = record.attempts >= rules.minAttempts ||
    (record.session !== undefined && isHandsOn(record.session));
  if (!mustBePublished && !isWorth) return { record, ...ended, ...kept, reports: left };
  // The event itself reports the first attack.
  const sightings = record.reports === 0 ? [] : sightingsOf(record, attack.sensors, rules);
  const reports = makeReports(record, rules, {
    ...{ now, lookups, sightings, restMs: rules.publishIntervalMs },
  });
  return { record: reports.record, reports: [...reports.reports, ...left], ...ended, ...kept };
}

/**
 * What becomes of the event that a source leaves for a new one: an address is for detection in one event
 * only, and nothing would end it in the other. What its sessions left there expires in its own time.
 */
function leaveEvent(
  earlier: SourceRecord | undefined,
  { eventUuid }: SourceRecord,
  rules: SnapshotRules,
  now: number,
  lookups: Lookups,
): Pick<Snapshot, "reports" | "left"> {
  if (earlier === undefined || earlier.eventUuid === eventUuid) return { reports: [] };
  const { record, reports } = isOffered(earlier)
    ? makeReports({ ...earlier, expiredAt: now }, rules, {
      ...{ now, lookups, sightings: [], restMs: 0 },
    })
    : { record: earlier, reports: [] };
  const isKept = rules.sessionExpireAfterMs !== undefined && record.reports > 0 &&
    record.retractedAt === undefined && offeredItems(record.session).length > 0;
  return { reports, ...(isKept ? { left: record } : {}) };
}

/** Whether an event gives the address of a source to detection, as far as the program decides it. */
const isOffered = ({ reports, retractedAt, expiredAt }: SourceRecord) =>
  reports > 0 && retractedAt === undefined && expiredAt === undefined;

/**
 * Ends an address that was silent for too long: its event remains, but no longer gives it to detection.
 *
 * @param record of a source that was reported
 * @param now milliseconds UTC
 */
export function expireSource(
  record: SourceRecord,
  rules: SnapshotRules,
  now: number,
  lookups: Lookups,
): Snapshot {
  const expired = { ...record, expiredAt: now };
  const sightings = [expiration(expired, now)];
  const reports = makeReports(expired, rules, { now, lookups, sightings, restMs: 0 });
  return { ...reports, compacted: [], activity: [] };
}

/**
 * Says that files or URLs of a source have expired, as its record says: its event remains, but no longer
 * gives them to detection.
 *
 * @param record of a source that was reported
 * @param now milliseconds UTC
 */
export function expireSessionItems(
  record: SourceRecord,
  rules: SnapshotRules,
  now: number,
  lookups: Lookups,
): Snapshot {
  const reports = makeReports(record, rules, { now, lookups, sightings: [], restMs: 0 });
  return { ...reports, compacted: [], activity: [] };
}

/** What a source brings later takes of its day's event, too. A new source has its slot already. */
function dayGrowth(
  { part, eventUuid, session }: SourceRecord,
  earlier: SourceRecord | undefined,
  attack: Attack,
): number {
  if (part === undefined) return 0;
  const counted = earlier?.eventUuid === eventUuid ? earlier.session : attack.session;
  return Math.max(0, sessionAttributes(session) - sessionAttributes(counted));
}

/**
 * Withdraws an address: its event remains and says why, but no longer gives the address to detection.
 *
 * @param record of a source that was reported
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
  const reports = makeReports(retracted, rules, { now, lookups, sightings, restMs: 0 });
  return { ...reports, compacted: [], activity: [] };
}

/**
 * Moves a source that no sink has yet into the next part of its day: MISP never takes its event again.
 *
 * @param now milliseconds UTC
 */
export function moveSource(
  record: SourceRecord,
  rules: SnapshotRules,
  now: number,
  lookups: Lookups,
  findDaySlot: FindDaySlot,
): Snapshot {
  const { publisher, openedOn: day, sourceIp } = record;
  const { eventUuid, part } = findDaySlot({
    ...{ publisher, day },
    attributes: attributesOf(lookups.locate(sourceIp) ?? record.sourceLocation, record.session),
    uuidOf: (number) => rules.dayEventUuidOf(publisher, day, number),
  });
  const moved = { ...record, eventUuid, part, reports: 0 };
  const reports = makeReports(moved, rules, { now, lookups, sightings: [], restMs: 0 });
  return { ...reports, compacted: [], activity: [] };
}

/** Closes the event of a day that is over. The reports are about the event itself, not about a source. */
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
    // A day that gets a source later is closed again, by another report.
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

/** What the reports of one source get beside its record. */
interface ReportMoment {
  readonly now: number;
  readonly lookups: Lookups;
  readonly sightings: readonly Sighting[];
  readonly restMs: number;
}

function makeReports(
  record: SourceRecord,
  rules: SnapshotRules,
  { now, lookups, sightings, restMs }: ReportMoment,
): Pick<Snapshot, "record" | "reports"> {
  const { sourceIp, eventUuid, attempts } = record;
  const published = { ...record, reports: record.reports + 1 };
  const verdict = lookups.verdictOf(sourceIp);
  const location = lookups.locate(sourceIp) ?? record.sourceLocation;
  const build = record.part === undefined ? buildEvent : buildDayEvent;
  const { hashLists, urlLists } = lookups;
  const found = {
    ...(hashLists === undefined ? {} : { hashLists }),
    ...(urlLists === undefined ? {} : { urlLists }),
  };
  const event = build(published, rules, { verdict, location, ...found });
  const name = record.part === undefined ? published.reports : `${sourceIp}/${published.reports}`;
  const uuid = uuidV5(eventUuid, `report/${name}`);
  const reports = rules.sinks.map((sink) => ({
    uuid,
    sink,
    sourceIp,
    eventUuid,
    body: JSON.stringify(sink === "feed" ? forFeed(event, record) : forMisp(event, record)),
    attempts,
    snapshotAt: now,
    // A feed has no sightings: its events have the new times.
    sightings: sink === "misp" ? sightings : [],
    restMs: sink === "misp" ? restMs : 0,
  }));
  return { record: published, reports };
}

/** MISP is not sent when something returned: the delivery needs it. */
const forMisp = (event: MispEvent, { returnedAt }: SourceRecord): ReportBody =>
  returnedAt === undefined ? event : { ...event, returnedAt };

/**
 * A feed can only say by a deletion that something is not for detection. What has returned says so: the file
 * that said it was deleted may have left the feed long ago.
 */
function forFeed(
  event: MispEvent,
  { retractedAt, expiredAt, returnedAt }: SourceRecord,
): MispEvent {
  if (retractedAt !== undefined) return withPartsDeleted(event);
  const there = returnedAt === undefined ? event : withPartsRestored(event);
  const offered = withObjectsDeleted(there, isExpiredPart);
  return expiredAt === undefined ? offered : withAddressDeleted(offered);
}
