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

/**
 * The uuid of a source event. The publisher's name is part of it: two publishers of one organisation
 * must not overwrite each other's counts (docs/contracts/misp.md 0.10).
 *
 * @param openedOn the event's day, `2026-11-23`
 */
export function eventUuid(publisher: string, sourceIp: string, openedOn: string): string {
  return uuidV5(publisherUuid(publisher), `ssh-bf/event/source/${sourceIp}/${openedOn}`);
}

/**
 * The uuid of an event that the sources of a day share (docs/contracts/misp.md 1).
 *
 * @param part from 1: a day with many sources has several events
 */
export function dayEventUuid(publisher: string, day: string, part: number): string {
  return uuidV5(publisherUuid(publisher), `ssh-bf/event/day/${day}/${part}`);
}

/** The namespace of a publisher; it is also the uuid of the organisation in a feed. */
export function publisherUuid(publisher: string): string {
  return uuidV5(PROJECT, `publisher/${publisher}`);
}
