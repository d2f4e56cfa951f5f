/**
 * Decides on any item, whatever shape of Wazuh's it has: the one way from an item to a decision. Lines,
 * files and bodies of requests all come through here; an integration call loads it only for a file that
 * is not one 4.x alert.
 *
 * @module
 */
import {
  decideAlert,
  decideDecoy,
  decideOn,
  ignored,
  type IntakeRules,
  isOfHoneypot,
  mayBeOfDecoy,
} from "./decide_alert.ts";
import { decideSession } from "./decide_session.ts";
import { attemptsOfDecoy } from "../cowrie/decoy.ts";
import { readCowrieLine } from "../cowrie/own_line.ts";
import type { Decision } from "../model.ts";
import { type Alert, readAlert } from "../wazuh/alert.ts";
import { type Item, readAlertFile } from "../wazuh/alert_file.ts";
import { attemptsOfFinding, type Finding, isSshFailure, readFinding } from "../wazuh/finding.ts";

export type { IntakeRules };

/**
 * Decides on all items of a file of alerts.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 */
export function decideFile(
  bytes: Uint8Array,
  rules: IntakeRules,
  now: number,
): readonly Decision[] {
  return readAlertFile(bytes).map((item) => placed(decideItem(item, rules, now), item.where));
}

/** A decision that says where its item stands, if nobody understood that. */
export function placed(decision: Decision, where: string): Decision {
  const isUnderstood = decision.kind === "attempts" || decision.key !== undefined;
  return isUnderstood ? decision : { ...decision, where };
}

/**
 * Decides on one item of a file, of a line or of a body.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 */
export function decideItem(item: Item, rules: IntakeRules, now: number): Decision {
  if ("reason" in item) return ignored(item.reason, undefined);
  const isRead = "alert" in item;
  const decision = isRead ? decideRead(item.alert, rules, now) : decide(item.value, rules, now);
  if (!rules.keepsText || decision.kind !== "attempts") return decision;
  return { ...decision, text: isRead ? item.text : JSON.stringify(item.value) };
}

/**
 * Decides on one JSON value: a 4.x alert, a 5.x finding, a line of a Cowrie's own file, or
 * none of them. Pure.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 */
export function decide(value: unknown, rules: IntakeRules, now: number): Decision {
  const alert = readAlert(value);
  if (alert !== undefined) return decideRead(alert, rules, now);
  // A Cowrie is a honeypot, whatever it is called.
  const line = readCowrieLine(value);
  if (line !== undefined) return decideDecoy(line, rules, now, decideSession);
  return decideFinding(readFinding(value), rules, now);
}

/** Decides on a 4.x alert of any honeypot. */
function decideRead(alert: Alert, rules: IntakeRules, now: number): Decision {
  const decision = decideAlert(alert, rules, now, decideSession);
  if (!mayBeOfDecoy(alert, decision)) return decision;
  const { key } = alert;
  const evidence = attemptsOfDecoy(alert, now, rules);
  if (evidence === undefined) return decision;
  if (!isOfHoneypot(alert, rules)) return ignored("not_honeypot", key);
  return decideOn(key, evidence, rules.guard);
}

/** Rule ids of 5.x are UUIDs that differ by installation, so `rules.ids` says nothing about them. */
function decideFinding(
  finding: Finding | undefined,
  rules: IntakeRules,
  now: number,
): Decision {
  if (finding === undefined) return ignored("malformed", undefined);
  const { key } = finding;
  if (finding.location === rules.program || finding.programName === rules.program) {
    return ignored("own_alert", key);
  }
  const record = cowrieRecordOf(finding);
  if (record === undefined && !isSshFailure(finding)) return ignored("not_ssh", key);
  if (!isOfHoneypot(finding, rules)) return ignored("not_honeypot", key);
  if (record !== undefined) return decideDecoy(record, rules, now, decideSession);
  return decideOn(key, attemptsOfFinding(finding, now, rules.countsRefusedKeys), rules.guard);
}

/** The record of a Cowrie that a finding has kept as it was written (`event.original`). */
function cowrieRecordOf({ key, at, sensor, fullLog = "" }: Finding): Alert | undefined {
  if (!fullLog.startsWith("{") || !fullLog.includes("cowrie.")) return undefined;
  try {
    const record = readCowrieLine(JSON.parse(fullLog));
    return record && { ...record, key, sensor, at: at ?? record.at };
  } catch {
    return undefined;
  }
}
