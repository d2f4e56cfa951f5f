/**
 * Internet addresses as text and as 32-bit words. A text in any other form is not an address.
 *
 * @module
 */

const ZERO = 48;
const NINE = 57;
const DOT = 46;
const COLON = 58;
/** The length of `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`: a longer text is not an address. */
const LONGEST_ADDRESS = 45;

/**
 * The form in which every address is compared and published.
 *
 * @param text an address and nothing else: no spaces, brackets, port, prefix length or zone id
 * @returns dotted quad for IPv4 and for IPv4-mapped IPv6 (it is the same peer on a dual-stack
 * socket), RFC 5952 for other IPv6; undefined for anything else, so also for host names and for
 * quads with leading zeros, which some readers take for octal
 */
export function canonicalAddress(text: string): string | undefined {
  if (text.length > LONGEST_ADDRESS) return undefined;
  if (!text.includes(":")) return readQuad(text, 0) < 0 ? undefined : text;
  const groups = readGroups(text);
  if (groups === undefined) return undefined;
  return isMapped(groups) ? mappedQuad(groups) : compressed(groups);
}

/**
 * An address as 32-bit words in network order: one for IPv4, four for IPv6.
 *
 * @param canonical as `canonicalAddress()` gives it
 * @throws {RangeError} if the text is not an address
 */
export function addressWords(canonical: string): readonly number[] {
  const isQuad = !canonical.includes(":");
  const quad = isQuad ? readQuad(canonical, 0) : -1;
  if (quad >= 0) return [quad];
  const groups = isQuad ? undefined : readGroups(canonical);
  if (groups === undefined) {
    throw new RangeError(
      `"${canonical}" is not a valid address; use the text that canonicalAddress() returns`,
    );
  }
  const word = (at: number) => groups[at]! * 65536 + groups[at + 1]!;
  return [word(0), word(2), word(4), word(6)];
}

/** The quad from `start` to the end of the text as an unsigned number, -1 if there is none. */
function readQuad(text: string, start: number): number {
  let value = 0;
  let octet = -1;
  let octets = 0;
  for (let at = start; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : DOT;
    if (code === DOT) {
      if (octet < 0 || ++octets > 4) return -1;
      value = value * 256 + octet;
      octet = -1;
    } else if (code >= ZERO && code <= NINE && octet !== 0) {
      octet = (octet < 0 ? 0 : octet * 10) + code - ZERO;
      if (octet > 255) return -1;
    } else {
      return -1;
    }
  }
  return octets === 4 ? value : -1;
}

/** The eight groups of an IPv6 address in any textual form of RFC 4291 2.2. */
function readGroups(text: string): readonly number[] | undefined {
  const groups = [0, 0, 0, 0, 0, 0, 0, 0];
  let count = 0;
  let gap = -1;
  let at = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return undefined;
    gap = 0;
    at = 2;
  }
  while (at < text.length) {
    if (count === 8) return undefined;
    const start = at;
    let group = 0;
    for (; at < text.length && at - start < 5; at++) {
      const digit = hexDigit(text.charCodeAt(at));
      if (digit < 0) break;
      group = group * 16 + digit;
    }
    if (at === start || at - start > 4) return undefined;
    if (text.charCodeAt(at) === DOT) {
      const quad = readQuad(text, start);
      if (quad < 0 || count > 6) return undefined;
      groups[count++] = Math.floor(quad / 65536);
      groups[count++] = quad % 65536;
      break;
    }
    groups[count++] = group;
    if (at === text.length) break;
    if (text.charCodeAt(at++) !== COLON) return undefined;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return undefined;
      gap = count;
      at++;
    } else if (at === text.length) {
      return undefined;
    }
  }
  if (gap < 0) return count === 8 ? groups : undefined;
  // RFC 5952 4.2.2 never writes "::" for one group, but inet_pton(3) reads it.
  if (count > 7) return undefined;
  for (let from = count - 1, to = 7; from >= gap; from--, to--) {
    groups[to] = groups[from]!;
    groups[from] = 0;
  }
  return groups;
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= NINE) return code - ZERO;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function isMapped(groups: readonly number[]): boolean {
  if (groups[5] !== 0xffff) return false;
  for (let at = 0; at < 5; at++) if (groups[at] !== 0) return false;
  return true;
}

function mappedQuad(groups: readonly number[]): string {
  const [high = 0, low = 0] = groups.slice(6);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** RFC 5952 4.2: "::" for the longest run of two or more zero groups, for the first if they tie. */
function compressed(groups: readonly number[]): string {
  let longestEnd = -1;
  let longest = 1;
  let run = 0;
  for (let at = 0; at < 8; at++) {
    run = groups[at] === 0 ? run + 1 : 0;
    if (run <= longest) continue;
    longest = run;
    longestEnd = at + 1;
  }
  const longestStart = longestEnd - longest;
  // A text of joined pieces costs V8 more, once somebody looks at it.
  const codes: number[] = [];
  for (let at = 0; at < 8; at++) {
    if (longestEnd >= 0 && at === longestStart) {
      codes.push(COLON, COLON);
      at = longestEnd - 1;
      continue;
    }
    if (at > 0 && at !== longestEnd) codes.push(COLON);
    const group = groups[at]!;
    for (
      let shift = group > 0xfff ? 12 : group > 0xff ? 8 : group > 0xf ? 4 : 0;
      shift >= 0;
      shift -= 4
    ) {
      codes.push(HEX_DIGITS.charCodeAt((group >> shift) & 15));
    }
  }
  return String.fromCharCode(...codes);
}

const HEX_DIGITS = "0123456789abcdef";
