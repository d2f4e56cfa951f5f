/**
 * What one batch says of sessions, added up by source before it is written. Loaded only where an alert
 * is of a session.
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
  type SeenItem,
  SESSION_KINDS,
  type SessionDetail,
  type SessionItem,
  type SessionKind,
  type SessionLimits,
  type SessionTotals,
} from "../../../session_evidence.ts";
import type { SessionAlert } from "../../../model.ts";
import { storedJson } from "../errors.ts";
import { count, type Statements } from "../sql.ts";
import { storable } from "./batch.ts";

/** Counters of sessions that began, and of files that came, each time again. */
export const SESSIONS_BEGUN = "sessions";
export const PAYLOADS_BROUGHT = "payloads";
/** Counter of logins that a decoy accepted. */
export const DECOY_LOGINS = "decoy_logins";

/** More sessions of a source are counted without a row: a hostile one must not fill the table. */
const MOST_ROWS = 1000;

/** How a kind is stored: its place in the list of all. */
export function kindNumber(kind: SessionKind): number {
  return SESSION_KINDS.indexOf(kind);
}

/** What a kind adds beside its value, as a column holds it; null: nothing. */
export function detailText(item: SessionDetail): string | null {
  const detail = mergeDetail(item, {});
  return Object.keys(detail).length === 0 ? null : JSON.stringify(detail);
}

interface Session {
  readonly sensor: string;
  readonly session: string;
  connects: number;
  logins: number;
  longestMs: number;
}

interface SourceSessions {
  readonly sessions: Map<string, Session>;
  readonly items: Map<string, SeenItem>;
  furtherCommands: number;
}

/** Adds up what alerts say of sessions; `write()` merges it into the attacks. */
export class SessionBatch {
  readonly #sources = new Map<string, SourceSessions>();
  #begun = 0;
  #payloads = 0;
  #logins = 0;

  /** Adds what an alert says. */
  add(alert: SessionAlert): void {
    const known = this.#sources.get(alert.sourceIp);
    const source = known ?? { sessions: new Map(), items: new Map(), furtherCommands: 0 };
    if (known === undefined) this.#sources.set(alert.sourceIp, source);
    if (alert.isConnect) this.#begun++;
    if (alert.isLogin) this.#logins++;
    this.#payloads += alert.items.filter(({ kind }) => kind === "payload").length;
    addSession(source, alert);
    for (const item of alert.items) addItem(source, item, alert.at);
    source.furtherCommands += alert.furtherCommands;
  }

  /**
   * Merges everything into the tables.
   *
   * @param limits undefined: those of a default configuration
   */
  write(sql: Statements, limits: SessionLimits | undefined, now: number): void {
    // In the order of the tables' keys: neighbours share pages.
    const sources = [...this.#sources].sort(([one], [other]) => one < other ? -1 : 1);
    for (const [sourceIp, source] of sources) {
      const counted = writeSessions(sql, sourceIp, source, now);
      const further = addFurther(
        writeItems(sql, sourceIp, source, limits),
        { command: source.furtherCommands },
      );
      writeTotal(sql, sourceIp, counted, further);
    }
    if (this.#begun > 0) count(sql, SESSIONS_BEGUN, this.#begun);
    if (this.#logins > 0) count(sql, DECOY_LOGINS, this.#logins);
    if (this.#payloads > 0) count(sql, PAYLOADS_BROUGHT, this.#payloads);
  }
}

function addSession({ sessions }: SourceSessions, alert: SessionAlert): void {
  const sensor = storable(`${alert.sensor.id}@${alert.sensor.manager}`);
  const session = storable(alert.session);
  const key = `${sensor}\0${session}`;
  let known = sessions.get(key);
  if (known === undefined) {
    known = { sensor, session, connects: 0, logins: 0, longestMs: 0 };
    sessions.set(key, known);
  }
  if (alert.isConnect) known.connects++;
  if (alert.isLogin) known.logins++;
  known.longestMs = Math.max(known.longestMs, alert.durationMs ?? 0);
}

function addItem({ items }: SourceSessions, item: SessionItem, at: number): void {
  const value = storable(item.value);
  const key = `${item.kind} ${value}`;
  const known = items.get(key);
  items.set(key, {
    ...(known === undefined ? item : mergeDetail(known, item)),
    ...{ kind: item.kind, value, count: (known?.count ?? 0) + 1 },
    firstSeen: Math.min(known?.firstSeen ?? at, at),
    lastSeen: Math.max(known?.lastSeen ?? at, at),
  });
}

/** @returns the sessions that have no row, since there are too many */
function writeSessions(
  sql: Statements,
  sourceIp: string,
  { sessions }: SourceSessions,
  now: number,
): SessionTotals {
  let rows = Number(
    sql("SELECT count(*) AS n FROM attack_session WHERE source_ip = ?").get(sourceIp)?.n,
  );
  let counted = NO_SESSIONS;
  for (const { sensor, session, connects, logins, longestMs } of sessions.values()) {
    const { changes } = sql(
      `UPDATE attack_session SET connects = connects + ?, logins = logins + ?,
         longest_ms = max(longest_ms, ?), touched_at = max(touched_at, ?)
       WHERE source_ip = ? AND sensor = ? AND session = ?`,
    ).run(connects, logins, longestMs, now, sourceIp, sensor, session);
    if (Number(changes) > 0) continue;
    if (rows >= MOST_ROWS) {
      const loggedIn = Math.min(logins, Math.max(connects, 1));
      counted = addTotals(counted, { sessions: connects, loggedIn, longestMs });
      continue;
    }
    sql(
      `INSERT INTO attack_session (source_ip, sensor, session, connects, logins, longest_ms,
         touched_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ).run(sourceIp, sensor, session, connects, logins, longestMs, now);
    rows++;
  }
  return counted;
}

/** @returns how many items are only counted, since there are too many of their kind */
function writeItems(
  sql: Statements,
  sourceIp: string,
  { items }: SourceSessions,
  limits: SessionLimits | undefined,
): FurtherItems {
  if (items.size === 0) return {};
  const kept = new Map(
    sql("SELECT kind, count(*) AS n FROM attack_session_item WHERE source_ip = ? GROUP BY kind")
      .all(sourceIp).map(({ kind, n }) => [Number(kind), Number(n)]),
  );
  let further: FurtherItems = {};
  for (const item of items.values()) {
    const { kind, value, count, firstSeen, lastSeen } = item;
    const number = kindNumber(kind);
    const row = sql(
      "SELECT detail FROM attack_session_item WHERE source_ip = ? AND kind = ? AND value = ?",
    ).get(sourceIp, number, value);
    if (row !== undefined) {
      const known = row.detail === null ? {} : storedJson(String(row.detail)) as SessionDetail;
      sql(
        `UPDATE attack_session_item SET count = count + ?, first_seen = min(first_seen, ?),
           last_seen = max(last_seen, ?), detail = ?
         WHERE source_ip = ? AND kind = ? AND value = ?`,
      ).run(
        ...[count, firstSeen, lastSeen, detailText(mergeDetail(known, item))],
        ...[sourceIp, number, value],
      );
      continue;
    }
    const others = kept.get(number) ?? 0;
    if (others >= limitOf(kind, limits)) {
      further = addFurther(further, { [kind]: count });
      continue;
    }
    sql(
      `INSERT INTO attack_session_item (source_ip, kind, value, count, first_seen, last_seen,
         detail) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ).run(sourceIp, number, value, count, firstSeen, lastSeen, detailText(item));
    kept.set(number, others + 1);
  }
  return further;
}

/** Adds what is only counted: of most sources, nothing. */
export function writeTotal(
  sql: Statements,
  sourceIp: string,
  { sessions, loggedIn, longestMs }: SessionTotals,
  further: FurtherItems,
): void {
  if (sessions + loggedIn + longestMs === 0 && Object.keys(further).length === 0) return;
  const row = sql("SELECT further FROM attack_session_total WHERE source_ip = ?").get(sourceIp);
  const known = row === undefined ? {} : storedJson(String(row.further)) as FurtherItems;
  sql(
    `INSERT INTO attack_session_total (source_ip, sessions, logged_in, longest_ms, further)
     VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions,
       logged_in = logged_in + excluded.logged_in,
       longest_ms = max(longest_ms, excluded.longest_ms), further = excluded.further`,
  ).run(sourceIp, sessions, loggedIn, longestMs, JSON.stringify(addFurther(known, further)));
}
