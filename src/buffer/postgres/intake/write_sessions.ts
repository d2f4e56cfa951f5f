/**
 * What a batch says of sessions, into the tables, for all its sources at once.
 *
 * @module
 */
import {
  addFurther,
  addTotals,
  type FurtherItems,
  limitOf,
  mergeDetail,
  NO_SESSIONS,
  type SessionDetail,
  type SessionLimits,
  type SessionTotals,
} from "../../../session_evidence.ts";
import {
  detailText,
  kindNumber,
  MOST_ROWS,
  type SessionBatch,
  type SourceSessions,
} from "../../batch/session_batch.ts";
import { type Cell, columnsOf, type Rows } from "../columns.ts";
import { keyText } from "../keys.ts";
import { all, count, type Sql } from "../sql.ts";
import { writeRows } from "./tables.ts";

type Sources = readonly (readonly [sourceIp: string, source: SourceSessions])[];

const SESSIONS: Rows = {
  into: `INSERT INTO attack_session AS t (source_ip, sensor, session, connects, logins, longest_ms,
    touched_at)`,
  keys: 3,
  types: ["text", "text", "text", "bigint", "bigint", "bigint", "bigint"],
  onConflict: `ON CONFLICT (source_ip, sensor, session) DO UPDATE SET
    connects = t.connects + excluded.connects, logins = t.logins + excluded.logins,
    longest_ms = greatest(t.longest_ms, excluded.longest_ms),
    touched_at = greatest(t.touched_at, excluded.touched_at)`,
};

const ITEMS: Rows = {
  into: `INSERT INTO attack_session_item AS t (source_ip, kind, value_key, value, count, first_seen,
    last_seen, detail)`,
  keys: 3,
  types: ["text", "bigint", "text", "text", "bigint", "bigint", "bigint", "text"],
  onConflict: `ON CONFLICT (source_ip, kind, value_key) DO UPDATE SET
    count = t.count + excluded.count, first_seen = least(t.first_seen, excluded.first_seen),
    last_seen = greatest(t.last_seen, excluded.last_seen), detail = excluded.detail`,
};

const TOTALS: Rows = {
  into:
    `INSERT INTO attack_session_total AS t (source_ip, sessions, logged_in, longest_ms, further)`,
  keys: 1,
  types: ["text", "bigint", "bigint", "bigint", "text"],
  onConflict: `ON CONFLICT (source_ip) DO UPDATE SET sessions = t.sessions + excluded.sessions,
    logged_in = t.logged_in + excluded.logged_in,
    longest_ms = greatest(t.longest_ms, excluded.longest_ms), further = excluded.further`,
};

/**
 * Merges sessions into the tables. The attacks of their sources are locked.
 *
 * @param limits undefined: those of a default configuration
 */
export async function writeSessionBatch(
  sql: Sql,
  batch: SessionBatch,
  limits: SessionLimits | undefined,
  now: number,
): Promise<void> {
  const sources = batch.sorted;
  if (sources.length === 0) return;
  const counted = await writeSessions(sql, sources, now);
  const further = await writeItems(sql, sources, limits);
  count(sql, batch.counters);
  await writeTotals(
    sql,
    sources.map(([sourceIp, { furtherCommands }]) => ({
      sourceIp,
      totals: counted.get(sourceIp) ?? NO_SESSIONS,
      further: addFurther(further.get(sourceIp) ?? {}, { command: furtherCommands }),
    })),
  );
}

/** @returns of each source the sessions that have no row, since there are too many */
async function writeSessions(
  sql: Sql,
  sources: Sources,
  now: number,
): Promise<ReadonlyMap<string, SessionTotals>> {
  const counts = new Map(
    (await all(
      sql,
      `SELECT source_ip, count(*) AS n FROM attack_session WHERE source_ip = ANY($1)
       GROUP BY source_ip`,
      sources.map(([sourceIp]) => sourceIp),
    )).map(({ source_ip, n }) => [String(source_ip), Number(n)]),
  );
  const full = sources.filter(([sourceIp, { sessions }]) =>
    (counts.get(sourceIp) ?? 0) + sessions.size > MOST_ROWS
  ).map(([sourceIp]) => sourceIp);
  const known = new Set(
    full.length === 0 ? [] : (await all(
      sql,
      "SELECT source_ip, sensor, session FROM attack_session WHERE source_ip = ANY($1)",
      full,
    )).map(({ source_ip, sensor, session }) => `${source_ip}\0${sensor}\0${session}`),
  );
  const rows: Cell[][] = [];
  const counted = new Map<string, SessionTotals>();
  for (const [sourceIp, { sessions }] of sources) {
    let stored = counts.get(sourceIp) ?? 0;
    for (const one of sessions.values()) {
      const { connects, logins, longestMs } = one;
      const [sensor, session] = [keyText(one.sensor), keyText(one.session)];
      const isNew = !known.has(`${sourceIp}\0${sensor}\0${session}`);
      if (isNew && full.includes(sourceIp) && stored >= MOST_ROWS) {
        const loggedIn = Math.min(logins, Math.max(connects, 1));
        const before = counted.get(sourceIp) ?? NO_SESSIONS;
        counted.set(sourceIp, addTotals(before, { sessions: connects, loggedIn, longestMs }));
        continue;
      }
      if (isNew) stored++;
      rows.push([sourceIp, sensor, session, connects, logins, longestMs, now]);
    }
  }
  writeRows(sql, [SESSIONS, rows]);
  return counted;
}

/** @returns of each source how many items are only counted, since there are too many of their kind */
async function writeItems(
  sql: Sql,
  sources: Sources,
  limits: SessionLimits | undefined,
): Promise<ReadonlyMap<string, FurtherItems>> {
  const keys = sources.flatMap(([sourceIp, { items }]) =>
    items.values().map(({ kind, value }) => [sourceIp, kindNumber(kind), keyText(value)]).toArray()
  );
  const further = new Map<string, FurtherItems>();
  if (keys.length === 0) return further;
  const details = new Map(
    (await all(
      sql,
      `SELECT source_ip, kind, value_key, detail FROM attack_session_item
       JOIN unnest($1::text[], $2::bigint[], $3::text[]) AS n (source_ip, kind, value_key)
       USING (source_ip, kind, value_key)`,
      ...columnsOf(keys, 3),
    )).map(({ source_ip, kind, value_key, detail }) => [
      `${source_ip} ${kind} ${value_key}`,
      detail === null ? {} : JSON.parse(String(detail)) as SessionDetail,
    ]),
  );
  const kept = new Map(
    (await all(
      sql,
      `SELECT source_ip, kind, count(*) AS n FROM attack_session_item WHERE source_ip = ANY($1)
       GROUP BY source_ip, kind`,
      sources.map(([sourceIp]) => sourceIp),
    )).map(({ source_ip, kind, n }) => [`${source_ip} ${kind}`, Number(n)]),
  );
  const rows: Cell[][] = [];
  for (const [sourceIp, { items }] of sources) {
    for (const item of items.values()) {
      const { kind, value, count, firstSeen, lastSeen } = item;
      const [number, key] = [kindNumber(kind), keyText(value)];
      const known = details.get(`${sourceIp} ${number} ${key}`);
      const others = kept.get(`${sourceIp} ${number}`) ?? 0;
      if (known === undefined && others >= limitOf(kind, limits)) {
        further.set(sourceIp, addFurther(further.get(sourceIp) ?? {}, { [kind]: count }));
        continue;
      }
      if (known === undefined) kept.set(`${sourceIp} ${number}`, others + 1);
      const detail = detailText(known === undefined ? item : mergeDetail(known, item));
      rows.push([sourceIp, number, key, value, count, firstSeen, lastSeen, detail]);
    }
  }
  writeRows(sql, [ITEMS, rows]);
  return further;
}

interface Counted {
  readonly sourceIp: string;
  readonly totals: SessionTotals;
  readonly further: FurtherItems;
}

/** Adds what is only counted: of most sources, nothing. */
async function writeTotals(sql: Sql, counted: readonly Counted[]): Promise<void> {
  const any = counted.filter(({ totals: { sessions, loggedIn, longestMs }, further }) =>
    sessions + loggedIn + longestMs > 0 || Object.keys(further).length > 0
  );
  if (any.length === 0) return;
  const known = new Map(
    (await all(
      sql,
      "SELECT source_ip, further FROM attack_session_total WHERE source_ip = ANY($1)",
      any.map(({ sourceIp }) => sourceIp),
    )).map((row) => [String(row.source_ip), JSON.parse(String(row.further)) as FurtherItems]),
  );
  const rows = any.map(({ sourceIp, totals: { sessions, loggedIn, longestMs }, further }) => [
    ...[sourceIp, sessions, loggedIn, longestMs],
    JSON.stringify(addFurther(known.get(sourceIp) ?? {}, further)),
  ]);
  writeRows(sql, [TOTALS, rows]);
}
