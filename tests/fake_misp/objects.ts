/**
 * Objects: dropped without template fields or without a valid attribute, else stored as sent;
 * templates are not enforced.
 *
 * @module
 */
import { captureAttribute, checkSeen, type Complaints, mergeAttribute } from "./attributes.ts";
import type { Call } from "./call.ts";
import { type Fields, fitsColumn, flag, isUuid, items, seconds, text } from "./input.ts";
import { Broken } from "./state.ts";
import type { StoredEvent, StoredObject } from "./wire.ts";

/**
 * Stores a new object, or drops it without a word.
 *
 * @param call The request.
 * @param event The event.
 * @param sent What was sent.
 */
export function captureObject(call: Call, event: StoredEvent, sent: Fields): void {
  const object = partialObject(call, event, sent);
  if (object === undefined || call.meddling.loses?.(sent) === true) return;
  call.state.insertObject(event, object);
  let kept = 0;
  for (const attribute of items(sent.Attribute)) {
    if (captureAttribute(call, event, object, attribute)) kept++;
  }
  if (kept === 0) call.state.removeObject(event, object);
}

function partialObject(call: Call, event: StoredEvent, sent: Fields): StoredObject | undefined {
  const { state } = call;
  const name = text(sent.name) ?? "";
  const meta = text(sent["meta-category"]) ?? "";
  const template = text(sent.template_uuid) ?? "";
  const version = text(sent.template_version) ?? "";
  const uuid = text(sent.uuid)?.toLowerCase() ?? crypto.randomUUID();
  const distribution = text(sent.distribution) ?? "0";
  const errors: Complaints = {};
  const seen = checkSeen(sent, undefined, errors);
  const whole = [name, meta, template, version].every((part) => part !== "") &&
    isUuid(template) && isUuid(uuid) && /^[01235]$/.test(distribution) &&
    items(sent.Attribute).length > 0 && Object.keys(errors).length === 0;
  if (!whole || state.findObjectEvent(uuid) !== undefined) return undefined;
  const comment = text(sent.comment) ?? "";
  const description = text(sent.description) ?? null;
  if (![comment, name, description ?? ""].every((part) => fitsColumn(part))) {
    throw new Broken("Object comment");
  }
  return {
    id: state.nextId("objects"),
    name,
    "meta-category": meta,
    description,
    template_uuid: template,
    template_version: version,
    event_id: event.id,
    uuid,
    timestamp: String(seconds(sent.timestamp) ?? state.timestamp()),
    distribution,
    sharing_group_id: "0",
    comment,
    deleted: flag(sent.deleted) ?? false,
    ...seen,
    ObjectReference: [],
    Attribute: [],
  };
}

/**
 * Stores, changes or drops an object that came with `events/edit`.
 *
 * @param call The request.
 * @param event The event.
 * @param sent What was sent.
 */
export function mergeObject(call: Call, event: StoredEvent, sent: Fields): void {
  const uuid = text(sent.uuid)?.toLowerCase() ?? "";
  const owner = call.state.findObjectEvent(uuid);
  if (owner === undefined) return captureObject(call, event, sent);
  const object = event.Object.find((other) => other.uuid === uuid);
  if (owner !== event || object === undefined) return;
  if (object.deleted || call.meddling.loses?.(sent) === true) return;
  const given = seconds(sent.timestamp);
  if (given !== undefined && given <= Number(object.timestamp)) return;
  const errors: Complaints = {};
  const seen = checkSeen(sent, object, errors);
  const distribution = text(sent.distribution) ?? object.distribution;
  if (Object.keys(errors).length > 0 || !/^[01235]$/.test(distribution)) return;
  const comment = text(sent.comment) ?? object.comment;
  if (!fitsColumn(comment)) throw new Broken("Object comment");
  Object.assign(object, seen, {
    comment,
    distribution,
    timestamp: String(given ?? call.state.timestamp()),
    deleted: flag(sent.deleted) ?? object.deleted,
  });
  for (const attribute of items(sent.Attribute)) {
    mergeAttribute(call, event, object, attribute, new Set());
  }
}

/**
 * Stores the references between objects, once all objects are there.
 *
 * @param call The request.
 * @param event The event.
 * @param sent The objects as sent.
 */
export function captureReferences(call: Call, event: StoredEvent, sent: readonly Fields[]): void {
  for (const fields of sent) {
    const uuid = text(fields.uuid)?.toLowerCase();
    const object = event.Object.find((other) => other.uuid === uuid);
    if (object === undefined) continue;
    for (const reference of items(fields.ObjectReference)) {
      captureReference(call, event, object, reference);
    }
  }
}

function captureReference(
  call: Call,
  event: StoredEvent,
  object: StoredObject,
  sent: Fields,
): void {
  const uuid = text(sent.uuid)?.toLowerCase() ?? crypto.randomUUID();
  const wanted = text(sent.referenced_uuid)?.toLowerCase() ?? "";
  const target = event.Object.find((other) => other.uuid === wanted);
  const place = call.state.findAttribute(wanted);
  const referenced = target ?? (place?.event === event ? place.attribute : undefined);
  if (referenced === undefined) return;
  const relation = text(sent.relationship_type) ?? "";
  const repeats = object.ObjectReference.some((other) =>
    other.uuid === uuid ||
    other.referenced_uuid === wanted && other.relationship_type === relation
  );
  if (repeats) return;
  object.ObjectReference.push({
    id: call.state.nextId("object_references"),
    uuid,
    timestamp: String(seconds(sent.timestamp) ?? call.state.timestamp()),
    object_id: object.id,
    event_id: event.id,
    source_uuid: object.uuid,
    referenced_uuid: wanted,
    referenced_id: referenced.id,
    referenced_type: target === undefined ? "0" : "1",
    relationship_type: relation,
    comment: text(sent.comment) ?? "",
    deleted: false,
  });
}
