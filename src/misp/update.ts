/**
 * Updates of events that MISP has. Analysts work on these events, and an update leaves their decisions
 * as they are. Pure.
 *
 * @module
 */
import { isDayWithoutLogin } from "./day_title.ts";
import { HIGH, type MispEvent } from "./event.ts";
import { FAILURE_REPORT, type MispAttribute, type MispObject } from "./objects.ts";

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
}

/** An attribute of an update: MISP leaves a field that is not in it as it is. */
type AttributeUpdate = Partial<MispAttribute> & Pick<MispAttribute, "uuid" | "value">;

/** An event in the form of an update. */
export interface MispUpdate
  extends
    Partial<Pick<MispEvent, "info" | "threat_level_id" | "analysis">>,
    Pick<MispEvent, "uuid" | "Tag"> {
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
  };
}

const isForDetection = (event: MispEvent) =>
  event.Object.some(({ Attribute }) => Attribute.some((attribute) => attribute.to_ids));

/**
 * The update of an event: title, counts, times, and what is new. A day's title is sent once, and again
 * only when a login succeeds: other sources of the day do not know of it. The update leaves out what was
 * sent before and an analyst may have changed since: tags, threat level, date, analysis and distribution
 * of the event, and the `to_ids` and comment of the address.
 */
export function updateOf(event: MispEvent, last: LastPublished): MispUpdate {
  const { uuid, info, threat_level_id, EventReport } = event;
  const isNews = isForDetection(event) !== last.toIds;
  return {
    uuid,
    ...(isDayWithoutLogin(info) ? {} : { info }),
    ...(threat_level_id === last.threatLevel ? {} : { threat_level_id }),
    ...(isClosing(event) ? { analysis: event.analysis } : {}),
    Tag: event.Tag.filter(({ name }) => !last.tags.includes(name)),
    Object: event.Object.map((object) =>
      last.objects.includes(object.uuid) ? updateOfObject(object, isNews) : object
    ),
    EventReport,
  };
}

function updateOfObject(object: MispObject, isNews: boolean): MispUpdate["Object"][number] {
  return {
    ...object,
    Attribute: object.Attribute.map((attribute) =>
      object.name === FAILURE_REPORT && attribute.type === "ip-src" && !isNews
        ? valueAndTimes(attribute)
        : attribute
    ),
  };
}

function valueAndTimes(attribute: MispAttribute): AttributeUpdate {
  const { uuid, object_relation, type, category, value, first_seen, last_seen } = attribute;
  return {
    ...{ uuid, object_relation, type, category, value },
    ...(first_seen === undefined ? {} : { first_seen }),
    ...(last_seen === undefined ? {} : { last_seen }),
  };
}
