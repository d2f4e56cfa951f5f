/**
 * What an event that is there is sent: analysts work on it meanwhile, and what they decided stays.
 * Pure.
 *
 * @module
 */
import { isDayWithoutLogin } from "./day_title.ts";
import { HIGH, type MispEvent } from "./event.ts";
import { FAILURE_REPORT, type MispAttribute, type MispObject } from "./objects.ts";

/** What the latest delivery said of things that are an analyst's to change. */
export interface LastPublished {
  readonly tags: readonly string[];
  readonly threatLevel: string;
  /** Whether the address was given to detection. */
  readonly toIds: boolean;
  /** Uuids. */
  readonly objects: readonly string[];
}

/** An attribute of an update: what is left out stays as it is. */
type AttributeUpdate = Partial<MispAttribute> & Pick<MispAttribute, "uuid" | "value">;

/** An event as an update sends it. */
export interface MispUpdate
  extends
    Partial<Pick<MispEvent, "info" | "threat_level_id" | "analysis">>,
    Pick<MispEvent, "uuid" | "Tag"> {
  readonly Object: readonly (Omit<MispObject, "Attribute"> & {
    readonly Attribute: readonly AttributeUpdate[];
  })[];
  readonly EventReport: MispEvent["EventReport"];
}

/**
 * What is taken for told when a source is new in an event that is there: the event's own fields are as
 * others of its sources left them. Only what must not wait is said: a login that was let in, that the
 * event's day is over, and the techniques of the source. The configured tags came with the first
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

/** Without an object it is what closes a day's event. */
const isClosing = (event: MispEvent) => event.Object.length === 0;

/** What there is to remember of an event that was delivered. */
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
 * The update of an event: title, counts, times, and what is new. A day's title is told once, and again
 * only when a source is let in: its other sources do not know of that. Left out is what was told before and
 * an analyst may have decided otherwise since: the tags, threat level, date, analysis and distribution
 * of the event, and whether and how the address goes into detection.
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
