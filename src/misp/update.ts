/**
 * Updates of events that MISP has. Analysts work on these events, and an update leaves their decisions
 * as they are. Pure.
 *
 * @module
 */
import { isDayWithoutLogin } from "./day_title.ts";
import type { MispEvent } from "./event.ts";
import type { MispAttribute, MispEventAttribute, MispObject, MispTag } from "./objects.ts";
import { statesComment, statesToIds } from "./published/decided.ts";
import { isClosing, type KnownPart, type LastPublished } from "./published/last_published.ts";
import { withoutSecondMarkings } from "./sharing/markings.ts";

/** An attribute of an update: MISP leaves a field that is not in it as it is. */
export type AttributeUpdate = Partial<MispAttribute> & Pick<MispAttribute, "uuid" | "value">;

/** An object of an update. */
export type ObjectUpdate = Omit<MispObject, "Attribute" | "distribution"> & {
  readonly distribution?: MispObject["distribution"];
  /** Seconds; MISP skips an object that is not newer than its own. */
  readonly timestamp?: string;
  readonly Attribute: readonly AttributeUpdate[];
};

/** An event in the form of an update. */
export interface MispUpdate
  extends
    Partial<Pick<MispEvent, "info" | "threat_level_id" | "analysis">>,
    Pick<MispEvent, "uuid" | "Tag" | "EventReport"> {
  readonly Attribute: readonly AttributeUpdate[];
  readonly Object: readonly ObjectUpdate[];
}

/**
 * The update of an event: title, counts, times, and what is new. A day's title is sent once, and again
 * only when a login succeeds: other sources of the day do not know of it. The update leaves out what was
 * sent before and an analyst may have changed since: tags, threat level, date, analysis and distribution
 * of the event, distribution of its parts, category, `to_ids` and comment of attributes. It leaves out
 * what was deleted, too.
 *
 * @param missingTags tags that MISP did not have so far: it may have them by now
 */
export function updateOf(
  event: MispEvent,
  last: LastPublished,
  missingTags = last.missingTags ?? [],
): MispUpdate {
  const { uuid, info, threat_level_id } = event;
  const attribute = (one: MispEventAttribute) => updateOfAttribute(one, last.parts, missingTags);
  const thereTags = last.tags.filter((tag) => !missingTags.includes(tag));
  return {
    uuid,
    ...(isDayWithoutLogin(info) ? {} : { info }),
    ...(threat_level_id === last.threatLevel ? {} : { threat_level_id }),
    ...(isClosing(event) ? { analysis: event.analysis } : {}),
    Tag: withoutSecondMarkings(event.Tag, thereTags)
      .filter(({ name }) => !last.tags.includes(name) || missingTags.includes(name)),
    Attribute: event.Attribute.flatMap(attribute),
    Object: event.Object.flatMap((object) => updateOfObject(object, last.parts, attribute)),
    EventReport: event.EventReport.filter((report) => !last.parts[report.uuid]?.deleted),
  };
}

type Parts = LastPublished["parts"];

function updateOfObject(
  object: MispObject,
  parts: Parts,
  update: (attribute: MispAttribute) => readonly AttributeUpdate[],
): readonly ObjectUpdate[] {
  const known = parts[object.uuid];
  if (known === undefined) return [object];
  if (known.deleted) return [];
  const { distribution: _, ObjectReference = [], ...rest } = object;
  // A reference that MISP has says nothing new.
  const references = ObjectReference.filter(({ uuid }) => parts[uuid] === undefined);
  return [{
    ...rest,
    Attribute: object.Attribute.flatMap(update),
    ...(references.length === 0 ? {} : { ObjectReference: references }),
  }];
}

/**
 * Without a type MISP changes an attribute that it has and makes none: one that was deleted for good does
 * not come back (docs/contracts/misp.md 8.3).
 */
function updateOfAttribute(
  attribute: MispEventAttribute,
  parts: Parts,
  missingTags: readonly string[],
): readonly AttributeUpdate[] {
  const known = parts[attribute.uuid];
  if (known === undefined) return [attribute];
  if (known.deleted) return [];
  const { uuid, value, first_seen, last_seen } = attribute;
  const news = newsOf(attribute, known);
  const tags = attribute.Tag ?? [];
  const wanted: readonly MispTag[] = Object.keys(news).length > 0
    ? tags
    : tags.filter(({ name }) => missingTags.includes(name));
  return [{
    ...{ uuid, value },
    ...(first_seen === undefined ? {} : { first_seen }),
    ...(last_seen === undefined ? {} : { last_seen }),
    ...news,
    ...(wanted.length === 0 ? {} : { Tag: wanted }),
  }];
}

/** What is stated otherwise than before: it is news for analysts, too. */
function newsOf(attribute: MispEventAttribute, known: KnownPart): Partial<MispAttribute> {
  const { to_ids, disable_correlation, comment } = attribute;
  return {
    ...(statesToIds(attribute, known) ? { to_ids } : {}),
    ...(disable_correlation === !known.correlates ? {} : { disable_correlation }),
    ...(statesComment(attribute, known) ? { comment } : {}),
  };
}

/** The update that deletes parts which our own update made anew after somebody had deleted them. */
export function deletionOf(event: MispEvent, uuids: ReadonlySet<string>): MispUpdate {
  const deleted = true as const;
  const gone = <P extends { readonly uuid: string }>(parts: readonly P[]) =>
    parts.filter(({ uuid }) => uuids.has(uuid)).map((part) => ({ ...part, deleted }));
  return {
    uuid: event.uuid,
    Tag: [],
    Attribute: gone(event.Attribute),
    Object: event.Object.flatMap(({ Attribute, ObjectReference, distribution: _, ...object }) => {
      const isGone = uuids.has(object.uuid);
      const attributes = gone(Attribute);
      const references = gone(ObjectReference ?? []);
      if (!isGone && attributes.length + references.length === 0) return [];
      return [{
        ...object,
        ...(isGone ? { deleted } : {}),
        Attribute: attributes,
        ...(references.length === 0 ? {} : { ObjectReference: references }),
      }];
    }),
    EventReport: gone(event.EventReport),
  };
}
