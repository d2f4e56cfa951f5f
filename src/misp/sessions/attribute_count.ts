/**
 * How much of an event a source takes.
 *
 * @module
 */
import type { Location } from "../../model.ts";
import type { SeenItem } from "../../session_evidence.ts";
import { geolocationObject, networkObject } from "../objects.ts";
import { sessionAttributes } from "./session_parts.ts";

/** The address, and what its failure report has. */
const FIXED_ATTRIBUTES = 4;

/**
 * How many attributes a source has in the event of its day.
 *
 * @param session what is known of its sessions so far
 */
export function attributesOf(
  location: Location | undefined,
  session?: { readonly items: readonly SeenItem[] },
): number {
  const objects = location === undefined
    ? []
    : [...networkObject("", "", location), ...geolocationObject("", "", location)];
  return objects.reduce(
    (sum, object) => sum + object.Attribute.length,
    FIXED_ATTRIBUTES + sessionAttributes(session),
  );
}
