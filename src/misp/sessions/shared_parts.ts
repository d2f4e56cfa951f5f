/**
 * Attributes that the sources of a day's event share. Pure.
 *
 * @module
 */
import type { MispEvent } from "../event.ts";
import type { LastPublished } from "../published/last_published.ts";

/**
 * Whether an update brings a client or a key to the event of a day that another source may have brought
 * before. Then the event must be viewed: an analyst may have decided something on it.
 */
export function mayShare(event: MispEvent, { parts }: LastPublished): boolean {
  // The part of a source in the event of a day is the one without a report.
  return event.EventReport.length === 0 &&
    event.Attribute.some(({ uuid, type }) => type !== "ip-src" && parts[uuid] === undefined);
}
