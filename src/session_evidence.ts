/**
 * What attackers do once they are connected to a decoy shell: the records of sessions that everybody
 * shares. Alerts add to them, an attack and a source record hold them, a report shows them.
 *
 * @module
 */

/**
 * What an item of a session is, and what its `value` holds:
 *
 * - `hassh`: the hash of a client's algorithms, 32 hexadecimal digits in lower case
 * - `version`: what a client calls itself, such as `SSH-2.0-Go`
 * - `command`: a command with its white space evened out, without secrets unless `privacy.passwords`
 * - `payload`: the SHA-256 of a file that was brought, in lower case
 * - `url`: an address that a download was tried from and gave no file
 * - `key`: the fingerprint of a key that was planted, `SHA256:…`
 * - `tunnel`: `host:port` that a tunnel was asked for; an IPv6 address stands in brackets
 */
export type SessionKind =
  | "hassh"
  | "version"
  | "command"
  | "payload"
  | "url"
  | "key"
  | "tunnel";

/** How a file came: fetched from a URL, sent by the client, or written by a command. */
export type PayloadWay = "download" | "upload" | "written";

/** An address that a file was fetched from. */
export interface PayloadUrl {
  /** Without user name and password, unless `privacy.passwords`. */
  readonly url: string;
  /** Its host is a private or special address: it is text, and must not go to detection. */
  readonly isPrivate?: boolean;
  /** When the first file came from there, milliseconds UTC; undefined: as the file's own. */
  readonly firstSeen?: number;
  /** As of its file. */
  readonly since?: number;
}

/** What is known of an item beside its value; each field is of some kinds only. */
export interface SessionDetail {
  /** Of a command: as it was typed, on one line, where that is not its value. */
  readonly text?: string;
  /** Of a payload: names it was given, the first ones in order of the alphabet. */
  readonly names?: readonly string[];
  /** Of a payload: where it was fetched from, the earliest ones. */
  readonly urls?: readonly PayloadUrl[];
  /** Of a payload: whether it was fetched from more addresses than `urls` has. */
  readonly hasMoreUrls?: boolean;
  /** Of a payload, bytes. */
  readonly size?: number;
  readonly ways?: readonly PayloadWay[];
  /** Of a URL: see {@link PayloadUrl}. */
  readonly isPrivate?: boolean;
  /** Of a key: `ssh-rsa`. */
  readonly keyType?: string;
  /** Of a key, where it is harmless to show. */
  readonly comment?: string;
  /**
   * Of what an event may have as a part: how many reports of the source there were before it; left out: none.
   * Those of the earlier reports keep their places in an event that has not enough of them.
   */
  readonly since?: number;
}

/** One thing that one alert proves of a session. */
export interface SessionItem extends SessionDetail {
  readonly kind: SessionKind;
  readonly value: string;
}

/** An item, how often it came, and when. Times are milliseconds UTC, of the alerts' own clock. */
export interface SeenItem extends SessionItem {
  readonly count: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** When it expired, since no session of the source brought it again; of files and URLs only. */
  readonly expiredAt?: number;
}

/** Sessions added up. */
export interface SessionTotals {
  readonly sessions: number;
  /** How many of them got into the shell. */
  readonly loggedIn: number;
  /** The longest of those that ended, milliseconds. */
  readonly longestMs: number;
}

/** One connection to a decoy, until it is over. */
export interface SessionRow {
  readonly sensor: string;
  readonly session: string;
  /** 2 where its id came again; 0 where the alert of its begin did not come. */
  readonly connects: number;
  readonly logins: number;
  readonly longestMs: number;
  /** When its newest alert arrived here, milliseconds UTC. */
  readonly touchedAt: number;
}

/** How many items are counted only, by kind: there were more than the limits allow. */
export type FurtherItems = Readonly<Partial<Record<SessionKind, number>>>;

/** What sessions added to the open attack of a source. */
export interface AttackSessions {
  /** All sessions of the source that are not compacted, those of earlier reports too. */
  readonly rows: readonly SessionRow[];
  /** Of sessions beyond those that have rows. */
  readonly counted: SessionTotals;
  readonly items: readonly SeenItem[];
  readonly further: FurtherItems;
}

/** What is known of all sessions of a source in its event. */
export interface SessionEvidence {
  /** Of all sessions. */
  readonly totals: SessionTotals;
  /** Of those that are over; the rest of `totals` is counted again with the next snapshot. */
  readonly compacted: SessionTotals;
  /** By kind in the order of {@link SESSION_KINDS}, the most frequent first. */
  readonly items: readonly SeenItem[];
  readonly further: FurtherItems;
}

/** All kinds, in the order in which they are stored and shown. */
export const SESSION_KINDS: readonly SessionKind[] = [
  ...["hassh", "version", "command", "payload", "url", "key", "tunnel"] as const,
];

/** No sessions. */
export const NO_SESSIONS: SessionTotals = { sessions: 0, loggedIn: 0, longestMs: 0 };

/** The items of one kind, the most frequent first. */
export function itemsOf(
  { items }: Pick<SessionEvidence, "items">,
  kind: SessionKind,
): readonly SeenItem[] {
  return items.filter((item) => item.kind === kind);
}

/** How often something of a kind came in all, kept or only counted. */
export function timesOf(
  { items, further }: Pick<SessionEvidence, "items" | "further">,
  kind: SessionKind,
): number {
  return itemsOf({ items }, kind).reduce((sum, { count }) => sum + count, further[kind] ?? 0);
}

/** A payload has so many names and ways at most; the first ones of the alphabet are kept. */
const MOST_OF_DETAIL = 5;
/** A payload has so many addresses at most; the earliest ones are kept. */
const MOST_URLS = 20;

/** Puts together what two alerts say of one thing, whichever came first. */
export function mergeDetail(one: SessionDetail, other: SessionDetail): SessionDetail {
  const names = firstOnes([...one.names ?? [], ...other.names ?? []]);
  const ways = firstOnes([...one.ways ?? [], ...other.ways ?? []]);
  const known = mergedUrls([...one.urls ?? [], ...other.urls ?? []]);
  const urls = known.slice(0, MOST_URLS);
  const hasMoreUrls = one.hasMoreUrls || other.hasMoreUrls || known.length > urls.length;
  const text = firstOnes([one.text, other.text].filter(isText))[0];
  const comment = firstOnes([one.comment, other.comment].filter(isText))[0];
  const size = Math.max(one.size ?? -1, other.size ?? -1);
  const keyType = one.keyType ?? other.keyType;
  const since = one.since ?? other.since;
  return {
    ...(text === undefined ? {} : { text }),
    ...(names.length === 0 ? {} : { names }),
    ...(urls.length === 0 ? {} : { urls }),
    ...(hasMoreUrls ? { hasMoreUrls } : {}),
    ...(size < 0 ? {} : { size }),
    ...(ways.length === 0 ? {} : { ways }),
    ...(one.isPrivate || other.isPrivate ? { isPrivate: true } : {}),
    ...(keyType === undefined ? {} : { keyType }),
    ...(comment === undefined ? {} : { comment }),
    ...(since === undefined ? {} : { since }),
  };
}

/** Each address once, the earliest ones first. */
function mergedUrls(all: readonly PayloadUrl[]): readonly PayloadUrl[] {
  const known = new Map<string, PayloadUrl>();
  for (const url of all) {
    const before = known.get(url.url);
    if (before === undefined || (url.firstSeen ?? 0) < (before.firstSeen ?? 0)) {
      known.set(url.url, { ...before, ...url });
    }
  }
  return [...known.values()].sort((one, other) =>
    (one.firstSeen ?? 0) - (other.firstSeen ?? 0) || (one.url < other.url ? -1 : 1)
  );
}

/**
 * As {@link addItems}, but each address that is known already stays: it was published.
 *
 * @param since of addresses that are new; undefined: nothing was published yet
 */
export function extendItem(
  known: SeenItem,
  more: SeenItem,
  since: number | undefined,
): SeenItem {
  const sum = addItems(known, more);
  const { urls = [] } = known;
  const published = new Set(urls.map(({ url }) => url));
  const later = (sum.urls ?? []).filter(({ url }) => !published.has(url))
    .map((url) => since === undefined ? url : { ...url, since });
  const kept = mergedUrls([...urls, ...later.slice(0, Math.max(0, MOST_URLS - urls.length))]);
  return kept.length === 0 ? sum : { ...sum, urls: kept };
}

/**
 * One item that two attacks, or two sources, have in common. It has expired if it had when it was last
 * seen.
 */
export function addItems(one: SeenItem, other: SeenItem): SeenItem {
  const { expiredAt } = other.lastSeen > one.lastSeen ? other : one;
  return {
    ...mergeDetail(one, other),
    ...{ kind: one.kind, value: one.value, count: one.count + other.count },
    firstSeen: Math.min(one.firstSeen, other.firstSeen),
    lastSeen: Math.max(one.lastSeen, other.lastSeen),
    ...(expiredAt === undefined ? {} : { expiredAt }),
  };
}

/** Files and URLs that are for detection, as far as silence decides it. */
export function offeredItems(session: Pick<SessionEvidence, "items"> | undefined) {
  return (session?.items ?? []).filter(({ kind, expiredAt }) =>
    (kind === "payload" || kind === "url") && expiredAt === undefined
  );
}

/** Whether a file or a URL that had expired is for detection again. */
export function hasReturned(
  before: Pick<SessionEvidence, "items"> | undefined,
  now: Pick<SessionEvidence, "items"> | undefined,
): boolean {
  const expired = (before?.items ?? []).filter(({ expiredAt }) => expiredAt !== undefined);
  return expired.length > 0 &&
    offeredItems(now).some(({ kind, value }) =>
      expired.some((one) => one.kind === kind && one.value === value)
    );
}

/** Since when the first of them is silent, milliseconds UTC; undefined: none is for detection. */
export function silentFrom(
  session: Pick<SessionEvidence, "items"> | undefined,
): number | undefined {
  const times = offeredItems(session).map(({ lastSeen }) => lastSeen);
  return times.length === 0 ? undefined : Math.min(...times);
}

/**
 * Ends files and URLs.
 *
 * @param isSilent by when one was last seen, milliseconds UTC
 * @param now milliseconds UTC
 */
export function withExpiredItems<S extends Pick<SessionEvidence, "items">>(
  session: S,
  isSilent: (lastSeen: number) => boolean,
  now: number,
): S {
  const ended = new Set(offeredItems(session).filter(({ lastSeen }) => isSilent(lastSeen)));
  return {
    ...session,
    items: session.items.map((item) => ended.has(item) ? { ...item, expiredAt: now } : item),
  };
}

const isText = (text: string | undefined): text is string => text !== undefined;

function firstOnes<Text extends string>(texts: readonly Text[]): readonly Text[] {
  return [...new Set(texts)].sort().slice(0, MOST_OF_DETAIL);
}

/** Sessions of two parts together. */
export function addTotals(one: SessionTotals, other: SessionTotals): SessionTotals {
  return {
    sessions: one.sessions + other.sessions,
    loggedIn: one.loggedIn + other.loggedIn,
    longestMs: Math.max(one.longestMs, other.longestMs),
  };
}

/** What sessions come to that have rows. */
export function totalsOfRows(rows: readonly SessionRow[]): SessionTotals {
  return rows.reduce((totals, { connects, logins, longestMs }) => {
    const sessions = Math.max(connects, 1);
    return addTotals(totals, { sessions, loggedIn: Math.min(logins, sessions), longestMs });
  }, NO_SESSIONS);
}

/** Counts further items of a kind. */
export function addFurther(one: FurtherItems, other: FurtherItems): FurtherItems {
  const sum = { ...one };
  for (const kind of SESSION_KINDS) {
    const count = (one[kind] ?? 0) + (other[kind] ?? 0);
    if (count > 0) sum[kind] = count;
  }
  return sum;
}

/** How many different items of each kind are kept. */
export interface SessionLimits {
  readonly maxCommands: number;
  /** Of each other kind. */
  readonly maxItems: number;
}

/** The limits of a default configuration. */
export const SESSION_LIMITS: SessionLimits = { maxCommands: 50, maxItems: 50 };

/** How many different items of a kind are kept. */
export function limitOf(kind: SessionKind, limits: SessionLimits = SESSION_LIMITS): number {
  return kind === "command" ? limits.maxCommands : limits.maxItems;
}

/** Whether a source did more than to connect and to guess: it is published without an attempt, too. */
export function isHandsOn({ totals, items, further }: SessionEvidence): boolean {
  return totals.loggedIn > 0 || (further.command ?? 0) > 0 ||
    items.some(({ kind }) => kind !== "hassh" && kind !== "version");
}
