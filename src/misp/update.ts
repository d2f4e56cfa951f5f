/**
 * Updates of events that MISP has. Analysts work on these events, and an update leaves their decisions
 * as they are. Pure.
 *
 * @module
 */
import { isDayWithoutLogin } from "./day_title.ts";
import { HIGH, type MispEvent } from "./event.ts";
import { withoutSecondMarkings } from "./sharing/markings.ts";
import {
  FAILURE_REPORT,
  type MispAttribute,
  type MispEventAttribute,
  type MispObject,
} from "./objects.ts";

/** What the latest delivery stated about things that an analyst may change. */
export interface LastPublished {
  readonly tags: readonly string[];
  readonly threatLevel: string;
  /** Whether the address had `to_ids`. */
  readonly toIds: boolean;
  /** Uuids. */
  readonly objects: readonly string[];
  /** The time of the source's object in MISP's answer, seconds; undefined: it was not known. */
  readonly writtenAt?: number | undefined;
  /** Uuids of the event's own; undefined: a release that put the address into an object only. */
  readonly attributes?: readonly string[];
}

/** Whether an update of a source that was published before gives the event the attribute. */
export function movesAddress(event: MispEvent, last: LastPublished): boolean {
  return last.objects.length > 0 &&
    event.Attribute.some(({ uuid }) => last.attributes?.includes(uuid) !== true);
}

/** An attribute of an update: MISP leaves a field that is not in it as it is. */
type AttributeUpdate = Partial<MispAttribute> & Pick<MispAttribute, "uuid" | "value">;

/** An attribute of the event itself in an update. */
export type EventAttributeUpdate =
  & Partial<MispEventAttribute>
  & Pick<MispEventAttribute, "uuid" | "type" | "value">;

/** An event in the form of an update. */
export interface MispUpdate
  extends
    Partial<Pick<MispEvent, "info" | "threat_level_id" | "analysis">>,
    Pick<MispEvent, "uuid" | "Tag"> {
  readonly Attribute: readonly EventAttributeUpdate[];
  readonly Object: readonly (Omit<MispObject, "Attribute"> & {
    /** Seconds; MISP skips an object that is not newer than its own. */
    readonly timestamp?: string;
    readonly Attribute: readonly AttributeUpdate[];
  })[];
  readonly EventReport: MispEvent["EventReport"];
}

/**
 * The starting point for a source that is new in an event that MISP has. Other sources have written the
 * event's own fields, so the update of this one states only what must not wait: a successful login, the
 * end of the event's day, and the techniques of the source. The configured tags came with the first
 * source, and an analyst may have removed them since.
 */
export function nothingPublished(event: MispEvent): LastPublished {
  const isHigh = event.threat_level_id === HIGH;
  return {
    tags: isClosing(event) ? [] : event.Tag.map(({ name }) => name).filter(isConfigured),
    threatLevel: isHigh ? "" : event.threat_level_id,
    toIds: false,
    objects: [],
    attributes: [],
  };
}

const isConfigured = (tag: string) => !tag.startsWith("misp-galaxy:");

/** The update that closes a day's event is the one without objects. */
const isClosing = (event: MispEvent) => event.Object.length === 0;

/** What the sink stores about an event that was delivered. */
export function publishedBy(event: MispEvent): LastPublished {
  return {
    tags: event.Tag.map(({ name }) => name),
    threatLevel: event.threat_level_id,
    toIds: isForDetection(event),
    objects: event.Object.map(({ uuid }) => uuid),
    attributes: event.Attribute.map(({ uuid }) => uuid),
  };
}

/** A report of an earlier release, made before the update of the program, has no attributes. */
const isForDetection = (event: MispEvent) =>
  [event, ...event.Object].some(({ Attribute }) => Attribute.some(({ to_ids }) => to_ids));

/**
 * The update of an event: title, counts, times, and what is new. A day's title is sent once, and again
 * only when a login succeeds: other sources of the day do not know of it. The update leaves out what was
 * sent before and an analyst may have changed since: tags, threat level, date, analysis and distribution
 * of the event, and the `to_ids` and comment of the address.
 */
export function updateOf(event: MispEvent, last: LastPublished): MispUpdate {
  const { uuid, info, threat_level_id, EventReport } = event;
  const isNews = isForDetection(event) !== last.toIds;
  // A report that an earlier release made has the address in the object only.
  const statesCopy = event.Attribute.length === 0 ? isNews : movesAddress(event, last);
  const knows = ({ uuid }: MispEventAttribute) => last.attributes?.includes(uuid) ?? false;
  return {
    uuid,
    ...(isDayWithoutLogin(info) ? {} : { info }),
    ...(threat_level_id === last.threatLevel ? {} : { threat_level_id }),
    ...(isClosing(event) ? { analysis: event.analysis } : {}),
    Tag: withoutSecondMarkings(event.Tag, last.tags)
      .filter(({ name }) => !last.tags.includes(name)),
    Attribute: event.Attribute.map((attribute) =>
      knows(attribute) && !isNews ? valueAndTimes(attribute) : attribute
    ),
    Object: event.Object.map((object) =>
      last.objects.includes(object.uuid) ? updateOfObject(object, statesCopy) : object
    ),
    EventReport,
  };
}

/**
 * An earlier release published the object's copy of the address for detection: it loses `to_ids` in the
 * request that gives the event an attribute of its own. Else it belongs to the analysts.
 *
 * @param statesCopy whether to state all of the copy
 */
function updateOfObject(object: MispObject, statesCopy: boolean): MispUpdate["Object"][number] {
  if (object.name !== FAILURE_REPORT || statesCopy) return object;
  return {
    ...object,
    Attribute: object.Attribute.map((attribute) =>
      attribute.type === "ip-src" ? valueAndTimes(attribute) : attribute
    ),
  };
}

/** An attribute without what analysts decide. */
export function valueAndTimes<A extends MispEventAttribute>(attribute: A) {
  const { to_ids: _ids, disable_correlation: _off, distribution: _who, ...rest } = attribute;
  const { comment: _comment, Tag: _tags, ...kept } = rest;
  return kept;
}
