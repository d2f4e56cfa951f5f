import assert from "node:assert/strict";
import { parseSshdLine } from "../../src/wazuh/ssh/sshd_line.ts";
import { HEADER } from "./sshd_model.ts";

Deno.test("parseSshdLine() decodes sshd's escapes", () => {
  const names: [string, string, string][] = [
    ["m\\303\\274ller", "m\\\\303\\\\274ller", "müller"],
    ["\\360\\237\\220\\273", "\\\\360\\\\237\\\\220\\\\273", "🐻"],
    ["\\357\\273\\277root", "\\\\357\\\\273\\\\277root", "\ufeffroot"],
    ["\\303", "\\\\303", "\ufffd"],
    ["a\\\\b", "a\\\\\\\\b", "a\\b"],
    ["\\\\303\\\\274", "\\\\\\\\303\\\\\\\\274", "\\303\\274"],
    ["a\\nb\\t", "a\\\\nb\\\\t", "a\nb\t"],
    ["\\033[2J", "\\\\033[2J", "\x1b[2J"],
    ["DOMAIN\\\\user", "DOMAIN\\\\\\\\user", "DOMAIN\\user"],
  ];
  for (const [once, twice, name] of names) {
    const invalid = parseSshdLine(`${HEADER}Invalid user ${once} from 192.0.2.7 port 1`);
    assert.equal(invalid?.username, name);
    const closed = `${HEADER}Connection closed by invalid user ${twice} 192.0.2.7 port 1 [preauth]`;
    assert.equal(parseSshdLine(closed)?.username, name);
  }
});
