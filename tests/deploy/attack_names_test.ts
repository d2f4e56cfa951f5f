import assert from "node:assert/strict";
import { attackNames } from "../../deploy/attack_names.ts";
import { ATTACK_NAMES } from "../../src/misp/galaxy/attack_names.ts";

Deno.test("attackNames() writes the wanted techniques of a cluster file with its version", () => {
  const values = ["SSH - T1021.004", "Brute Force - T1110", "Data Obfuscation - T1001", "no id"]
    .map((value) => ({ value }));
  const text = attackNames({ version: 36, values });
  assert.match(text, /^ \* .*galaxy `mitre-attack-pattern`, version 36\.$/m);
  assert.match(
    text,
    /new Map\(\[\n {2}\["T1021\.004", "SSH"\],\n {2}\["T1110", "Brute Force"\],\n\]\);\n$/,
  );
});

Deno.test("attackNames() gave names that MISP's tags can hold", () => {
  for (const [id, name] of ATTACK_NAMES) {
    assert.match(id, /^T\d{4}(\.\d{3})?$/);
    assert.match(name, /^[\w &',./():-]{1,100}$/, id);
  }
});
