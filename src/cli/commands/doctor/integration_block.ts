/**
 * The check of `doctor` for the `<integration>` block in the manager's `ossec.conf`. The file holds
 * secrets of this and of other integrations: nothing of it is shown but the name of a block.
 *
 * @module
 */
import type { Config } from "../../../config/config.ts";
import { PROGRAM } from "../../../config/defaults.ts";
import {
  type IntegrationBlock,
  integrationBlocks,
  missingRules,
} from "../../../wazuh/ossec_conf.ts";
import { RULE_FACTS } from "../../../wazuh/rule_facts.ts";
import { type Check, failure, ok, warning } from "../../terminal/checks.ts";
import { tailOf } from "./tail.ts";

/** Real ones have some ten thousand bytes. */
const LONGEST = 4 * 1024 * 1024;

const NAME = "integration block";

/**
 * Checks what integratord hands over.
 *
 * @param path of `ossec.conf`; nothing is said of one that is not there or may not be read
 * @param isFollowing whether `follow` read alerts: then no block is needed
 */
export function checkIntegrationBlock(
  { rules }: Config,
  path: string,
  isFollowing: boolean,
): readonly Check[] {
  const text = tailOf(path, LONGEST);
  return text === undefined ? [] : checksOf(text, path, rules.ids, isFollowing);
}

function checksOf(
  text: string,
  path: string,
  ruleIds: ReadonlySet<string>,
  isFollowing: boolean,
): readonly Check[] {
  const all = integrationBlocks(text);
  const blocks = all.filter(({ name }) => name === PROGRAM);
  if (blocks.length === 0) return isFollowing ? [] : [absent(all, path)];
  const asText = blocks.filter(({ isJson }) => !isJson);
  if (asText.length > 0) {
    return [failure(
      NAME,
      `${path}: the block of ${PROGRAM} has no <alert_format>json</alert_format>`,
      "add that line: without it alerts name neither agent nor user; then restart the manager",
    )];
  }
  const missing = missingRules(blocks, ruleIds, RULE_FACTS);
  if (missing.length > 0) {
    return [warning(
      NAME,
      `${path}: the block of ${PROGRAM} leaves out rules of rules.ids: ${missing.join(", ")}`,
      "use the block of docs/wazuh.md, or take these out of rules.ids; then restart the manager",
    )];
  }
  if (blocks.every(({ location }) => location !== undefined)) {
    return [warning(
      NAME,
      `${path}: <event_location> of the block of ${PROGRAM} leaves out other locations`,
      "remove that line unless you mean it; honeypot.locations selects, too",
    )];
  }
  return [ok(NAME, `${path} hands over every rule of rules.ids`)];
}

function absent(blocks: readonly IntegrationBlock[], path: string): Check {
  const other = blocks.map(({ name }) => name).find(isAlike);
  return other === undefined
    ? warning(
      NAME,
      `${path} has none of ${PROGRAM}`,
      "add the block of docs/wazuh.md and restart the manager; `follow` and `serve` need none",
    )
    : warning(
      NAME,
      `${path} names ${other}, but the file is ${PROGRAM}`,
      "write the file's name into <name> and restart the manager",
    );
}

/** Whether somebody may have meant this program. What is not a file's name is not shown. */
function isAlike(name: string): boolean {
  return /^[\w.-]{1,80}$/.test(name) && /misp/i.test(name);
}
