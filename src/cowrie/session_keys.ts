/**
 * Public keys that an attacker plants, found in what was typed. A key is known by the fingerprint that
 * `ssh-keygen -l` shows, and only where it is whole.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { SessionItem } from "../session_evidence.ts";

/** A key begins a word, or a line that a command or the Cowrie itself writes as `\n` or `\x0a`. */
const KEY =
  /(?:\b|(?<=\\[nrt]|\\x0[9ad]))(ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)["']?(?:\\?\s|\\t|\\x(?:09|20))+["']?(AAAA[0-9A-Za-z+/]{20,16384}={0,2})(?:[ \t]+([^\s"'`;|&<>\\]+))?/g;

/** More keys of one text are nobody's; a hostile one must not cost more. */
const MOST_KEYS = 20;

/** A name for a key, and nothing that could be more than that. */
const HARMLESS = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

/** The keys in a text, each once. */
export function plantedKeys(text: string): readonly SessionItem[] {
  if (!text.includes("AAAA")) return [];
  const keys = new Map<string, SessionItem>();
  for (const [, keyType = "", base64 = "", comment = ""] of text.matchAll(KEY)) {
    const blob = bytesOf(base64);
    if (!isWhole(blob, keyType)) continue;
    const value = fingerprintOf(blob);
    const named = HARMLESS.test(comment) ? { comment } : {};
    if (!keys.has(value)) keys.set(value, { kind: "key", value, keyType, ...named });
    if (keys.size >= MOST_KEYS) break;
  }
  return [...keys.values()];
}

/** Base64 that may lack its padding. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const bare = base64.replace(/=+$/, "");
  // One character of a group of four has no whole byte.
  if (bare.length % 4 === 1) return new Uint8Array();
  return Uint8Array.from(atob(bare), (one) => one.charCodeAt(0));
}

function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** Whether a blob is fields with their lengths up to its end, and the first one names its type. */
function isWhole(blob: Uint8Array, keyType: string): boolean {
  const view = new DataView(blob.buffer);
  let fields = 0;
  let at = 0;
  while (at + 4 <= blob.length) {
    const length = view.getUint32(at);
    const end = at + 4 + length;
    if (end > blob.length) return false;
    if (fields === 0 && new TextDecoder().decode(blob.subarray(at + 4, end)) !== keyType) {
      return false;
    }
    fields++;
    at = end;
  }
  return at === blob.length && fields > 1;
}
