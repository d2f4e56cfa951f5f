/**
 * What the fake MISP keeps: the shapes MISP answers with (ids, times and counters are strings,
 * booleans are booleans).
 *
 * @module
 */

/** An organisation of the instance. */
export interface Organisation {
  readonly id: string;
  readonly name: string;
  readonly uuid: string;
  readonly local: boolean;
}

/** A row of the instance's tag table. */
export interface TagRow {
  readonly id: string;
  readonly name: string;
  readonly colour: string;
  readonly is_galaxy: boolean;
}

/** A tag as it hangs on an event or an attribute. */
export interface StoredTag extends TagRow {
  readonly local: boolean;
}

/** One attribute, of an event or of an object. */
export interface StoredAttribute {
  id: string;
  type: string;
  category: string;
  to_ids: boolean;
  uuid: string;
  event_id: string;
  distribution: string;
  timestamp: string;
  comment: string;
  sharing_group_id: string;
  deleted: boolean;
  disable_correlation: boolean;
  object_id: string;
  object_relation: string | null;
  first_seen: string | null;
  last_seen: string | null;
  value: string;
  Tag: StoredTag[];
}

/** A link from an object to an attribute or object of its event. */
export interface StoredReference {
  id: string;
  uuid: string;
  timestamp: string;
  object_id: string;
  event_id: string;
  source_uuid: string;
  referenced_uuid: string;
  referenced_id: string;
  referenced_type: string;
  relationship_type: string;
  comment: string;
  deleted: boolean;
}

/** One object with its attributes. */
export interface StoredObject {
  id: string;
  name: string;
  "meta-category": string;
  description: string | null;
  template_uuid: string;
  template_version: string;
  event_id: string;
  uuid: string;
  timestamp: string;
  distribution: string;
  sharing_group_id: string;
  comment: string;
  deleted: boolean;
  first_seen: string | null;
  last_seen: string | null;
  ObjectReference: StoredReference[];
  Attribute: StoredAttribute[];
}

/** One event report. */
export interface StoredReport {
  id: string;
  uuid: string;
  event_id: string;
  name: string;
  content: string;
  distribution: string;
  sharing_group_id: string;
  timestamp: string;
  deleted: boolean;
}

/** One event with all that hangs on it; soft-deleted parts included. */
export interface StoredEvent {
  id: string;
  orgc_id: string;
  org_id: string;
  date: string;
  threat_level_id: string;
  info: string;
  published: boolean;
  uuid: string;
  analysis: string;
  timestamp: string;
  distribution: string;
  sharing_group_id: string;
  publish_timestamp: string;
  disable_correlation: boolean;
  extends_uuid: string;
  event_creator_email: string;
  Attribute: StoredAttribute[];
  Object: StoredObject[];
  EventReport: StoredReport[];
  Tag: StoredTag[];
}

/** One sighting. */
export interface StoredSighting {
  readonly id: string;
  readonly attribute_id: string;
  readonly event_id: string;
  readonly org_id: string;
  readonly date_sighting: string;
  readonly uuid: string;
  readonly source: string;
  readonly type: string;
}
