import assert from "node:assert/strict";
import { DEFAULT_RULES } from "../../src/config/keys.ts";
import { isOtherRule } from "../../src/wazuh/other_rule.ts";
import { fixturePaths, sshdAlert } from "../support/fixtures.ts";

const RULES: ReadonlySet<string> = new Set(DEFAULT_RULES);

const line = (alert: unknown) => JSON.stringify(alert);

Deno.test("isOtherRule() keeps every alert of our rules, of Cowrie and of no known form", () => {
  for (const path of fixturePaths()) {
    const alert = JSON.parse(Deno.readTextFileSync(path)) as { rule: { id: string } };
    const isCowrie = line(alert).includes('"cowrie.');
    assert.equal(isOtherRule(line(alert), RULES), !RULES.has(alert.rule.id) && !isCowrie, path);
  }
});

Deno.test("isOtherRule() tells an alert of another rule apart", () => {
  assert.equal(isOtherRule(line(sshdAlert({ rule: "31101" })), RULES), true);
  assert.equal(isOtherRule(line(sshdAlert({ rule: "5760" })), RULES), false);
});

Deno.test("isOtherRule() is not told by what an attacker put into a line", () => {
  const hostile = ['","id":"5760","', '"},"agent":{"id":"', 'x","rule":{"id":"5760"}', "\\"];
  for (const text of hostile) {
    const description = `sshd: ${text}`;
    const alert = sshdAlert({ message: text });
    const ours = { ...alert, rule: { level: 5, description, id: "5760" } };
    const other = { ...alert, rule: { level: 5, description, id: "31101" } };
    assert.equal(isOtherRule(line(ours), RULES), false, text);
    assert.equal(isOtherRule(line(other), RULES), true, text);
  }
});

Deno.test("isOtherRule() leaves whatever is cut or odd to be read", () => {
  const whole = line(sshdAlert({ rule: "31101" }));
  for (const odd of ["", "{", whole.slice(0, -1), whole.slice(1), `[${whole}]`, ` ${whole}`]) {
    assert.equal(isOtherRule(odd, RULES), false, odd.slice(0, 20));
  }
  const { rule, ...rest } = sshdAlert({ rule: "31101" });
  assert.equal(isOtherRule(line({ ...rest, rule }), RULES), false, "the rule stands last");
});
