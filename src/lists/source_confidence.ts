/**
 * The confidence of one source, from what the buffer shows of it: for its page and for commands. Pure.
 *
 * @module
 */
import type { History } from "../buffer/rankings.ts";
import type { SourceView } from "../buffer/views.ts";
import { DAY } from "../clock.ts";
import { type Confidence, confidenceOf } from "./confidence.ts";

/**
 * Adds up what is known of a source, as lists do.
 *
 * @param month its history of the span `month`: a row for each day on which it was seen
 * @param warninglists how many warning lists it is on
 */
export function confidenceOfSource(
  source: Pick<SourceView, "attempts" | "sensors" | "firstSeen" | "lastSeen" | "compromisedAt">,
  month: History,
  warninglists: number,
): Confidence {
  const { attempts, sensors, firstSeen, lastSeen, compromisedAt } = source;
  const isOneDay = Math.floor(firstSeen / DAY) === Math.floor(lastSeen / DAY);
  return confidenceOf({
    sensors: Math.max(1, sensors.length),
    days: Math.max(isOneDay ? 1 : 2, month.rows.length),
    attempts: attempts.value,
    gotIn: compromisedAt !== undefined,
    warninglists,
  });
}
