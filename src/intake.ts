/**
 * One alert in, one decision out: the order in which the rooms `wazuh` and `guard` are asked.
 *
 * @module
 */
import type { Guard } from "./guard/guard.ts";
import type { AlertKey, Decision, IgnoreReason } from "./types.ts";
import { readAlert } from "./wazuh/alert.ts";
import { type Item, lineOf } from "./wazuh/alert_file.ts";
import { isWritten } from "./wazuh/alert_line.ts";
import { attemptsOfAlert, type CowrieRules, type Evidence, isCowrie } from "./wazuh/attempts.ts";
import { attemptsOfFinding, type Finding, isSshFailure, readFinding } from "./wazuh/finding.ts";

/** What an intake decides by. */
export interface IntakeRules extends CowrieRules {
  readonly guard: Guard;
  readonly ruleIds: ReadonlySet<string>;
  /** Our own name: alerts about our own messages are never read (contracts/wazuh.md 2). */
  readonly program: string;
  /** Whether decisions carry the alert itself, which is then forwarded. */
  readonly keepsText?: boolean;
}

/**
 * Decides on what stood at one place of a hand-over.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 */
export function decideItem(item: Item, rules: IntakeRules, now: number): Decision {
  if ("reason" in item) return ignored(item.reason, undefined);
  const decision = decide(item.value, rules, now);
  if (!rules.keepsText || decision.kind !== "attempts") return decision;
  return { ...decision, text: lineOf(item) };
}

/**
 * Decides on one alert. Pure.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 */
export function decide(value: unknown, rules: IntakeRules, now: number): Decision {
  const alert = isWritten(value) ? value : readAlert(value);
  if (alert === undefined) return decideFinding(readFinding(value), rules, now);
  const { key } = alert;
  if (alert.location === rules.program || alert.integration === rules.program) {
    return ignored("own_alert", key);
  }
  if (!rules.ruleIds.has(alert.ruleId) && !isCowrie(alert)) return ignored("other_rule", key);
  if (!rules.guard.isHoneypot(alert.sensor.name, alert.labels)) return ignored("not_honeypot", key);
  return decideOn(key, attemptsOfAlert(alert, rules.ruleIds, now, rules), rules.guard);
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
  if (!isSshFailure(finding)) return ignored("not_ssh", key);
  if (!rules.guard.isHoneypot(finding.sensor.name, finding.labels)) {
    return ignored("not_honeypot", key);
  }
  return decideOn(key, attemptsOfFinding(finding, now), rules.guard);
}

function decideOn(key: AlertKey, evidence: Evidence, guard: Guard): Decision {
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

function ignored(reason: IgnoreReason, key: AlertKey | undefined): Decision {
  return { kind: "ignored", key, reason };
}
