/**
 * Sightings: one by one, where the client's uuid is ignored and nothing is ever a repeat, and in
 * bulk, where it counts.
 *
 * @module
 */
import { type Answer, json } from "./answers.ts";
import { type Call, refuse, sees } from "./call.ts";
import { type Fields, fields, fitsColumn, isFields, isUuid, seconds, text } from "./input.ts";
import { ORGANISATIONS } from "./roles.ts";
import { Broken } from "./state.ts";
import type { StoredAttribute, StoredEvent, StoredSighting } from "./wire.ts";

/**
 * Stores one sighting with the client's uuid, unless that is there already.
 *
 * @param call The request.
 * @param attribute The attribute seen.
 * @param sent What was sent.
 * @returns Whether it was stored.
 */
export function storeSighting(call: Call, attribute: StoredAttribute, sent: Fields): boolean {
  const uuid = text(sent.uuid)?.toLowerCase() ?? crypto.randomUUID();
  const type = text(sent.type) ?? "0";
  const date = seconds(sent.date_sighting);
  const taken = call.state.sightings.has(uuid);
  if (taken || !isUuid(uuid) || !/^[012]$/.test(type) || date === undefined) return false;
  insert(call, attribute, { uuid, type, date: String(date), source: text(sent.source) ?? "" });
  return true;
}

function insert(
  call: Call,
  attribute: StoredAttribute,
  row: { uuid: string; type: string; date: string; source: string },
): StoredSighting {
  if (!fitsColumn(row.source) || [...row.source].length > 255) throw new Broken("Source");
  const sighting: StoredSighting = {
    id: call.state.nextId("sightings"),
    attribute_id: attribute.id,
    event_id: attribute.event_id,
    org_id: call.user.organisation.id,
    date_sighting: row.date,
    uuid: row.uuid,
    source: row.source,
    type: row.type,
  };
  call.state.sightings.set(sighting.uuid, sighting);
  return sighting;
}

/** `POST /sightings/bulkSaveSightings/{event}`. */
export function bulkSaveSightings(call: Call): Answer {
  const event = call.state.findEvent(call.args[0] ?? "");
  if (event === undefined || !sees(call, event)) throw refuse(call, 405, "Invalid event.");
  const rows = Array.isArray(call.body) ? call.body.filter(isFields) : [];
  let added = 0;
  for (const row of rows) {
    const place = call.state.findAttribute(text(row.attribute_uuid) ?? "");
    if (place?.event !== event || place.attribute.deleted) continue;
    if (storeSighting(call, place.attribute, row)) added++;
  }
  return added === 0
    ? json(200, { saved: false, success: "No sightings added." })
    : json(200, { saved: true, success: `${added} sightings added.` });
}

/** `POST /sightings/add/{attribute}`, `POST /sightings/add` with `uuid`, `id` or `values`. */
export function addSighting(call: Call): Answer {
  const sent = fields(call.body);
  const wanted = call.args[0] ?? text(sent.uuid) ?? text(sent.id);
  const values = [sent.values ?? sent.value ?? []].flat().map(text);
  const type = text(sent.type) ?? "0";
  if (wanted === undefined && values.length === 0) return failed("No valid attributes found.");
  if (!/^[012]$/.test(type)) {
    return failed("Invalid type, please change it before you POST 1000000 sightings.");
  }
  const attributes = visibleAttributes(call).filter((attribute) =>
    wanted === undefined
      ? values.includes(attribute.value)
      : attribute.uuid === wanted.toLowerCase() || attribute.id === wanted
  );
  if (attributes.length === 0) {
    return failed("No valid attributes found that match the criteria.");
  }
  const date = dateOf(call, sent);
  if (date === undefined) {
    return failed(`{"date_sighting":["This field cannot be left blank"]}`);
  }
  const source = text(sent.source) ?? "";
  const rows = attributes.map((attribute) =>
    insert(call, attribute, { uuid: crypto.randomUUID(), type, date, source })
  );
  return json(200, { Sighting: rows.at(-1) });
}

function dateOf(call: Call, sent: Fields): string | undefined {
  const day = text(sent.date);
  if (day !== undefined) {
    const at = Date.parse(`${day}T${text(sent.time) ?? "00:00:00"}Z`);
    return Number.isNaN(at) ? undefined : String(at / 1000);
  }
  if (sent.timestamp === undefined || sent.timestamp === null) return call.state.timestamp();
  const given = seconds(sent.timestamp);
  return given === undefined ? undefined : String(given);
}

function failed(reason: string): Answer {
  return json(200, { message: `Could not add the Sighting. Reason: ${reason}` });
}

function visibleAttributes(call: Call): StoredAttribute[] {
  const events = [...call.state.events.values()].filter((event) => sees(call, event));
  return events.flatMap(allAttributes).filter((attribute) => !attribute.deleted);
}

function allAttributes(event: StoredEvent): StoredAttribute[] {
  return [...event.Attribute, ...event.Object.flatMap((object) => object.Attribute)];
}

/** `GET /sightings/listSightings/{numeric id}/attribute`. */
export function listSightings(call: Call): Answer {
  const [id = "", context = ""] = call.args;
  if (context !== "attribute" && context !== "event") throw refuse(call, 405, "Invalid context.");
  const rows = [...call.state.sightings.values()].filter((sighting) =>
    context === "event" ? sighting.event_id === id : sighting.attribute_id === id
  );
  rows.sort((one, other) => Number(other.date_sighting) - Number(one.date_sighting));
  return json(
    200,
    rows.map((sighting) => ({ Sighting: sighting, Organisation: { name: orgName(sighting) } })),
  );
}

function orgName(sighting: StoredSighting): string {
  return ORGANISATIONS.find((org) => org.id === sighting.org_id)?.name ?? "";
}
