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
import { itemOf, sessionsOf } from "../../rows/sessions.ts";
import type {
  FoundKind,
  ItemSource,
  ItemView,
  NewPayload,
  NewPayloads,
  SessionCounts,
  SourceSessions,
} from "../../sessions.ts";
import { keyText } from "../keys.ts";
import { all, one, type Sql } from "../sql.ts";

/** Reads an item, its sources up to a number, and what became of them. */
export async function readItemOfSources(
  sql: Sql,
  kind: FoundKind,
  value: string,
  most: number,
): Promise<ItemView | undefined> {
  const found = await readItem(sql, kind, value, most);
  if (found === undefined) return undefined;
  const records = await all(
    sql,
    `SELECT source_ip, compromised_at, retracted_at, expired_at FROM source_record
     WHERE source_ip = ANY($1)`,
    found.sources.map(({ sourceIp }) => sourceIp),
  );
  return statedView(found, records);
}

/** Reads an item, and its sources up to a number. */
async function readItem(
  sql: Sql,
  kind: FoundKind,
  value: string,
  most: number,
): Promise<ItemView<ItemSource> | undefined> {
  const rows = await all(
    sql,
    `SELECT * FROM source_session_item WHERE kind = $1 AND kind IN (0, 3, 5) AND value_key = $2
     LIMIT $3`,
    ...[SESSION_KINDS.indexOf(kind), keyText(value), most + 1],
  );
  return itemView(rows, most);
}

/** Reads the files that came for the first time since a moment. */
export async function readNewPayloads(
  sql: Sql,
  since: number,
  most: number,
): Promise<NewPayloads> {
  const recent = await all(
    sql,
    `SELECT i.value, NOT EXISTS (SELECT 1 FROM source_session_item e
         WHERE e.kind = 3 AND e.kind IN (0, 3, 5) AND e.value_key = i.value_key AND e.first_seen <= $1) AS is_new
     FROM source_session_item i WHERE i.kind = 3 AND i.first_seen > $1
     ORDER BY i.first_seen DESC LIMIT $2`,
    since,
    MOST_NEW_ROWS,
  );
  const values = [
    ...new Set(
      recent.filter(({ is_new }) => is_new === true).map(({ value }) => String(value)),
    ),
  ];
  const rows: NewPayload[] = [];
  for (const value of values.slice(0, most)) {
    const { item, sources, isMore } = (await readItem(sql, "payload", value, MOST_COUNTED))!;
    rows.push({ item, sources: { value: sources.length, isMore } });
  }
  return { rows, count: { value: values.length, isMore: recent.length === MOST_NEW_ROWS } };
}

/** Reads what a source did at decoys: of its record and of its open attack. */
export async function readSourceSessions(
  sql: Sql,
  sourceIp: string,
  recorded: SessionTotals | undefined,
): Promise<SourceSessions | undefined> {
  const of = (table: string) => all(sql, `SELECT * FROM ${table} WHERE source_ip = $1`, sourceIp);
  const [total] = await of("attack_session_total");
  return sourceSessionsOf(
    (await of("source_session_item")).map(itemOf),
    sessionsOf(await of("attack_session"), await of("attack_session_item"), total),
    recorded,
  );
}

/** Reads the sums. */
export async function readSessionCounts(
  sql: Sql,
  counters: ReadonlyMap<string, number>,
): Promise<SessionCounts> {
  const row = await one(
    sql,
    `SELECT count(DISTINCT value_key) AS n FROM source_session_item
     WHERE kind = 3 AND kind IN (0, 3, 5)`,
  );
  return sessionCounts(counters, Number(row?.n ?? 0));
}
