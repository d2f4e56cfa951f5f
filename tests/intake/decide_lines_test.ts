import assert from "node:assert/strict";
import { decideLines } from "../../src/intake/decide_lines.ts";
import { readFormats } from "../../src/config/formats.ts";
import {
  decoyAlert,
  endlessh,
  heralding,
  heraldingSession,
  openCanary,
  sshesame,
} from "../cowrie/decoy_alerts.ts";
import { defaultRules, fixture, sshdAlert } from "../support/fixtures.ts";

const NOW = Date.UTC(2026, 7, 24);
const RULES = defaultRules({ publishPrivate: true });
const line = (shape: Parameters<typeof sshdAlert>[0] = {}) => JSON.stringify(sshdAlert(shape));

function decide(text: string, since = -Infinity, tooLong = 0) {
  const { decisions, lines, skipped } = decideLines({ text, tooLong }, RULES, since, NOW);
  const found = decisions.map((one) => one.kind === "ignored" ? one.reason : "attempts");
  return { found, lines, skipped };
}

Deno.test("decideLines() counts lines of other rules without reading them", () => {
  const text = `${line()}\n${line({ rule: "31101" })}\n${line({ rule: "550" })}\n`;
  assert.deepEqual(decide(text), { found: ["attempts"], lines: 3, skipped: 2 });
});

Deno.test("decideLines() reads lines that end with CR, that NULs stand in, and that are none", () => {
  const text = `${line()}\r\n\0\0\0${line()}\n\n{"cut\n\0\n`;
  assert.deepEqual(decide(text), {
    found: ["attempts", "attempts", "not_json"],
    lines: 5,
    skipped: 0,
  });
});

Deno.test("decideLines() reads a Cowrie's record of any rule, wherever it stands", () => {
  const other = line({ rule: "31101" });
  const cowrie = fixture("08-cowrie-json-login-failed") as { rule: { id: string } };
  const ofOtherRule = JSON.stringify({ ...cowrie, rule: { ...cowrie.rule, id: "31101" } });
  const orders = [[ofOtherRule, other, other], [other, ofOtherRule, other], [
    other,
    other,
    ofOtherRule,
  ]];
  for (const order of orders) {
    const { found, skipped } = decide(order.map((one) => `${one}\n`).join(""));
    assert.deepEqual([found, skipped], [["attempts"], 2]);
  }
});

Deno.test("decideLines() leaves out what was attempted before, and reports lines too long", () => {
  const early = line({ time: "2026-08-22T23:59:59.999+0000" });
  const late = line({ time: "2026-08-23T00:00:00.000+0000" });
  assert.deepEqual(decide(`${early}\n${late}\n`, Date.UTC(2026, 7, 23), 1), {
    ...{ found: ["too_large", "attempts"], lines: 2, skipped: 0 },
  });
});

Deno.test("decideLines() reads the records of other honeypots under rules of users", () => {
  const ownFormat = readFormats([{
    name: "my-honeypot",
    when: { "data.app.name": "my-honeypot" },
    event: "data.kind",
    failed: "refused",
    source: "data.peer",
  }]);
  const own = decoyAlert({
    app: { name: "my-honeypot" },
    kind: "refused",
    peer: "203.0.113.29",
  });
  const guess = { user: "root", accepted: "false" };
  const records = [
    openCanary(),
    sshesame("password_auth", guess),
    sshesame("keyboard_interactive_auth", guess),
    sshesame("public_key_auth", guess),
    heralding(),
    heraldingSession(),
    endlessh("ACCEPT"),
    own,
  ];
  const rules = { ...RULES, formats: ownFormat };
  for (const record of records) {
    const text = `${line({ rule: "100900" })}\n${JSON.stringify(record)}\n`;
    const { decisions, skipped } = decideLines({ text, tooLong: 0 }, rules, -Infinity, LATER);
    assert.deepEqual(decisions.map(({ kind }) => kind), ["attempts"], text);
    assert.equal(skipped, 1);
  }
});

const LATER = Date.UTC(2026, 10, 23);
