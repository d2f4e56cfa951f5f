/**
 * Decides what of a session may become intelligence: nothing of our own networks does, and what is in a
 * private one is text only. Pure.
 *
 * @module
 */
import { canonicalAddress } from "../address.ts";
import { readSession, type SessionReading, type SessionRules } from "../cowrie/session_event.ts";
import { isLocalName, readUrl } from "../cowrie/session_files.ts";
import { MASK } from "../cowrie/session_secrets.ts";
import type { CowrieRules } from "../cowrie/record.ts";
import type { Guard } from "../guard/guard.ts";
import type { PayloadUrl, SessionItem } from "../session_evidence.ts";
import type { Alert } from "../wazuh/alert.ts";

/** Stands for an address of our own in what an attacker typed. */
const OWN_ADDRESS = "[own address]";

/** What sessions are decided by. */
export interface SessionIntakeRules extends CowrieRules {
  readonly guard: Guard;
  /** Undefined: sessions are not read (`session.enabled`). */
  readonly sessions?: SessionRules;
}

/**
 * Reads what a record of a decoy says of its session, without what must stay out.
 *
 * @param now milliseconds UTC, for an alert without a readable time
 */
export function decideSession(
  alert: Alert,
  rules: SessionIntakeRules,
  now: number,
): SessionReading {
  const { guard, sessions } = rules;
  if (sessions === undefined) return { reason: "not_an_attempt" };
  const clean = (text: string) => withoutOwn(text, guard, OWN_ADDRESS);
  const session = readSession(alert, now, rules, { ...sessions, clean });
  if ("reason" in session) return session;
  const reason = guard.refusal(session.sourceIp);
  if (reason !== undefined) return { reason };
  const items = session.items.flatMap((item) => guarded(item, guard) ?? []);
  // An item that stays out is counted as one, since nothing else of its record is left.
  const isAllOut = items.length === 0 && session.items.length > 0;
  return isAllOut ? { reason: "session_harmless" } : { ...session, items };
}

function guarded(item: SessionItem, guard: Guard): SessionItem | undefined {
  const { kind, value } = item;
  const clean = (text: string) => withoutOwn(text, guard, OWN_ADDRESS);
  if (kind === "url") {
    const url = guardedUrl({ url: value }, guard);
    return url === undefined
      ? undefined
      : { ...item, value: url.url, ...(url.isPrivate ? { isPrivate: true } : {}) };
  }
  if (kind === "payload") {
    const urls = (item.urls ?? []).flatMap((url) => guardedUrl(url, guard) ?? []);
    const { urls: _, names, ...rest } = item;
    return {
      ...rest,
      ...(names === undefined ? {} : { names: names.map(clean) }),
      ...(urls.length === 0 ? {} : { urls }),
    };
  }
  if (kind === "tunnel") {
    const host = value.slice(0, value.lastIndexOf(":")).replace(/^\[|\]$/g, "");
    return isOwn(host, guard) ? undefined : item;
  }
  return kind === "key" && item.comment !== undefined
    ? { ...item, comment: clean(item.comment) }
    : item;
}

function guardedUrl(given: PayloadUrl, guard: Guard): PayloadUrl | undefined {
  const { host = "" } = readUrl(given.url, true) ?? {};
  if (isOwn(host, guard)) return undefined;
  const address = canonicalAddress(host);
  const isPrivate = address === undefined
    ? isLocalName(host)
    : guard.refusal(address) === "special_address";
  const plain = withoutOwn(given.url, guard, MASK);
  const decoded = decodedOf(plain);
  const isHidden = withoutOwn(decoded, guard, MASK) !== decoded;
  const url = isHidden ? `${/^[^/]*\/\/[^/?#]*/.exec(plain)?.[0]}/${MASK}` : plain;
  return isPrivate ? { url, isPrivate } : { url };
}

/** An address without the escapes in which another one may hide, however often it was escaped. */
function decodedOf(url: string): string {
  let decoded = url;
  for (let times = 0; times < 3 && decoded.includes("%"); times++) {
    decoded = decoded.replaceAll(
      /%([2-7][0-9a-f])/gi,
      (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
  return decoded;
}

/** Whether a host is of our own networks, by its address or by its name. */
function isOwn(host: string, guard: Guard): boolean {
  const address = canonicalAddress(host);
  if (address === undefined) return guard.isOwnName(host);
  return guard.refusal(address) === "allow_listed";
}

/** Whatever may be an address or a name with a dot. */
const HOSTS = /(?<![0-9a-z_-])[0-9a-z_-]*(?:[.:][0-9a-z_-]*)+/gi;

/** A part of it: a name, an address of IPv4, or a port. */
const PARTS = /[^:]+/g;

/** An address of IPv4 in a longer word, such as `-h192.0.2.7` or `192.0.2.7.example.org`. */
const QUAD = /(?<![0-9.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)/g;

/** @param shown what stands for an address or a name of our own */
function withoutOwn(text: string, guard: Guard, shown: string): string {
  const ownOr = (word: string, other: (word: string) => string) => {
    const [, host = "", end = ""] = /^(.*?)([.:]*)$/.exec(word) ?? [];
    return isOwn(host.toLowerCase(), guard) ? `${shown}${end}` : other(word);
  };
  const inPart = (part: string) => part.replaceAll(QUAD, (quad) => ownOr(quad, () => quad));
  // `8080:192.0.2.7:80` has three parts, and one of IPv6 is an address only as a whole.
  return text.replaceAll(
    HOSTS,
    (found) => ownOr(found, () => found.replaceAll(PARTS, (part) => ownOr(part, inPart))),
  );
}
