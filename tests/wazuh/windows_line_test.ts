import assert from "node:assert/strict";
import { decide } from "../../src/intake/decide.ts";
import type { Decision } from "../../src/model.ts";
import { FORGED_NAMES } from "./sshd_model.ts";
import { defaultRules } from "../support/fixtures.ts";

const RULES = { ...defaultRules({ publishPrivate: true }), ruleIds: new Set(["100700"]) };

/** An alert as Wazuh writes it for an event of the channel `OpenSSH/Operational`. */
function windowsAlert(payload: unknown, change: Record<string, unknown> = {}) {
  return {
    timestamp: "2026-11-29T06:14:07.412+0000",
    rule: { level: 5, description: "OpenSSH on Windows", id: "100700", groups: ["windows"] },
    agent: { id: "009", name: "honeypot-win1" },
    manager: { name: "wazuh-manager-01" },
    id: "1796019247.5119400",
    decoder: { name: "windows_eventchannel" },
    data: {
      win: {
        system: {
          providerName: "OpenSSH",
          providerGuid: "{c4b57d35-0636-4bc3-a262-370f249f9802}",
          eventID: "4",
          level: "4",
          processID: "5120",
          channel: "OpenSSH/Operational",
          message: `"sshd: ${payload}"`,
          ...change,
        },
        eventdata: { process: "sshd", payload, ...change },
      },
    },
    location: "EventChannel",
  };
}

function summary(alert: unknown) {
  const decision: Decision = decide(alert, RULES, Date.UTC(2026, 10, 29, 7));
  if (decision.kind === "ignored") return decision.reason;
  return decision.attempts.map(({ evidence, count, sourceIp, username, pid }) =>
    [evidence, count, sourceIp, username, pid].join(" ")
  ).join(", ");
}

Deno.test("decide() reads the payload of an event of OpenSSH on Windows", () => {
  const failed = "Failed password for invalid user eve from 192.0.2.7 port 4711 ssh2";
  assert.equal(summary(windowsAlert(failed)), "sshd 1 192.0.2.7 eve 5120");
  assert.equal(
    summary(windowsAlert("Failed password for corp\\\\administrator from 2001:db8::7 port 1 ssh2")),
    "sshd 1 2001:db8::7 corp\\administrator 5120",
  );
  assert.equal(
    summary(windowsAlert("Invalid user eve from 192.0.2.7 port 4711")),
    "connect 1 192.0.2.7 eve 5120",
  );
  assert.equal(
    summary(windowsAlert("Connection closed by 192.0.2.7 port 4711 [preauth]")),
    "session-end 0 192.0.2.7  5120",
  );
  const withLog = { ...windowsAlert(failed), full_log: JSON.stringify(windowsAlert(failed).data) };
  assert.equal(summary(withLog), "sshd 1 192.0.2.7 eve 5120");
});

Deno.test("decide() takes no event of another provider or program for one of OpenSSH", () => {
  const failed = "Failed password for root from 192.0.2.7 port 4711 ssh2";
  assert.equal(summary(windowsAlert(failed, { providerName: "MyService" })), "not_ssh");
  assert.equal(summary(windowsAlert(failed, { process: "ssh-agent" })), "not_ssh");
  assert.equal(summary(windowsAlert([failed])), "not_ssh");
  assert.equal(summary(windowsAlert("Server listening on 0.0.0.0 port 22.")), "not_ssh");
});

Deno.test("decide() takes no forged address out of an event of Windows", () => {
  for (const name of FORGED_NAMES) {
    const forged = `Failed password for invalid user ${name} from 192.0.2.7 port 4711 ssh2`;
    assert.match(String(summary(windowsAlert(forged))), /^sshd 1 192\.0\.2\.7 /, name);
  }
});
