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
  const rows = await Promise.all(values.slice(0, most).map((value) => newPayload(sql, value)));
  return { rows, count: { value: values.length, isMore: recent.length === MOST_NEW_ROWS } };
}

async function newPayload(sql: Sql, value: string): Promise<NewPayload> {
  const { item, sources, isMore } = (await readItem(sql, "payload", value, MOST_COUNTED))!;
  return { item, sources: { value: sources.length, isMore } };
}

/** Reads what a source did at decoys: of its record and of its open attack. */
export async function readSourceSessions(
  sql: Sql,
  sourceIp: string,
  recorded: SessionTotals | undefined,
): Promise<SourceSessions | undefined> {
  const of = (table: string) => all(sql, `SELECT * FROM ${table} WHERE source_ip = $1`, sourceIp);
  const [items, sessions, live, [total]] = await Promise.all([
    of("source_session_item"),
    of("attack_session"),
    of("attack_session_item"),
    of("attack_session_total"),
  ]);
  return sourceSessionsOf(items.map(itemOf), sessionsOf(sessions, live, total), recorded);
}

/** How many different files there are. */
export async function countFiles(sql: Sql): Promise<number> {
  const row = await one(
    sql,
    `SELECT count(DISTINCT value_key) AS n FROM source_session_item
     WHERE kind = 3 AND kind IN (0, 3, 5)`,
  );
  return Number(row?.n ?? 0);
}
