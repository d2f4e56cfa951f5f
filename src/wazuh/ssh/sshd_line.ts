/**
 * Reads log lines of sshd: the usual header, and what rsyslog folded. What the message says is read in
 * `sshd_message.ts`.
 *
 * @module
 */
import { readHeader } from "./log_header.ts";
import { readMessage } from "./sshd_message.ts";
import type { PartialLine, SshdLine } from "./sshd_said.ts";

export type { SshdLine } from "./sshd_said.ts";

/** Neither host name nor program has a space, so no text of an attacker comes before the message. */
const HEADER =
  /(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?) {1,2}(?:[^ ]{0,254}[^ :] {1,2})?sshd(?:-session|-auth)?(?:\[\d{1,10}\])?: {1,2}/y;

const COLON = 58;
const BRACKET_OPEN = 91;
const BRACKET = 93;
const RETURN = 13;
const LETTER_M = 109;

/** Of rsyslog: it stands right after the header, whatever a name may repeat of it. */
const REPEATED = /^message repeated ([1-9]\d{0,5}) times: \[ /;

/** Of Solaris: it stands before the message, whatever a name may repeat of it. */
const SOLARIS = /^\[ID \d{1,10} [a-z0-9]{2,9}\.[a-z]{3,7}\] /;

/** sshd, what OpenSSH 9.8 and 10 split from it, and names such as `sshd.pam` or `sshd-2222`. */
const SSHD_NAME = /^sshd(?!-keygen)[\w.-]{0,40}$/;

/** Whether a program of this name is an sshd. Wazuh's own decoder takes every name that begins so. */
export function isSshdName(program: string): boolean {
  return SSHD_NAME.test(program);
}

/**
 * Reads one log line: with a syslog header (classic or ISO time, with or without host name and
 * priority), with one of the rarer headers of `log_header.ts`, or as journald's MESSAGE alone. Takes
 * time in proportion to the length of the line.
 *
 * @param line without a line break at its end; may hold anything
 * @param program the name under which this sshd runs, where Wazuh read it; a name that is not sshd's
 * must stand in the header, too
 * @returns undefined for another program's line, and for a message that is not about authentication
 */
export function parseSshdLine(line: string, program?: string): SshdLine | undefined {
  if (program !== undefined && !isSshdName(program)) return parseRareHeader(line, program, true);
  HEADER.lastIndex = 0;
  const start = HEADER.test(line) ? HEADER.lastIndex : 0;
  const read = readText(start === 0 ? line : line.slice(start), start > 0);
  if (read !== undefined) {
    read.pid = pidBefore(line, start);
    return read;
  }
  return start > 0 ? undefined : parseRareHeader(line, program, false);
}

function parseRareHeader(
  line: string,
  program: string | undefined,
  isRenamed: boolean,
): SshdLine | undefined {
  const header = readHeader(line, program);
  if (header === undefined) return undefined;
  const { program: name, message } = header;
  const isSshd = isRenamed ? name === program : name === undefined || isSshdName(name);
  if (!isSshd) return undefined;
  const read = readText(message, name !== undefined);
  if (read !== undefined) read.pid = header.pid;
  return read;
}

/** Reads what stands behind a header. */
function readText(text: string, hasHeader: boolean): PartialLine | undefined {
  let message = text.charCodeAt(text.length - 1) === RETURN ? text.slice(0, -1) : text;
  let times = 1;
  const first = hasHeader ? message.charCodeAt(0) : 0;
  if (first === BRACKET_OPEN) message = message.replace(SOLARIS, "");
  const repeated = first === LETTER_M ? REPEATED.exec(message) : null;
  if (repeated !== null) {
    if (!message.endsWith("]")) return undefined;
    times = Number(repeated[1]);
    message = message.slice(repeated[0].length, -1);
  }
  const read = readMessage(message);
  if (read !== undefined) read.count *= times;
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
