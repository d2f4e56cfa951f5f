import assert from "node:assert/strict";
import type { GuardRules } from "../../src/guard/guard.ts";
import { patternFaults } from "../../src/guard/pattern_faults.ts";

type Patterns = Omit<Partial<GuardRules>, "publishPrivate">;

function faults(patterns: Patterns): readonly string[] {
  return patternFaults({ agentPrefixes: [], agentLabels: [], publishPrivate: false, ...patterns })
    .map(({ key, pattern, matches }) => `${key} ${pattern}: ${matches}`);
}

Deno.test("patternFaults() finds nothing in patterns that can match", () => {
  assert.deepEqual(
    faults({
      agentPrefixes: ["honeypot-", "hp-*", "*-hp", "HP_1.example.org"],
      agentLabels: ["honeypot.type", "honeypot.type=", "*=cowrie", "honeypot.*", "a=b=c", "ä=?"],
      hostnames: ["hp-*", "hp.example.org", "2001:db8::7", "hp_1"],
      locations: ["/var/log/hp/*", "198.51.100.7", "C:\\logs\\*.log", "journald"],
    }),
    [],
  );
});

Deno.test("patternFaults() refuses patterns that can match nothing", () => {
  assert.deepEqual(faults({ agentPrefixes: ["hp-[0-9]", "^hp", "hp 1", "hp?", "hp/1", "hö"] }), [
    "honeypot.agent_prefixes hp-[0-9]: nothing",
    "honeypot.agent_prefixes ^hp: nothing",
    "honeypot.agent_prefixes hp 1: nothing",
    "honeypot.agent_prefixes hp?: nothing",
    "honeypot.agent_prefixes hp/1: nothing",
    "honeypot.agent_prefixes hö: nothing",
  ]);
  assert.deepEqual(faults({ agentLabels: ["", "=cowrie", "="] }), [
    "honeypot.agent_labels : nothing",
    "honeypot.agent_labels =cowrie: nothing",
    "honeypot.agent_labels =: nothing",
  ]);
  assert.deepEqual(faults({ hostnames: ["", "hp 1", "hp.+"] }), [
    "honeypot.hostnames : nothing",
    "honeypot.hostnames hp 1: nothing",
    "honeypot.hostnames hp.+: nothing",
  ]);
  assert.deepEqual(faults({ locations: ["", "(hp-1) any->/var/log/auth.log"] }), [
    "honeypot.locations : nothing",
    "honeypot.locations (hp-1) any->/var/log/auth.log: nothing",
  ]);
  assert.deepEqual(faults({ locations: ["x".repeat(256), `${"*x".repeat(255)}*`] }), [
    `honeypot.locations ${"x".repeat(256)}: nothing`,
  ]);
});

Deno.test("patternFaults() names patterns that match everything", () => {
  assert.deepEqual(
    faults({
      agentPrefixes: ["*", "", "**"],
      agentLabels: ["*", "*=*"],
      hostnames: ["*"],
      locations: ["*"],
    }),
    [
      "honeypot.agent_prefixes *: everything",
      "honeypot.agent_prefixes : everything",
      "honeypot.agent_prefixes **: everything",
      "honeypot.agent_labels *: everything",
      "honeypot.agent_labels *=*: everything",
      "honeypot.hostnames *: everything",
      "honeypot.locations *: everything",
    ],
  );
});
