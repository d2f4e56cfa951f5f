/**
 * What a configuration key is: its kind, its default, what is allowed.
 *
 * @module
 */

import type { DecoyFormat } from "../decoy_format.ts";
import type { ListRule } from "../list_query.ts";

/** The values of each kind of key. */
export interface Kinds {
  readonly text: string;
  readonly number: number;
  readonly boolean: boolean;
  readonly list: readonly string[];
  readonly choice: string;
  readonly formats: readonly DecoyFormat[];
  readonly lists: readonly ListRule[];
}

/** What a value may be; `list` is a list of texts. */
export type Kind = keyof Kinds;

/** A configuration value. */
export type Value = Kinds[Kind];

/** One configuration key. */
export interface Key {
  readonly kind: Kind;
  /** The default; undefined: the key is optional. */
  readonly fallback: Value | undefined;
  readonly about: string;
  readonly choices?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly whole?: boolean;
  /** A list of one item may be written as a text. */
  readonly orText?: boolean;
  /** An empty list would switch the program off. */
  readonly atLeastOne?: boolean;
  /** Never printed by any command. */
  readonly secret?: boolean;
  /** Checks a text, or each item of a list. @returns what is allowed, where it is not */
  readonly check?: (text: string) => string | undefined;
}

/** Allows an http or https address without anything secret in it. */
export const httpUrl = (text: string) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return "an http or https address";
  if (url.username + url.password !== "") return "an address without a user name in it";
  if (/[?#]/.test(text)) return "an address without a query (?) or a fragment (#)";
  return undefined;
};
/** Allows a proxy's address without anything secret in it. */
export const proxyUrl = (text: string) => {
  const isPlain = /^http:\/\/([\w.-]+|\[[0-9a-f:]+\]):\d{1,5}\/?$/i.test(text) &&
    URL.canParse(text);
  if (isPlain) return undefined;
  return "http://HOST:PORT, without a user or a password in it";
};
/** Allows the address of a database of PostgreSQL, without a password in it. */
export const postgresUrl = (text: string) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === "") {
    return "an address such as postgres://USER@HOST/DATABASE?sslmode=verify-full";
  }
  if (url.password !== "") return "an address without a password; use buffer.password_file";
  if (url.username === "") return "an address with a user name: postgres://USER@HOST/DATABASE";
  if (!/^([a-z0-9._-]+|\[[0-9a-f:.]+\])$/i.test(url.hostname)) {
    return "an address with the name or address of a host; a socket cannot be used";
  }
  if (!/^\/[^/]+$/.test(url.pathname)) return "an address with one database: …@HOST/DATABASE";
  if (!isText(url.username) || !isText(url.pathname)) {
    return "an address whose user and database are texts; write % as %25";
  }
  const names = [...url.searchParams.keys()];
  const unknown = names.find((name) => name !== "sslmode" && name !== "schema");
  if (unknown !== undefined || new Set(names).size < names.length || url.hash !== "") {
    return "an address with the parameters sslmode and schema only, each once";
  }
  const schema = url.searchParams.get("schema");
  if (schema !== null && !/^(?!pg_|information_schema$)[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    return "a schema of lower-case letters, digits and _, which PostgreSQL does not keep for itself";
  }
  const mode = url.searchParams.get("sslmode");
  if (mode !== null && mode !== "disable" && mode !== "verify-full") {
    return "sslmode=verify-full, or sslmode=disable on a network that nobody else can read";
  }
  return undefined;
};
/** Whether a part of an address is percent-encoded text without NUL. */
function isText(part: string): boolean {
  try {
    return !decodeURIComponent(part).includes("\0");
  } catch {
    return false;
  }
}

/** Allows an http or https address whose path or query may be secret. */
export const webhookUrl = (text: string) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return "an http or https address";
  if (url.username + url.password !== "") return "an address without a user name in it";
  return text.includes("#") ? "an address without a fragment (#)" : undefined;
};
/** Allows the number of a Wazuh rule. */
export const ruleId = (text: string) => /^\d{1,6}$/.test(text) ? undefined : "rule numbers";
/** Allows an address or a network. */
export const network = (text: string) =>
  /^[0-9a-f.:]+(\/\d{1,3})?$/i.test(text)
    ? undefined
    : "addresses or networks such as 192.0.2.0/24";
/** Allows an address, a network or a host name; which of them, their reader finds out. */
export const networkOrName = (text: string) =>
  network(text) === undefined || /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/i.test(text)
    ? undefined
    : "addresses, networks such as 192.0.2.0/24, or host names such as mail.example.org";
/** Allows a host with a port. */
export const listen = (text: string) =>
  /^(\[[0-9a-f:]+\]|[^:\s]+):\d{1,5}$/i.test(text)
    ? undefined
    : "HOST:PORT, such as 127.0.0.1:8787";

/** Allows a path below which a proxy shows the service. */
export const basePath = (text: string) =>
  /^(\/[A-Za-z0-9._~-]+)+$/.test(text) && !/\/\.{1,2}(\/|$)/.test(text)
    ? undefined
    : "a path such as /honeypots, without a slash at its end";
/** Allows the name and the address of a site that knows sources. */
export const namedLink = (text: string) =>
  /^[^=]{1,40}=https?:\/\/\S+$/.test(text) && text.includes("{ip}") &&
    URL.canParse(text.slice(text.indexOf("=") + 1).replaceAll("{ip}", "192.0.2.7"))
    ? undefined
    : "NAME=URL with {ip} in it, such as Shodan=https://www.shodan.io/host/{ip}";

/** A text that need not be set. */
export const optionalText = (about: string) =>
  ({ kind: "text", about, fallback: undefined }) as const;

/** A text with a default. */
export const text = (about: string, fallback: string) =>
  ({ kind: "text", about, fallback }) as const;
