/**
 * The attempts that an alert proves: its log line is read again, and Wazuh's own reading is never trusted
 * alone.
 *
 * @module
 */
import { canonicalAddress } from "../address.ts";
import { own } from "../json.ts";
import type { Attempt, EvidenceClass, IgnoreReason, Service } from "../model.ts";
import { type Alert, textField } from "./alert.ts";
import { parseDropbearLine } from "./ssh/dropbear_line.ts";
import { isSshdName, parseSshdLine } from "./ssh/sshd_line.ts";
import type { SshdLine } from "./ssh/sshd_said.ts";
import { isWindowsEvent, parseWindowsEvent } from "./ssh/windows_line.ts";

/** The attempts of an alert, or why it has none. */
export type Evidence =
  | { readonly attempts: readonly Attempt[]; readonly spoofedSrcip: boolean }
  | { readonly reason: IgnoreReason };

/** "Multiple authentication failures followed by a success". */
const COMPROMISE = "40112";

/**
 * Rules of the alert that each line of a composite's `previous_output` was, by how its message begins
 * (docs/contracts/wazuh.md 3). What names an account that is not there is 5710 instead.
 */
const BASE_RULES: readonly (readonly [message: RegExp, ids: readonly string[]])[] = [
  [/\(sshd:auth\): authentication failure/, ["5503", "2501"]],
  [/ more authentication failure/, ["2502"]],
  [/maximum authentication attempts/, ["5758"]],
  [/ not allowed because /, ["5718"]],
  [/Bad password attempt for /, ["51003"]],
  [/Failed |PAM: /, ["5760", "5716"]],
];

/** Rules that also fire for su, sudo, vsftpd and others (docs/contracts/wazuh.md 3). */
const NOT_ONLY_SSH: ReadonlySet<string> = new Set(["2501", "2502", "5503", "5551"]);

/** A manager's clock may be ahead by so much; a later time is a mistake. Milliseconds. */
const FASTEST_CLOCK_MS = 24 * 60 * 60 * 1000;

/** User names longer than this are cut: sshd itself writes 100 characters at most. */
const LONGEST_USERNAME = 255;

/**
 * Reads the attempts of a 4.x alert.
 *
 * @param rules the rule ids that are read: a composite's earlier lines count only when the rules of
 * their own alerts are not among them, or each would count twice (docs/contracts/wazuh.md 4.2)
 * @param now milliseconds since the epoch, for an alert without a readable time
 * @param countsRefusedKeys whether a connection that ended before its user had logged in is a probe
 */
export function attemptsOfAlert(
  alert: Alert,
  rules: ReadonlySet<string>,
  now: number,
  countsRefusedKeys = false,
): Evidence {
  // Rules for events of Windows often leave the log line out.
  const line = alert.fullLog ?? (isWindowsEvent(alert.data) ? "" : undefined);
  const first = line === undefined
    ? readWithoutLine(alert, now)
    : readLine(alert, line, now, countsRefusedKeys);
  if ("reason" in first) return first;
  const sourceIp = first.attempts[0]?.sourceIp;
  // PAM writes names as they are: a line break in one makes a line of its own, for any source.
  const earlier = earlierAttempts(alert, rules, now);
  const attempts = earlier.length === 0
    ? first.attempts
    : [...first.attempts, ...earlier.filter((one) => one.sourceIp === sourceIp)];
  const { claimedSource = "" } = alert;
  const claimed = claimedSource === sourceIp ? sourceIp : canonicalAddress(claimedSource);
  const spoofedSrcip = claimed !== undefined && claimed !== sourceIp;
  // Wazuh looked up the location of the address that it considers the source.
  const sourceLocation = claimed === undefined || spoofedSrcip ? undefined : alert.sourceLocation;
  if (sourceLocation === undefined) {
    return spoofedSrcip || attempts !== first.attempts ? { attempts, spoofedSrcip } : first;
  }
  return { attempts: attempts.map((attempt) => ({ ...attempt, sourceLocation })), spoofedSrcip };
}

/**
 * The attempts that the earlier lines of a composite prove beside its own.
 *
 * Failures before a success count as connections: where their own alerts came, those prove more attempts,
 * and where they did not, the connections are all that is known.
 */
function earlierAttempts(
  alert: Alert,
  rules: ReadonlySet<string>,
  now: number,
): readonly Attempt[] {
  const isCompromise = alert.ruleId === COMPROMISE;
  if (!isCompromise && readsAllBaseRules(rules)) return NO_ATTEMPTS;
  const all = alert.previousOutput;
  const lines = isCompromise ? all : all.filter((line) => !isHandedOver(line, rules));
  if (lines.length === 0) return NO_ATTEMPTS;
  const read = lines.map((line) => readLine(alert, line, now))
    .flatMap((evidence) => "attempts" in evidence ? evidence.attempts : []);
  if (!isCompromise) return read;
  return read.filter((one) => one.count > 0)
    .map((one): Attempt => ({ ...one, evidence: "connect", count: 1 }));
}

let lastRules: ReadonlySet<string> | undefined;
let doesReadAll = false;

/** Whether no line can be without an alert that is read: then none is looked at, for the sake of floods. */
function readsAllBaseRules(rules: ReadonlySet<string>): boolean {
  if (rules !== lastRules) {
    doesReadAll = rules.has("5710") &&
      BASE_RULES.every(([, ids]) => ids.some((id) => rules.has(id)));
    lastRules = rules;
  }
  return doesReadAll;
}

/** Whether a line was an alert of its own that is read, too: then it counts there. */
function isHandedOver(line: string, rules: ReadonlySet<string>): boolean {
  const invalid = / (?:invalid|illegal) user /.test(line) ||
    /: (?:Invalid|Illegal) user /.test(line);
  const base = invalid ? ["5710"] : BASE_RULES.find(([message]) => message.test(line))?.[1];
  return base === undefined || base.some((id) => rules.has(id));
}

/** Most alerts have none: made once, for the sake of floods. */
const NO_ATTEMPTS: readonly Attempt[] = [];

function timeOf({ at }: Alert, now: number): number {
  return at === undefined || at > now + FASTEST_CLOCK_MS ? now : at;
}

/** Whether sshd wrote the line of an alert, as far as Wazuh's decoders say it. */
export function isOfSshd({ programName, decoderName }: Alert): boolean {
  return programName === undefined ? decoderName === "sshd" : isSshdName(programName);
}

/** The fields that every attempt of an alert shares. */
export function common(alert: Alert, now: number) {
  const { sensor, location, techniques } = alert;
  const at = timeOf(alert, now);
  const service: Service = "ssh";
  return {
    sensor,
    location,
    techniques,
    at,
    service,
    sourceLocation: undefined,
    isCompromise: false,
  };
}

/** Rules whose lines are PAM's, and those whose lines prove a connection (docs/contracts/wazuh.md 3). */
const CLASS_OF_RULE: ReadonlyMap<string, EvidenceClass> = new Map([
  ["2501", "pam"],
  ["2502", "pam"],
  ["5503", "pam"],
  ["5551", "pam"],
  ["5718", "refused"],
  ["5719", "refused"],
  ["5758", "connect"],
  [COMPROMISE, "session-end"],
  ["5715", "session-end"],
  ["40101", "session-end"],
  ["99903", "session-end"],
]);

/** Those of accepted logins. */
const LOGIN_RULES: ReadonlySet<string> = new Set(["5715", "40101", "99903", COMPROMISE]);

/**
 * What an alert without its line is evidence of. One rule has lines of several kinds, which differ by the
 * fields that Wazuh's decoders find in each (docs/contracts/wazuh.md 3.1).
 */
function classWithoutLine({ ruleId, data }: Alert): EvidenceClass {
  const hasPort = "srcport" in data;
  if (ruleId === "5716") return hasPort ? "sshd" : "pam-error";
  if (ruleId === "40111") return hasPort ? "sshd" : "pam";
  if (ruleId !== "5710" && ruleId !== "5712") return CLASS_OF_RULE.get(ruleId) ?? "sshd";
  if (!hasPort) return "dstuser" in data ? "refused" : "sshd";
  // Of keyboard-interactive each attempt has two such lines, and PAM's own beside them.
  return "srcuser" in data ? "connect" : "session-end";
}

/** Whether a name has neither an address nor a word at which decoders end the name. */
export function isHarmless(name: string | undefined): boolean {
  return name !== undefined && !/(?:^|\s)from(?:\s|$)/i.test(name) &&
    addressesIn(name).length === 0;
}

/** All addresses in a text, wherever they stand. */
export function addressesIn(text: string): readonly string[] {
  return text.split(/[^0-9a-fA-F.:]+/).map((part) => canonicalAddress(part))
    .filter((address) => address !== undefined);
}

/**
 * An alert without its line, as some senders cut it: Wazuh's address counts beside a harmless name. That
 * is as much as can be asked.
 */
function readWithoutLine(alert: Alert, now: number): Evidence {
  const { ruleId, data } = alert;
  if (!isOfSshd(alert)) return { reason: "not_ssh" };
  const name = own(data, "srcuser") ?? own(data, "dstuser");
  const username = textField(data, "srcuser") ?? textField(data, "dstuser");
  if (alert.claimedSource === undefined) return { reason: "no_address" };
  if (name !== undefined && !isHarmless(username)) return { reason: "no_address" };
  const sourceIp = canonicalAddress(alert.claimedSource);
  if (sourceIp === undefined) return { reason: "host_name" };
  const evidence = classWithoutLine(alert);
  const attempt: Attempt = {
    ...common(alert, now),
    sourceIp,
    evidence,
    count: evidence === "session-end" ? 0 : 1,
    username: username?.slice(0, LONGEST_USERNAME),
    pid: 0,
    isCompromise: ruleId === COMPROMISE,
  };
  const isLogin = LOGIN_RULES.has(ruleId);
  return { attempts: [isLogin ? { ...attempt, isLogin } : attempt], spoofedSrcip: false };
}

function readLine(
  alert: Alert,
  line: string,
  now: number,
  countsRefusedKeys = false,
): Evidence {
  const { programName } = alert;
  const parsed = programName === "sshd" ? parseSshdLine(line) : saidIn(alert, line);
  if (parsed === undefined) return readUnknownLine(alert, line, now);
  if (parsed.source === undefined) {
    return { reason: parsed.count === 0 ? "not_an_attempt" : "no_address" };
  }
  const sourceIp = canonicalAddress(parsed.source);
  if (sourceIp === undefined) return { reason: "host_name" };
  // A refused key leaves no other line. The class counts where its connection has no attempt.
  const isProbe = countsRefusedKeys && parsed.isUnfinished === true;
  // Written out and not spread: this happens for every line of a flood.
  const { sensor, location, techniques } = alert;
  const attempt: Attempt = {
    sourceIp,
    at: timeOf(alert, now),
    evidence: isProbe ? "refused" : parsed.evidence,
    count: isProbe ? 1 : parsed.count,
    username: parsed.username?.slice(0, LONGEST_USERNAME),
    sensor,
    // Each module logs the same attempt: as with two locations, the fullest view counts.
    location: parsed.module === undefined ? location : `${location} ${parsed.module}`,
    pid: parsed.pid ?? 0,
    techniques,
    service: "ssh",
    sourceLocation: undefined,
    isCompromise: parsed.succeeded && alert.ruleId === COMPROMISE,
  };
  const isLogin = parsed.succeeded;
  return { attempts: [isLogin ? { ...attempt, isLogin } : attempt], spoofedSrcip: false };
}

/**
 * Reads a line of whatever SSH server the alert is about.
 *
 * @returns undefined for a line that is not known
 */
export function saidIn(alert: Alert, line: string): SshdLine | undefined {
  const { programName, decoderName, data } = alert;
  const isKnown = programName !== undefined && (isSshdName(programName) || decoderName === "sshd");
  if (isKnown) return parseSshdLine(line, programName);
  if (programName === "dropbear" || decoderName === "dropbear") return parseDropbearLine(line);
  if (isWindowsEvent(data)) return parseWindowsEvent(data);
  if (programName === undefined) return parseSshdLine(line) ?? parseDropbearLine(line);
  // Wazuh mistook a part of a header that it does not know for the program.
  return /sshd|^\d{1,4}$/.test(programName) ? parseSshdLine(line) : undefined;
}

/** How syslog begins a line of sshd. */
const SSHD_HEADER = /^\S[^"]{0,280}? ?sshd(-session|-auth)?(\[\d{1,10}\])?: /;

/** How sshd itself ends a line that names the other side. */
const SSHD_TAIL = / (?:from )?([0-9a-fA-F.:]{2,45}) port \d{1,5}(?: ssh2)?(?: \[preauth\])?$/;

/**
 * A line that is not known: Wazuh's address counts only when sshd's own ending of the line says the
 * same and no other address stands in it, so that no user name can have put it there.
 */
function readUnknownLine(alert: Alert, line: string, now: number): Evidence {
  if (!isSshdName(alert.programName ?? "") || NOT_ONLY_SSH.has(alert.ruleId)) {
    return { reason: "not_ssh" };
  }
  const sourceIp = canonicalAddress(alert.claimedSource ?? "");
  const atEnd = canonicalAddress(SSHD_TAIL.exec(line.slice(-100))?.[1] ?? "");
  const others = line.split(/[^0-9a-fA-F.:]+/).map(canonicalAddress).filter((a) => a !== atEnd);
  const hasHeader = SSHD_HEADER.test(line.slice(0, 300));
  const isCertain = hasHeader && atEnd !== undefined &&
    others.every((address) => address === undefined);
  if (sourceIp === undefined || sourceIp !== atEnd || !isCertain) return { reason: "no_address" };
  const username = textField(alert.data, "srcuser") ?? textField(alert.data, "dstuser");
  const attempt: Attempt = {
    ...common(alert, now),
    sourceIp,
    evidence: "sshd",
    count: 1,
    username: username?.slice(0, LONGEST_USERNAME),
    pid: 0,
  };
  return { attempts: [attempt], spoofedSrcip: false };
}
