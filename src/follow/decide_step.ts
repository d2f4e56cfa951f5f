/**
 * From the lines of a step to decisions. Pure, but for what the rules ask.
 *
 * @module
 */
import { decideItem, type IntakeRules } from "../intake.ts";
import type { Decision } from "../types.ts";
import { readLine } from "../wazuh/alert_file.ts";
import { isOtherRule } from "../wazuh/other_rule.ts";
import type { Step } from "./follower.ts";

/** What the lines of a step came to. */
export interface DecidedStep {
  readonly decisions: readonly Decision[];
  /** Lines that were told apart without being read, as alerts of other rules. */
  readonly skipped: number;
}

/**
 * Decides on the lines of a step.
 *
 * @param since alerts of attempts before that are left out; milliseconds UTC
 * @param now milliseconds UTC, for an alert without a readable time
 */
export function decideStep(
  { lines, tooLong }: Pick<Step, "lines" | "tooLong">,
  rules: IntakeRules,
  since: number,
  now: number,
): DecidedStep {
  const decisions: Decision[] = [];
  let skipped = 0;
  for (const line of lines) {
    if (isOtherRule(line, rules.ruleIds)) skipped++;
    // A disk that lost its power leaves NULs where a line was to be.
    else decideLine(line.replaceAll("\0", "").trim(), rules, since, now, decisions);
  }
  for (let times = 0; times < tooLong; times++) {
    decisions.push({ kind: "ignored", key: undefined, reason: "too_large" });
  }
  return { decisions, skipped };
}

function decideLine(
  line: string,
  rules: IntakeRules,
  since: number,
  now: number,
  decisions: Decision[],
): void {
  if (line === "") return;
  for (const item of readLine(line, "line")) {
    const decision = decideItem(item, rules, now);
    const isEarlier = decision.kind === "attempts" &&
      decision.attempts.every(({ at }) => at < since);
    if (!isEarlier) decisions.push(decision);
  }
}
