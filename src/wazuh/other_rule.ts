/**
 * Tells lines of alerts.json apart that are of no use, without reading them as JSON.
 *
 * @module
 */

/** As Wazuh's own serialiser begins every line (contracts/wazuh.md 4). */
const START = '{"timestamp":"';
const RULE = '","rule":{';
/** `2026-08-23T06:14:07.412+0200` */
const RULE_AT = START.length + 28;
const ID = '"id":"';

/**
 * Whether a line is certainly an alert of a rule that is not ours, and of no Cowrie: those have any
 * rule. The first `"id":"` behind the start of the rule is the rule's: what stands before it is its
 * level and its description, in which a quotation mark is written as `\"`.
 *
 * @returns false for whatever has to be read
 */
export function isOtherRule(line: string, ruleIds: ReadonlySet<string>): boolean {
  if (!line.startsWith(START) || !line.startsWith(RULE, RULE_AT) || !line.endsWith("}")) {
    return false;
  }
  const at = line.indexOf(ID, RULE_AT) + ID.length;
  const agentAt = line.indexOf('},"agent":{', RULE_AT);
  if (at < ID.length || agentAt < at) return false;
  const id = line.slice(at, line.indexOf('"', at));
  return !ruleIds.has(id) && !line.includes('"cowrie.');
}
