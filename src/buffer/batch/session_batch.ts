/**
 * What one batch says of sessions, added up by source before it is written. Loaded only where an alert
 * is of a session.
 *
 * @module
 */
import {
  mergeDetail,
  type SeenItem,
  SESSION_KINDS,
  type SessionDetail,
  type SessionItem,
  type SessionKind,
} from "../../session_evidence.ts";
import type { SessionAlert } from "../../model.ts";
import { storable } from "./storable.ts";

/** Counters of sessions that began, and of files that came, each time again. */
export const SESSIONS_BEGUN = "sessions";
export const PAYLOADS_BROUGHT = "payloads";
/** Counter of logins that a decoy accepted. */
export const DECOY_LOGINS = "decoy_logins";

/** More sessions of a source are counted without a row: a hostile one must not fill the table. */
export const MOST_ROWS = 1000;

/** How a kind is stored: its place in the list of all. */
export function kindNumber(kind: SessionKind): number {
  return SESSION_KINDS.indexOf(kind);
}

/** What a kind adds beside its value, as a column holds it; null: nothing. */
export function detailText(item: SessionDetail): string | null {
  const detail = mergeDetail(item, {});
  return Object.keys(detail).length === 0 ? null : JSON.stringify(detail);
}

/** What a batch says of one session. */
export interface Session {
  readonly sensor: string;
  readonly session: string;
  connects: number;
  logins: number;
  longestMs: number;
}

/** What a batch says of the sessions of one source. */
export interface SourceSessions {
  readonly sessions: Map<string, Session>;
  readonly items: Map<string, SeenItem>;
  furtherCommands: number;
}

/** Adds up what alerts say of sessions. */
export class SessionBatch {
  readonly #sources = new Map<string, SourceSessions>();
  readonly #counters = new Map<string, number>();

  /** Adds what an alert says. */
  add(alert: SessionAlert): void {
    const known = this.#sources.get(alert.sourceIp);
    const source = known ?? { sessions: new Map(), items: new Map(), furtherCommands: 0 };
    if (known === undefined) this.#sources.set(alert.sourceIp, source);
    if (alert.isConnect) this.#count(SESSIONS_BEGUN, 1);
    if (alert.isLogin) this.#count(DECOY_LOGINS, 1);
    this.#count(PAYLOADS_BROUGHT, alert.items.filter(({ kind }) => kind === "payload").length);
    addSession(source, alert);
    for (const item of alert.items) addItem(source, item, alert.at);
    source.furtherCommands += alert.furtherCommands;
  }

  /** Counters and what is added to each. */
  get counters(): ReadonlyMap<string, number> {
    return this.#counters;
  }

  #count(name: string, by: number): void {
    if (by > 0) this.#counters.set(name, (this.#counters.get(name) ?? 0) + by);
  }

  /** What is known of each source, in the order of the tables' keys. */
  get sorted(): readonly (readonly [sourceIp: string, source: SourceSessions])[] {
    return [...this.#sources].sort(([one], [other]) => one < other ? -1 : 1);
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

function addItem({ items }: SourceSessions, found: SessionItem, at: number): void {
  const item = found.urls === undefined
    ? found
    : { ...found, urls: found.urls.map((url) => ({ ...url, firstSeen: at })) };
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
