/** docs/cowrie.md against what the program makes of the records that it shows. */
import assert from "node:assert/strict";
import { buildEvent } from "../../src/misp/event.ts";
import { readProjectFile as read } from "../support/documents.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { recordsOf, sceneLines } from "./session_rig.ts";

const PAGE = read("docs/cowrie.md");
const block = (language: string, at = 0) =>
  [...PAGE.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))][at]![1]!;

for (const form of ["wazuh", "own"] as const) {
  Deno.test(`docs/cowrie.md shows the event of the fixtures, from lines of ${form}`, async () => {
    const records = await recordsOf(sceneLines[form]);
    const event = buildEvent(records.get("198.51.100.32")!, PLAIN_SNAPSHOT_RULES);
    const shown = block("");
    assert.equal(shown.split("\n")[0], event.info);
    const techniques = event.Tag.map(({ name }) => / - (T\S+)"$/.exec(name)?.[1]);
    assert.ok(shown.includes(`techniques: ${techniques.join(", ")}\n`), techniques.join(", "));
    const parts = [
      ...event.Attribute.map(({ type, value, to_ids }) => ({ name: type, value, to_ids })),
      ...event.Object.flatMap(({ name, Attribute }) =>
        name === "url"
          ? Attribute.map(({ value, to_ids }) => ({ name, value, to_ids }))
          : name === "file"
          ? Attribute.filter(({ type }) => type === "sha256")
            .map(({ value, to_ids }) => ({ name: "sha256", value, to_ids }))
          : []
      ),
    ];
    for (const { name, value, to_ids } of parts) {
      const line = shown.split("\n").find((one) => one.includes(value) && one.includes(name));
      assert.ok(line, `${name} ${value}`);
      const rest = line.slice(line.indexOf(value) + value.length);
      assert.equal(/(?<!no )to_ids/.test(rest), to_ids, line);
    }
    const tree = shown.split("\n").filter((line) => /^├─ (?!authentication|file)/.test(line));
    assert.equal(tree.length, parts.filter(({ name }) => name !== "sha256").length);
    assert.ok(shown.includes(event.Object.find(({ name }) => name === "file")!.comment));
  });
}

Deno.test("docs/cowrie.md hands over the group that the rules have, and a configuration that is valid", () => {
  assert.match(read("deploy/wazuh4/cowrie_rules.xml"), /<group name="cowrie,">/);
  const groups = /<group>([^<]*)<\/group>/.exec(block("xml", 1))![1]!.split(",");
  const own = /<group>([^<]*)<\/group>/.exec(read("deploy/wazuh4/ossec.conf"))![1]!.split(",");
  assert.deepEqual(groups, [...own, "cowrie"]);
  assert.deepEqual(Object.keys(JSON.parse(block("json"))), ["misp", "honeypot", "guard"]);
});
