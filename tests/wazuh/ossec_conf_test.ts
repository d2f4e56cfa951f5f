import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_RULES } from "../../src/config/defaults.ts";
import { integrationBlocks, missingRules } from "../../src/wazuh/ossec_conf.ts";
import { RULE_FACTS } from "../../src/wazuh/rule_facts.ts";

const NOTHING = { ruleIds: undefined, groups: undefined, level: undefined, location: undefined };
const plain = (name: string) => ({ name, ...NOTHING, isJson: false });

/** As managers have it: two roots, comments, other programs, keys. */
const REAL = `<!-- Wazuh - Manager -->
<ossec_config>
  <global><jsonout_output>yes</jsonout_output></global>
  <!-- <integration><name>custom-old</name></integration> -->
  <integration>
    <name>slack</name>
    <hook_url>https://hooks.example.org/SECRET</hook_url>
    <alert_format>json</alert_format>
  </integration>
  <rule_id>1</rule_id>
</ossec_config>

<ossec_config>
  <integration>
    <name>custom-a</name>
    <api_key>SECRET</api_key>
    <rule_id>5710, 5716,<!-- not 5720 -->5760 ,</rule_id>
    <level>10</level>
    <group>sshd,authentication_failed</group>
    <event_location>/var/log/auth.log</event_location>
    <alert_format> json</alert_format>
  </integration>
  <integration><name> custom-a </name></integration>
</ossec_config>
`;

Deno.test("integrationBlocks() reads blocks of several roots, without comments and secrets", () => {
  assert.deepEqual(integrationBlocks(REAL), [
    { ...plain("slack"), isJson: true },
    {
      name: "custom-a",
      ruleIds: ["5710", "5716", "5760"],
      groups: ["sshd", "authentication_failed"],
      level: 10,
      location: "/var/log/auth.log",
      isJson: true,
    },
    plain("custom-a"),
  ]);
  assert.doesNotMatch(JSON.stringify(integrationBlocks(REAL)), /SECRET/);
});

const DAMAGED: readonly (readonly [what: string, text: string, names: readonly string[]])[] = [
  ["nothing", "", []],
  ["another file", "\0\x01\ufffd<<<>>>", []],
  ["no name", "<integration><rule_id>5710</rule_id></integration>", []],
  ["an empty name", "<integration><name></name></integration>", []],
  ["a cut file", "<ossec_config><integration><name>custom-a</name><rule_id>57", ["custom-a"]],
  ["a cut tag", "<integration><name>custom-a</na", ["custom-a"]],
  [
    "a block that nobody closed",
    "<integration><name>a</name><integration><name>b</name></integration>",
    ["a", "b"],
  ],
  [
    "a root that ends first",
    "<integration><name>a</name></ossec_config><name>x</name>",
    ["a"],
  ],
  ["a closing tag only", "</integration><name>a</name>", []],
  [
    "a comment that nobody closed",
    "<integration><name>a</name></integration><!-- <integration><name>b</name>",
    ["a"],
  ],
  ["a comment in a name", "<integration><name>cus<!-- > -->tom</name></integration>", ["custom"]],
  ["blanks in tags", "< integration >< name >a< / name >< / integration >", ["a"]],
  ["a name that a key follows", "<integration><name><api_key>SECRET</api_key>", []],
];

for (const [what, text, names] of DAMAGED) {
  Deno.test(`integrationBlocks() reads as far as it goes: ${what}`, () => {
    assert.deepEqual(integrationBlocks(text).map(({ name }) => name), names);
  });
}

Deno.test("integrationBlocks() throws for no text, and shows no key", () => {
  const pieces = fc.constantFrom(
    ...["<integration>", "</integration>", "<name>", "</name>", "<api_key>SECRET</api_key>", "-->"],
    ...[
      "<rule_id>5710, x",
      "</rule_id>",
      "<!--",
      "<",
      ">",
      "\0",
      "<level>9",
      "<group>,",
      "\n",
      " a",
    ],
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      assert.doesNotMatch(JSON.stringify(integrationBlocks(parts.join(""))), /SECRET/);
    }),
    { numRuns: 5_000, seed: 20261129 },
  );
});

Deno.test("integrationBlocks() takes linear time", () => {
  const started = performance.now();
  for (const piece of ["<!--", "<integration>", "<name>", "<", "< ", "<!-- -->", "<rule_id>1,"]) {
    integrationBlocks(`<integration>${piece.repeat(300_000)}`);
  }
  assert.ok(performance.now() - started < 20_000);
});

function missing(block: string): readonly string[] {
  const text = `<integration><name>x</name>${block}</integration>`;
  return missingRules(integrationBlocks(text), DEFAULT_RULES, RULE_FACTS);
}

Deno.test("missingRules() says which rules no filter lets through", () => {
  assert.deepEqual(missing(""), []);
  assert.deepEqual(missing(`<rule_id>${DEFAULT_RULES.join(", ")}</rule_id>`), []);
  assert.deepEqual(missing(`<rule_id>${DEFAULT_RULES.slice(2).join()}</rule_id>`), [
    "2501",
    "2502",
  ]);
  assert.deepEqual(
    missing(`<rule_id>${DEFAULT_RULES.join()}</rule_id><level>14</level>`).length,
    DEFAULT_RULES.length - 1,
  );
  assert.deepEqual(missing("<rule_id>57100</rule_id>").length, DEFAULT_RULES.length);
});

Deno.test("missingRules() knows the groups of rules, which integratord compares with their blanks", () => {
  const both = "<group>authentication_failed,authentication_failures</group>";
  assert.deepEqual(missing(both), ["5715", "5718", "5719", "40101", "40112"]);
  assert.deepEqual(missing("<group>sshd,authentication_failed,authentication_failures</group>"), [
    ...["40101", "40112"],
  ]);
  assert.deepEqual(
    missing("<group>sshd,attacks,authentication_failed,authentication_failures</group>"),
    [],
  );
  assert.ok(missing("<group>attacks, sshd</group>").includes("5710"));
});

Deno.test("missingRules() takes two blocks together, and rules of users where a list has them", () => {
  const blocks = integrationBlocks(
    "<integration><name>x</name><rule_id>5710</rule_id></integration>" +
      "<integration><name>x</name><level>3</level><rule_id>100100</rule_id></integration>",
  );
  assert.deepEqual(missingRules(blocks, ["5710", "100100", "100101"], RULE_FACTS), ["100101"]);
});

Deno.test("RULE_FACTS has every rule of the default list", () => {
  assert.deepEqual(DEFAULT_RULES.filter((id) => !RULE_FACTS.has(id)), []);
});
