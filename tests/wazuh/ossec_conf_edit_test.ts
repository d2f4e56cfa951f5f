import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { PROGRAM } from "../../src/config/defaults.ts";
import { integrationBlocks } from "../../src/wazuh/ossec_conf.ts";
import { withIntegrationBlock } from "../../src/wazuh/ossec_conf_edit.ts";

const bytesOf = (text: string) => Buffer.from(text, "latin1");

function edited(text: string): string {
  const edit = withIntegrationBlock(bytesOf(text), PROGRAM);
  return edit.kind === "changed" ? Buffer.from(edit.bytes).toString("latin1") : edit.kind;
}

const BLOCK = [
  "  <integration>",
  "    <name>custom-misp_ssh_bruteforce-publish</name>",
  "    <group>sshd,attacks,authentication_failed,authentication_failures</group>",
  "    <alert_format>json</alert_format>",
  "  </integration>",
  "",
];

Deno.test("withIntegrationBlock() adds the block to the last root, and keeps every other byte", () => {
  const block = BLOCK.join("\n");
  const [first, last] = ["<ossec_config>\n</ossec_config>\n\n", "<ossec_config>\n\t<a>\xfc</a>\n"];
  assert.equal(
    edited(`${first}${last}  </ossec_config>\n<!-- </ossec_config> -->\n`),
    `${first}${last}${block}  </ossec_config>\n<!-- </ossec_config> -->\n`,
  );
  assert.equal(edited("<ossec_config></ossec_config>"), `<ossec_config>\n${block}</ossec_config>`);
  assert.equal(
    edited("<ossec_config>\r\n</ossec_config>\r\n"),
    `<ossec_config>\r\n${BLOCK.join("\r\n")}</ossec_config>\r\n`,
  );
});

Deno.test("withIntegrationBlock() leaves a file as it is that has the block, or no end", () => {
  const block = `<integration><name>${PROGRAM}</name></integration>`;
  assert.equal(edited(`<ossec_config>${block}</ossec_config>`), "there");
  assert.equal(edited(`<ossec_config><!-- ${block} --></ossec_config>`).includes("-->\n"), true);
  for (const text of ["", "<ossec_config>", "<!-- </ossec_config>", "<a/><!--</ossec_config>-->"]) {
    assert.equal(edited(text), "no_end", text);
  }
});

Deno.test("withIntegrationBlock() only adds, once, and to any bytes", () => {
  const piece = fc.constantFrom(
    ...[
      "<ossec_config>",
      "</ossec_config>",
      "< / ossec_config >",
      "<!--",
      "-->",
      "\r\n",
      "\n",
      "x",
    ],
    ...["\xff", "<integration>", "</integration>", " "],
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
    const text = pieces.join("");
    const once = edited(text);
    if (once === "no_end" || once === "there") return;
    const start = once.indexOf("  <integration>\n    <name>") >= 0 ? "\n" : "\r\n";
    assert.ok(once.length > text.length && once.includes(BLOCK.slice(0, 5).join(start)));
    assert.equal(
      once.replace(BLOCK.join(start), "").replaceAll(/\s/g, ""),
      text.replaceAll(/\s/g, ""),
    );
    assert.equal(edited(once), "there");
    assert.ok(integrationBlocks(once).some(({ name, isJson }) => name === PROGRAM && isJson));
  }));
});
