/** Alerts of managers that leave the log line out: what Wazuh's decoders found is all there is. */
import assert from "node:assert/strict";
import { decide } from "../../src/intake/decide.ts";
import { CountedSources } from "../support/counted_sources.ts";
import { fieldAlert } from "../support/field_case.ts";
import { defaultRules } from "../support/fixtures.ts";

const NOW = Date.UTC(2026, 10, 28, 4);
const SOURCE = "192.0.2.7";
const PORT = { srcip: SOURCE, srcport: "40000" };

/** An alert of a rule with the fields that its decoder found, and no line. */
function alertOf(
  [rule, data]: readonly [string, Record<string, string>],
  location = "/var/log/auth.log",
) {
  const isLogin = ["5715", "40101", "99903"].includes(rule);
  const groups = isLogin ? ["authentication_success"] : ["authentication_failed"];
  const { full_log: _, ...alert } = fieldAlert([rule, "", { data, groups, location }]);
  return alert;
}

const decided = (alert: object) => decide(alert, defaultRules(), NOW);

/** Rules and fields of docs/contracts/wazuh.md 3.1, and the evidence that each is. */
const KINDS: readonly (readonly [rule: string, data: Record<string, string>, evidence: string])[] =
  [
    ["5760", { ...PORT, dstuser: "root" }, "sshd 1"],
    ["5716", { ...PORT, dstuser: "root" }, "sshd 1"],
    ["5716", { srcip: SOURCE, dstuser: "root" }, "pam-error 1"],
    ["5710", { srcip: SOURCE, srcuser: "pi" }, "sshd 1"],
    ["5710", { ...PORT, srcuser: "pi" }, "connect 1"],
    ["5710", { ...PORT, dstuser: "pi" }, "session-end 0"],
    ["5710", { srcip: SOURCE, dstuser: "pi" }, "refused 1"],
    ["5758", { ...PORT, dstuser: "root" }, "connect 1"],
    ["5503", { srcip: SOURCE, dstuser: "root" }, "pam 1"],
    ["2502", { srcip: SOURCE, dstuser: "root" }, "pam 1"],
    ["40111", { ...PORT, dstuser: "root" }, "sshd 1"],
    ["40111", { srcip: SOURCE, dstuser: "root" }, "pam 1"],
    ["99904", { ...PORT, dstuser: "root" }, "sshd 1"],
    ["5715", { ...PORT, dstuser: "root" }, "session-end 0 login"],
    ["40101", { ...PORT, dstuser: "guest" }, "session-end 0 login"],
    ["99903", { ...PORT, dstuser: "root" }, "session-end 0 login"],
  ];

for (const [rule, data, expected] of KINDS) {
  const fields = Object.keys(data).join(", ");
  Deno.test(`decide() takes rule ${rule} with ${fields} and no line for ${expected}`, () => {
    const decision = decided(alertOf([rule, data]));
    assert.ok(decision.kind === "attempts");
    assert.deepEqual(
      decision.attempts.map(({ evidence, count, isLogin }) =>
        `${evidence} ${count}${isLogin === true ? " login" : ""}`
      ),
      [expected],
    );
  });
}

/** Three guesses in one connection at an account that is not there, and at one that is. */
const UNKNOWN = [
  ["5710", { ...PORT, srcuser: "pi" }],
  ["5503", { srcip: SOURCE }],
  ...Array.from({ length: 3 }, () => ["5710", { srcip: SOURCE, srcuser: "pi" }] as const),
] as const;
const KNOWN = [
  ["5503", { srcip: SOURCE, dstuser: "root" }],
  ...Array.from({ length: 3 }, () => ["5760", { ...PORT, dstuser: "root" }] as const),
  ["2502", { srcip: SOURCE, dstuser: "root" }],
] as const;

async function countsOf(alerts: readonly object[]) {
  using sources = new CountedSources(NOW);
  await sources.accept(alerts.map(decided));
  await sources.snapshot();
  return { counts: sources.counts, compromised: [...sources.compromised] };
}

Deno.test("snapshotAttack() counts each guess once, though no alert has its line", async () => {
  for (const scene of [UNKNOWN, KNOWN]) {
    const once = scene.map((one) => alertOf(one));
    const truth = { counts: { [SOURCE]: 3 }, compromised: [] };
    assert.deepEqual(await countsOf(once), truth);
    const twice = [...once, ...scene.map((one) => alertOf(one, "journald"))];
    assert.deepEqual(await countsOf(twice), truth, "collected twice");
  }
  const both = [...UNKNOWN, ...KNOWN].map((one) => alertOf(one));
  assert.deepEqual((await countsOf(both)).counts, { [SOURCE]: 6 });
});

Deno.test("snapshotAttack() sees a login after failures, though no alert has its line", async () => {
  const login = ["5715", { ...PORT, dstuser: "root" }] as const;
  const inside = [...KNOWN, login].map((one) => alertOf(one));
  assert.deepEqual(await countsOf(inside), { counts: { [SOURCE]: 3 }, compromised: [SOURCE] });
  assert.deepEqual(await countsOf([alertOf(login)]), { counts: {}, compromised: [] });
});
