/**
 * Events: add, edit, view, publish, delete.
 *
 * @module
 */
import { type Answer, exception, json, notSaved, Refused, saved } from "./answers.ts";
import { acceptedValues, captureAttribute, mergeAttribute, withoutRepeats } from "./attributes.ts";
import { type Call, mayModify, owns, refuse, visibleEvent } from "./call.ts";
import { checkEvent } from "./event_fields.ts";
import { type Fields, fields, flag, isFields, items, seconds, text } from "./input.ts";
import { captureObject, captureReferences, mergeObject } from "./objects.ts";
import { printEvent } from "./render.ts";
import { mergeReport } from "./reports.ts";
import { checkTagNames, linkTags } from "./tags.ts";
import type { StoredEvent } from "./wire.ts";

/** `POST /events/add`. */
export function addEvent(call: Call): Answer {
  const { state, user } = call;
  if (call.method !== "POST" && call.method !== "PUT") return describeAdd();
  const sent = sentEvent(call);
  const uuid = text(sent.uuid)?.toLowerCase() ?? crypto.randomUUID();
  if (state.blocked.has(uuid)) throw refuse(call, 403, "Event blocked by event blocklist.");
  const known = state.events.get(uuid);
  if (known !== undefined) {
    throw new Refused(exception(
      404,
      "Event already exists, if you would like to edit it, use the url in the location header.",
      call.url,
      [["Location", `${call.baseUrl}/events/${known.id}`]],
    ));
  }
  const line = checkEvent(
    sent,
    {
      date: state.today(),
      threat_level_id: "4",
      analysis: "0",
      distribution: "1",
      sharing_group_id: "0",
      extends_uuid: "",
      disable_correlation: false,
    },
    call.url,
    state.sharingGroups,
  );
  if (!line.ok) throw new Refused(notSaved("add Event", "/events/add", { Event: line.errors }));
  checkTagNames(sent);
  const published = flag(sent.published) === true && user.permissions.perm_publish;
  const event: StoredEvent = {
    ...line.fields,
    id: state.nextId("events"),
    orgc_id: user.organisation.id,
    org_id: user.organisation.id,
    published,
    uuid,
    timestamp: String(seconds(sent.timestamp) ?? state.timestamp()),
    publish_timestamp: published ? state.timestamp() : "0",
    event_creator_email: user.email,
    Attribute: [],
    Object: [],
    EventReport: [],
    Tag: [],
  };
  state.events.set(uuid, event);
  linkTags(call, sent, event.Tag);
  for (const attribute of withoutRepeats(items(sent.Attribute))) {
    captureAttribute(call, event, undefined, attribute);
  }
  const objects = items(sent.Object);
  for (const object of objects) captureObject(call, event, object);
  captureReferences(call, event, objects);
  for (const report of items(sent.EventReport)) mergeReport(call, event, report);
  return json(200, { Event: printEvent(event) });
}

/** `POST /events/edit/{event}`: a merge. */
export function editEvent(call: Call): Answer {
  const event = visibleEvent(call);
  if (!mayModify(call, event)) throw refuse(call, 403, "You are not authorised to do that.");
  if (call.method !== "POST" && call.method !== "PUT") return viewEvent(call);
  const sent = sentEvent(call);
  const url = `/events/edit/${event.id}`;
  const given = seconds(sent.timestamp);
  if (given !== undefined && given <= Number(event.timestamp)) {
    const reason = "Event could not be saved: Event in the request not newer than the local copy.";
    throw new Refused(notSaved("edit Event", url, reason, event.id));
  }
  const line = checkEvent(sent, event, call.url, call.state.sharingGroups);
  if (!line.ok) {
    const errors = { Event: line.errors };
    throw new Refused(notSaved("edit Event", url, errors, event.id));
  }
  checkTagNames(sent);
  const { state } = call;
  event.published = flag(sent.published) === true && call.user.permissions.perm_publish;
  if (event.published) event.publish_timestamp = state.timestamp();
  Object.assign(event, line.fields, { timestamp: String(given ?? state.timestamp()) });
  linkTags(call, sent, event.Tag);
  const taken = acceptedValues(event);
  for (const attribute of items(sent.Attribute)) {
    mergeAttribute(call, event, undefined, attribute, taken);
  }
  const objects = items(sent.Object);
  for (const object of objects) mergeObject(call, event, object);
  captureReferences(call, event, objects);
  for (const report of items(sent.EventReport)) mergeReport(call, event, report);
  return json(200, { Event: printEvent(event) });
}

/** `GET /events/view/{event}`, with `/deleted:1` also what was deleted. */
export function viewEvent(call: Call): Answer {
  const event = visibleEvent(call);
  if (call.method === "HEAD") {
    return { status: 200, headers: [["Content-Type", "text/html; charset=UTF-8"]], body: "" };
  }
  const shown = call.named.get("deleted") === "1" ? "all" : "there";
  return json(200, { Event: printEvent(event, shown) });
}

/** `POST /events/publish/{event}`: with background jobs on it only queues. */
export function publishEvent(call: Call): Answer {
  const event = visibleEvent(call, "Invalid event.");
  if (!owns(call, event)) throw refuse(call, 405, "You do not have the permission to do that.");
  const url = `/events/publish/${event.id}`;
  if (call.backgroundJobs) {
    call.state.jobs.push(`publish ${event.uuid}`);
    return saved("Job queued", url, event.id);
  }
  event.published = true;
  event.publish_timestamp = call.state.timestamp();
  return saved("Event published without alerts", url, event.id);
}

/** `POST /events/delete/{event}`: the uuid is blocked from then on. */
export function deleteEvent(call: Call): Answer {
  const event = visibleEvent(call);
  const key = call.args[0] ?? "";
  if (!mayModify(call, event)) {
    throw new Refused(notSaved("delete Event", `/events/delete/${key}`, "Event was not deleted."));
  }
  call.state.deleteEvent(event);
  return saved("Event deleted.", `/events/delete/${key}`, key);
}

function sentEvent(call: Call): Fields {
  const body = fields(call.body);
  if (Object.keys(body).length === 0) throw refuse(call, 405, "No valid event data received.");
  return isFields(body.Event) ? body.Event : body;
}

/** What MISP answers to a wrong method. */
function describeAdd(): Answer {
  return json(200, {
    name: "/events/add API description",
    description: "POST a MISP Event JSON to this API to create an Event. Contained objects can " +
      "also be included (such as attributes, objects, tags, etc).",
    mandatory_fields: ["info"],
    optional_fields: [
      "threat_level_id",
      "analysis",
      "distribution",
      "sharing_group_id",
      "uuid",
      "published",
      "timestamp",
      "date",
      "Attribute",
      "Object",
      "Shadow_Attribute",
      "EventTag",
    ],
    url: "/events/add",
  });
}
