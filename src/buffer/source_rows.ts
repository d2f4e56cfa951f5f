/**
 * Sources as other programs read them: JSON and CSV. Pure.
 *
 * @module
 */
import { oneLine } from "../text.ts";
import type { SourceRow } from "./sources.ts";

/** The state of a source on its way to MISP. */
export type StateWord = "refused" | "withdrawn" | "waiting" | "open" | "delivered" | "none";

/** The state of a source. The worst one counts, since it needs attention. */
export function stateOf({ reports, retractedAt, openedAt, deliveredTo }: SourceRow): StateWord {
  const newest = ["misp", "feed"].map((name) => reports.find(({ sink }) => sink === name));
  const isAny = (state: string) => newest.some((report) => report?.state === state);
  if (isAny("refused")) return "refused";
  if (retractedAt !== undefined) return "withdrawn";
  if (isAny("pending")) return "waiting";
  if (openedAt !== undefined) return "open";
  return deliveredTo.length > 0 ? "delivered" : "none";
}

/** ISO 8601, UTC. */
const time = (milliseconds: number | undefined) =>
  milliseconds === undefined ? null : new Date(milliseconds).toISOString();

/** `AS64500`; undefined: it is not known. */
export const networkOf = ({ sourceLocation }: SourceRow): string | undefined =>
  sourceLocation?.asn === undefined ? undefined : `AS${sourceLocation.asn}`;

/** A source in JSON. Times are ISO 8601, UTC; what is not known is null. */
export function sourceJson(row: SourceRow) {
  return {
    address: row.sourceIp,
    attempts: row.attempts.value,
    alerts: row.alerts,
    first_seen: time(row.firstSeen),
    last_seen: time(row.lastSeen),
    compromised: row.compromisedAt !== undefined,
    compromised_at: time(row.compromisedAt),
    state: stateOf(row),
    withdrawn_at: time(row.retractedAt),
    country: row.sourceLocation?.countryCode ?? null,
    network: networkOf(row) ?? null,
    organisation: row.sourceLocation?.organisation ?? null,
    event_uuid: row.eventUuid ?? null,
    delivered_to: row.deliveredTo,
  };
}

/** The first line of a list in CSV. */
export const SOURCE_CSV_HEAD = "address,attempts,alerts,first_seen,last_seen,compromised," +
  "compromised_at,state,withdrawn_at,country,network,organisation,event_uuid,delivered_to";

/** A source as a line of CSV (RFC 4180), without its end. */
export function sourceCsv(row: SourceRow): string {
  return Object.values(sourceJson(row)).map((value) =>
    csvField(Array.isArray(value) ? value.join(" ") : String(value ?? ""))
  ).join(",");
}

/** A spreadsheet would run a field that begins like a formula. */
function csvField(text: string): string {
  const line = oneLine(text);
  const safe = /^[=+\-@]/.test(line) ? `'${line}` : line;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
