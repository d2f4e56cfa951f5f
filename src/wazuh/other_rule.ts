/**
 * Tells lines of alerts.json apart that are of no use, without reading them as JSON.
 *
 * @module
 */
import { knownRuleId } from "./alert_line.ts";

/** Stands in every record of a Cowrie, as Wazuh's own serialiser writes it. */
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
 * Whether a line is certainly an alert of a rule that is not ours. A Cowrie's have any rule: where
 * `COWRIE` stands in such a line, it has to be read all the same. Other lines may stand around it: to
 * cut out each costs more than to look at it.
 *
 * @param end where its line feed is, or the text's end
 * @returns false for whatever has to be read
 */
export function isOtherRule(
  text: string,
  start: number,
  end: number,
  ruleIds: ReadonlySet<string>,
): boolean {
  if (text.charCodeAt(end - 1) !== BRACE) return false;
  const known = knownRuleId(text, start);
  if (known !== undefined && ruleIds.has(known)) return false;
  BEFORE_ID.lastIndex = start;
  if (!BEFORE_ID.test(text)) return false;
  const idAt = BEFORE_ID.lastIndex;
  const idEnd = text.indexOf('"', idAt);
  return idEnd >= 0 && idEnd < end && !ruleIds.has(text.slice(idAt, idEnd));
}
