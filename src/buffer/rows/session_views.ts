/**
 * What sources have in common, and what they did at a decoy, as rows say it. Pure.
 *
 * @module
 */
import {
  addItems,
  addTotals,
  type AttackSessions,
  NO_SESSIONS,
  type SeenItem,
  SESSION_KINDS,
  type SessionTotals,
  totalsOfRows,
} from "../../session_evidence.ts";
import { DECOY_LOGINS, PAYLOADS_BROUGHT, SESSIONS_BEGUN } from "../batch/session_batch.ts";
import type { ItemSource, ItemView, SessionCounts, SourceSessions } from "../sessions.ts";
import { optional, type Row } from "./row.ts";
import { itemOf } from "./sessions.ts";

/** Sources of a file that are counted for a list. */
export const MOST_COUNTED = 1_000;
/** Rows that are gone through for new files: one file of many sources must not cost more. */
export const MOST_NEW_ROWS = 5_000;

/** An item, and its sources up to a number; undefined: no source has it. */
export function itemView(rows: readonly Row[], most: number): ItemView<ItemSource> | undefined {
  const items = rows.slice(0, most).map(itemOf);
  const item = joined(items);
  if (item === undefined) return undefined;
  const sources = items.map(({ count, firstSeen, lastSeen }, at): ItemSource => ({
    ...{ sourceIp: String(rows[at]!.source_ip), count, firstSeen, lastSeen },
  })).sort((one, other) =>
    other.lastSeen - one.lastSeen || (one.sourceIp < other.sourceIp ? -1 : 1)
  );
  return { item, sources, isMore: rows.length > most };
}

/** An item with what became of its sources. @param records of these sources */
export function statedView(view: ItemView<ItemSource>, records: readonly Row[]): ItemView {
  const states = new Map(records.map((row) => [String(row.source_ip), row]));
  return {
    ...view,
    sources: view.sources.map((source) => {
      const row = states.get(source.sourceIp);
      return {
        ...source,
        compromisedAt: optional(row?.compromised_at),
        retractedAt: optional(row?.retracted_at),
        expiredAt: optional(row?.expired_at),
      };
    }),
  };
}

/** What a source did at decoys. @param recorded totals of its record */
export function sourceSessionsOf(
  stored: readonly SeenItem[],
  open: AttackSessions | undefined,
  recorded: SessionTotals | undefined,
): SourceSessions | undefined {
  if (recorded === undefined && stored.length === 0 && open === undefined) return undefined;
  const items = Map.groupBy(
    [...stored, ...open?.items ?? []],
    ({ kind, value }) => `${kind} ${value}`,
  ).values().map((same) => joined(same)!).toArray();
  const began = open === undefined ? NO_SESSIONS : addTotals(open.counted, totalsOfRows(open.rows));
  return {
    // The totals of a record have the sessions that still have rows.
    totals: recorded ?? began,
    items: items.sort((one, other) =>
      SESSION_KINDS.indexOf(one.kind) - SESSION_KINDS.indexOf(other.kind) ||
      other.count - one.count || (one.value < other.value ? -1 : 1)
    ),
  };
}

/** Sums since the buffer was made. @param hashes how many different files it knows */
export function sessionCounts(
  counters: ReadonlyMap<string, number>,
  hashes: number,
): SessionCounts {
  return {
    sessions: counters.get(SESSIONS_BEGUN) ?? 0,
    logins: counters.get(DECOY_LOGINS) ?? 0,
    payloads: counters.get(PAYLOADS_BROUGHT) ?? 0,
    hashes,
  };
}

/** One item of several sources, or of several attacks. */
function joined(items: readonly SeenItem[]): SeenItem | undefined {
  const [first, ...rest] = items;
  if (first === undefined) return undefined;
  return rest.reduce(addItems, first);
}
