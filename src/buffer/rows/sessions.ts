/**
 * The rows of sessions as what they say. Pure.
 *
 * @module
 */
import {
  type AttackSessions,
  type FurtherItems,
  NO_SESSIONS,
  type SeenItem,
  SESSION_KINDS,
  type SessionDetail,
  type SessionEvidence,
  type SessionRow,
} from "../../session_evidence.ts";
import { storedJson } from "../sqlite/errors.ts";
import { optional, type Row } from "./row.ts";

/** The sessions of an attack; undefined: it has none. */
export function sessionsOf(
  sessions: readonly Row[],
  seen: readonly Row[],
  total: Row | undefined,
): AttackSessions | undefined {
  const rows = sessions.map((row): SessionRow => ({
    sensor: String(row.sensor),
    session: String(row.session),
    connects: Number(row.connects),
    logins: Number(row.logins),
    longestMs: Number(row.longest_ms),
    touchedAt: Number(row.touched_at),
  }));
  const items = seen.map(itemOf);
  if (rows.length + items.length === 0 && total === undefined) return undefined;
  const counted = total === undefined ? NO_SESSIONS : {
    sessions: Number(total.sessions),
    loggedIn: Number(total.logged_in),
    longestMs: Number(total.longest_ms),
  };
  const further = total === undefined ? {} : storedJson(String(total.further)) as FurtherItems;
  return { rows, counted, items, further };
}

/** What was seen in sessions. */
export function itemOf(row: Row): SeenItem {
  const expiredAt = optional(row.expired_at);
  return {
    ...(row.detail === null ? {} : storedJson(String(row.detail)) as SessionDetail),
    kind: SESSION_KINDS[Number(row.kind)]!,
    value: String(row.value),
    count: Number(row.count),
    firstSeen: Number(row.first_seen),
    lastSeen: Number(row.last_seen),
    ...(expiredAt === undefined ? {} : { expiredAt }),
  };
}

/** What a record holds of sessions beside its items, which have rows of their own. */
export type StoredSession = Omit<SessionEvidence, "items">;
