/**
 * Decides on a block of lines: used where many lines come at once, from a file that is followed or
 * replayed. It recognises alerts of other rules without reading them. Pure, but for what the rules ask.
 *
 * @module
 */
import { decideItem, type IntakeRules, placed } from "./decide.ts";
import { ignored } from "./decide_alert.ts";
import type { Lines } from "./lines.ts";
import { markersOf } from "../cowrie/decoy.ts";
import type { Decision } from "../model.ts";
import { readLine } from "../wazuh/alert_file.ts";
import { COWRIE, isOtherRule } from "../wazuh/other_rule.ts";

/** The outcome of a block of lines. */
export interface DecidedLines {
  readonly decisions: readonly Decision[];
  /** How many lines there were. */
  readonly lines: number;
  /** How many of them are alerts of other rules that were not read; they have no decision. */
  readonly skipped: number;
}

/**
 * Decides on the lines of a block.
 *
 * @param since alerts whose attempts are all earlier are left out; milliseconds UTC
 * @param now milliseconds UTC, for an alert without a readable time
 * @param before how many lines of the file come before the block; undefined: nobody asks for the place
 * of what is not understood
 */
export function decideLines(
  { text, tooLong }: Pick<Lines, "text" | "tooLong">,
  rules: IntakeRules,
  since: number,
  now: number,
  before?: number,
): DecidedLines {
  const decisions: Decision[] = [];
  for (let times = 0; times < tooLong; times++) {
    const decision = ignored("too_large", undefined);
    decisions.push(before === undefined ? decision : placed(decision, `line ${before + 1}`));
  }
  let lines = 0;
  let skipped = 0;
  // The whole text is searched once: a search in each line would cost more than all else.
  const hasNul = text.includes("\0");
  const markers = markersOf(rules);
  let cowrieAt = -1;
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf("\n", start);
    lines++;
    let isSkipped = isOtherRule(text, start, end, rules.ruleIds, markers);
    if (isSkipped) {
      if (cowrieAt < start) cowrieAt = offsetOf(COWRIE, text, start);
      isSkipped = cowrieAt >= end;
    }
    if (isSkipped) skipped++;
    else {
      const line = text.slice(start, end);
      // A disk that lost its power leaves NULs where a line was to be.
      const whole = hasNul ? line.replaceAll("\0", "") : line;
      const first = decisions.length;
      decideLine(whole.trim(), rules, since, now, decisions);
      if (before === undefined) continue;
      for (let at = first; at < decisions.length; at++) {
        decisions[at] = placed(decisions[at]!, `line ${before + tooLong + lines}`);
      }
    }
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
      decision.attempts.every(({ at }) => at < since) &&
      (decision.session === undefined || decision.session.at < since);
    if (!isEarlier) decisions.push(decision);
  }
}
