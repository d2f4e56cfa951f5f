/**
 * Authentication: the names and hashes of a tokens file, or the local machine.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** A sender that is known by its token. */
export interface Sender {
  /** As the tokens file names it; `local` where no token is needed. */
  readonly name: string;
}

/** One line of the tokens file. A token has 256 random bits, so that a plain hash is enough. */
export interface TokenHash extends Sender {
  /** SHA-256. */
  readonly hash: Uint8Array;
}

/** The parts of a request that identify its sender. */
export interface Origin {
  readonly remoteAddress: string;
  readonly headers: Headers;
  /** From the path: `POST /alerts/TOKEN`. */
  readonly pathToken: string | undefined;
  /** From the header `Host`, with the port where there is one. */
  readonly host: string;
  readonly hostname: string;
}

/** An invalid tokens file, or an invalid name of a token. */
export class TokensError extends Error {
  override name = "TokensError";
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const LINE = /^(\S+) sha256:([0-9a-f]{64})$/;

/**
 * Reads a tokens file: `NAME sha256:HEX` a line, `#` begins a comment.
 *
 * @throws {TokensError} with the number of the invalid line, and nothing of its text
 */
export function parseTokens(text: string): readonly TokenHash[] {
  const found: TokenHash[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const [, name = "", hash = ""] = LINE.exec(trimmed) ?? [];
    if (!NAME.test(name)) {
      throw new TokensError(`line ${index + 1} is not NAME sha256:HEX`);
    }
    if (found.some((one) => one.name === name)) {
      throw new TokensError(`line ${index + 1}: a second token is named ${name}`);
    }
    found.push({ name, hash: Uint8Array.from(hash.match(/../g)!, (byte) => parseInt(byte, 16)) });
  }
  return found;
}

/**
 * A new token, and its line of the tokens file.
 *
 * @throws {TokensError} for an invalid name
 */
export function newToken(name: string): { readonly token: string; readonly line: string } {
  if (!NAME.test(name)) {
    throw new TokensError(
      `"${name}" is not a valid name; use up to 64 letters, digits, dots, dashes and underscores`,
    );
  }
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const token = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return { token, line: `${name} sha256:${hashOf(token).toHex()}` };
}

function hashOf(token: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(token).digest());
}

/** Addresses of this machine. */
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/**
 * The sender of a request; undefined: it is not allowed.
 *
 * @param tokens without any, only the local machine is allowed
 */
export function senderOf(origin: Origin, tokens: readonly TokenHash[]): Sender | undefined {
  if (tokens.length > 0) {
    return isFromOtherPage(origin) ? undefined : withToken(tokenOf(origin), tokens);
  }
  const isLocal = LOOPBACK.test(origin.remoteAddress) && !isFromPage(origin) &&
    forwardedBy(origin.headers) === undefined;
  return isLocal ? { name: "local" } : undefined;
}

/** The header by which a proxy says that it forwards; undefined without one. */
export function forwardedBy(headers: Headers): string | undefined {
  return ["X-Forwarded-For", "Forwarded", "Via"].find((name) => headers.has(name));
}

/**
 * Any page of the web could send from a browser on this machine. Such a request has an `Origin`, or in
 * `Host` a name that is not this machine's.
 */
function isFromPage(origin: Origin): boolean {
  const isOurs = /^(127\.[\d.]+|localhost|\[::1\])$/.test(origin.hostname);
  return !isOurs || isFromOtherPage(origin);
}

/** A browser adds a stored password to the form of any page. */
function isFromOtherPage({ headers, host }: Origin): boolean {
  const from = headers.get("Origin");
  return from !== null && from.replace(/^https?:\/\//, "") !== host;
}

function tokenOf({ headers, pathToken }: Origin): string {
  if (pathToken !== undefined) return pathToken;
  const [, scheme = "", value = ""] =
    /^(Bearer|Basic) +(\S+) *$/i.exec(headers.get("Authorization") ?? "") ?? [];
  if (scheme.toLowerCase() !== "basic") return value;
  try {
    // The user name is free; the token is the password.
    return atob(value).replace(/^[^:]*:/, "");
  } catch {
    return "";
  }
}

/** Compares with every token, in a time that does not depend on how much of one matched. */
function withToken(given: string, tokens: readonly TokenHash[]): Sender | undefined {
  const hash = hashOf(given);
  let sender: Sender | undefined;
  for (const token of tokens) if (timingSafeEqual(hash, token.hash)) sender = { name: token.name };
  return sender;
}
