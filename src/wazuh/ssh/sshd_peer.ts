/**
 * The other side of a connection as sshd writes it, and where in a message it stands.
 *
 * @module
 */

/** What is read of it. */
export interface Peer {
  /** Address or host name, not validated. */
  source: string | undefined;
  port: number | undefined;
}

const FROM = " from ";
const PORT = " port ";
const LONGEST_PORT = 5;
const SPACE = 32;

/**
 * Reads ` from SOURCE port N` from its end, which is sooner found than its start.
 *
 * @returns where it starts, -1 when something else ends there
 */
export function readPeerBefore(peer: Peer, text: string, end: number): number {
  let at = end;
  let port = 0;
  for (let unit = 1; at > end - LONGEST_PORT; unit *= 10) {
    const digit = text.charCodeAt(at - 1) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    port += digit * unit;
    at--;
  }
  const sourceEnd = at - PORT.length;
  if (at === end || sourceEnd < 0 || !text.startsWith(PORT, sourceEnd)) return -1;
  const source = wordStart(text, sourceEnd);
  const start = source - FROM.length;
  if (source === sourceEnd || start < 0 || !text.startsWith(FROM, start)) return -1;
  peer.source = text.slice(source, sourceEnd);
  peer.port = port;
  return start;
}

/** Reads `SOURCE port N`, which fills a text from `start` to its end. */
function readPeer(peer: Peer, text: string, start: number): boolean {
  const sourceEnd = text.indexOf(" ", start);
  const port = sourceEnd <= start ? -1 : portOf(text, sourceEnd, text.length);
  if (port < 0) return false;
  peer.source = text.slice(start, sourceEnd);
  peer.port = port;
  return true;
}

/** Reads `SOURCE[ port N]`, which fills a text from `start` to its end: old versions wrote no port. */
export function readPeerOrSource(peer: Peer, text: string, start: number): boolean {
  if (start >= text.length || text.includes(" ", start)) return readPeer(peer, text, start);
  peer.source = text.slice(start);
  return true;
}

/** The honeypot's own side, which patched sshd (` on B port N`) and BSD's PAM (` via B`) add. */
const LOCAL_SIDE = / (?:on|via) [^ ]{1,255}(?: port \d{1,5})?$/;
const LONGEST_LOCAL_SIDE = 300;

/**
 * Where the honeypot's own side starts that ends at a place. sshd writes it last, so a name cannot
 * have put it there: what follows a name begins with ` from `.
 *
 * @returns the place itself when nothing of the kind ends there
 */
export function localSideAt(text: string, end: number): number {
  const found = LOCAL_SIDE.exec(text.slice(Math.max(0, end - LONGEST_LOCAL_SIDE), end));
  return found === null ? end : end - found[0].length;
}

/** Whether the address at a place may be the honeypot's own: ` port N on ` stands before it. */
export function isLocalSide(text: string, start: number): boolean {
  return / port \d{1,5} on $/.test(text.slice(Math.max(0, start - 16), start));
}

/** The number of ` port N` between two places, -1 for anything else. */
function portOf(text: string, start: number, end: number): number {
  const from = start + PORT.length;
  if (from >= end || end - from > LONGEST_PORT || !text.startsWith(PORT, start)) return -1;
  let port = 0;
  for (let at = from; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    port = port * 10 + digit;
  }
  return port;
}

/** Where the word starts that ends at a place. */
export function wordStart(text: string, end: number): number {
  let at = end;
  while (at > 0 && text.charCodeAt(at - 1) !== SPACE) at--;
  return at;
}
