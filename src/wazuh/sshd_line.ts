/**
 * Reads log lines of sshd: the header, and what rsyslog folded. What the message says is read in
 * `sshd_message.ts`.
 *
 * @module
 */
import { readMessage, type SshdLine } from "./sshd_message.ts";

export type { EvidenceClass, SshdLine } from "./sshd_message.ts";

/** Neither host name nor program has a space, so no text of an attacker comes before the message. */
const HEADER =
  /(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?) {1,2}(?:[^ ]{0,254}[^ :] {1,2})?sshd(?:-session|-auth)?(?:\[\d{1,10}\])?: {1,2}/y;

const COLON = 58;
const BRACKET = 93;
const RETURN = 13;
const LETTER_M = 109;

/** Of rsyslog: it stands right after the header, whatever a name may repeat of it. */
const REPEATED = /^message repeated ([1-9]\d{0,5}) times: \[ /;

/**
 * Reads one log line, with a syslog header (classic or ISO time, with or without host name and
 * priority) or as journald's MESSAGE alone. Takes time in proportion to the length of the line.
 *
 * @param line without a line break at its end; may hold anything
 * @returns undefined for another program's line, and for a message that is not about authentication
 */
export function parseSshdLine(line: string): SshdLine | undefined {
  HEADER.lastIndex = 0;
  const start = HEADER.test(line) ? HEADER.lastIndex : 0;
  let message = start === 0 ? line : line.slice(start);
  if (message.charCodeAt(message.length - 1) === RETURN) message = message.slice(0, -1);
  let times = 1;
  const mayRepeat = start > 0 && message.charCodeAt(0) === LETTER_M;
  const repeated = mayRepeat ? REPEATED.exec(message) : null;
  if (repeated !== null) {
    if (!message.endsWith("]")) return undefined;
    times = Number(repeated[1]);
    message = message.slice(repeated[0].length, -1);
  }
  const read = readMessage(message);
  if (read === undefined) return undefined;
  read.count *= times;
  read.pid = pidBefore(line, start);
  return read;
}

/** The number of the `[pid]: ` that ends a header; undefined where it ends without. */
function pidBefore(line: string, start: number): number | undefined {
  let at = start - 1;
  while (at > 0 && line.charCodeAt(at) !== COLON) at--;
  if (line.charCodeAt(--at) !== BRACKET) return undefined;
  let pid = 0;
  for (let unit = 1;; unit *= 10) {
    const digit = line.charCodeAt(--at) - 48;
    if (!(digit >= 0 && digit <= 9)) return pid;
    pid += digit * unit;
  }
}
