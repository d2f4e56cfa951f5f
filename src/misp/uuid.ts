/**
 * Uuids that are always the same for the same thing (RFC 9562, version 5): a repeated delivery changes
 * nothing.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** The namespace of this program; it must never change. */
const PROJECT = "5b0c5a0e-7a5d-5c0b-9d7e-3f1d4a2c8e61";

/**
 * A name-based uuid.
 *
 * @param namespace a uuid
 */
export function uuidV5(namespace: string, name: string): string {
  const hash = createHash("sha1")
    .update(namespace.replaceAll("-", ""), "hex")
    .update(name)
    .digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.subarray(0, 16).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join("-");
}

/** Whose events they are, beside the name of their publisher. It never changes once it is used. */
export interface Installation {
  /** A uuid made once; undefined: it published before there were any, by its publisher's name alone. */
  readonly id: string | undefined;
  /** The uuid of the key's organisation in MISP; undefined: MISP had not named it at the first event. */
  readonly organisation: string | undefined;
}

/** How the events of a publisher are named. */
export interface EventNames {
  /** @param openedOn the event's day, `2026-11-23` */
  readonly eventUuidOf: (publisher: string, sourceIp: string, openedOn: string) => string;
  /** @param part from 1: a day with many sources has several events (docs/contracts/misp.md 1) */
  readonly dayEventUuidOf: (publisher: string, day: string, part: number) => string;
}

/** The names of events in the namespace of their publisher. */
export function eventNames(namespaceOf: (publisher: string) => string): EventNames {
  return {
    eventUuidOf: (publisher, sourceIp, openedOn) =>
      uuidV5(namespaceOf(publisher), `ssh-bf/event/source/${sourceIp}/${openedOn}`),
    dayEventUuidOf: (publisher, day, part) =>
      uuidV5(namespaceOf(publisher), `ssh-bf/event/day/${day}/${part}`),
  };
}

/** The names of events of an installation that published before there were ids of installations. */
export const { eventUuidOf: eventUuid, dayEventUuidOf: dayEventUuid } = eventNames(publisherUuid);

/**
 * The namespace of a publisher's events: two publishers must not overwrite each other's counts
 * (docs/contracts/misp.md 0.10). A configured name is unique within its organisation. The name of a
 * manager is not: Wazuh's containers are all called `wazuh.manager`.
 *
 * @param isConfigured whether `misp.publisher` names the publisher; else it is a manager
 */
export function namespaceOf(
  { id, organisation = "none" }: Installation,
  publisher: string,
  isConfigured: boolean,
): string {
  if (id === undefined) return publisherUuid(publisher);
  const owner = isConfigured ? "publisher" : `installation/${id}/manager`;
  return uuidV5(PROJECT, `organisation/${organisation}/${owner}/${publisher}`);
}

/** The uuid of a publisher by its name alone; it is also the uuid of the organisation in a feed. */
export function publisherUuid(publisher: string): string {
  return uuidV5(PROJECT, `publisher/${publisher}`);
}
