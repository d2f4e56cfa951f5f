/**
 * Texts that stand in indexes. Pure.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { storable } from "../batch/storable.ts";

/** No text in an index is longer, bytes: an entry of PostgreSQL holds 2,700, and a key has three texts. */
const LONGEST_BYTES = 600;
/** Of a longer text so many code units are kept, and a digest that distinguishes it from others. */
const KEPT = 150;
const DIGEST_DIGITS = 32;

/**
 * The text itself, or the beginning of a long one with a digest of all of it. A text that cannot be stored
 * as it is has one, too, so that it differs from others.
 */
export function keyText(text: string): string {
  const isStorable = storable(text) === text;
  // No code unit takes more than three bytes.
  if (isStorable && text.length * 3 <= LONGEST_BYTES) return text;
  if (isStorable && new TextEncoder().encode(text).length <= LONGEST_BYTES) return text;
  const digest = createHash("sha256").update(text, "utf16le").digest("hex").slice(0, DIGEST_DIGITS);
  return `${storable(text.slice(0, KEPT))}… ${digest}`;
}
