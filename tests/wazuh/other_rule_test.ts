import assert from "node:assert/strict";
import { DEFAULT_RULES } from "../../src/config/defaults.ts";
import { isOtherRule } from "../../src/wazuh/other_rule.ts";
import { fixturePaths, sshdAlert } from "../support/fixtures.ts";

const RULES: ReadonlySet<string> = new Set(DEFAULT_RULES);

const line = (alert: unknown) => JSON.stringify(alert);

const isOther = (text: string, ruleIds = RULES) => isOtherRule(text, 0, text.length, ruleIds);

Deno.test("isOtherRule() keeps every alert of our rules, and of no known form", () => {
  for (const path of fixturePaths()) {
    const alert = JSON.parse(Deno.readTextFileSync(path)) as object;
    assert.equal(isOther(line(alert)), false, path);
  }
});

Deno.test("isOtherRule() distinguishes an alert of another rule", () => {
  assert.equal(isOther(line(sshdAlert({ rule: "31101" }))), true);
  assert.equal(isOther(line(sshdAlert({ rule: "5760" }))), false);
});

Deno.test("isOtherRule() is not misled by what an attacker put into a line", () => {
  const hostile = ['","id":"5760","', '"},"agent":{"id":"', 'x","rule":{"id":"5760"}', "\\"];
  for (const text of hostile) {
    const description = `sshd: ${text}`;
    const alert = sshdAlert({ message: text });
    const ours = { ...alert, rule: { level: 5, description, id: "5760" } };
    const other = { ...alert, rule: { level: 5, description, id: "31101", groups: ["web"] } };
    assert.equal(isOther(line(ours)), false, text);
    assert.equal(isOther(line(other)), true, text);
  }
});

Deno.test("isOtherRule() leaves whatever is cut or odd to be read", () => {
  const whole = line(sshdAlert({ rule: "31101" }));
  for (const odd of ["", "{", whole.slice(0, -1), whole.slice(1), `[${whole}]`, ` ${whole}`]) {
    assert.equal(isOther(odd), false, odd.slice(0, 20));
  }
  const { rule, ...rest } = sshdAlert({ rule: "31101" });
  assert.equal(isOther(line({ ...rest, rule })), false, "the rule stands last");
});

Deno.test("isOtherRule() looks at one line of a text and at nothing beside it", () => {
  const ours = line(sshdAlert({ rule: "5760" }));
  const other = line(sshdAlert({ rule: "31101" }));
  const cut = other.slice(0, other.indexOf('"id":"') + 7);
  const text = `${ours}\n${other}\n${cut}\n${ours}`;
  const at = (start: number, end: number) => isOtherRule(text, start, end, RULES);
  const second = ours.length + 1;
  const third = second + other.length + 1;
  assert.equal(at(0, ours.length), false);
  assert.equal(at(second, second + other.length), true);
  assert.equal(at(third, third + cut.length), false);
});

Deno.test("isOtherRule() keeps rules whose own groups say that a login failed", () => {
  const of = (groups: readonly string[], message = "x") => {
    const alert = sshdAlert({ message });
    return isOther(line({ ...alert, rule: { level: 5, description: "d", id: "100200", groups } }));
  };
  assert.equal(of(["sshd", "authentication_failed"]), false);
  assert.equal(of(["authentication_failures"]), false);
  assert.equal(of(["web", "authentication_failed_too"]), true);
  assert.equal(of(["web"], '"groups":["authentication_failed"]'), true);
});
