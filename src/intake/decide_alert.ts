/**
 * Decides on one 4.x alert, and fixes the order in which the folders `wazuh` and `guard` are asked.
 * Nearly every integration call needs this file alone, so it loads nothing that only other shapes need:
 * those are decided in decide.ts.
 *
 * @module
 */
import type { Guard } from "../guard/guard.ts";
import type { AlertKey, Decision, IgnoreReason } from "../model.ts";
import { type Alert, readAlert } from "../wazuh/alert.ts";
import type { DecoyRules } from "../cowrie/decoy.ts";
import { attemptsOfCowrie, isCowrie, isOfSshdDecoder } from "../cowrie/record.ts";
import type { SessionReading, SessionRules } from "../cowrie/session_event.ts";
import { attemptsOfAlert, type Evidence, isOfSshd } from "../wazuh/attempts.ts";

/** The rules by which alerts are decided on. */
export interface IntakeRules extends DecoyRules {
  readonly guard: Guard;
  readonly ruleIds: ReadonlySet<string>;
  /** Rules that are not read though their groups say that a login failed. */
  readonly narrowed?: ReadonlySet<string>;
  /** Whether a connection that ended before its user had logged in is a probe. */
  readonly countsRefusedKeys?: boolean;
  /** The name of this program: alerts about its own messages are never read (docs/contracts/wazuh.md 2). */
  readonly program: string;
  /** Whether decisions carry the alert itself, which is then forwarded. */
  readonly keepsText?: boolean;
  /** How sessions at a decoy are read; undefined: they are not (`session.enabled`). */
  readonly sessions?: SessionRules;
}

/** Reads what a record of a decoy says of its session: most calls never need it. */
export type ReadSession = (alert: Alert, rules: IntakeRules, now: number) => SessionReading;

/** The one record of a decoy that floods bring, and that says nothing of its session. */
const LOGIN_FAILED = "cowrie.login.failed";

/**
 * Decides on the text of a file that holds one 4.x alert and nothing else. Pure.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 * @returns undefined for every other file, for what is of a session or may be of another honeypot, and
 * where the alert itself is kept: decide.ts decides on those
 */
export function decideOneAlert(
  text: string,
  rules: IntakeRules,
  now: number,
): Decision | undefined {
  if (rules.keepsText) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const alert = readAlert(value);
  if (alert === undefined) return undefined;
  const isOfSession = rules.sessions !== undefined && alert.data.eventid !== LOGIN_FAILED &&
    isCowrie(alert);
  if (isOfSession) return undefined;
  const decision = decideAlert(alert, rules, now);
  return mayBeOfDecoy(alert, decision) ? undefined : decision;
}

/** Why an alert is ignored that a format of another honeypot may read. */
const OF_ANOTHER: ReadonlySet<IgnoreReason> = new Set(["other_rule", "not_ssh", "no_address"]);

/** Whether an alert may be of a honeypot other than sshd's and Cowrie's. */
export function mayBeOfDecoy(alert: Alert, decision: Decision): boolean {
  if (decision.kind !== "ignored" || !OF_ANOTHER.has(decision.reason)) return false;
  return !isOfSshdDecoder(alert) && !isCowrie(alert);
}

/**
 * Decides on a 4.x alert of sshd, another SSH server or a Cowrie. Pure.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 * @param readSession undefined: the alert is known to say nothing of a session
 */
export function decideAlert(
  alert: Alert,
  rules: IntakeRules,
  now: number,
  readSession?: ReadSession,
): Decision {
  const { key } = alert;
  if (alert.location === rules.program || alert.integration === rules.program) {
    return ignored("own_alert", key);
  }
  const isDecoy = isCowrie(alert);
  if (!isDecoy && !isOurRule(alert, rules)) return ignored("other_rule", key);
  if (!isOfHoneypot(alert, rules)) return ignored("not_honeypot", key);
  if (isDecoy) return decideDecoy(alert, rules, now, readSession);
  const evidence = attemptsOfAlert(alert, rules.ruleIds, now, rules.countsRefusedKeys);
  return decideOn(key, evidence, rules.guard);
}

/** Decides on a record of a decoy, whatever agent sent it. */
export function decideDecoy(
  alert: Alert,
  rules: IntakeRules,
  now: number,
  readSession?: ReadSession,
): Decision {
  const decision = decideOn(alert.key, attemptsOfCowrie(alert, now, rules), rules.guard);
  if (readSession === undefined || rules.sessions === undefined) return decision;
  if (decision.kind === "ignored" && decision.reason !== "not_an_attempt") return decision;
  const session = readSession(alert, rules, now);
  if (!("reason" in session)) {
    return decision.kind === "attempts"
      ? { ...decision, session }
      : { kind: "attempts", key: alert.key, attempts: [], session, spoofedSrcip: false };
  }
  return decision.kind === "attempts" ? decision : ignored(session.reason, alert.key);
}

/**
 * Whether a rule's alerts are read: `rules.ids` has it, or its groups say that a login failed and sshd
 * wrote the line, as with rules of newer releases and of users. A rule of the default list that
 * `rules.ids` does not have was taken out on purpose.
 */
function isOurRule(alert: Alert, { ruleIds, narrowed }: IntakeRules): boolean {
  if (ruleIds.has(alert.ruleId)) return true;
  return alert.isFailure && narrowed?.has(alert.ruleId) !== true && isOfSshd(alert);
}

/** Whether the guard takes the sensor of an alert for a honeypot. */
export function isOfHoneypot(alert: Alert, { guard }: Pick<IntakeRules, "guard">): boolean {
  const { agentName, labels, hostname, location } = alert;
  return guard.isHoneypot(agentName, labels, hostname, location);
}

/** Keeps the attempts of an alert whose addresses the guard does not refuse. */
export function decideOn(key: AlertKey, evidence: Evidence, guard: Guard): Decision {
  if ("reason" in evidence) return ignored(evidence.reason, key);
  const { attempts, spoofedSrcip } = evidence;
  let reason: IgnoreReason | undefined;
  for (const { sourceIp } of attempts) reason = guard.refusal(sourceIp) ?? reason;
  if (reason === undefined && attempts.length > 0) {
    return { kind: "attempts", key, attempts, spoofedSrcip };
  }
  const allowed = attempts.filter(({ sourceIp }) => guard.refusal(sourceIp) === undefined);
  if (allowed.length === 0) return ignored(reason ?? "no_address", key);
  return { kind: "attempts", key, attempts: allowed, spoofedSrcip };
}

/** The decision on an item that is not stored. */
export function ignored(reason: IgnoreReason, key: AlertKey | undefined): Decision {
  return { kind: "ignored", key, reason };
}
