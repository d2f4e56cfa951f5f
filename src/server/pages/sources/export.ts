/**
 * A list of sources for other programs: JSON and CSV. Pure.
 *
 * @module
 */
import { networkName } from "../../../buffer/activity.ts";
import type { SourceRow } from "../../../buffer/sources.ts";
import type { Location } from "../../../model.ts";
import { oneLine } from "../../../text.ts";

/** A source as other programs get it. Times are ISO 8601; null: not known, or it did not happen. */
export interface SourceFields {
  readonly address: string;
  readonly attempts: number;
  /** Whether there are more attempts than were counted. */
  readonly attempts_at_least: boolean;
  readonly alerts: number;
  readonly first_seen: string;
  readonly last_seen: string;
  /** Whether a login succeeded on a honeypot. */
  readonly compromised: boolean;
  readonly compromised_at: string | null;
  readonly state: string;
  readonly country: string | null;
  readonly network: string | null;
  readonly organisation: string | null;
  readonly event_uuid: string | null;
}

/** The columns of the CSV form, in this order. */
const COLUMNS = [
  ...["address", "attempts", "attempts_at_least", "alerts", "first_seen", "last_seen"] as const,
  ...["compromised", "compromised_at", "state", "country", "network", "organisation"] as const,
  "event_uuid",
] as const satisfies readonly (keyof SourceFields)[];

/** A source in fields. */
export function fieldsOf(source: SourceRow, location: Location | undefined): SourceFields {
  const found = location ?? source.sourceLocation;
  const time = (at: number | undefined) => at === undefined ? null : new Date(at).toISOString();
  return {
    address: source.sourceIp,
    attempts: source.attempts.value,
    attempts_at_least: source.attempts.isMore,
    alerts: source.alerts,
    first_seen: new Date(source.firstSeen).toISOString(),
    last_seen: new Date(source.lastSeen).toISOString(),
    compromised: source.compromisedAt !== undefined,
    compromised_at: time(source.compromisedAt),
    state: stateWord(source),
    country: found?.countryCode ?? null,
    network: networkName(found) ?? null,
    organisation: found?.organisation ?? null,
    event_uuid: source.eventUuid ?? null,
  };
}

/** The state of a source on its way, in a word. The worst one counts, as on its page. */
export function stateWord(source: SourceRow): string {
  const newest = ["misp", "feed"].map((name) => source.reports.find(({ sink }) => sink === name));
  const isAny = (state: string) => newest.some((report) => report?.state === state);
  if (isAny("refused")) return "refused";
  if (source.retractedAt !== undefined) return "withdrawn";
  if (isAny("pending")) return "waiting";
  if (source.openedAt !== undefined) return "open";
  return source.deliveredTo.length > 0 ? "delivered" : "none";
}

/** CSV as RFC 4180 has it, with a line of names. */
export function csvOf(sources: readonly SourceFields[]): string {
  const lines = sources.map((source) => COLUMNS.map((column) => csvCell(source[column])));
  return [COLUMNS, ...lines].map((cells) => `${cells.join(",")}\r\n`).join("");
}

/**
 * A cell. A spreadsheet takes what begins with one of these characters for a formula, behind spaces
 * too, and a text may come from a database that somebody else fills.
 */
export function csvCell(value: string | number | boolean | null): string {
  if (typeof value !== "string") return value === null ? "" : String(value);
  const text = oneLine(value);
  const safe = /^\s*[=+\-@|%\uff1d\uff0b\uff0d\uff20\u2212]/.test(text) ? `'${text}` : text;
  return /[",;']|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
