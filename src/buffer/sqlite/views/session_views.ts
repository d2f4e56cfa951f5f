/**
 * What sources have in common, and what they did at a decoy.
 *
 * @module
 */
import {
  addItems,
  addTotals,
  NO_SESSIONS,
  type SeenItem,
  SESSION_KINDS,
  type SessionTotals,
  totalsOfRows,
} from "../../../session_evidence.ts";
import type {
  FoundKind,
  ItemSource,
  ItemView,
  NewPayload,
  NewPayloads,
  SessionCounts,
  SourceSessions,
} from "../../sessions.ts";
import { DECOY_LOGINS, PAYLOADS_BROUGHT, SESSIONS_BEGUN } from "../intake/session_batch.ts";
import { readSessions, seenItemOf } from "../outbox/session_rows.ts";
import type { Statements } from "../sql.ts";

/** Sources of a file that are counted for a list. */
const MOST_COUNTED = 1_000;
/** Rows that are gone through for new files: one file of many sources must not cost more. */
const MOST_ROWS = 5_000;

/** SQLite uses the partial index where the query repeats its condition. */
const of = (kind: FoundKind) => `kind = ${SESSION_KINDS.indexOf(kind)} AND kind IN (0, 3, 5)`;

/** Reads an item, and its sources up to a number. */
export function readItem(
  sql: Statements,
  kind: FoundKind,
  value: string,
  most: number,
): ItemView | undefined {
  const rows = sql(
    `SELECT * FROM source_session_item WHERE ${of(kind)} AND value = ? LIMIT ?`,
  ).all(value, most + 1);
  const items = rows.slice(0, most).map(seenItemOf);
  const item = joined(items);
  if (item === undefined) return undefined;
  const sources = items.map(({ count, firstSeen, lastSeen }, at): ItemSource => ({
    ...{ sourceIp: String(rows[at]!.source_ip), count, firstSeen, lastSeen },
  })).sort((one, other) =>
    other.lastSeen - one.lastSeen || (one.sourceIp < other.sourceIp ? -1 : 1)
  );
  return { item, sources, isMore: rows.length > most };
}

/** Reads the files that came for the first time since a moment. */
export function readNewPayloads(sql: Statements, since: number, most: number): NewPayloads {
  const recent = sql(
    `SELECT value FROM source_session_item WHERE kind = 3 AND first_seen > ?
     ORDER BY first_seen DESC LIMIT ?`,
  ).all(since, MOST_ROWS).map(({ value }) => String(value));
  const isNew = (value: string) => {
    const row = sql(
      "SELECT min(first_seen) AS at FROM source_session_item WHERE kind = 3 AND value = ?",
    ).get(value);
    return Number(row?.at) > since;
  };
  const values = [...new Set(recent)].filter(isNew);
  return {
    rows: values.slice(0, most).map((value) => newPayload(sql, value)),
    count: { value: values.length, isMore: recent.length === MOST_ROWS },
  };
}

function newPayload(sql: Statements, value: string): NewPayload {
  const { item, sources, isMore } = readItem(sql, "payload", value, MOST_COUNTED)!;
  return { item, sources: { value: sources.length, isMore } };
}

/** Reads what a source did at decoys: of its record and of its open attack. */
export function readSourceSessions(
  sql: Statements,
  sourceIp: string,
  recorded: SessionTotals | undefined,
): SourceSessions | undefined {
  const stored = sql("SELECT * FROM source_session_item WHERE source_ip = ?").all(sourceIp)
    .map(seenItemOf);
  const open = readSessions(sql, sourceIp);
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

/** Reads the sums. */
export function readSessionCounts(
  sql: Statements,
  counters: ReadonlyMap<string, number>,
): SessionCounts {
  const row = sql(
    `SELECT count(DISTINCT value) AS n FROM source_session_item WHERE ${of("payload")}`,
  ).get();
  return {
    sessions: counters.get(SESSIONS_BEGUN) ?? 0,
    logins: counters.get(DECOY_LOGINS) ?? 0,
    payloads: counters.get(PAYLOADS_BROUGHT) ?? 0,
    hashes: Number(row?.n ?? 0),
  };
}

/** One item of several sources, or of several attacks. */
function joined(items: readonly SeenItem[]): SeenItem | undefined {
  const [first, ...rest] = items;
  if (first === undefined) return undefined;
  return rest.reduce(addItems, first);
}
