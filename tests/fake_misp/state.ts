/**
 * What the fake MISP remembers.
 *
 * @module
 */
import type { StoredAttribute, StoredEvent, StoredObject, StoredSighting, TagRow } from "./wire.ts";

/** An enabled warninglist: addresses and networks. */
export interface WarningList {
  readonly id: string;
  readonly name: string;
  readonly values: readonly string[];
}

/** Where an attribute hangs. */
export interface AttributePosition {
  readonly event: StoredEvent;
  /** Undefined for an attribute of the event itself. */
  readonly object: StoredObject | undefined;
  readonly attribute: StoredAttribute;
}

/** A sharing group. */
export interface SharingGroupRow {
  readonly id: string;
  readonly uuid: string;
  readonly name: string;
}

/** The tables of the instance. */
export class State {
  /** By uuid, in the order of their ids. */
  readonly events: Map<string, StoredEvent> = new Map();
  /** By lower-case name. */
  readonly tags: Map<string, TagRow> = new Map();
  /** By uuid, in the order of their ids. */
  readonly sightings: Map<string, StoredSighting> = new Map();
  /** The events of reports, by uuid of the report. */
  readonly reportOwners: Map<string, StoredEvent> = new Map();
  /** uuids of deleted events: they never come back. */
  readonly blocked: Set<string> = new Set();
  sharingGroups: readonly SharingGroupRow[] = [];
  warningLists: readonly WarningList[] = [];
  /** Namespaces of taxonomies, in the order of their ids, and whether they are enabled. */
  readonly taxonomies: Map<string, boolean> = new Map();
  /** Whether the galaxies were imported, so that there are clusters. */
  hasGalaxies = false;
  /** Jobs that a worker would have to do. */
  readonly jobs: string[] = [];
  readonly #attributes: Map<string, AttributePosition> = new Map();
  readonly #objects: Map<string, StoredEvent> = new Map();
  readonly #ids: Map<string, number> = new Map();
  readonly #now: () => number;

  /** @param now Milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns The time as MISP writes it: whole seconds, as text. */
  timestamp(): string {
    return String(Math.floor(this.#now() / 1000));
  }

  /** @returns Today, `2026-11-23`. */
  today(): string {
    return new Date(this.#now()).toISOString().slice(0, 10);
  }

  /** @returns The next id of a table, from `1`. */
  nextId(table: string): string {
    const id = (this.#ids.get(table) ?? 0) + 1;
    this.#ids.set(table, id);
    return String(id);
  }

  /** @returns The event with that uuid or numeric id. */
  findEvent(key: string): StoredEvent | undefined {
    const byUuid = this.events.get(key.toLowerCase());
    if (byUuid !== undefined || !/^\d+$/.test(key)) return byUuid;
    return this.events.values().find((event) => event.id === key);
  }

  /** @returns The attribute with that uuid or numeric id, and where it hangs. */
  findAttribute(key: string): AttributePosition | undefined {
    const byUuid = this.#attributes.get(key.toLowerCase());
    if (byUuid !== undefined || !/^\d+$/.test(key)) return byUuid;
    return this.#attributes.values().find((place) => place.attribute.id === key);
  }

  /** @returns The event that an object of that uuid hangs on. */
  findObjectEvent(uuid: string): StoredEvent | undefined {
    return this.#objects.get(uuid);
  }

  /** Puts an attribute on its event or object. */
  insertAttribute(place: AttributePosition): void {
    (place.object ?? place.event).Attribute.push(place.attribute);
    this.#attributes.set(place.attribute.uuid, place);
  }

  /** Puts an object on its event. */
  insertObject(event: StoredEvent, object: StoredObject): void {
    event.Object.push(object);
    this.#objects.set(object.uuid, event);
  }

  /** Takes an attribute away for good. */
  removeAttribute({ event, object, attribute }: AttributePosition): void {
    const list = (object ?? event).Attribute;
    list.splice(list.indexOf(attribute), 1);
    this.#attributes.delete(attribute.uuid);
  }

  /** Does what waits for a worker. */
  work(): void {
    for (const job of this.jobs.splice(0)) {
      const event = this.events.get(job.replace("publish ", ""));
      if (event === undefined) continue;
      event.published = true;
      event.publish_timestamp = this.timestamp();
    }
  }

  /** Takes an object away that has no attribute. */
  removeObject(event: StoredEvent, object: StoredObject): void {
    event.Object.splice(event.Object.indexOf(object), 1);
    this.#objects.delete(object.uuid);
  }

  /** Deletes an event for ever. */
  deleteEvent(event: StoredEvent): void {
    this.events.delete(event.uuid);
    this.blocked.add(event.uuid);
    for (const object of event.Object) this.#objects.delete(object.uuid);
    for (const report of event.EventReport) this.reportOwners.delete(report.uuid);
    for (const [uuid, place] of this.#attributes) {
      if (place.event === event) this.#attributes.delete(uuid);
    }
    for (const [uuid, sighting] of this.sightings) {
      if (sighting.event_id === event.id) this.sightings.delete(uuid);
    }
  }
}

/** Ends the request; what was stored so far remains (there is no transaction). */
export class Broken extends Error {
  override name = "Broken";
}
