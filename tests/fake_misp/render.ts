/**
 * A stored event as MISP shows it: without deleted parts, with everything it derives.
 *
 * @module
 */
import { ORGANISATIONS } from "./roles.ts";
import { printGalaxies, printTag } from "./tags.ts";
import type { StoredAttribute, StoredEvent, StoredObject, StoredTag } from "./wire.ts";

/**
 * @param shown `all`: also what was deleted, as `/events/view/UUID/deleted:1` shows it.
 * @returns The event as `events/add`, `events/edit` and `events/view` answer it.
 */
export function printEvent(
  event: StoredEvent,
  shown: "there" | "all" = "there",
): Record<string, unknown> {
  const isShown = shown === "all" ? () => true : isThere;
  const attributes = event.Attribute.filter(isShown);
  const objects = event.Object.filter(isShown).map((object) => printObject(object, isShown));
  const inObjects = objects.reduce((sum, object) => sum + object.Attribute.length, 0);
  return {
    id: event.id,
    orgc_id: event.orgc_id,
    org_id: event.org_id,
    date: event.date,
    threat_level_id: event.threat_level_id,
    info: event.info,
    published: event.published,
    uuid: event.uuid,
    attribute_count: String(attributes.length + inObjects),
    analysis: event.analysis,
    timestamp: event.timestamp,
    distribution: event.distribution,
    proposal_email_lock: false,
    locked: false,
    publish_timestamp: event.publish_timestamp,
    sharing_group_id: event.sharing_group_id,
    disable_correlation: event.disable_correlation,
    extends_uuid: event.extends_uuid,
    protected: null,
    event_creator_email: event.event_creator_email,
    Org: organisation(event.org_id),
    Orgc: organisation(event.orgc_id),
    Attribute: attributes.map(printAttribute),
    ShadowAttribute: [],
    RelatedEvent: [],
    Galaxy: printGalaxies(event.Tag),
    Object: objects,
    EventReport: event.EventReport.filter(isShown),
    CryptographicKey: [],
    ...printTags(event.Tag),
  };
}

function printAttribute(attribute: StoredAttribute): Record<string, unknown> {
  return {
    id: attribute.id,
    type: attribute.type,
    category: attribute.category,
    to_ids: attribute.to_ids,
    uuid: attribute.uuid,
    event_id: attribute.event_id,
    distribution: attribute.distribution,
    timestamp: attribute.timestamp,
    comment: attribute.comment,
    sharing_group_id: attribute.sharing_group_id,
    deleted: attribute.deleted,
    disable_correlation: attribute.disable_correlation,
    object_id: attribute.object_id,
    object_relation: attribute.object_relation,
    first_seen: attribute.first_seen,
    last_seen: attribute.last_seen,
    value: attribute.value,
    Galaxy: printGalaxies(attribute.Tag),
    ShadowAttribute: [],
    ...printTags(attribute.Tag),
  };
}

function printObject(object: StoredObject, isShown: typeof isThere) {
  return { ...object, Attribute: object.Attribute.filter(isShown).map(printAttribute) };
}

/** Without tags there is no key, not an empty list. */
function printTags(tags: readonly StoredTag[]): { Tag?: unknown[] } {
  return tags.length === 0 ? {} : { Tag: tags.map(printTag) };
}

function isThere(part: { readonly deleted: boolean }): boolean {
  return !part.deleted;
}

function organisation(id: string) {
  return ORGANISATIONS.find((org) => org.id === id);
}
