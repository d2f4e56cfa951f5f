/**
 * The move of an address. Earlier releases published the copy in an object for detection. The next update
 * gives the event an attribute of its own, and keeps what analysts decided on the copy. Pure.
 *
 * @module
 */
import type { Fields } from "../../json.ts";
import type { MispEvent } from "../event.ts";
import type { MispEventAttribute } from "../objects.ts";
import type { AttributeUpdate, MispUpdate } from "../update.ts";
import { isOurs } from "./decided.ts";
import type { LastPublished } from "./last_published.ts";
import { isThere, type StoredPart, storedParts } from "./parts.ts";

/** The attributes of an event itself, with the uuids of their copies in objects. */
function withCopies(event: MispEvent): readonly (readonly [MispEventAttribute, string])[] {
  const inObjects = event.Object.flatMap(({ Attribute }) => Attribute);
  return event.Attribute.flatMap((own) => {
    const copy = inObjects.find(({ type, value }) => type === own.type && value === own.value);
    return copy === undefined ? [] : [[own, copy.uuid] as const];
  });
}

/** Whether an update would add an attribute that an earlier release had in an object. */
export function isMoving(event: MispEvent, { parts }: LastPublished): boolean {
  return withCopies(event).some(([{ uuid }, copy]) =>
    parts[uuid] === undefined && parts[copy]?.correlates === true
  );
}

/**
 * What is known of the parts of an event, where a copy that somebody deleted counts as the attribute:
 * it is not added again.
 *
 * @param viewed the event with its deleted parts
 */
export function withDeletedCopies(
  last: LastPublished,
  event: MispEvent,
  viewed: Fields,
): LastPublished {
  const stored = storedParts(viewed);
  const deleted = withCopies(event)
    .filter(([{ uuid }, copy]) =>
      last.parts[uuid] === undefined && !stored.has(uuid) &&
      (stored.get(copy) === undefined ? last.parts[copy] !== undefined : stored.get(copy)!.deleted)
    )
    .map(([{ uuid }]) => [uuid, { deleted: true as const }] as const);
  return { ...last, parts: { ...last.parts, ...Object.fromEntries(deleted) } };
}

/**
 * An update that moves addresses as analysts left them: an address without `to_ids` gets none, and a
 * comment and tags go along.
 *
 * @param viewed the event as MISP has it
 * @param last what was stated of its parts, where that is known: a copy that was published without `to_ids`
 *   decides nothing
 */
export function withMovedAddresses(
  update: MispUpdate,
  event: MispEvent,
  viewed: Fields,
  last?: LastPublished,
): MispUpdate {
  const stored = storedParts(viewed);
  const moving = new Map(
    withCopies(event).flatMap(([own, uuid]): readonly (readonly [string, Moving])[] => {
      const copy = stored.get(uuid);
      if (stored.has(own.uuid) || !isThere(copy)) return [];
      const known = last?.parts[uuid] ?? { to_ids: true, correlates: copy.correlates };
      // This release makes copies that do not correlate: nobody decided anything on them.
      if (!known.correlates) return [];
      return [[own.uuid, { own, copy, uuid, hadIds: known.to_ids === true }]];
    }),
  );
  const copies = new Set(moving.values().map(({ uuid }) => uuid));
  return {
    ...update,
    Attribute: update.Attribute.map((attribute) => {
      const found = moving.get(attribute.uuid);
      return found === undefined ? attribute : asDecided(found);
    }),
    Object: update.Object.map((object) => ({
      ...object,
      Attribute: object.Attribute.map((attribute) =>
        copies.has(attribute.uuid)
          ? { ...attribute, to_ids: false, disable_correlation: true, comment: "" }
          : attribute
      ),
    })),
  };
}

/** An address that MISP has in an object only. */
interface Moving {
  readonly own: MispEventAttribute;
  readonly copy: StoredPart;
  /** Of the copy. */
  readonly uuid: string;
  /** Whether the copy was published with `to_ids`. */
  readonly hadIds: boolean;
}

function asDecided({ own, copy, hadIds }: Moving): AttributeUpdate {
  // A local tag that is sent would leave that MISP: it stays on the copy.
  const names = [...own.Tag ?? [], ...copy.tags.filter(({ isLocal }) => !isLocal)]
    .map(({ name }) => name);
  return {
    ...own,
    to_ids: own.to_ids && (copy.toIds || !hadIds),
    disable_correlation: own.disable_correlation || !copy.correlates,
    comment: copy.comment === "" || isOurs(copy.comment) ? own.comment : copy.comment,
    ...(names.length === 0 ? {} : { Tag: [...new Set(names)].map((name) => ({ name })) }),
  };
}
