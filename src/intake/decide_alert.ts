/**
 * One 4.x alert in, one decision out: the order in which the rooms `wazuh` and `guard` are asked. It is
 * all that an integration call loads of either.
 *
 * @module
 */
import type { Guard } from "../guard/guard.ts";
import type { AlertKey, Decision, IgnoreReason } from "../model.ts";
import type { Alert } from "../wazuh/alert.ts";
import { attemptsOfAlert, type CowrieRules, type Evidence, isCowrie } from "../wazuh/attempts.ts";

/** What an intake decides by. */
export interface IntakeRules extends CowrieRules {
  readonly guard: Guard;
  readonly ruleIds: ReadonlySet<string>;
  /** Our own name: alerts about our own messages are never read (docs/contracts/wazuh.md 2). */
  readonly program: string;
  /** Whether decisions carry the alert itself, which is then forwarded. */
  readonly keepsText?: boolean;
}

/**
 * Decides on a 4.x alert. Pure.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 */
export function decideAlert(alert: Alert, rules: IntakeRules, now: number): Decision {
  const { key } = alert;
  if (alert.location === rules.program || alert.integration === rules.program) {
    return ignored("own_alert", key);
  }
  if (!rules.ruleIds.has(alert.ruleId) && !isCowrie(alert)) return ignored("other_rule", key);
  if (!rules.guard.isHoneypot(alert.sensor.name, alert.labels)) return ignored("not_honeypot", key);
  return decideOn(key, attemptsOfAlert(alert, rules.ruleIds, now, rules), rules.guard);
}

/** Keeps what the guard lets pass of what an alert proves. */
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

/** The decision on what comes to nothing. */
export function ignored(reason: IgnoreReason, key: AlertKey | undefined): Decision {
  return { kind: "ignored", key, reason };
}
