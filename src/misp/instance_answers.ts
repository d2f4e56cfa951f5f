/**
 * What answers and failures show about an instance and the role of the key. Pure.
 *
 * @module
 */
import { pauseAsked } from "./answers.ts";
import type { Answer } from "../http.ts";
import { type Fields, isFields } from "../json.ts";
import { Unreachable } from "./client.ts";
import { redirectionOf, strangerOf } from "./line/page.ts";

/** The rights of a key: the flags of its role, all of them off for a key that only reads. */
export interface Rights {
  readonly perm_add: boolean;
  readonly perm_modify: boolean;
  readonly perm_modify_org: boolean;
  readonly perm_publish: boolean;
  readonly perm_sighting: boolean;
  readonly perm_tagger: boolean;
  readonly perm_tag_editor: boolean;
  readonly perm_site_admin: boolean;
}

/** An instance and the role of the key there. Plain JSON, so that it can be stored. */
export interface Instance {
  /** Such as `2.5.1`. */
  readonly version: string;
  readonly role: string;
  readonly organisation: { readonly name: string; readonly uuid: string };
  readonly rights: Rights;
  /** Whether the key itself is read-only, whatever its role may do. */
  readonly isReadOnly: boolean;
  /** Wanted tags that the instance does not have; null when it did not list its tags. */
  readonly missingTags: readonly string[] | null;
  /** MISP's clock minus ours, milliseconds, exact to a second; null when MISP sent no time. */
  readonly clockAheadMs: number | null;
}

/** The kinds of reasons why an instance cannot be used. */
export type ProblemKind =
  /** No connection, no whole answer, or no answer in time. */
  | "unreachable"
  /** Its certificate is not trusted, or one side does not speak TLS. */
  | "tls"
  /** The proxy that `misp.proxy` names does not let us through. */
  | "proxy"
  /** The program's own permissions do not allow it. */
  | "not_permitted"
  | "wrong_key"
  | "user_disabled"
  /** The key may not be used from our address. */
  | "wrong_address"
  /** The role may not make this request. */
  | "no_right"
  /** A redirect to the login page: a wrong key, or maintenance (docs/contracts/misp.md 8.1). */
  | "login"
  /** A redirect to another address. */
  | "moved"
  /** It answers, but not like MISP. */
  | "not_misp"
  /** PHP writes its notices in front of MISP's answers. */
  | "php_notice"
  /** 429 or 5xx: MISP, or a proxy before it, does not work or is overloaded. */
  | "failing";

/** Why an instance cannot be used. The reason is one line and holds no secret. */
export interface Problem {
  readonly kind: ProblemKind;
  readonly reason: string;
  /** The pause that the answer asks for, milliseconds. */
  readonly afterMs?: number;
}

/**
 * The problem of an answer that should be a JSON object.
 *
 * @param now milliseconds UTC: a proxy may name the time until which to pause
 * @returns undefined when the answer has no problem
 */
export function problemOf(answer: Answer, now: number): Problem | undefined {
  const { status } = answer;
  const message = line(fields(answer.json).message, "no reason given");
  if (status >= 300 && status < 400) return redirectionOf(answer);
  if (status === 429 || status >= 500 && status !== 511) {
    const reason = `MISP, or the proxy before it, answered ${status}`;
    const afterMs = pauseAsked(answer, now);
    return { kind: "failing", reason, ...(afterMs === undefined ? {} : { afterMs }) };
  }
  const stranger = strangerOf(answer);
  if (stranger !== undefined) return stranger;
  if (status === 401 || status === 403) return forbidden(message);
  if (status !== 200) return { kind: "not_misp", reason: `it answered ${status}: ${message}` };
  if (!isFields(answer.json)) {
    return { kind: "not_misp", reason: "its answer is not a JSON object" };
  }
  return undefined;
}

/** Every refusal is a 403, and only its text shows the kind (docs/contracts/misp.md 8.1, 8.10). */
function forbidden(message: string): Problem {
  const reason = `MISP says: ${message}`;
  if (/account has been disabled/.test(message)) return { kind: "user_disabled", reason };
  if (/^Authentication failed/.test(message)) {
    return { kind: "wrong_key", reason: "MISP does not know this key, or it has expired" };
  }
  if (/Auth key from your IP/.test(message)) return { kind: "wrong_address", reason };
  return { kind: "no_right", reason };
}

/** The problem of a request without an answer. Deno's failures differ in their texts only. */
export function problemOfFailure(error: Unreachable): Problem {
  const reason = line(error.message, "MISP cannot be reached");
  if (error.cause instanceof Deno.errors.NotCapable) return { kind: "not_permitted", reason };
  if (/^the proxy /.test(reason)) return { kind: "proxy", reason };
  const isTls = /peer certificate|corrupt message|handshake|fatal alert|invalid HTTP version/i
    .test(reason);
  return { kind: isTls ? "tls" : "unreachable", reason };
}

/** The version in the answer of getVersion; undefined when it is not MISP's answer. */
export function versionOf(json: unknown): string | undefined {
  const { version } = fields(json);
  return typeof version === "string" && /^\d+\.\d+\.\d+/.test(version)
    ? line(version, "").slice(0, 40)
    : undefined;
}

/**
 * Role and organisation, from `/users/view/me` and getVersion.
 *
 * The first shows the role as it is in MISP's database, getVersion shows what this key may do. Where they
 * differ, the key only reads (MISP 2.5 `AuthKey::setUserData`).
 *
 * @returns undefined when the first has no role
 */
export function roleOf(
  me: unknown,
  version: unknown,
): Pick<Instance, "role" | "organisation" | "rights" | "isReadOnly"> | undefined {
  const { Role, Organisation } = fields(me);
  if (!isFields(Role)) return undefined;
  const granted = fields(version);
  const isReadOnly = ["perm_sighting", "perm_galaxy_editor", "perm_analyst_data", "perm_sync"]
    .some((flag) => isSet(Role[flag]) && flag in granted && !isSet(granted[flag]));
  const may = (flag: keyof Rights) => !isReadOnly && isSet(Role[flag]);
  const { name, uuid } = fields(Organisation);
  return {
    role: line(Role.name, "?"),
    organisation: { name: line(name, "?"), uuid: line(uuid, "") },
    rights: {
      perm_add: may("perm_add"),
      perm_modify: may("perm_modify"),
      perm_modify_org: may("perm_modify_org"),
      perm_publish: may("perm_publish"),
      perm_sighting: may("perm_sighting"),
      perm_tagger: may("perm_tagger"),
      perm_tag_editor: may("perm_tag_editor"),
      perm_site_admin: may("perm_site_admin"),
    },
    isReadOnly,
  };
}

/** The wanted tags that a list of tags lacks, in any case; null when the answer is not such a list. */
export function missingTags(index: unknown, wanted: readonly string[]): readonly string[] | null {
  const { Tag } = fields(index);
  if (!Array.isArray(Tag)) return null;
  const known = new Set(Tag.map((tag: unknown) => String(fields(tag).name).toLowerCase()));
  return wanted.filter((name) => !known.has(name.toLowerCase()));
}

/**
 * MISP's clock minus ours, milliseconds: the smallest difference that explains the answer.
 *
 * @param sentAt the time of the request, milliseconds UTC
 * @param receivedAt the time of its answer, milliseconds UTC
 * @returns null when the answer has no readable `Date`
 */
export function clockAhead(headers: Headers, sentAt: number, receivedAt: number): number | null {
  const date = Date.parse(headers.get("Date") ?? "");
  if (Number.isNaN(date)) return null;
  // The header names a second that had begun, and MISP wrote it between the two times.
  if (date > receivedAt) return date - receivedAt;
  return Math.min(0, date + 999 - sentAt);
}

/** Whether a version such as `2.4.166` is older than another. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(".").map((part) => parseInt(part, 10)));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function fields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** Older instances write flags as 1 and "1". */
function isSet(flag: unknown): boolean {
  return flag === true || flag === 1 || flag === "1";
}

function line(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value.replaceAll(/\s+/g, " ").slice(0, 300) : otherwise;
}
