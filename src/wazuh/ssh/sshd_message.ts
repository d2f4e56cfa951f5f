/**
 * Reads messages of sshd. User names are chosen by attackers and can look like any part of a line,
 * so nothing is searched for: every form is fixed at its start and at its end, and where a name and
 * another text of the attacker make both ends doubtful, there is no source at all.
 *
 * @module
 */
import type { EvidenceClass } from "../../model.ts";
import { decodeName } from "./sshd_escapes.ts";
import { emptyLine, type PartialLine } from "./sshd_said.ts";
import {
  isLocalSide,
  localSideAt,
  readPeerBefore,
  readPeerOrSource,
  wordStart,
} from "./sshd_peer.ts";

/** sshd hands no more than this to syslog(3), so the end of such a message may be the attacker's. */
const CUT_MESSAGE = 500;

/**
 * journald strips blanks at the end, and such as were cut from a text of 180 or more bytes, written as
 * four or five characters each, leave no less than this.
 */
const CUT_AND_STRIPPED = 380;

const PREAUTH = " [preauth]";

type Reader = (rest: string, evidence: EvidenceClass) => PartialLine | undefined;

/** Every known start of a message, what follows it, and its class (docs/contracts/wazuh.md 4.4). */
const FORMS: readonly (readonly [start: string, read: Reader, evidence: EvidenceClass])[] = [
  ["Failed ", readAuthentication, "sshd"],
  ["Invalid user ", readInvalidUser, "connect"],
  ["Illegal user ", readInvalidUser, "connect"],
  ["pam_", readPamModule, "pam"],
  ["(pam_", readOldPamModule, "pam"],
  ["PAM: ", readPamError, "pam-error"],
  ["Connection closed by ", readPeerAtEnd, "session-end"],
  ["Disconnected from ", readPeerAtEnd, "session-end"],
  ["Connection reset by ", readPeerAtEnd, "session-end"],
  ["Received disconnect from ", readPeerAtStart, "session-end"],
  ["Disconnecting ", readPeerAndReason, "session-end"],
  ["Disconnecting: ", readNothing, "session-end"],
  ["PAM service(sshd) ignoring max retries", readNothing, "session-end"],
  ["PAM ", readPamMore, "pam"],
  ["maximum authentication attempts exceeded for ", readExceeded, "connect"],
  ["Postponed ", readAuthentication, "session-end"],
  ["Partial ", readAuthentication, "session-end"],
  ["Accepted ", readAccepted, "session-end"],
  ["Connection from ", readPeerAtStart, "session-end"],
  ["User ", readRefusedUser, "refused"],
  ["input_userauth_request: invalid user ", readUnknownUser, "session-end"],
  ["Did not receive identification string from ", readPeerAtStart, "connect"],
  ["Bad protocol version identification '", readBadVersion, "connect"],
  ["banner exchange: Connection from ", readPeerAtStart, "connect"],
  ["Unable to negotiate with ", readPeerAtStart, "session-end"],
  ["ROOT LOGIN REFUSED FROM ", readPeerAtStart, "session-end"],
  ["Timeout before authentication for connection from ", readPeerAtStart, "session-end"],
  ["Timeout before authentication for ", readPeerAtStart, "session-end"],
  ["ssh_dispatch_run_fatal: Connection from ", readPeerAndReason, "session-end"],
  ["Access denied for user ", readDeniedAccount, "session-end"],
];

/** The forms by their first letter: a line is compared with a few of them only. */
const FORMS_BY_LETTER: ReadonlyMap<number, typeof FORMS> = Map.groupBy(
  FORMS,
  ([start]) => start.charCodeAt(0),
);

/**
 * Reads a message without its header.
 *
 * @returns undefined when it is not about authentication
 */
export function readMessage(message: string): PartialLine | undefined {
  const read = readWhole(message);
  // A blank that a syslog daemon put at the end. Where a name ends the message, it was read above.
  if (read !== undefined || message.charCodeAt(message.length - 1) !== SPACE) return read;
  return readWhole(message.trimEnd());
}

const SPACE = 32;

function readWhole(message: string): PartialLine | undefined {
  let startAt = 0;
  let forms = FORMS_BY_LETTER.get(message.charCodeAt(0));
  // No form begins as a level does.
  if (forms === undefined && (message.startsWith("error: ") || message.startsWith("fatal: "))) {
    startAt = 7;
    forms = FORMS_BY_LETTER.get(message.charCodeAt(startAt));
  }
  for (const form of forms ?? []) {
    if (!message.startsWith(form[0], startAt)) continue;
    const [start, read, evidence] = form;
    return message.length >= CUT_AND_STRIPPED && isCut(message, read)
      ? emptyLine(evidence)
      : read(message.slice(startAt + start.length), evidence);
  }
  return undefined;
}

/** Where the name comes first, a message cut at its end may have lost its source and kept a forged one. */
const NAME_BEFORE_SOURCE: ReadonlySet<Reader> = new Set([
  readAuthentication,
  readAccepted,
  readInvalidUser,
  readPamError,
  readPeerAtEnd,
  readPeerAndReason,
  readExceeded,
  readBadVersion,
  readRefusedUser,
]);

/** Of those, the ones with up to 180 or 200 bytes of the client's, where others have 100. */
const LONG_TEXT_BEFORE_SOURCE: ReadonlySet<Reader> = new Set([
  readPeerAtEnd,
  readPeerAndReason,
  readBadVersion,
]);

function isCut(message: string, read: Reader): boolean {
  return LONG_TEXT_BEFORE_SOURCE.has(read) ||
    (message.length >= CUT_MESSAGE && NAME_BEFORE_SOURCE.has(read));
}

function setPeer(line: PartialLine, peer: RegExpExecArray): void {
  line.source = peer[1];
  if (peer[2] !== undefined) line.port = Number(peer[2]);
}

function readNothing(_rest: string, evidence: EvidenceClass): PartialLine {
  return emptyLine(evidence);
}

/** Methods behind whose `ssh2` nothing of the client's stands. */
const KEYLESS = /^(?:password|none|keyboard-interactive(?:\/.*)?)$/;

/** `METHOD for [invalid user ]NAME from IP port N ssh2[: KEY]`. */
function readAuthentication(rest: string, evidence: EvidenceClass): PartialLine | undefined {
  const methodEnd = rest.indexOf(" ");
  if (!rest.startsWith(" for ", methodEnd)) return undefined;
  const line = emptyLine(evidence);
  line.method = rest.slice(0, methodEnd);
  if (evidence === "sshd" && line.method.startsWith("keyboard-interactive")) {
    line.evidence = "keyboard";
  }
  const hasKey = line.method !== "password" && !KEYLESS.test(line.method);
  return readNameFromPeer(line, rest.slice(methodEnd + 5), hasKey);
}

function readAccepted(rest: string, evidence: EvidenceClass): PartialLine | undefined {
  const line = readAuthentication(rest, evidence);
  if (line !== undefined) line.succeeded = true;
  return line;
}

function readExceeded(rest: string, evidence: EvidenceClass): PartialLine | undefined {
  return readNameFromPeer(emptyLine(evidence), rest, false);
}

function readNameFromPeer(
  line: PartialLine,
  rest: string,
  hasKey: boolean,
): PartialLine | undefined {
  const isPreauth = rest.endsWith(PREAUTH);
  const text = isPreauth ? rest.slice(0, -PREAUTH.length) : rest;
  let at: number;
  if (hasKey) {
    const peers = keyedPeers(text);
    // A certificate's id is as free as the name: of two peers either may be forged.
    if (peers.length > 1) return line;
    const peer = peers[0];
    if (peer === undefined || peer[2]!.startsWith("-")) return undefined;
    // Where sshd's own peer is damaged, the only one left may be a name's.
    if (text.includes(" from ", peer.index + peer[0].length)) return line;
    setPeer(line, peer);
    at = peer.index;
  } else {
    const end = text.endsWith(" ssh2") ? text.length - 5 : text.length;
    at = readPeerBefore(line, text, end);
    if (at < 0) at = readPeerBefore(line, text, localSideAt(text, end));
    if (at < 0) return undefined;
  }
  setUser(line, text.slice(0, at), "invalid user ", isPreauth);
  return line;
}

/** Every place where a peer can stand before the key that `publickey` and others write at the end. */
function keyedPeers(text: string): RegExpExecArray[] {
  const peers: RegExpExecArray[] = [];
  const peer = / from ([^ ]+) port (-?\d{1,5})(?: on [^ ]+(?: port \d{1,5})?)? ssh2(?:: |$)/y;
  for (let at = text.indexOf(" from "); at >= 0; at = text.indexOf(" from ", at + 1)) {
    peer.lastIndex = at;
    const found = peer.exec(text);
    if (found !== null) peers.push(found);
  }
  return peers;
}

/** `NAME from IP[ port N]`: OpenSSH before 7.3 wrote no port. */
function readInvalidUser(rest: string, evidence: EvidenceClass): PartialLine | undefined {
  const line = emptyLine(evidence);
  let at = readPeerBefore(line, rest, rest.length);
  if (at < 0) {
    const text = rest.slice(0, localSideAt(rest, rest.length));
    at = text.lastIndexOf(" from ");
    if (at < 0 || !readPeerOrSource(line, text, at + 6)) return undefined;
  }
  line.username = decodeName(rest.slice(0, at), 1);
  line.invalidUser = true;
  return line;
}

/** `TEXT for [illegal user ]NAME from HOST`, TEXT being one of pam_strerror(3). */
function readPamError(rest: string, evidence: EvidenceClass): PartialLine | undefined {
  const retries = "Have exhausted maximum number of retries for service";
  const nameAt = rest.indexOf(" for ", rest.startsWith(retries) ? retries.length : 0) + 5;
  const at = rest.lastIndexOf(" from ");
  const source = rest.slice(at + 6, localSideAt(rest, rest.length));
  if (nameAt < 5 || at < nameAt || source === "" || source.includes(" ")) return undefined;
  const line = emptyLine(evidence);
  line.source = source;
  setUser(line, rest.slice(nameAt, at), "illegal user ", false);
  return line;
}

/** The service has the program's name: `sshd.pam` too. */
const PAM_MODULE = /^([a-z0-9_]{1,40})\(sshd[\w.-]{0,40}:auth\): /;

/** The module that nearly every host has. */
const FIRST_MODULE = "unix";

/** `pam_MODULE(sshd:auth): …`. */
function readPamModule(rest: string): PartialLine | undefined {
  const prefix = PAM_MODULE.exec(rest);
  if (prefix === null) return undefined;
  const text = rest.slice(prefix[0].length);
  const failure = "authentication failure; ";
  const line = text.startsWith(failure)
    ? readPamFields(text.slice(failure.length), 1)
    : readPamMore(text) ?? emptyLine("session-end");
  const module = prefix[1]!;
  if (line.count > 0 && module !== FIRST_MODULE) line.module = module;
  return line;
}

/** `(pam_MODULE) authentication failure; …`: Linux-PAM before 0.99 named no service, but the terminal. */
function readOldPamModule(rest: string): PartialLine | undefined {
  const found =
    /^[a-z0-9_]{1,40}\) authentication failure; (?=[^=]*=[^ ]* uid=[^ ]* euid=[^ ]* tty=(?:NODEV)?ssh )/
      .exec(rest);
  return found === null ? undefined : readPamFields(rest.slice(found[0].length), 1);
}

/** `N more authentication failures; …`: one line for all failures of a connection but its first. */
function readPamMore(rest: string): PartialLine | undefined {
  const more = /^([1-9]\d{0,5}) more authentication failures?; /.exec(rest);
  return more === null ? undefined : readPamFields(rest.slice(more[0].length), Number(more[1]));
}

/**
 * Of these only the user is the attacker's, and it comes last. PAM writes it raw, without sshd's
 * escapes.
 */
const PAM_FIELDS =
  /^logname=[^ ]* uid=[^ ]* euid=[^ ]* tty=[^ ]* ruser=[^ ]* rhost=([^ ]*)(?: {1,2}user=([^]*)| *)$/;

function readPamFields(fields: string, count: number): PartialLine {
  const line = emptyLine("pam");
  line.count = count;
  const found = PAM_FIELDS.exec(fields);
  if (found !== null) {
    line.source = found[1] === "" ? undefined : found[1];
    line.username = found[2];
  }
  return line;
}

/** `[invalid user NAME|authenticating user NAME|user NAME ]IP[ port N]`. */
function readPeerAtEnd(rest: string, evidence: EvidenceClass): PartialLine {
  const isPreauth = rest.endsWith(PREAUTH);
  const text = isPreauth ? rest.slice(0, -PREAUTH.length) : rest;
  const line = emptyLine(evidence);
  const portAt = text.lastIndexOf(" port ");
  const sourceAt = portAt < 0 ? 0 : wordStart(text, portAt);
  if (isLocalSide(text, sourceAt) || !readPeerOrSource(line, text, sourceAt)) return line;
  const preamble = text.slice(0, sourceAt);
  setPreamble(line, preamble, isPreauth);
  if (isPreauth && preamble.startsWith("authenticating user ")) line.isUnfinished = true;
  return line;
}

/** Reasons that quote what the client sent. */
const QUOTING_REASON = /: (?:Change of username or service not allowed: |bad service request )/;

/** `[… user NAME ]IP port N: REASON`. */
function readPeerAndReason(rest: string, evidence: EvidenceClass): PartialLine {
  const line = emptyLine(evidence);
  const isPreauth = rest.endsWith(PREAUTH);
  const peers = [...rest.matchAll(/(?<![^ ])([^ ]+) port (-?\d{1,5}): /g)];
  const peer = peers.at(-1);
  const isDoubtful = peers.length > 1 &&
    (QUOTING_REASON.test(rest) ||
      !rest.includes(": Too many authentication failures", peer?.index));
  if (peer === undefined || isDoubtful) return line;
  setPeer(line, peer);
  setPreamble(line, rest.slice(0, peer.index), isPreauth);
  return line;
}

/** `IP[ port N]…`: what follows may be the attacker's. */
function readPeerAtStart(rest: string, evidence: EvidenceClass): PartialLine {
  const line = emptyLine(evidence);
  // Not any word, or it could be the "user" of "user port 1: …" where a name precedes the address.
  const peer = /^([0-9a-fA-F.:]+(?:%[^ ]+)?) port (\d{1,5})(?![^ :])/.exec(rest) ??
    /^([0-9a-fA-F.:]+?):?(?![^ ])/.exec(rest);
  if (peer !== null) setPeer(line, peer);
  return line;
}

/** `TEXT' from IP[ port N]`. */
function readBadVersion(rest: string, evidence: EvidenceClass): PartialLine | undefined {
  const at = rest.lastIndexOf("' from ");
  const line = emptyLine(evidence);
  return at >= 0 && readPeerOrSource(line, rest, at + 7) ? line : undefined;
}

const NOT_ALLOWED = " not allowed because ";
const REASON_WITH_SOURCE =
  /^(?:(?:not )?listed in (?:Deny|Allow)Users|not in any group|a group is listed in DenyGroups|none of user's groups are listed in AllowGroups)$/;
const REASON_WITHOUT_SOURCE =
  /^(?:account is locked|shell [^]{1,400} (?:does not exist|is not executable))$/;

/** `NAME from HOST not allowed because REASON`, without the host for two of the reasons. */
function readRefusedUser(rest: string, evidence: EvidenceClass): PartialLine | undefined {
  const reasonAt = rest.lastIndexOf(NOT_ALLOWED);
  if (reasonAt < 0) return undefined;
  const reason = rest.slice(reasonAt + NOT_ALLOWED.length);
  const line = emptyLine(evidence);
  let nameEnd = reasonAt;
  if (REASON_WITH_SOURCE.test(reason)) {
    nameEnd = rest.lastIndexOf(" from ", reasonAt);
    const source = rest.slice(nameEnd + 6, reasonAt);
    if (nameEnd < 0 || source === "" || source.includes(" ")) return undefined;
    line.source = source;
  } else if (!REASON_WITHOUT_SOURCE.test(reason)) {
    return undefined;
  }
  line.username = decodeName(rest.slice(0, nameEnd), 1);
  return line;
}

function readUnknownUser(rest: string, evidence: EvidenceClass): PartialLine {
  const isPreauth = rest.endsWith(PREAUTH);
  const line = emptyLine(evidence);
  const name = isPreauth ? rest.slice(0, -PREAUTH.length) : rest;
  line.username = decodeName(name, isPreauth ? 2 : 1);
  line.invalidUser = true;
  return line;
}

/** `NAME by PAM account configuration`: the password was right, the account may not log in. */
function readDeniedAccount(rest: string, evidence: EvidenceClass): PartialLine | undefined {
  const denied = /^([^]*) by PAM account configuration( \[preauth\])?$/.exec(rest);
  if (denied === null) return undefined;
  const line = emptyLine(evidence);
  line.username = decodeName(denied[1] ?? "", denied[2] === undefined ? 1 : 2);
  return line;
}

/** An existing account's name can begin with neither prefix, so the first one is sshd's own. */
function setUser(line: PartialLine, text: string, invalidPrefix: string, isPreauth: boolean): void {
  line.invalidUser = text.startsWith(invalidPrefix);
  const name = line.invalidUser ? text.slice(invalidPrefix.length) : text;
  line.username = decodeName(name, isPreauth ? 2 : 1);
}

function setPreamble(line: PartialLine, preamble: string, isPreauth: boolean): void {
  const start = /^(?:(invalid )|authenticating )?user /.exec(preamble);
  if (start === null) return;
  line.invalidUser = start[1] !== undefined;
  line.username = decodeName(preamble.slice(start[0].length, -1), isPreauth ? 2 : 1);
}
