/**
 * A source of a list, and which sources a list may have. Pure.
 *
 * @module
 */
import type { ListedRow } from "../buffer/listed.ts";
import type { ListQuery } from "../list_query.ts";
import { confidenceOf } from "../confidence.ts";

/** A source as lists show it. Times are milliseconds UTC. */
export interface ListEntry {
  readonly address: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly attempts: number;
  readonly sensors: number;
  readonly days: number;
  readonly gotIn: boolean;
  /** 0 to 100. */
  readonly confidence: number;
}

/** What keeps addresses out of every list, as it is configured now. */
export interface Gates {
  /** Why an address must not be published; undefined when it may be. */
  readonly refusal: (address: string) => string | undefined;
  /** The warning lists that it is on. */
  readonly warninglistsOf: (address: string) => readonly string[];
}

/** A source as lists show it. */
export function entryOf(row: ListedRow): ListEntry {
  const { firstSeen, lastSeen, attempts, sensors, days, leftPayload } = row;
  const gotIn = row.compromisedAt !== undefined;
  const { value } = confidenceOf({ sensors, days, attempts, gotIn, leftPayload });
  return {
    ...{ address: row.sourceIp, firstSeen, lastSeen, attempts, sensors, days, gotIn },
    confidence: value,
  };
}

/**
 * Whether a source may be in no list. The buffer may hold sources from before an address was allow-listed or
 * put on a warning list, so that all gates are asked again.
 */
export function isKeptOut(row: ListedRow, gates: Gates): boolean {
  return isWithdrawn(row) || isBarred(row.sourceIp, gates);
}

/** Whether an address may be in no list, whatever was seen of it. */
export function isBarred(address: string, gates: Gates): boolean {
  return gates.refusal(address) !== undefined || gates.warninglistsOf(address).length > 0;
}

/** Whether a source was taken back: by an operator, or because it was silent for too long. */
function isWithdrawn({ retractedAt, expiredAt }: ListedRow): boolean {
  return retractedAt !== undefined || expiredAt !== undefined;
}

/** Whether a list asks for a source. @param now milliseconds UTC */
export function isAskedFor(entry: ListEntry, query: ListQuery, now: number): boolean {
  return entry.lastSeen >= sinceOf(query, now) && entry.attempts >= query.minAttempts &&
    entry.sensors >= query.minSensors && (entry.gotIn || !query.gotIn);
}

/** Since when a source must have been seen, milliseconds UTC. */
export function sinceOf({ withinMs }: ListQuery, now: number): number {
  return withinMs === undefined ? 0 : now - withinMs;
}
