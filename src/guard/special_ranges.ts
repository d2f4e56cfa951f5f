/**
 * Address ranges that are never an attacker on the internet (IANA special-purpose registries).
 *
 * The ranges are numbers: a call of integratord asks about one address, and to parse the ranges from text
 * would cost it more than the answer.
 *
 * @module
 */

/** First 32 bits and prefix length of a network. */
type Range = readonly [start: number, bits: number];

const IPV4: readonly Range[] = [
  [0x00000000, 8], // 0.0.0.0/8 this network
  [0x0a000000, 8], // 10.0.0.0/8 private
  [0x64400000, 10], // 100.64.0.0/10 carrier NAT
  [0x7f000000, 8], // 127.0.0.0/8 loopback
  [0xa9fe0000, 16], // 169.254.0.0/16 link local
  [0xac100000, 12], // 172.16.0.0/12 private
  [0xc0000000, 24], // 192.0.0.0/24 protocol assignments
  [0xc0000200, 24], // 192.0.2.0/24 documentation
  [0xc0586300, 24], // 192.88.99.0/24 6to4 relays
  [0xc0a80000, 16], // 192.168.0.0/16 private
  [0xc6120000, 15], // 198.18.0.0/15 benchmarks
  [0xc6336400, 24], // 198.51.100.0/24 documentation
  [0xcb007100, 24], // 203.0.113.0/24 documentation
  [0xe0000000, 4], // 224.0.0.0/4 multicast
  [0xf0000000, 4], // 240.0.0.0/4 reserved, broadcast
];

/** The first octets of these ranges: for most addresses this look-up is all that is needed. */
const OCTETS = new Uint8Array(256);
for (const [start, bits] of IPV4) {
  const first = start >>> 24;
  OCTETS.fill(1, first, first + (bits < 8 ? 1 << (8 - bits) : 1));
}

/** The ranges that the first 32 bits decide on. */
const IPV6: readonly Range[] = [
  [0x20010000, 23], // 2001::/23 protocol assignments, Teredo
  [0x20010db8, 32], // 2001:db8::/32 documentation
  [0x3fff0000, 20], // 3fff::/20 documentation
  [0x5f000000, 16], // 5f00::/16 segment routing
  [0xfc000000, 7], // fc00::/7 unique local
  [0xfe800000, 10], // fe80::/10 link local
  [0xfec00000, 10], // fec0::/10 site local
  [0xff000000, 8], // ff00::/8 multicast
];

/**
 * Whether an address has a special purpose: private, shared, documentation, multicast and such.
 *
 * @param words the address in 32-bit words, one for IPv4, four for IPv6
 */
export function isSpecial(words: readonly number[]): boolean {
  const first = words[0] ?? 0;
  if (words.length === 1) return OCTETS[first >>> 24] === 1 && isInAny(first, IPV4);
  const second = words[1] ?? 0;
  const isLow = first === 0 && second === 0 && words[2] === 0; // ::/96 unspecified, loopback, IPv4-compatible
  const isDiscard = first === 0x01000000 && second === 0; // 100::/64
  const isLocalNat64 = first === 0x0064ff9b && second >>> 16 === 1; // 64:ff9b:1::/48
  return isLow || isDiscard || isLocalNat64 || isInAny(first, IPV6);
}

function isInAny(word: number, ranges: readonly Range[]): boolean {
  for (const range of ranges) {
    const shift = 32 - range[1];
    if (word >>> shift === range[0] >>> shift) return true;
  }
  return false;
}
