/**
 * Tells lines of alerts.json apart that are of no use, without reading them as JSON.
 *
 * @module
 */

/** Stands in every record of a Cowrie, as Wazuh's own serialiser writes it. */
export const COWRIE = '"eventid":"cowrie.';

/**
 * How Wazuh's own serialiser begins every line (contracts/wazuh.md 4), up to the id of the rule. What
 * stands before that is the rule's level and its description, in which a quotation mark is written as
 * `\"`: an attacker can put no id of his own there.
 */
const BEFORE_ID =
  /\{"timestamp":"[^"\\]{28}","rule":\{"level":\d{1,2},"description":"[^"\\]*(?:\\.[^"\\]*)*","id":"/y;

const BRACE = 125;

/**
 * Whether a line is certainly an alert of a rule that is not ours, and of no Cowrie: those have any
 * rule. Other lines may stand around it: to cut out each costs more than to look at it.
 *
 * @param end where its line feed is, or the text's end
 * @param hasCowrie whether `COWRIE` stands in it: for many lines that is found out at once
 * @returns false for whatever has to be read
 */
export function isOtherRule(
  text: string,
  start: number,
  end: number,
  ruleIds: ReadonlySet<string>,
  hasCowrie: boolean,
): boolean {
  if (hasCowrie || text.charCodeAt(end - 1) !== BRACE) return false;
  BEFORE_ID.lastIndex = start;
  if (!BEFORE_ID.test(text)) return false;
  const idAt = BEFORE_ID.lastIndex;
  const idEnd = text.indexOf('"', idAt);
  return idEnd >= 0 && idEnd < end && !ruleIds.has(text.slice(idAt, idEnd));
}
