/**
 * What the sessions of a source leave in its event: files, addresses, clients, keys
 * (docs/contracts/misp.md 2). Commands and tunnels are in the event report only. Pure.
 *
 * @module
 */
import type { SourceRecord } from "../../model.ts";
import {
  itemsOf,
  type PayloadUrl,
  type SeenItem,
  type SessionEvidence,
} from "../../session_evidence.ts";
import { counted } from "../counted.ts";
import { mispTime } from "../misp_time.ts";
import {
  build,
  CATEGORIES,
  listedComment,
  type MispEventAttribute,
  type MispObject,
} from "../objects.ts";
import { EXPIRED, readableTime } from "../story.ts";
import { forMisp } from "../usernames.ts";
import { uuidV5 } from "../uuid.ts";

/** The lists on which an address of a file, or a file, is known as harmless or as somebody else's. */
export interface SessionFacts {
  /** @param hash SHA-256 in lower case @returns names of warning lists */
  readonly hashLists?: (hash: string) => readonly string[];
  /** @returns names of warning lists */
  readonly urlLists?: (url: string) => readonly string[];
}

/** How many of each are parts of an event; the report counts the others. */
export interface SessionPartLimits {
  readonly files: number;
  readonly urls: number;
  readonly keys: number;
  /** HASSHes; addresses of private networks. */
  readonly others: number;
}

/** Limits of the event of one source. */
export const SESSIONS_OF_SOURCE: SessionPartLimits = {
  ...{ files: 50, urls: 100, keys: 50, others: 20 },
};

/** Limits of each source in the event of a day, which hundreds may share. */
export const SESSIONS_OF_DAY: SessionPartLimits = {
  ...{ files: 10, urls: 10, keys: 5, others: 5 },
};

/** What is configured. */
export interface SessionPartRules {
  readonly correlatesHassh?: boolean;
}

/** The parts that sessions add to an event. */
export interface SessionParts {
  readonly Attribute: readonly MispEventAttribute[];
  readonly Object: readonly MispObject[];
}

type Items = Pick<SessionEvidence, "items">;

/** What of a source the parts are made from. */
export interface SessionSource
  extends Pick<SourceRecord, "sourceIp" | "eventUuid" | "retractedAt"> {
  readonly session?: Items | undefined;
}

/** What stands for a secret (`src/cowrie/session_secrets.ts`). */
const MASK = "***";

/** Longer texts are cut, bytes. */
const LONGEST_NAME = 255;
const LONGEST_URL = 2048;

/**
 * Builds the parts. Those of earlier reports are the ones that are kept, then those that came first: what
 * was published must stay, so that it can expire and be withdrawn.
 *
 * Nothing of a withdrawn source is for detection.
 */
export function sessionParts(
  record: SessionSource,
  limits: SessionPartLimits,
  { correlatesHassh = false }: SessionPartRules,
  facts: SessionFacts,
): SessionParts {
  const { session, eventUuid } = record;
  if (session === undefined) return { Attribute: [], Object: [] };
  const isTrusted = record.retractedAt === undefined;
  const context: Context = { record, facts, isTrusted };
  const payloads = firstOf(session, "payload", limits.files);
  const addresses = addressesOf(payloads, firstOf(session, "url", limits.urls));
  const open = addresses.filter(({ isPrivate }) => !isPrivate).slice(0, limits.urls);
  const inside = addresses.filter(({ isPrivate }) => isPrivate).slice(0, limits.others);
  const urls = open.map((address) => urlObject(context, address));
  const texts = inside.map(({ url }) => ({
    ...attributeOf(eventUuid, "text", forMisp(url, LONGEST_URL), "url-as-text"),
    category: "Network activity",
    comment: "a file was asked for here, in a private network",
  }));
  const uuidOfUrl = new Map([
    ...open.map(({ url }, at) => [url, urls[at]!.uuid] as const),
    ...inside.map(({ url }, at) => [url, texts[at]!.uuid] as const),
  ]);
  const clients = firstOf(session, "hassh", limits.others).map(({ value }) => ({
    ...attributeOf(eventUuid, "hassh-md5", value),
    disable_correlation: !correlatesHassh,
    comment: "fingerprint of an SSH client",
  }));
  const keys = firstOf(session, "key", limits.keys).map(({ value }) => ({
    ...attributeOf(eventUuid, "ssh-fingerprint", value),
    to_ids: isTrusted,
    disable_correlation: false,
    comment: "public key that was planted for later logins",
  }));
  return {
    Attribute: [...clients, ...keys, ...texts],
    Object: [...payloads.map((payload) => fileObject(context, payload, uuidOfUrl)), ...urls],
  };
}

/** How many attributes the sessions of a source have in the event of a day. */
export function sessionAttributes(session: Items | undefined): number {
  if (session === undefined) return 0;
  const source = { session, eventUuid: "", sourceIp: "", retractedAt: undefined };
  const { Attribute, Object } = sessionParts(source, SESSIONS_OF_DAY, {}, {});
  return Object.reduce((sum, object) => sum + object.Attribute.length, Attribute.length);
}

const expiredComment = (at: number | undefined): readonly string[] =>
  at === undefined ? [] : [`${EXPIRED}${readableTime(at)}, since no session brought it again`];

/** Whether an object is of a file or a URL that expired. */
export function isExpiredPart({ name, comment }: MispObject): boolean {
  return (name === "file" || name === "url") && comment.startsWith(EXPIRED);
}

interface Context {
  readonly record: SessionSource;
  readonly facts: SessionFacts;
  /** Whether what came from the source may go to detection. */
  readonly isTrusted: boolean;
}

function firstOf(
  session: Items,
  kind: SeenItem["kind"],
  most: number,
): readonly SeenItem[] {
  return itemsOf(session, kind).toSorted((one, other) =>
    (one.since ?? 0) - (other.since ?? 0) || one.firstSeen - other.firstSeen ||
    (one.value < other.value ? -1 : 1)
  ).slice(0, most);
}

/** An address that files were fetched from, or asked for. */
interface Address extends PayloadUrl {
  readonly since: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Whether a file came from it. */
  readonly gaveFile: boolean;
  /** How often it gave none. */
  readonly failed: number;
  /** When it expired; undefined: something that is for detection came from there. */
  readonly expiredAt: number | undefined;
}

/**
 * The addresses of files, and those that gave none, each once: those of earlier reports first, and the
 * earliest ones of each.
 */
function addressesOf(
  payloads: readonly SeenItem[],
  failed: readonly SeenItem[],
): readonly Address[] {
  const known = new Map<string, Address>();
  const add = (address: Address) => {
    const { url, gaveFile, isPrivate } = address;
    const before = known.get(url) ?? address;
    const add = before === address ? 0 : address.failed;
    const isExpired = address.expiredAt !== undefined && before.expiredAt !== undefined;
    known.set(url, {
      ...{ url, gaveFile: gaveFile || before.gaveFile, failed: before.failed + add },
      ...(isPrivate || before.isPrivate ? { isPrivate: true } : {}),
      since: Math.min(address.since, before.since),
      firstSeen: Math.min(address.firstSeen, before.firstSeen),
      lastSeen: Math.max(address.lastSeen, before.lastSeen),
      expiredAt: isExpired ? Math.max(address.expiredAt, before.expiredAt) : undefined,
    });
  };
  for (const { urls = [], since = 0, firstSeen, lastSeen, expiredAt } of payloads) {
    const seen = { since, firstSeen, lastSeen, expiredAt };
    for (const url of urls) add({ ...seen, ...url, gaveFile: true, failed: 0 });
  }
  for (const item of failed) {
    const { value: url, isPrivate, count, since = 0, firstSeen, lastSeen, expiredAt } = item;
    const where = isPrivate ? { url, isPrivate } : { url };
    add({ ...where, since, firstSeen, lastSeen, expiredAt, gaveFile: false, failed: count });
  }
  return [...known.values()].sort((one, other) =>
    one.since - other.since || one.firstSeen - other.firstSeen || (one.url < other.url ? -1 : 1)
  );
}

function fileObject(
  { record, facts, isTrusted }: Context,
  { value: hash, count, ways = [], names = [], size, urls = [], ...seen }: SeenItem,
  uuidOfUrl: ReadonlyMap<string, string>,
): MispObject {
  const { eventUuid, sourceIp } = record;
  const lists = facts.hashLists?.(hash) ?? [];
  const how = ways.length === 0 ? "" : ` (${ways.join(", ")})`;
  const object = build({
    ...{ eventUuid, name: "file", of: `${sourceIp}/${hash}`, seen: timesOf(seen) },
    comment: [...expiredComment(seen.expiredAt), `brought ${counted(count, "time")}${how}`]
      .join("; "),
  }, (attribute) => [
    {
      ...attribute("sha256", "sha256", hash),
      to_ids: isTrusted && lists.length === 0 && seen.expiredAt === undefined,
      disable_correlation: false,
      comment: listedComment(lists),
      ...timesOf(seen),
    },
    ...new Set(names.map((name) => forMisp(name, LONGEST_NAME))).values().map((name) =>
      attribute("filename", "filename", name, `filename/${name}`)
    ),
    ...(size === undefined ? [] : [attribute("size-in-bytes", "size-in-bytes", String(size))]),
  ]);
  const references = urls.flatMap(({ url }) => uuidOfUrl.get(url) ?? []).map((uuid) => ({
    uuid: uuidV5(object.uuid, `reference/downloaded-from/${uuid}`),
    object_uuid: object.uuid,
    referenced_uuid: uuid,
    relationship_type: "downloaded-from" as const,
  }));
  return references.length === 0 ? object : { ...object, ObjectReference: references };
}

function urlObject({ record, facts, isTrusted }: Context, address: Address): MispObject {
  const { eventUuid, sourceIp } = record;
  const { url, gaveFile, failed, expiredAt } = address;
  const value = forMisp(url, LONGEST_URL);
  const lists = facts.urlLists?.(url) ?? [];
  // Nothing can be found by an address that is not the real one.
  const isMasked = url.includes(MASK);
  const comment = [
    ...expiredComment(expiredAt),
    ...(gaveFile ? ["a file was downloaded from here"] : []),
    ...(failed === 0 ? [] : [`asked ${counted(failed, "time")} without getting a file`]),
    ...(isMasked ? ["a secret in it is masked"] : []),
  ].join("; ");
  return build(
    { eventUuid, name: "url", of: `${sourceIp}/${value}`, comment, seen: timesOf(address) },
    (attribute) => [{
      ...attribute("url", "url", value),
      to_ids: isTrusted && !isMasked && lists.length === 0 && expiredAt === undefined,
      disable_correlation: isMasked,
      comment: listedComment(lists),
      ...timesOf(address),
    }],
  );
}

/**
 * An attribute of the event itself. Sources that share an event share it too: MISP keeps one attribute of
 * a type and value only (docs/contracts/misp.md 7). So nothing in it is about one source.
 */
function attributeOf(
  eventUuid: string,
  type: string,
  value: string,
  key = type,
): MispEventAttribute {
  return {
    uuid: uuidV5(eventUuid, `attr/${key}/${value}`),
    type,
    category: CATEGORIES[type]!,
    value,
    to_ids: false,
    disable_correlation: true,
    distribution: "5",
    comment: "",
  };
}

function timesOf({ firstSeen, lastSeen }: Pick<SeenItem, "firstSeen" | "lastSeen">) {
  return { first_seen: mispTime(firstSeen), last_seen: mispTime(lastSeen) };
}
