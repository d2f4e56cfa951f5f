/**
 * Headers of log lines as syslog daemons, journald and container engines write them
 * (docs/contracts/wazuh.md 4.5).
 *
 * @module
 */
import { isFields, own } from "../../json.ts";

/** What stands before a message. */
export interface LogHeader {
  /** The program's name; undefined where a container engine does not say it. */
  readonly program: string | undefined;
  readonly pid: number | undefined;
  /** Without the header. */
  readonly message: string;
}

const MONTH_DAY = String.raw`[A-Z][a-z]{2} {1,2}\d{1,2}`;
const CLOCK = String.raw`\d\d:\d\d:\d\d(?:[.,]\d{1,9})?`;
const ISO = String
  .raw`\d{4}-\d\d-\d\d[T ]${CLOCK}(?: ?(?:Z|[A-Z]{2,5}|[+-]\d\d(?::?\d\d)?)(?![^ ]))?`;
const TIME = [
  String.raw`(?:[A-Z][a-z]{2} )?(?:${ISO}|${MONTH_DAY}(?: \d{4})? ${CLOCK}(?: \d{4}(?![^ ]))?)`,
  String.raw`\d{4} ${MONTH_DAY} ${CLOCK}`,
  String.raw`\d{9,10}\.\d{1,9}`,
  String.raw`\[ {0,9}\d{1,10}\.\d{1,9}\]`,
].join("|");

const FACILITY =
  "(?:kern|user|mail|daemon|auth|security|syslog|lpr|news|uucp|cron|authpriv|ftp|ntp|audit|console|local[0-7])";
const LEVEL = "(?:emerg|panic|alert|crit|err|error|warn|warning|notice|info|debug)";
const NAMED = String.raw`${FACILITY}(?:\|${FACILITY})?[.:]${LEVEL}`;
/** As a number, in the words of BSD, busybox and OpenWrt, or as AIX writes it: `auth|security:info`. */
const PRIORITY = String.raw`(?:<\d{1,3}(?:\.\d{1,3})?>|<${NAMED}>|${NAMED})`;

/** Neither has a space, and a name that ends with a colon is a program's. */
const HOST = String.raw`[^ ]{0,254}[^ :]`;
const PROGRAM = String.raw`[^ :[\]<>|(){}"]{1,64}`;

/** What nearly every line has. {@link SYSLOG} reads it alike, and the others do not match it. */
const PLAIN = new RegExp(
  String.raw`^(?:[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d|` +
    String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ` +
    String.raw`[^ [\]]{0,254}[^ :[\]] (${PROGRAM})\[(\d{1,10})\]: {1,2}`,
);

const SYSLOG = whenNeeded(
  String.raw`^(?:${PRIORITY} {0,2})?(?:${TIME}) {1,2}(?:${PRIORITY} {1,2})?(?:${HOST} {1,2})?` +
    String.raw`(?:${PRIORITY} {1,2})?(?:Message forwarded from ${HOST}: {1,2})?` +
    String.raw`(${PROGRAM})(?:\[(\d{1,10})\])?: {1,2}`,
);

/** metalog writes no host, no process id and no colon. A host, too, may stand in brackets. */
const METALOG = whenNeeded(
  String
    .raw`^(?:${TIME}) {1,2}(?:[^ []${HOST} {1,2})?\[(${PROGRAM})\]:? {1,2}(?! |[^ ]{1,64}\[\d{1,10}\]: )`,
);

const STRUCTURED_DATA = String
  .raw`(?:\[[^ \]="\\]{1,64}(?: {1,2}[^ \]="\\]{1,64}="(?:[^"\\]|\\.){0,1024}")*\])`;

/** RFC 5424. The mark of UTF-8 may begin the message. */
const RFC5424 = whenNeeded(
  String
    .raw`^(?:<\d{1,3}>)?1 (?:-|\d{4}-\d\d-\d\dT[^ ]{8,24}) [^ ]{1,255} (${PROGRAM}) ([^ ]{1,128}) ` +
    String.raw`[^ ]{1,32} (?:-|${STRUCTURED_DATA}{1,16}) {1,2}\ufeff?`,
);

/** CRI. A part (`P`) of a line is refused: its end may be a name's. */
const CRI = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) std(?:out|err) F /;

/** A header without a time, which only a program's name that Wazuh knows, too, makes one. */
const PRIORITY_ALONE = whenNeeded(
  String.raw`^${PRIORITY} {0,2}(${PROGRAM})(?:\[(\d{1,10})\])?: {1,2}`,
);

/** An integration call reads one line: what that line does not need would cost it a tenth of a millisecond. */
function whenNeeded(source: string): () => RegExp {
  let made: RegExp | undefined;
  return () => made ??= new RegExp(source);
}

const LONGEST_JSON = 65_536;

/**
 * Reads what stands before a message.
 *
 * Every header is fixed at the start of the line, where no client of a server can write. Takes time
 * in proportion to the length of the line.
 *
 * @param line without a line break at its end; may hold anything
 * @param program the name of the program, where Wazuh read it, too
 * @returns undefined for a line with no header that is known
 */
export function readHeader(line: string, program?: string): LogHeader | undefined {
  if (line.charCodeAt(0) === BRACE) return readJson(line);
  const head = line.slice(0, LONGEST_HEADER);
  let found = PLAIN.exec(head);
  if (found === null) {
    const cri = CRI.exec(head);
    if (cri !== null) return unwrapped(line.slice(cri[0].length));
    found = METALOG().exec(head) ?? SYSLOG().exec(head) ?? RFC5424().exec(head) ??
      knownProgram(head, program);
  }
  if (found === null) return undefined;
  return {
    program: found[1],
    pid: numberOf(found[2]),
    message: line.slice(found[0].length),
  };
}

const BRACE = 123;

/** A longer one has nobody, and structured data may fill it. */
const LONGEST_HEADER = 8192;

function knownProgram(head: string, program: string | undefined): RegExpExecArray | null {
  const found = program === undefined ? null : PRIORITY_ALONE().exec(head);
  return found?.[1] === program ? found : null;
}

/** What a container engine took from a program may have a header of its own. */
function unwrapped(line: string): LogHeader {
  const isWrapper = line.charCodeAt(0) === BRACE || CRI.test(line.slice(0, 100));
  const inner = isWrapper ? undefined : readHeader(line);
  return inner ?? { program: undefined, pid: undefined, message: line };
}

/** Docker's json-file, and journald's own JSON. */
function readJson(line: string): LogHeader | undefined {
  if (line.length > LONGEST_JSON) return undefined;
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isFields(record)) return undefined;
  const [log, stream] = [own(record, "log"), own(record, "stream")];
  if (typeof log === "string" && (stream === "stdout" || stream === "stderr")) {
    const text = log.replace(/[\r\n]{0,4}$/, "");
    return text.includes("\n") ? undefined : unwrapped(text);
  }
  const message = textOf(own(record, "MESSAGE"));
  const program = own(record, "SYSLOG_IDENTIFIER");
  if (message === undefined || typeof program !== "string") return undefined;
  const pid = own(record, "SYSLOG_PID") ?? own(record, "_PID");
  return { program, pid: numberOf(pid), message };
}

/** journald writes a message that is not UTF-8 as a list of its bytes. */
function textOf(message: unknown): string | undefined {
  if (!Array.isArray(message)) return typeof message === "string" ? message : undefined;
  return new TextDecoder().decode(Uint8Array.from(message as number[]));
}

function numberOf(digits: unknown): number | undefined {
  return typeof digits === "string" && /^\d{1,10}$/.test(digits) ? Number(digits) : undefined;
}
