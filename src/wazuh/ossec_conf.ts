/**
 * What the manager's `ossec.conf` says of integrations. It is not one XML document: it has several roots,
 * comments in any place, and whatever somebody left half written. Nothing is asked of it but the blocks,
 * and no tag is read that may hold a secret, such as `<api_key>` or `<hook_url>`.
 *
 * @module
 */

/** An `<integration>` block, as far as it says which alerts integratord hands over. */
export interface IntegrationBlock {
  readonly name: string;
  /** Undefined: alerts of every rule. */
  readonly ruleIds: readonly string[] | undefined;
  /** As they are compared: with the blanks around them (docs/contracts/wazuh.md 1.2). */
  readonly groups: readonly string[] | undefined;
  readonly level: number | undefined;
  readonly location: string | undefined;
  readonly isJson: boolean;
}

/** What a filter of a block is compared with. */
export interface RuleFacts {
  readonly level: number;
  readonly groups: readonly string[];
}

const BLOCK = /<\s*(\/?)\s*(integration|ossec_config)\s*>/g;

const TAG = /<\s*(name|rule_id|group|level|event_location|alert_format)\s*>([^<]*)/g;

/** Reads every block that has a name, damaged ones as far as they go. Takes linear time. */
export function integrationBlocks(text: string): readonly IntegrationBlock[] {
  const plain = withoutComments(text);
  const blocks: IntegrationBlock[] = [];
  let start: number | undefined;
  const end = (at: number) => {
    const block = start === undefined ? undefined : blockOf(plain.slice(start, at));
    if (block !== undefined) blocks.push(block);
    start = undefined;
  };
  for (const tag of plain.matchAll(BLOCK)) {
    // Of a block that nobody closed, the next tag of this kind is the end.
    end(tag.index);
    if (tag[1] === "" && tag[2] === "integration") start = tag.index + tag[0].length;
  }
  end(plain.length);
  return blocks;
}

/** @param fill what stands for each character of a comment */
export function withoutComments(text: string, fill = ""): string {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf("<!--", at);
    if (start < 0) return parts.join("") + text.slice(at);
    parts.push(text.slice(at, start));
    const end = text.indexOf("-->", start + 4);
    at = end < 0 ? text.length : end + 3;
    parts.push(fill.repeat(at - start));
  }
}

function blockOf(text: string): IntegrationBlock | undefined {
  const values = new Map<string, string>();
  for (const [, tag = "", value = ""] of text.matchAll(TAG)) {
    const before = tag === "rule_id" ? values.get(tag) : undefined;
    values.set(tag, before === undefined ? value : `${before},${value}`);
  }
  const name = values.get("name")?.trim() ?? "";
  if (name === "") return undefined;
  const level = /^\s*(\d{1,2})\s*$/.exec(values.get("level") ?? "")?.[1];
  return {
    name,
    ruleIds: values.get("rule_id")?.split(",").map((id) => id.trim()).filter((id) => id !== ""),
    groups: values.get("group")?.split(",").filter((group) => group !== ""),
    level: level === undefined ? undefined : Number(level),
    location: values.get("event_location")?.trim() || undefined,
    isJson: values.get("alert_format")?.trim().startsWith("json") === true,
  };
}

/**
 * Rules that no block hands over: every filter of a block must fit, and one block is enough.
 *
 * @param facts of the rules that are known; a rule without any counts as one that a `<level>` and a
 * `<group>` let through
 */
export function missingRules(
  blocks: readonly IntegrationBlock[],
  ruleIds: Iterable<string>,
  facts: ReadonlyMap<string, RuleFacts>,
): readonly string[] {
  return [...ruleIds].filter((id) => !blocks.some((block) => selects(block, id, facts.get(id))));
}

function selects(block: IntegrationBlock, id: string, facts: RuleFacts | undefined): boolean {
  const { ruleIds, groups, level } = block;
  if (ruleIds !== undefined && !ruleIds.includes(id)) return false;
  if (facts === undefined) return true;
  if (level !== undefined && facts.level < level) return false;
  return groups === undefined || groups.some((group) => facts.groups.includes(group));
}
