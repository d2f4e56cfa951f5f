import assert from "node:assert/strict";
import { explainItem } from "../../src/intake/explain.ts";
import { defaultRules } from "../support/fixtures.ts";

const NOW = Date.UTC(2026, 10, 23, 14);

/** A login at an OpenCanary, in its log under a rule of the user. */
const record = (location = "/var/tmp/opencanary.log", agent = "honeypot-oc") => ({
  timestamp: "2026-11-23T13:59:00.000+0000",
  rule: { level: 5, description: "OpenCanary: SSH login", id: "100900", groups: ["opencanary"] },
  agent: { id: "009", name: agent },
  manager: { name: "wazuh-manager-01" },
  id: "1763906340.1",
  decoder: { name: "json" },
  data: {
    logdata: { USERNAME: "root", PASSWORD: "x" },
    ...{ logtype: "4002", src_host: "198.51.100.7", src_port: "4422", dst_port: "22" },
  },
  location,
});

const explained = (value: unknown, rules = defaultRules()) => {
  const { kind, reason, attempts } = explainItem({ where: "line 1", value }, rules, NOW);
  const read = attempts.map(({ readFrom, attempt }) => [readFrom, attempt.sourceIp]);
  return { kind, reason, read };
};

Deno.test("explainItem() names the field of another honeypot's record", () => {
  assert.deepEqual(explained(record()), {
    ...{ kind: "alert", reason: undefined, read: [["data.src_host", "198.51.100.7"]] },
  });
});

Deno.test("explainItem() knows another honeypot by its location", () => {
  const value = record("/var/tmp/opencanary.log", "office-1");
  assert.equal(explained(value).reason, "not_honeypot");
  const rules = defaultRules({ locations: ["/var/tmp/opencanary*"] });
  assert.deepEqual(explained(value, rules).read, [["data.src_host", "198.51.100.7"]]);
});
