/**
 * An address that was in an object only and becomes an attribute of the event itself: what an analyst
 * decided about the copy in the object holds for the new attribute, too. Pure.
 *
 * @module
 */
import type { Fields } from "../../json.ts";
import type { MispEvent } from "../event.ts";
import type { MispAttribute } from "../objects.ts";
import type { MispUpdate } from "../update.ts";
import type { LastPublished } from "./last_published.ts";
import { isThere, type StoredPart, storedParts } from "./parts.ts";

/** Attributes of the event itself that MISP does not have, with MISP's copy of them in an object. */
function moving(event: MispEvent, viewed: Fields): readonly (readonly [string, StoredPart])[] {
  const stored = storedParts(viewed);
  const inObjects = event.Object.flatMap(({ Attribute }) => Attribute);
  return (event.Attribute as readonly MispAttribute[]).flatMap(({ uuid, type, value }) => {
    if (stored.has(uuid)) return [];
    const copy = inObjects.find((one) => one.type === type && one.value === value);
    const part = copy && stored.get(copy.uuid);
    return part === undefined ? [] : [[uuid, part] as const];
  });
}

/** Whether an update would add an attribute that an earlier version had in an object. */
export function isMoving(event: MispEvent, last: LastPublished): boolean {
  return last.eventId === undefined && Object.keys(last.parts).length > 0 &&
    event.Attribute.some(({ uuid }) => last.parts[uuid] === undefined);
}

/** A copy that somebody deleted is not added again. */
export function withDeletedCopies(
  last: LastPublished,
  event: MispEvent,
  viewed: Fields,
): LastPublished {
  const deleted = moving(event, viewed)
    .filter(([, copy]) => !isThere(copy))
    .map(([uuid]) => [uuid, { deleted: true as const }] as const);
  return { ...last, parts: { ...last.parts, ...Object.fromEntries(deleted) } };
}

/** A copy that somebody took out of detection is not given to detection again. */
export function withUndetectedCopies(
  update: MispUpdate,
  event: MispEvent,
  viewed: Fields,
): MispUpdate {
  const undetected = new Set(
    moving(event, viewed).filter(([, copy]) => !copy.toIds).map(([uuid]) => uuid),
  );
  return {
    ...update,
    Attribute: update.Attribute.map((attribute) =>
      undetected.has(attribute.uuid) ? { ...attribute, to_ids: false } : attribute
    ),
  };
}
