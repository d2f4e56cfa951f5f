/**
 * What a delivery stated about an event and what MISP answered, so that the next one knows what analysts
 * changed since. Pure.
 *
 * @module
 */
import type { MispEvent } from "../event.ts";
import { HIGH } from "../event.ts";
import type { Fields } from "../../json.ts";
import { FAILURE_REPORT, type MispEventAttribute } from "../objects.ts";
import { isThere, partsOf, type StoredPart, storedParts } from "./parts.ts";

/** An attribute, object or event report as MISP had it after a delivery, and what was stated of it. */
export interface KnownPart {
  /** MISP's number of it: a part that was deleted for good and made anew has another. */
  readonly id?: string;
  /** Somebody deleted it. */
  readonly deleted?: true;
  /** What was stated of an attribute and an analyst may change; left out: off, off and empty. */
  readonly to_ids?: true;
  /** An analyst set `to_ids` otherwise than it was stated: only a withdrawal states it again. */
  readonly decided?: true;
  readonly correlates?: true;
  readonly comment?: string;
  /** An analyst wrote another comment: only a withdrawal states it again. */
  readonly commented?: true;
}

/** What the latest delivery stated about things that an analyst may change. */
export interface LastPublished {
  /** All tags that were stated, also those that MISP left out. */
  readonly tags: readonly string[];
  /** Those that MISP did not have; left out: none. */
  readonly missingTags?: readonly string[];
  readonly threatLevel: string;
  /** MISP's number of the event: one that was deleted and made anew has another. */
  readonly eventId?: string;
  /** The time of the source's object in MISP's answer, seconds; undefined: it was not known. */
  readonly writtenAt?: number;
  /** When something was last for detection again, as the event said, milliseconds UTC. */
  readonly returnedAt?: number;
  /** By uuid. */
  readonly parts: Readonly<Record<string, KnownPart>>;
}

/** What earlier versions stored: whether the address had `to_ids`, and the uuids of objects. */
interface Earlier extends Pick<LastPublished, "tags" | "threatLevel" | "writtenAt"> {
  readonly toIds: boolean;
  readonly objects: readonly string[];
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
    parts: {},
  };
}

const isConfigured = (tag: string) => !tag.startsWith("misp-galaxy:");

/** The update that closes a day's event is the one without a source. */
export const isClosing = ({ Attribute, Object }: MispEvent) =>
  Attribute.length === 0 && Object.length === 0;

/** Reads what {@linkcode publishedNow} made of the latest delivery, also by an earlier version. */
export function readLastPublished(text: string, event: MispEvent): LastPublished {
  if (text === "") return nothingPublished(event);
  const stored = JSON.parse(text) as LastPublished | Earlier;
  return "parts" in stored ? stored : upgraded(stored, event);
}

function upgraded({ toIds, objects, ...rest }: Earlier, event: MispEvent): LastPublished {
  const known = event.Object.filter(({ uuid }) => objects.includes(uuid));
  const attributes = known.flatMap(({ name, Attribute }) =>
    Attribute.map((attribute): [string, KnownPart] => [
      attribute.uuid,
      name === FAILURE_REPORT && attribute.type === "ip-src"
        ? knownAttribute({
          to_ids: toIds,
          disable_correlation: false,
          comment: toIds === attribute.to_ids ? attribute.comment : "",
        })
        : knownAttribute(attribute),
    ])
  );
  const others = [...known, ...event.EventReport].map((
    { uuid },
  ): [string, KnownPart] => [uuid, {}]);
  return { ...rest, parts: Object.fromEntries([...attributes, ...others]) };
}

function knownAttribute(
  { to_ids, disable_correlation, comment }: Pick<
    MispEventAttribute,
    "to_ids" | "disable_correlation" | "comment"
  >,
): KnownPart {
  return {
    ...(to_ids ? { to_ids } : {}),
    ...(disable_correlation ? {} : { correlates: true }),
    ...(comment === "" ? {} : { comment }),
  };
}

/** What a delivery leaves for the next one. */
export interface Answered {
  readonly event: MispEvent;
  readonly returnedAt?: number | undefined;
  readonly last: LastPublished;
  /** The event as MISP answered. */
  readonly returned: Fields;
  /** Tags that MISP did not have, of this delivery or an earlier one. */
  readonly missingTags: readonly string[];
}

/** What the sink stores about an event that was delivered. */
export function publishedNow(answered: Answered): LastPublished {
  const { event, returned, returnedAt, missingTags } = answered;
  const last = ofSameEvent(answered.last, returned);
  const stored = storedParts(returned);
  const now = partsOf(event).map(({ uuid, attribute }): [string, KnownPart] => {
    const part = stored.get(uuid);
    const before = last?.parts[uuid];
    if (!isThere(part)) return [uuid, { ...before, deleted: true }];
    const { id } = part;
    // It was not stated while it was deleted: the next update states it.
    if (before?.deleted) return [uuid, { ...withoutDeleted(before), id }];
    if (attribute === undefined) return [uuid, { id }];
    return [uuid, {
      id,
      ...knownAttribute(attribute),
      ...(before?.decided ? { decided: true } : {}),
      ...(before?.commented ? { commented: true } : {}),
    }];
  });
  return {
    tags: [...new Set([...(last?.tags ?? []), ...event.Tag.map(({ name }) => name)])],
    ...(missingTags.length === 0 ? {} : { missingTags }),
    threatLevel: event.threat_level_id,
    ...(returned.id === undefined ? {} : { eventId: String(returned.id) }),
    ...timeOf(event, stored),
    ...(returnedAt === undefined ? {} : { returnedAt }),
    parts: { ...last?.parts, ...Object.fromEntries(now) },
  };
}

function timeOf(event: MispEvent, stored: ReadonlyMap<string, StoredPart>) {
  const object = event.Object.find(({ name }) => name === FAILURE_REPORT);
  const writtenAt = stored.get(object?.uuid ?? "")?.writtenAt;
  return writtenAt !== undefined && Number.isInteger(writtenAt) ? { writtenAt } : {};
}

const withoutDeleted = ({ deleted: _, ...rest }: KnownPart): KnownPart => rest;

/** Nothing is known of an event that was deleted and made anew. */
export function ofSameEvent(last: LastPublished, { id }: Fields): LastPublished | undefined {
  return last.eventId === undefined || last.eventId === String(id) ? last : undefined;
}

/**
 * What is known of an event that MISP has and the buffer does not know of: a try whose answer was lost,
 * or a buffer that was lost. What an analyst may have decided is taken for what was stated, but an
 * address that is no longer for detection loses `to_ids`.
 *
 * @param returned the event with its deleted parts
 */
export function lastOfStored(event: MispEvent, returned: Fields): LastPublished {
  const stored = storedParts(returned);
  const parts = partsOf(event).flatMap(({ uuid, attribute }): readonly [string, KnownPart][] => {
    const part = stored.get(uuid);
    if (part === undefined) return [];
    const known: KnownPart = { id: part.id, ...(part.deleted ? { deleted: true as const } : {}) };
    return [[uuid, attribute === undefined ? known : { ...known, ...statedAs(attribute, part) }]];
  });
  const there = new Set(tagNames(returned));
  return {
    tags: event.Tag.map(({ name }) => name).filter((name) => there.has(name.toLowerCase())),
    threatLevel: event.threat_level_id,
    eventId: String(returned.id),
    parts: Object.fromEntries(parts),
  };
}

/**
 * Adds the parts that MISP has as deleted.
 *
 * @param returned the event with its deleted parts
 */
export function withDeletedParts(
  last: LastPublished,
  event: MispEvent,
  returned: Fields,
): LastPublished {
  const stored = storedParts(returned);
  const deleted = partsOf(event).filter(({ uuid }) => stored.get(uuid)?.deleted)
    .map(({ uuid }) => [uuid, { ...last.parts[uuid], deleted: true as const }] as const);
  return { ...last, parts: { ...last.parts, ...Object.fromEntries(deleted) } };
}

/**
 * Adds the parts that MISP has and an answer that was lost may have named.
 *
 * @param returned the event with its deleted parts
 */
export function withStoredParts(
  last: LastPublished,
  event: MispEvent,
  returned: Fields,
): LastPublished {
  return { ...last, parts: { ...lastOfStored(event, returned).parts, ...last.parts } };
}

/** MISP ignores the case of tags and answers with its own spelling. */
export function tagNames({ Tag }: Fields): readonly string[] {
  return (Array.isArray(Tag) ? Tag as readonly Fields[] : [])
    .map(({ name }) => String(name).toLowerCase());
}

function statedAs(ours: MispEventAttribute, { toIds, correlates }: StoredPart): KnownPart {
  return knownAttribute({
    to_ids: ours.to_ids || toIds,
    disable_correlation: ours.disable_correlation && !correlates,
    // What is withdrawn says so.
    comment: toIds && !ours.to_ids ? "" : ours.comment,
  });
}
