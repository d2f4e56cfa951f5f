/**
 * Addresses as bytes, as files and naive checks want them.
 *
 * @module
 */
import { addressWords } from "../../src/address.ts";

/** The 4 or 16 bytes of a canonical address. */
export function addressBytes(canonical: string): Uint8Array {
  return Uint8Array.from(
    addressWords(canonical).flatMap((word) => [24, 16, 8, 0].map((bits) => (word >>> bits) & 255)),
  );
}
