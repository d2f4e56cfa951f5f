/**
 * A network as ranges of addresses that are stored as text. Pure.
 *
 * @module
 */
import type { Network } from "../guard/network_set.ts";

/**
 * Ranges of texts in which each address of a network lies; they may hold others as well.
 *
 * @returns each with its first text, and the one behind its last
 */
export function addressRanges(
  network: Network,
): readonly (readonly [from: string, to: string])[] {
  const prefixes = network.start.length === 1 ? quadPrefixes(network) : [groupPrefix(network)];
  return prefixes.map((prefix) => [prefix, behind(prefix)] as const);
}

/** The text that comes right behind all that begin with a prefix. */
function behind(prefix: string): string {
  // No address begins with a tilde or with what comes behind it.
  if (prefix === "") return "~";
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

/** The octets that all addresses begin with, once for each value of the octet behind them. */
function quadPrefixes({ start, bits }: Network): readonly string[] {
  const octets = [24, 16, 8, 0].map((shift) => (start[0]! >>> shift) & 255);
  const whole = Math.min(Math.floor(bits / 8), 3);
  const begin = octets.slice(0, whole).map((octet) => `${octet}.`).join("");
  const left = bits - whole * 8;
  if (left === 0) return [begin];
  const end = whole === 3 ? "" : ".";
  return Array.from(
    { length: 1 << (8 - left) },
    (_, index) => `${begin}${octets[whole]! + index}${end}`,
  );
}

/** The groups that stand whole in the text of every address: those before the first that is zero. */
function groupPrefix({ start, bits }: Network): string {
  const groups = start.flatMap((word) => [word >>> 16, word & 0xffff]);
  const whole = groups.slice(0, Math.min(Math.floor(bits / 16), 7));
  const zero = whole.indexOf(0);
  return (zero < 0 ? whole : whole.slice(0, zero)).map((group) => `${group.toString(16)}:`)
    .join("");
}
