/**
 * Reports as releases made them that put the address into an object only.
 *
 * @module
 */
import type { Report } from "../../src/model.ts";
import type { MispEvent } from "../../src/misp/event.ts";

/** A report of the same, as an earlier release made it. */
export function asEarlierRelease(made: Report): Report {
  const event = JSON.parse(made.body) as MispEvent;
  const Object = event.Object.map((object) => ({
    ...object,
    Attribute: object.Attribute.map((attribute) =>
      attribute.type === "ip-src"
        ? { ...event.Attribute[0]!, ...attribute, to_ids: true, disable_correlation: false }
        : attribute
    ),
  }));
  return { ...made, body: JSON.stringify({ ...event, Attribute: [], Object }) };
}
