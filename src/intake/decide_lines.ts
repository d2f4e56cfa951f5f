/**
 * From the lines of a step to decisions. Pure, but for what the rules ask.
 *
 * @module
 */
import { decideItem, type IntakeRules } from "./decide.ts";
import type { Decision } from "../model.ts";
import { readLine } from "../wazuh/alert_file.ts";
import { COWRIE, isOtherRule } from "../wazuh/other_rule.ts";
import type { Step } from "../follow/follower.ts";

/** What the lines of a step came to. */
export interface DecidedStep {
  readonly decisions: readonly Decision[];
  /** How many lines there were. */
  readonly lines: number;
  /** Those that were told apart without being read, as alerts of other rules. */
  readonly skipped: number;
}

/**
 * Decides on the lines of a step.
 *
 * @param since alerts of attempts before that are left out; milliseconds UTC
 * @param now milliseconds UTC, for an alert without a readable time
 */
export function decideStep(
  { text, tooLong }: Pick<Step, "text" | "tooLong">,
  rules: IntakeRules,
  since: number,
  now: number,
): DecidedStep {
  const decisions: Decision[] = [];
  let lines = 0;
  let skipped = 0;
  // Looked for in the whole text: in each line by themselves they would cost more than all else.
  const hasNul = text.includes("\0");
  let cowrieAt = -1;
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf("\n", start);
    lines++;
    let isSkipped = isOtherRule(text, start, end, rules.ruleIds);
    if (isSkipped) {
      if (cowrieAt < start) cowrieAt = offsetOf(COWRIE, text, start);
      isSkipped = cowrieAt >= end;
    }
    if (isSkipped) skipped++;
    else {
      const line = text.slice(start, end);
      // A disk that lost its power leaves NULs where a line was to be.
      const whole = hasNul ? line.replaceAll("\0", "") : line;
      decideLine(whole.trim(), rules, since, now, decisions);
    }
  }
  for (let times = 0; times < tooLong; times++) {
    decisions.push({ kind: "ignored", key: undefined, reason: "too_large" });
  }
  return { decisions, lines, skipped };
}

function offsetOf(word: string, text: string, from: number): number {
  const at = text.indexOf(word, from);
  return at < 0 ? Infinity : at;
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
