/**
 * Recognises lines of alerts.json that are alerts of other rules, without reading them as JSON.
 *
 * @module
 */
import { FAILURE_GROUPS } from "./alert.ts";
import { knownRulePart } from "./alert_line.ts";

/** Every record of a Cowrie contains it, as Wazuh's own serialiser writes it. */
export const COWRIE = '"eventid":"cowrie.';

/**
 * How Wazuh's own serialiser begins every line (docs/contracts/wazuh.md 4), up to the id of the rule. What
 * stands before that is the rule's level and its description, in which a quotation mark is written as
 * `\"`: an attacker can put no id of his own there.
 */
const BEFORE_ID =
  /\{"timestamp":"[^"\\]{28}","rule":\{"level":\d{1,2},"description":"[^"\\]*(?:\\.[^"\\]*)*","id":"/y;

const BRACE = 125;

/**
 * Whether a line is certainly an alert of a rule that is not ours. The alerts of a Cowrie have any rule:
 * a line that contains `COWRIE` has to be read all the same. The line is not cut out of its text, which
 * would cost more than the look at it.
 *
 * @param end where its line feed is, or the text's end
 * @param markers one of them is in every alert of another honeypot, which only a user's rule can raise
 * (docs/contracts/decoys.md 1)
 * @returns false for whatever has to be read
 */
export function isOtherRule(
  text: string,
  start: number,
  end: number,
  ruleIds: ReadonlySet<string>,
  markers: readonly string[] = [],
): boolean {
  if (text.charCodeAt(end - 1) !== BRACE) return false;
  const known = knownRulePart(text, start);
  if (known !== undefined && (known.isFailure || ruleIds.has(known.ruleId))) return false;
  BEFORE_ID.lastIndex = start;
  if (!BEFORE_ID.test(text)) return false;
  const idAt = BEFORE_ID.lastIndex;
  const idEnd = text.indexOf('"', idAt);
  if (idEnd < 0 || idEnd >= end || ruleIds.has(text.slice(idAt, idEnd))) return false;
  if (known === undefined && isFailure(text, idEnd, end)) return false;
  return idEnd - idAt < USER_RULE_LENGTH || !hasOne(text.slice(idEnd, end), markers);
}

/** Rules of users have numbers from 100000 on. */
const USER_RULE_LENGTH = 6;

function hasOne(line: string, markers: readonly string[]): boolean {
  return markers.some((marker) => line.includes(marker));
}

const GROUPS = '"groups":[';
/** What each of `FAILURE_GROUPS` begins with. */
const FAILURE = '"authentication_fail';

/** The first list of groups after the id is the rule's own, and the manager alone writes it. */
function isFailure(text: string, start: number, end: number): boolean {
  const at = text.indexOf(GROUPS, start);
  if (at < 0 || at >= end) return false;
  // Nearly no list has such a group, and none of them is cut apart for nothing.
  const list = text.slice(at + GROUPS.length, text.indexOf("]", at));
  return list.includes(FAILURE) &&
    list.split(",").some((group) => FAILURE_GROUPS.has(group.slice(1, -1)));
}
