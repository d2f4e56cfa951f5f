/**
 * What sources have in common, and what they did at a decoy.
 *
 * @module
 */
import { SESSION_KINDS, type SessionTotals } from "../../../session_evidence.ts";
import {
  itemView,
  MOST_COUNTED,
  MOST_NEW_ROWS,
  sessionCounts,
  sourceSessionsOf,
  statedView,
} from "../../rows/session_views.ts";
import { itemOf } from "../../rows/sessions.ts";
import type {
  FoundKind,
  ItemSource,
  ItemView,
  NewPayload,
  NewPayloads,
  SessionCounts,
  SourceSessions,
} from "../../sessions.ts";
import { readSessions } from "../outbox/session_rows.ts";
import type { Statements } from "../sql.ts";

/** SQLite uses the partial index where the query repeats its condition. */
const of = (kind: FoundKind) => `kind = ${SESSION_KINDS.indexOf(kind)} AND kind IN (0, 3, 5)`;

/** Reads an item, its sources up to a number, and what became of them. */
export function readItemOfSources(
  sql: Statements,
  kind: FoundKind,
  value: string,
  most: number,
): ItemView | undefined {
  const found = readItem(sql, kind, value, most);
  if (found === undefined) return undefined;
  const records = sql(
    `SELECT source_ip, compromised_at, retracted_at, expired_at
     FROM json_each(?) s CROSS JOIN source_record ON source_ip = s.value`,
  ).all(JSON.stringify(found.sources.map(({ sourceIp }) => sourceIp)));
  return statedView(found, records);
}

/** Reads an item, and its sources up to a number. */
export function readItem(
  sql: Statements,
  kind: FoundKind,
  value: string,
  most: number,
): ItemView<ItemSource> | undefined {
  const rows = sql(
    `SELECT * FROM source_session_item WHERE ${of(kind)} AND value = ? LIMIT ?`,
  ).all(value, most + 1);
  return itemView(rows, most);
}

/** Reads the files that came for the first time since a moment. */
export function readNewPayloads(sql: Statements, since: number, most: number): NewPayloads {
  const recent = sql(
    `SELECT value FROM source_session_item WHERE kind = 3 AND first_seen > ?
     ORDER BY first_seen DESC LIMIT ?`,
  ).all(since, MOST_NEW_ROWS).map(({ value }) => String(value));
  const isNew = (value: string) => {
    const row = sql(
      `SELECT min(first_seen) AS at FROM source_session_item WHERE ${of("payload")} AND value = ?`,
    ).get(value);
    return Number(row?.at) > since;
  };
  const values = [...new Set(recent)].filter(isNew);
  return {
    rows: values.slice(0, most).map((value) => newPayload(sql, value)),
    count: { value: values.length, isMore: recent.length === MOST_NEW_ROWS },
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
    .map(itemOf);
  return sourceSessionsOf(stored, readSessions(sql, sourceIp), recorded);
}

/** Reads the sums. */
export function readSessionCounts(
  sql: Statements,
  counters: ReadonlyMap<string, number>,
): SessionCounts {
  const row = sql(
    `SELECT count(DISTINCT value) AS n FROM source_session_item WHERE ${of("payload")}`,
  ).get();
  return sessionCounts(counters, Number(row?.n ?? 0));
}
