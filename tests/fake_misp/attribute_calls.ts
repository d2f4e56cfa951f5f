/**
 * The calls about a single attribute: add and edit.
 *
 * @module
 */
import { type Answer, json, notSaved, Refused } from "./answers.ts";
import {
  acceptedValues,
  captureAttribute,
  checkAttribute,
  updateAttribute,
  valueKey,
} from "./attributes.ts";
import { type Call, mayModify, refuse, sees, visibleEvent } from "./call.ts";
import { type Fields, fields, isFields, seconds, text } from "./input.ts";
import type { StoredAttribute, StoredEvent } from "./wire.ts";

/** `POST /attributes/add/{event}` with one attribute. */
export function addAttribute(call: Call): Answer {
  const event = visibleEvent(call);
  if (!mayModify(call, event)) {
    throw refuse(call, 403, "You do not have permission to do that.");
  }
  const sent = sentAttribute(call);
  const line = checkAttribute(sent);
  const uuid = text(sent.uuid)?.toLowerCase();
  if (!line.ok) throw refused("add", line.errors);
  if (acceptedValues(event).has(valueKey(line.fields))) {
    throw refused("add", { value: ["A similar attribute already exists for this event."] });
  }
  if (uuid !== undefined && call.state.findAttribute(uuid) !== undefined) {
    throw refused("add", { uuid: ["The UUID provided is not unique"] });
  }
  captureAttribute(call, event, undefined, sent);
  touch(call, event);
  const stored = event.Attribute.at(-1);
  if (stored === undefined) throw new Error("No attribute after adding one");
  const links = stored.Tag.map((tag) => ({
    attribute_id: stored.id,
    event_id: event.id,
    tag_id: tag.id,
    local: tag.local,
    relationship_type: null,
    Tag: { id: tag.id, name: tag.name, colour: tag.colour, numerical_value: null },
  }));
  return json(200, { Attribute: printAlone(stored), AttributeTag: links });
}

/** `POST /attributes/edit/{attribute}`. */
export function editAttribute(call: Call): Answer {
  const place = call.state.findAttribute(call.args[0] ?? "");
  if (place === undefined || !sees(call, place.event)) {
    throw refuse(call, 404, "Invalid attribute.");
  }
  const { attribute, event, object } = place;
  if (!mayModify(call, event)) {
    throw refuse(call, 403, "You do not have permission to do that.");
  }
  const sent = sentAttribute(call);
  const line = checkAttribute(sent, attribute);
  if (!line.ok) throw refused("edit", line.errors);
  const given = seconds(sent.timestamp);
  if (given === undefined || given > Number(attribute.timestamp)) {
    updateAttribute(call, attribute, sent, line.fields);
    if (object !== undefined) object.timestamp = attribute.timestamp;
    touch(call, event);
  }
  return json(200, { Attribute: printAlone(attribute) });
}

function sentAttribute(call: Call): Fields {
  const body = fields(call.body);
  return isFields(body.Attribute) ? body.Attribute : body;
}

function refused(what: "add" | "edit", errors: unknown): Refused {
  return new Refused(notSaved(`${what} Attribute`, `/attributes/${what}`, errors));
}

/** A change of one attribute unpublishes the event. */
export function touch(call: Call, event: StoredEvent): void {
  event.published = false;
  event.timestamp = call.state.timestamp();
}

function printAlone(attribute: StoredAttribute): Fields {
  const composite = attribute.type.includes("|");
  const [first = "", second = ""] = composite ? attribute.value.split("|") : [attribute.value];
  return {
    id: attribute.id,
    event_id: attribute.event_id,
    object_id: attribute.object_id,
    object_relation: attribute.object_relation,
    category: attribute.category,
    type: attribute.type,
    value1: first,
    value2: second,
    to_ids: attribute.to_ids,
    uuid: attribute.uuid,
    timestamp: attribute.timestamp,
    distribution: attribute.distribution,
    sharing_group_id: attribute.sharing_group_id,
    comment: attribute.comment,
    deleted: attribute.deleted,
    disable_correlation: attribute.disable_correlation,
    first_seen: attribute.first_seen,
    last_seen: attribute.last_seen,
    value: attribute.value,
  };
}
