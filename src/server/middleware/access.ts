/**
 * Who may hand alerts over and who may look: the names and hashes of a tokens file, or this machine.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** A sender that is known by its token. */
export interface Sender {
  /** As the tokens file names it; `local` when none is needed. */
  readonly name: string;
}

/** One line of the tokens file. A token has 256 bits of chance in it, so that a plain hash will do. */
export interface TokenHash extends Sender {
  /** SHA-256. */
  readonly hash: Uint8Array;
}

/** What of a request tells who sent it. */
export interface Origin {
  readonly remoteAddress: string;
  readonly headers: Headers;
  /** Of the request's address: `POST /alerts/TOKEN`. */
  readonly pathToken: string | undefined;
  /** By which the service was addressed, with the port where it was named. */
  readonly host: string;
  readonly hostname: string;
}

/** What a file of tokens may not hold. */
export class TokensError extends Error {
  override name = "TokensError";
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const LINE = /^(\S+) sha256:([0-9a-f]{64})$/;

/**
 * Reads a tokens file: `NAME sha256:HEX` a line, `#` begins a comment.
 *
 * @throws {TokensError} with the number of the bad line, and nothing of what stands in it
 */
export function parseTokens(text: string): readonly TokenHash[] {
  const found: TokenHash[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const [, name = "", hash = ""] = LINE.exec(trimmed) ?? [];
    if (!NAME.test(name)) {
      throw new TokensError(
        `line ${index + 1} is not NAME sha256:HEX; \`serve token new NAME\` makes such a line`,
      );
    }
    if (found.some((one) => one.name === name)) {
      throw new TokensError(`line ${index + 1}: a second token named ${name}`);
    }
    found.push({ name, hash: Uint8Array.from(hash.match(/../g)!, (byte) => parseInt(byte, 16)) });
  }
  return found;
}

/** A new token, and the line of the tokens file that lets it in. */
export function newToken(name: string): { readonly token: string; readonly line: string } {
  if (!NAME.test(name)) {
    throw new TokensError(`"${name}" is no name: letters, digits, dots, dashes, at most 64`);
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
 * Who sent a request; undefined: somebody who may not.
 *
 * @param tokens with none, only this machine may
 */
export function senderOf(origin: Origin, tokens: readonly TokenHash[]): Sender | undefined {
  if (tokens.length > 0) {
    return isFromOtherPage(origin) ? undefined : withToken(tokenOf(origin), tokens);
  }
  return LOOPBACK.test(origin.remoteAddress) && !isFromPage(origin) ? { name: "local" } : undefined;
}

/**
 * A page in a browser on this machine could send here too, from anywhere on the web: a browser says
 * `Origin`, or a name that is not ours in `Host`.
 */
function isFromPage(origin: Origin): boolean {
  const isOurs = /^(127\.[\d.]+|localhost|\[::1\])$/.test(origin.hostname);
  return !isOurs || isFromOtherPage(origin);
}

/** A browser sends a password that it knows along with the form of any page. */
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
    // The user's name is free: the token stands where the password does.
    return atob(value).replace(/^[^:]*:/, "");
  } catch {
    return "";
  }
}

/** Compares with every token, in a time that does not depend on how much of one was right. */
function withToken(given: string, tokens: readonly TokenHash[]): Sender | undefined {
  const hash = hashOf(given);
  let sender: Sender | undefined;
  for (const token of tokens) if (timingSafeEqual(hash, token.hash)) sender = { name: token.name };
  return sender;
}
