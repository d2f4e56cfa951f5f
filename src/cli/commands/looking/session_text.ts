/**
 * What a source did at decoys, as text and as JSON. Attackers wrote most of it.
 *
 * @module
 */
import type { SourceSessions } from "../../../buffer/sessions.ts";
import { counted } from "../../terminal/counted.ts";

/** Items of each source that text shows. */
const SHOWN = 20;

const time = (milliseconds: number) => new Date(milliseconds).toISOString();

/** Sessions in JSON; null: there was none. */
export function sessionsJson(sessions: SourceSessions | undefined) {
  if (sessions === undefined) return null;
  const { totals, items } = sessions;
  return {
    sessions: totals.sessions,
    logged_in_to_decoy: totals.loggedIn,
    longest_seconds: totals.longestMs / 1000,
    items: items.map(({ kind, value, count, firstSeen, lastSeen, names = [], urls = [] }) => ({
      ...{ kind, value, times: count, first_seen: time(firstSeen), last_seen: time(lastSeen) },
      ...{ names, urls: urls.map(({ url }) => url) },
    })),
  };
}

/** Sessions in words: none without sessions. */
export function sessionLines(sessions: SourceSessions | undefined): readonly string[] {
  if (sessions === undefined) return [];
  const { totals, items } = sessions;
  const logins = `logged in to the decoy in ${totals.loggedIn}`;
  const lines = items.slice(0, SHOWN).map(({ kind, value, text = value, count }) =>
    `${String(count).padStart(8)}  ${kind} ${text}`
  );
  const more = items.length - lines.length;
  return [
    `${counted(totals.sessions, "session")}, ${logins}`,
    ...lines,
    ...(more === 0 ? [] : [`${counted(more, "more item")}; --json lists them`]),
  ];
}
