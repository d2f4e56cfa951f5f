/**
 * The confidence of one source, from what the buffer shows of it: for pages and for commands. Pure.
 *
 * @module
 */
import type { SourceRow } from "../buffer/sources.ts";
import { DAY } from "../clock.ts";
import { type Confidence, confidenceOf } from "../confidence.ts";

/**
 * Adds up what is known of a source, as lists do.
 *
 * @param warninglists how many warning lists it is on
 */
export function confidenceOfSource(
  source: Pick<
    SourceRow,
    | "attempts"
    | "sensorCount"
    | "dayCount"
    | "firstSeen"
    | "lastSeen"
    | "compromisedAt"
    | "leftPayload"
  >,
  warninglists: number,
): Confidence {
  const { attempts, sensorCount, dayCount, firstSeen, lastSeen, compromisedAt, leftPayload } =
    source;
  const isOneDay = Math.floor(firstSeen / DAY) === Math.floor(lastSeen / DAY);
  return confidenceOf({
    sensors: Math.max(1, sensorCount),
    days: Math.max(isOneDay ? 1 : 2, dayCount),
    attempts: attempts.value,
    gotIn: compromisedAt !== undefined,
    leftPayload,
    warninglists,
  });
}
