/**
 * What analysts delete: softly by default, so that the row stays with `deleted`, or for good.
 *
 * @module
 */
import { type Answer, saved } from "./answers.ts";
import { touch } from "./attribute_calls.ts";
import { type Call, mayModify, refuse } from "./call.ts";
import type { AttributePosition } from "./state.ts";
import type { StoredEvent } from "./wire.ts";

/** Whether the path asks to delete for good: `/1` at its end. */
const isForGood = (call: Call) => call.args[1] === "1" || call.named.get("hard") === "1";

function checkOwner(call: Call, event: StoredEvent | undefined): asserts event is StoredEvent {
  if (event === undefined) throw refuse(call, 404, "Invalid attribute");
  if (!mayModify(call, event)) throw refuse(call, 403, "You do not have permission to do that.");
}

/** The object counts as changed, as by an edit of its attribute. Whether MISP does so here was not tried. */
function touchObject(call: Call, { event, object }: AttributePosition): void {
  touch(call, event);
  if (object !== undefined) object.timestamp = event.timestamp;
}

/** `POST /attributes/delete/{attribute}[/1]`. */
export function deleteAttribute(call: Call): Answer {
  const place = call.state.findAttribute(call.args[0] ?? "");
  checkOwner(call, place?.event);
  if (isForGood(call)) call.state.removeAttribute(place!);
  else place!.attribute.deleted = true;
  touchObject(call, place!);
  return saved("Attribute deleted.", call.url, place!.attribute.id);
}

/** `POST /attributes/restore/{attribute}`. */
export function restoreAttribute(call: Call): Answer {
  const place = call.state.findAttribute(call.args[0] ?? "");
  checkOwner(call, place?.event);
  place!.attribute.deleted = false;
  touchObject(call, place!);
  return saved("Attribute restored.", call.url, place!.attribute.id);
}

/** `POST /objects/delete/{object}[/1]`: with its attributes. */
export function deleteObject(call: Call): Answer {
  const event = call.state.findObjectEvent(call.args[0] ?? "");
  checkOwner(call, event);
  const object = event.Object.find(({ uuid }) => uuid === call.args[0])!;
  for (const attribute of [...object.Attribute]) {
    const place: AttributePosition = { event, object, attribute };
    if (isForGood(call)) call.state.removeAttribute(place);
    else attribute.deleted = true;
  }
  if (isForGood(call)) call.state.removeObject(event, object);
  else Object.assign(object, { deleted: true, timestamp: call.state.timestamp() });
  touch(call, event);
  return saved("Object deleted.", call.url, object.id);
}

/** `POST /eventReports/delete/{report}[/1]`. */
export function deleteReport(call: Call): Answer {
  const isMeant = ({ uuid }: { readonly uuid: string }) => uuid === call.args[0];
  const event = [...call.state.events.values()].find((one) => one.EventReport.some(isMeant));
  checkOwner(call, event);
  const report = event.EventReport.find(isMeant)!;
  if (isForGood(call)) {
    event.EventReport.splice(event.EventReport.indexOf(report), 1);
    call.state.reportOwners.delete(report.uuid);
  } else report.deleted = true;
  touch(call, event);
  return saved("Event Report deleted.", call.url, report.id);
}
