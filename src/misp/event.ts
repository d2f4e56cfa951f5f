/**
 * The MISP event of an attacker. Pure: the same source record gives the same event
 * (docs/contracts/misp.md 1).
 *
 * @module
 */
import { DAY } from "../clock.ts";
import { type Confidence, confidenceNote, confidenceOf } from "../confidence.ts";
import type { Location, SourceRecord, Technique } from "../model.ts";
import { itemsOf } from "../session_evidence.ts";
import type { ListVerdict } from "../guard/warninglists.ts";
import { counted } from "./counted.ts";
import {
  addressAttribute,
  failureReport,
  geolocationObject,
  listedComment,
  type MispEventAttribute,
  type MispObject,
  type MispTag,
  networkObject,
} from "./objects.ts";
import {
  expiredText,
  type MispEventReport,
  readableTime,
  type StoryRules,
  writeStory,
} from "./story.ts";
import { type SharingGroup, sharingGroupOf } from "./sharing/sharing_group.ts";
import { techniqueTags } from "./galaxy/techniques.ts";
import { mispTime } from "./misp_time.ts";
import { eventTitle } from "./sessions/session_words.ts";
import { type SessionFacts, sessionParts, SESSIONS_OF_SOURCE } from "./sessions/session_parts.ts";
import { sessionTechniques } from "./sessions/session_techniques.ts";

/** An event in the form that MISP accepts. Numbers are texts, as in its own answers. */
export interface MispEvent {
  readonly uuid: string;
  readonly info: string;
  readonly date: string;
  readonly threat_level_id: string;
  readonly analysis: string;
  readonly distribution: string;
  readonly published: boolean;
  readonly SharingGroup?: SharingGroup;
  /** In place of the group, once it is known which id it has at an instance. */
  readonly sharing_group_id?: string;
  readonly Tag: readonly MispTag[];
  readonly Attribute: readonly MispEventAttribute[];
  readonly Object: readonly MispObject[];
  readonly EventReport: readonly MispEventReport[];
}

/** What a report to MISP holds. */
export interface ReportBody extends MispEvent {
  /** When something in it was last for detection again that had expired, milliseconds UTC. */
  readonly returnedAt?: number;
}

/** The configuration of events. */
export interface EventRules extends StoryRules {
  readonly distribution: number;
  /** Of distribution 4, as `misp.sharing_group` names it. */
  readonly sharingGroup?: string | undefined;
  readonly threatLevel: number;
  readonly analysis: number;
  readonly tags: readonly string[];
  /** Whether attempts at Telnet servers are accepted; false by default. */
  readonly telnet?: boolean;
  /** `misp.correlate_hassh`; false by default: a few libraries are everywhere. */
  readonly correlatesHassh?: boolean;
}

/** The results of look-ups of the address and of what came from it. */
export interface AddressFacts extends SessionFacts {
  readonly verdict?: ListVerdict | undefined;
  readonly location?: Location | undefined;
}

/** The technique of a login that succeeded after failures (docs/contracts/misp.md 4). */
const VALID_ACCOUNTS: Technique = { id: "T1078", name: undefined };

/** The tag of a withdrawn address (docs/contracts/misp.md 4). */
export const FALSE_POSITIVE = 'false-positive:risk="high"';

/** MISP's highest threat level. */
export const HIGH = "1";

/** Builds the event of a source. */
export function buildEvent(
  record: SourceRecord,
  rules: EventRules,
  facts: AddressFacts = {},
  limits = SESSIONS_OF_SOURCE,
): MispEvent {
  const { sourceIp, attempts, eventUuid } = record;
  const isCompromise = record.compromisedAt !== undefined;
  const techniques = isCompromise ? [...record.techniques, VALID_ACCOUNTS] : record.techniques;
  const ofSessions = sessionParts(record, limits, rules, facts);
  // MISP shows a title up to its first comma large, and the rest small (docs/contracts/misp.md 7).
  const outcome = (record.retractedAt === undefined ? "" : "Withdrawn: ") +
    (isCompromise ? "SUCCESSFUL LOGIN after " : "");
  const { location } = facts;
  const seen = { first_seen: mispTime(record.firstSeen), last_seen: mispTime(record.lastSeen) };
  return {
    uuid: eventUuid,
    info: `${outcome}${eventTitle(record)}`,
    date: record.openedOn,
    threat_level_id: isCompromise ? HIGH : String(rules.threatLevel),
    analysis: String(rules.analysis),
    ...distributionOf(rules),
    published: false,
    Tag: [...new Set([...rules.tags, ...techniqueTags(sessionTechniques(record, techniques))])]
      .map((name) => ({ name })),
    Attribute: [
      addressAttribute(eventUuid, addressFact(record, facts), seen),
      ...ofSessions.Attribute,
    ],
    Object: [
      failureReport(
        eventUuid,
        { sourceIp, attempts, type: typeOf(record) },
        summary(record),
        seen,
      ),
      ...(location === undefined ? [] : networkObject(eventUuid, sourceIp, location)),
      ...(location === undefined ? [] : geolocationObject(eventUuid, sourceIp, location)),
      ...ofSessions.Object,
    ],
    EventReport: [writeStory(record, rules)],
  };
}

/** Who may see an event. */
export function distributionOf({ distribution, sharingGroup }: EventRules) {
  return {
    distribution: String(distribution),
    ...(distribution === 4 && sharingGroup !== undefined
      ? { SharingGroup: sharingGroupOf(sharingGroup) }
      : {}),
  };
}

/** Nobody should block an address of a scanner or of shared infrastructure: it gets no `to_ids`. */
function addressFact(record: SourceRecord, { verdict }: AddressFacts) {
  const { sourceIp, retractedAt, expiredAt } = record;
  const lists = verdict?.lists ?? [];
  const listed = listedComment(lists);
  const isRetracted = retractedAt !== undefined;
  const tags = [...(verdict?.tags ?? []), ...(isRetracted ? [FALSE_POSITIVE] : [])];
  return {
    sourceIp,
    toIds: !isRetracted && expiredAt === undefined &&
      (verdict === undefined || verdict.action === "publish"),
    tags: [...new Set(tags)].map((name) => ({ name })),
    comment: isRetracted
      ? `withdrawn by an operator at ${readableTime(retractedAt)}`
      : [listed, confidenceNote(confidenceOfRecord(record, lists.length))]
        .filter((text) => text !== "").join("; "),
  };
}

/** Of the last month, as lists count days. */
const MONTH_DAYS = 31;

function confidenceOfRecord(record: SourceRecord, warninglists: number): Confidence {
  const { firstSeen, lastSeen, days = [], sensors, attempts, compromisedAt, session } = record;
  const lastDay = Math.floor(lastSeen / DAY);
  const isOneDay = Math.floor(firstSeen / DAY) === lastDay;
  return confidenceOf({
    sensors: Math.max(1, sensors.length),
    days: Math.max(isOneDay ? 1 : 2, days.filter((day) => day > lastDay - MONTH_DAYS).length),
    attempts,
    gotIn: compromisedAt !== undefined,
    leftPayload: session !== undefined && itemsOf(session, "payload").length > 0,
    warninglists,
  });
}

function typeOf({ services }: SourceRecord): string {
  return services.includes("telnet") ? services.join(" and ") : "ssh";
}

/** An address that expired says so in its object: the comment of the address is for analysts. */
function summary(record: SourceRecord): string {
  const expired = record.expiredAt === undefined ? "" : `${expiredText(record.expiredAt)}; `;
  return `${expired}${countsOf(record)}`;
}

function countsOf(record: SourceRecord): string {
  const sensors = counted(record.sensors.length, "sensor");
  const usernames = counted(Object.keys(record.usernames).length, "different user name");
  const counts = `${sensors}; ${usernames}; ${counted(record.alerts, "Wazuh alert")}`;
  if (record.compromisedAt === undefined) return counts;
  return `a login succeeded at ${readableTime(record.compromisedAt)}: check that host; ${counts}`;
}
