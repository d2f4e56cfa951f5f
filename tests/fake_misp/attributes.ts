/**
 * Attributes: what MISP takes, what it refuses, and how it merges one it knows already.
 *
 * @module
 */
import type { Call } from "./call.ts";
import { CATEGORIES, TYPES } from "./facts.ts";
import { type Fields, fitsColumn, flag, isUuid, items, seconds, text } from "./input.ts";
import { storeSighting } from "./sightings.ts";
import { Broken } from "./state.ts";
import { linkTags } from "./tags.ts";
import { normaliseSeen } from "./times.ts";
import { checkValue, collated } from "./values.ts";
import type { StoredAttribute, StoredEvent, StoredObject } from "./wire.ts";

/** MISP's complaints by field. */
export type Complaints = Record<string, string[]>;

const DISTRIBUTIONS =
  "Options: Your organisation only, This community only, Connected communities, All communities, " +
  "Sharing group, Inherit event";

type Checkable = Pick<
  StoredAttribute,
  "type" | "category" | "value" | "to_ids" | "distribution" | "first_seen" | "last_seen"
>;

type PartialLine = { ok: true; fields: Checkable } | { ok: false; errors: Complaints };

/**
 * Checks an attribute.
 *
 * @param sent What was sent.
 * @param stored The attribute it changes, if it changes one: a field that is not sent remains.
 * @returns The fields to store, or the complaints.
 */
export function checkAttribute(sent: Fields, stored?: StoredAttribute): PartialLine {
  const errors: Complaints = {};
  const type = text(sent.type) ?? stored?.type ?? "";
  const facts = TYPES.get(type);
  const category = text(sent.category) || stored?.category || facts?.category || "";
  if (type === "") errors.type = ["No type set."];
  else if (facts === undefined) errors.type = ["Invalid type."];
  else if (!facts.categories.includes(category)) {
    if (!CATEGORIES.has(category)) {
      errors.category = [
        "Options : Payload delivery, Antivirus detection, Payload installation, Files dropped ...",
      ];
    }
    errors.type = ["Options depend on the selected category."];
  }
  const checked = checkValue(type, text(sent.value) ?? stored?.value ?? "");
  if (checked.error !== undefined && errors.type === undefined) errors.value = [checked.error];
  const seen = checkSeen(sent, stored, errors);
  const distribution = text(sent.distribution) ?? stored?.distribution ?? "5";
  if (!/^[01235]$/.test(distribution)) errors.distribution = [DISTRIBUTIONS];
  const uuid = text(sent.uuid);
  if (uuid !== undefined && !isUuid(uuid)) {
    errors.uuid = ["Please provide a valid RFC 4122 UUID"];
  }
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  const toIds = flag(sent.to_ids) ?? stored?.to_ids ?? facts?.toIds ?? false;
  const value = checked.value ?? "";
  return { ok: true, fields: { type, category, value, to_ids: toIds, distribution, ...seen } };
}

/**
 * Checks and rewrites first_seen and last_seen.
 *
 * @param sent What was sent.
 * @param stored What they were.
 * @param errors Where complaints go.
 * @returns What they become.
 */
export function checkSeen(
  sent: Fields,
  stored: Pick<StoredAttribute, "first_seen" | "last_seen"> | undefined,
  errors: Complaints,
): Pick<StoredAttribute, "first_seen" | "last_seen"> {
  const result = {
    first_seen: stored?.first_seen ?? null,
    last_seen: stored?.last_seen ?? null,
  };
  for (const name of ["first_seen", "last_seen"] as const) {
    if (sent[name] === undefined || sent[name] === null) continue;
    const normal = normaliseSeen(text(sent[name]) ?? "");
    if (normal === undefined) errors[name] = ["Invalid ISO 8601 format"];
    else result[name] = normal;
  }
  const { first_seen, last_seen } = result;
  if (first_seen !== null && last_seen !== null && last_seen < first_seen) {
    errors.last_seen = ["Last seen value should be greater than first seen value"];
  }
  return result;
}

/**
 * Stores a new attribute, or drops it without a word.
 *
 * @param call The request.
 * @param event The event.
 * @param object The object, or undefined for an attribute of the event itself.
 * @param sent What was sent.
 * @returns Whether it was stored.
 */
export function captureAttribute(
  call: Call,
  event: StoredEvent,
  object: StoredObject | undefined,
  sent: Fields,
): boolean {
  const { state, meddling } = call;
  if (meddling.loses?.(sent) === true) return false;
  const uuid = text(sent.uuid)?.toLowerCase() ?? crypto.randomUUID();
  if (state.findAttribute(uuid) !== undefined) return false;
  const line = checkAttribute(sent);
  if (!line.ok) return false;
  if (call.stored === meddling.attributesUntilBroken) throw new Broken("Database went away");
  const comment = text(sent.comment) ?? "";
  const relation = text(sent.object_relation) ?? null;
  if (!fitsColumn(comment) || !fitsColumn(relation ?? "")) throw new Broken("Comment");
  const attribute: StoredAttribute = {
    ...line.fields,
    id: state.nextId("attributes"),
    uuid,
    event_id: event.id,
    timestamp: String(seconds(sent.timestamp) ?? state.timestamp()),
    comment,
    sharing_group_id: "0",
    deleted: flag(sent.deleted) ?? false,
    disable_correlation: flag(sent.disable_correlation) ?? false,
    object_id: object?.id ?? "0",
    object_relation: relation,
    Tag: [],
  };
  state.insertAttribute({ event, object, attribute });
  linkTags(call, sent, attribute.Tag);
  for (const sighting of items(sent.Sighting)) storeSighting(call, attribute, sighting);
  call.stored++;
  return true;
}

/**
 * Stores, changes or drops an attribute that came with `events/edit`.
 *
 * @param call The request.
 * @param event The event.
 * @param object The object, or undefined for an attribute of the event itself.
 * @param sent What was sent.
 * @param taken Values of the event's own attributes, as {@linkcode valueKey} makes them.
 */
export function mergeAttribute(
  call: Call,
  event: StoredEvent,
  object: StoredObject | undefined,
  sent: Fields,
  taken: Set<string>,
): void {
  const known = call.state.findAttribute(text(sent.uuid) ?? "");
  if (known !== undefined) {
    if (known.event !== event || known.object !== object) return;
    if (known.attribute.deleted && flag(sent.deleted) !== false) return;
    const given = seconds(sent.timestamp);
    if (given !== undefined && given <= Number(known.attribute.timestamp)) return;
    const line = checkAttribute(sent, known.attribute);
    if (!line.ok) return;
    updateAttribute(call, known.attribute, sent, line.fields);
    return;
  }
  if (object !== undefined) {
    captureAttribute(call, event, object, sent);
    return;
  }
  const line = checkAttribute(sent);
  if (!line.ok) return;
  const key = valueKey(line.fields);
  if (taken.has(key)) return;
  if (captureAttribute(call, event, object, sent)) taken.add(key);
}

/**
 * Writes the sent fields over a stored attribute.
 *
 * @param call The request.
 * @param attribute The stored one.
 * @param sent What was sent.
 * @param checked The same, checked.
 */
export function updateAttribute(
  call: Call,
  attribute: StoredAttribute,
  sent: Fields,
  checked: Checkable,
): void {
  const { meddling } = call;
  if (meddling.loses?.(sent) === true) return;
  if (call.stored === meddling.attributesUntilBroken) throw new Broken("Database went away");
  const comment = text(sent.comment) ?? attribute.comment;
  if (!fitsColumn(comment)) throw new Broken("Comment");
  Object.assign(attribute, checked, {
    comment,
    timestamp: String(seconds(sent.timestamp) ?? call.state.timestamp()),
    deleted: flag(sent.deleted) ?? attribute.deleted,
    disable_correlation: flag(sent.disable_correlation) ?? attribute.disable_correlation,
  });
  linkTags(call, sent, attribute.Tag);
  call.stored++;
}

/** @returns A text that is equal for attributes MISP calls similar. */
export function valueKey(attribute: Pick<Checkable, "type" | "category" | "value">): string {
  return `${attribute.type}\n${attribute.category}\n${collated(attribute.value)}`;
}

/** @returns The keys of the event's own attributes; those of objects and deleted ones are free. */
export function acceptedValues(event: StoredEvent): Set<string> {
  return new Set(event.Attribute.filter((attribute) => !attribute.deleted).map(valueKey));
}

/** @returns The attributes without exact repeats of type, category and value. */
export function withoutRepeats(sent: readonly Fields[]): Fields[] {
  const seen = new Set<string>();
  return sent.filter((attribute) => {
    const type = text(attribute.type) ?? "";
    const category = text(attribute.category) || TYPES.get(type)?.category;
    const key = JSON.stringify([type, category, text(attribute.value)]);
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}
