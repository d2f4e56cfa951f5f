/**
 * Sources as other programs read them: JSON and CSV. Pure.
 *
 * @module
 */
import { networkName } from "../buffer/activity.ts";
import { oneLine } from "../text.ts";
import type { SourceRow } from "../buffer/sources.ts";
import type { Location } from "../model.ts";
import { confidenceOfSource } from "./source_confidence.ts";

/** The state of a source on its way to MISP. */
export type StateWord =
  | "refused"
  | "withdrawn"
  | "waiting"
  | "open"
  | "expired"
  | "delivered"
  | "none";

/** The state of a source. The worst one counts, since it needs attention. */
export function stateOf(row: SourceRow): StateWord {
  const { reports, retractedAt, expiredAt, openedAt, deliveredTo } = row;
  const newest = ["misp", "feed"].map((name) => reports.find(({ sink }) => sink === name));
  const isAny = (state: string) => newest.some((report) => report?.state === state);
  if (isAny("refused")) return "refused";
  if (retractedAt !== undefined) return "withdrawn";
  if (isAny("pending")) return "waiting";
  if (openedAt !== undefined) return "open";
  if (expiredAt !== undefined) return "expired";
  return deliveredTo.length > 0 ? "delivered" : "none";
}

/** ISO 8601, UTC. */
const time = (milliseconds: number | undefined) =>
  milliseconds === undefined ? null : new Date(milliseconds).toISOString();

/** What is looked up about a source, beside what the buffer knows. */
export interface LookedUp {
  /** By default what its own alerts say of it. */
  readonly location?: Location | undefined;
  /** Warning lists that it is on; by default none. */
  readonly warninglists?: number;
}

/** A source in JSON. Times are ISO 8601, UTC; what is not known is null. */
export function sourceJson(row: SourceRow, { location, warninglists = 0 }: LookedUp = {}) {
  const { countryCode, organisation } = location ?? row.sourceLocation ?? {};
  return {
    address: row.sourceIp,
    attempts: row.attempts.value,
    /** Whether there are more than were counted. */
    attempts_at_least: row.attempts.isMore,
    alerts: row.alerts,
    first_seen: time(row.firstSeen),
    last_seen: time(row.lastSeen),
    compromised: row.compromisedAt !== undefined,
    compromised_at: time(row.compromisedAt),
    state: stateOf(row),
    withdrawn_at: time(row.retractedAt),
    expired_at: time(row.expiredAt),
    country: countryCode ?? null,
    network: networkName(location ?? row.sourceLocation) ?? null,
    organisation: organisation ?? null,
    event_uuid: row.eventUuid ?? null,
    delivered_to: row.deliveredTo,
    sensor_count: row.sensorCount,
    day_count: row.dayCount,
    confidence: confidenceOfSource(row, warninglists).value,
  };
}

/** The first line of a list in CSV. */
export const SOURCE_CSV_HEAD = "address,attempts,attempts_at_least,alerts,first_seen,last_seen," +
  "compromised,compromised_at,state,withdrawn_at,expired_at,country,network,organisation,event_uuid,delivered_to," +
  "sensor_count,day_count,confidence";

/** A source as a line of CSV (RFC 4180), without its end. */
export function sourceCsv(row: SourceRow, lookedUp: LookedUp = {}): string {
  return Object.values(sourceJson(row, lookedUp))
    .map((value) => csvCell(Array.isArray(value) ? value.join(" ") : value as Cell)).join(",");
}

type Cell = string | number | boolean | null;

/**
 * A cell. A spreadsheet takes what begins with one of these characters for a formula, behind spaces
 * too, and a text may come from a database that somebody else fills.
 */
export function csvCell(value: Cell): string {
  if (typeof value !== "string") return value === null ? "" : String(value);
  const text = oneLine(value);
  const safe = /^\s*[=+\-@|%\uff1d\uff0b\uff0d\uff20\u2212]/.test(text) ? `'${text}` : text;
  return /[",;']|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
