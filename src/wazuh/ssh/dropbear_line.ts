/**
 * Reads log lines of Dropbear. As with sshd nothing is searched for: every form is fixed at its start
 * and at its end, and a name stands between the two (docs/contracts/wazuh.md 3.4).
 *
 * @module
 */
import type { EvidenceClass } from "../../model.ts";
import { readHeader } from "./log_header.ts";
import type { SshdLine } from "./sshd_said.ts";

/** `ADDRESS:PORT`, an IPv6 address without brackets in most versions. */
const PEER = String.raw`\[?([^ <>[\]]{2,45}?)\]?:(\d{1,5})`;

const form = (text: string) => new RegExp(`^${text.replace("PEER", PEER)}$`);

interface Form {
  readonly text: RegExp;
  readonly evidence: EvidenceClass;
  /** Which groups of `text` hold what: the name's is 0 where the line has none. */
  readonly name: number;
  readonly peer: number;
  readonly method?: string;
  readonly isUnknown?: boolean;
  readonly succeeded?: boolean;
}

/** Where no peer can be read, its group is 0. Made at the first line of Dropbear. */
const makeForms = (): readonly Form[] => [
  {
    text: form("Bad (?:PAM )?password attempt for '([^]*)' from PEER"),
    evidence: "sshd",
    name: 1,
    peer: 2,
    method: "password",
  },
  {
    text: form("Login attempt for nonexistent user(?: '([^]*)')? from PEER"),
    evidence: "sshd",
    name: 1,
    peer: 2,
    isUnknown: true,
  },
  // Since 2013 the line of a password for such a user may lack the address.
  {
    text: /^Login attempt for nonexistent user$/,
    evidence: "sshd",
    name: 0,
    peer: 0,
    isUnknown: true,
  },
  {
    text: form("Login attempt with wrong user ([^]*) from PEER"),
    evidence: "connect",
    name: 1,
    peer: 2,
  },
  {
    text: form("(?:PAM )?[Pp]assword auth succeeded for '([^]*)' from PEER"),
    evidence: "session-end",
    name: 1,
    peer: 2,
    method: "password",
    succeeded: true,
  },
  {
    text: form("Auth succeeded with blank password for '([^]*)' from PEER"),
    evidence: "session-end",
    name: 1,
    peer: 2,
    method: "none",
    succeeded: true,
  },
  {
    text: form("Pubkey auth succeeded for '([^]*)' with (?:key [^ ]+|[^ ]+ key) [^ ]+ from PEER"),
    evidence: "session-end",
    name: 1,
    peer: 2,
    method: "publickey",
    succeeded: true,
  },
  { text: form("Child connection from PEER"), evidence: "session-end", name: 0, peer: 1 },
  // A name may follow the peer. Where one precedes it, or there is none, the line has no peer.
  {
    text: new RegExp(String.raw`^Exit before auth from <${PEER}>: `),
    evidence: "session-end",
    name: 0,
    peer: 1,
  },
  { text: /^Exit (?:before auth|\()/, evidence: "session-end", name: 0, peer: 0 },
];

let forms: readonly Form[] | undefined;

/** The forms by their first letter: a line is compared with a few of them only. */
const FIRST_LETTERS = "BLPpACE";

/** Longer messages has nobody: the limit keeps the expressions short of work. */
const LONGEST_MESSAGE = 1000;

/**
 * Reads one log line of Dropbear, with any header that `log_header.ts` knows.
 *
 * @param line without a line break at its end; may hold anything
 * @returns undefined for another program's line, and for a message that is not about authentication
 */
export function parseDropbearLine(line: string): SshdLine | undefined {
  const header = readHeader(line, "dropbear");
  if (header?.program !== "dropbear") return undefined;
  const message = header.message.trimEnd();
  if (!FIRST_LETTERS.includes(message.charAt(0)) || message.length > LONGEST_MESSAGE) {
    return undefined;
  }
  forms ??= makeForms();
  for (const { text, evidence, name, peer, method, isUnknown, succeeded } of forms) {
    const found = text.exec(message);
    if (found === null) continue;
    return {
      evidence,
      count: evidence === "session-end" ? 0 : 1,
      source: peer === 0 ? undefined : found[peer],
      port: peer === 0 ? undefined : Number(found[peer + 1]),
      username: name === 0 ? undefined : found[name],
      pid: header.pid,
      invalidUser: isUnknown ?? false,
      method,
      succeeded: succeeded ?? false,
    };
  }
  return undefined;
}
