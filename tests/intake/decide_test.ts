import assert from "node:assert/strict";
import { decide } from "../../src/intake/decide.ts";
import type { Decision } from "../../src/model.ts";
import { decideDefault, defaultRules, fixture, sshdAlert } from "../support/fixtures.ts";

const NOW = Date.UTC(2026, 10, 23);

/** What matters of a decision, short enough to be read in a row. */
function summary(decision: Decision) {
  if (decision.kind === "ignored") return decision.reason;
  return decision.attempts.map(({ evidence, count, sourceIp, username, pid }) =>
    [evidence, count, sourceIp, username, pid].join(" ")
  );
}

const EXPECTED: Readonly<Record<string, unknown>> = {
  "01-5710-invalid-user": ["sshd 1 82.202.219.155 sammy 26279"],
  "02-5503-pam": ["pam 1 82.202.219.155 root 26281"],
  "03-5716-failed-none": ["sshd 1 192.241.237.101 root 26290"],
  "04-5760-failed-password": ["sshd 1 192.241.237.101 root 26292"],
  "05-5763-bruteforce-composite": ["sshd 1 192.241.237.101 root 26307"],
  "05b-5712-bruteforce-composite": ["connect 1 212.64.151.233 pi 30023"],
  "06-2502-pam-more": ["pam 2 212.64.151.233 root 26400"],
  "07-5551-pam-composite": ["pam 1 212.64.151.233 root 26507"],
  "08-cowrie-json-login-failed": ["sshd 1 218.92.0.112 root 177789161760246"],
  "09-5760-ipv6": ["sshd 1 2001:db8:bad:cafe::17 root 41822"],
  "edge-2502-no-user-no-srcip": ["pam 5 82.202.219.155  26279"],
  "edge-5503-rhost-is-hostname": "host_name",
  "edge-5710-disconnect-not-an-attempt": ["session-end 0 82.202.219.155 admin 26279"],
  "edge-5710-empty-user-manager-agent-000": "not_honeypot",
  "edge-5710-kbdint-dstuser": ["keyboard 1 192.241.237.101 warez 12664"],
  "edge-5710-log-injection": ["sshd 1 82.202.219.155 root from 8.8.8.8 26310"],
  "edge-5710-no-srcip": ["session-end 0 82.202.219.155 admin 26279"],
  "edge-5758-invalid-user-no-srcip": ["connect 1 192.241.237.101 badguy 8981"],
  "edge-5760-kbdint-valid-user-no-srcip": ["keyboard 1 192.241.237.101 root 12670"],
  "edge-5760-message-repeated": ["sshd 2 192.241.237.101 root 26292"],
};

for (const [name, expected] of Object.entries(EXPECTED)) {
  Deno.test(`decide() reads ${name}`, () => {
    assert.deepEqual(summary(decideDefault(fixture(name))), expected);
  });
}

Deno.test("decide() takes the address that sshd wrote, not the one in the user name", () => {
  const decision = decideDefault(fixture("edge-5710-log-injection"));
  assert.equal(decision.kind, "attempts");
  assert.equal(decision.kind === "attempts" && decision.spoofedSrcip, true);
  assert.doesNotMatch(JSON.stringify(summary(decision)), /^\["sshd 1 8\.8\.8\.8/);
});

Deno.test("decide() takes time, key and sensor from the alert", () => {
  const decision = decideDefault(fixture("09-5760-ipv6"));
  assert.ok(decision.kind === "attempts");
  assert.deepEqual(decision.key, { manager: "master-node", id: "1787459504.5210345" });
  const [attempt] = decision.attempts;
  assert.equal(new Date(attempt!.at).toISOString(), "2026-08-23T04:31:44.318Z");
  assert.deepEqual(attempt!.sensor, {
    manager: "wazuh-manager-01",
    id: "007",
    name: "honeypot-fra1",
  });
  assert.deepEqual(attempt!.techniques, [
    { id: "T1110.001", name: "Password Guessing" },
    { id: "T1021.004", name: "SSH" },
  ]);
});

Deno.test("decide() counts a composite's earlier lines only when its base rule is not handed over", () => {
  const rules = { ...defaultRules(), ruleIds: new Set(["5763"]) };
  const decision = decide(fixture("05-5763-bruteforce-composite"), rules, NOW);
  assert.ok(decision.kind === "attempts");
  assert.equal(decision.attempts.length, 8);
  assert.deepEqual(
    decision.attempts.map((attempt) => attempt.pid),
    [26307, 26306, 26305, 26304, 26303, 26302, 26301, 26300],
  );
});

Deno.test("decide() ignores what is not ours, each for its reason", () => {
  const reason = (alert: unknown, rules = defaultRules()) => summary(decide(alert, rules, NOW));
  assert.equal(reason(sshdAlert({ rule: "31101" })), "other_rule");
  assert.equal(reason(sshdAlert({ agent: "web-01" })), "not_honeypot");
  assert.equal(reason({ ...sshdAlert(), agent: undefined }), "not_honeypot");
  assert.equal(
    reason({ ...sshdAlert(), location: "custom-misp_ssh_bruteforce-publish" }),
    "own_alert",
  );
  assert.equal(reason({ ...sshdAlert(), rule: { id: 5760.5 } }), "other_rule");
  const su = "pam_unix(su:auth): authentication failure; logname= uid=1 euid=0 tty=pts/0 ruser=a " +
    "rhost=192.0.2.1  user=root";
  const suAlert = { ...sshdAlert({ rule: "5503" }), full_log: `Aug 23 06:14:06 host su[1]: ${su}` };
  assert.equal(reason(suAlert), "not_ssh");
  const strict = defaultRules({ publishPrivate: false });
  const from = (address: string) =>
    sshdAlert({ message: `Failed password for root from ${address} port 1 ssh2` });
  assert.equal(reason(from("192.168.1.5"), strict), "special_address");
  assert.equal(reason(from("::ffff:10.0.0.1"), strict), "special_address");
  assert.equal(reason(from("2002:c0a8:0101::1"), strict), "special_address");
  const allow = defaultRules({ allowNetworks: ["82.202.0.0/16"] });
  assert.equal(reason(sshdAlert(), allow), "allow_listed");
  for (const junk of [null, 1, "x", [], {}, { rule: {} }, { rule: { id: "5760" } }]) {
    assert.equal(reason(junk), "malformed");
  }
});

Deno.test("decide() finds honeypots by any case of the prefix, and by label", () => {
  const kind = (alert: unknown, rules = defaultRules()) => decide(alert, rules, NOW).kind;
  assert.equal(kind(sshdAlert({ agent: "HoneyPot-Berlin" })), "attempts");
  const labelled = {
    ...sshdAlert({ agent: "web-01" }),
    agent: { id: "1", name: "web-01", labels: { honeypot: { type: "cowrie" } } },
  };
  assert.equal(kind(labelled), "ignored");
  assert.equal(kind(labelled, defaultRules({ agentLabels: ["honeypot.type"] })), "attempts");
  assert.equal(kind(labelled, defaultRules({ agentLabels: ["honeypot.type=cowrie"] })), "attempts");
  assert.equal(kind(labelled, defaultRules({ agentLabels: ["honeypot.type=real"] })), "ignored");
});

Deno.test("decide() takes Wazuh's address of an unknown line only when sshd's ending says the same", () => {
  const unknown = (message: string, srcip: string) =>
    summary(decideDefault({ ...sshdAlert({ message }), data: { srcip, srcuser: "root" } }));
  assert.deepEqual(
    unknown("fresh wording for root from 82.202.219.155 port 5 ssh2", "82.202.219.155"),
    ["sshd 1 82.202.219.155 root 0"],
  );
  assert.equal(unknown("fresh wording for root from 8.8.8.8", "8.8.8.8"), "no_address");
  assert.equal(
    unknown("fresh wording for root from 8.8.8.8 from 82.202.219.155 port 5 ssh2", "8.8.8.8"),
    "no_address",
  );
  assert.equal(summary(decideDefault({ ...sshdAlert(), full_log: undefined })), "no_address");
});

Deno.test("decide() keeps the alert when its time cannot be read", () => {
  const decision = decideDefault({ ...sshdAlert(), timestamp: "yesterday" });
  assert.ok(decision.kind === "attempts");
  assert.equal(decision.attempts[0]!.at, NOW);
});

Deno.test("decide() takes the time of arrival when the alert comes from the future", () => {
  const decision = decideDefault(sshdAlert({ time: "2026-11-25T00:00:00.000+0000" }));
  assert.ok(decision.kind === "attempts");
  assert.equal(decision.attempts[0]!.at, NOW);
});

Deno.test("decide() takes no line of another program, whatever it says", () => {
  const alert = { ...sshdAlert(), predecoder: { program_name: "vsftpd" } };
  assert.equal(summary(decideDefault(alert)), "not_ssh");
});

Deno.test("decide() drops an earlier line whose source is not that of the composite", () => {
  const rules = { ...defaultRules(), ruleIds: new Set(["5551"]) };
  const composite = fixture("07-5551-pam-composite");
  const forged = "Aug 23 06:24:18 honeypot-fra1 sshd[1]: Failed password for root from 8.8.8.8 " +
    "port 22 ssh2";
  const previous_output = `${forged}\n${composite.previous_output}`;
  const decision = decide({ ...composite, previous_output }, rules, NOW);
  assert.ok(decision.kind === "attempts");
  assert.deepEqual(
    [...new Set(decision.attempts.map((attempt) => attempt.sourceIp))],
    ["212.64.151.233"],
  );
  assert.equal(decision.attempts.length, 8);
});

Deno.test("decide() marks a success after failures as a compromise", () => {
  const message = "Accepted password for root from 82.202.219.155 port 51676 ssh2";
  const decision = decideDefault(sshdAlert({ rule: "40112", message }));
  assert.ok(decision.kind === "attempts");
  const [attempt] = decision.attempts;
  assert.deepEqual([attempt!.isCompromise, attempt!.count], [true, 0]);
  const other = decideDefault(sshdAlert({ rule: "5760", message }));
  assert.equal(other.kind === "attempts" && other.attempts[0]!.isCompromise, false);
});

Deno.test("decide() takes Telnet guesses of a Cowrie only when configured", () => {
  const cowrie = fixture("08-cowrie-json-login-failed");
  const telnet = { ...cowrie, data: { ...cowrie.data as object, protocol: "telnet" } };
  assert.equal(summary(decideDefault(telnet)), "not_ssh");
  const decision = decide(telnet, { ...defaultRules(), takesTelnet: true }, NOW);
  assert.equal(decision.kind === "attempts" && decision.attempts[0]!.service, "telnet");
});

Deno.test("decide() takes the place of a source from an indexer's document, never of a forged one", () => {
  const GeoLocation = {
    city_name: "Frankfurt",
    country_name: "Germany",
    region_name: "Hesse",
    location: { lat: 50.1, lon: 8.7 },
  };
  const of = (name: string) => {
    const decision = decideDefault({ ...fixture(name), GeoLocation });
    return decision.kind === "attempts" ? decision.attempts[0]!.sourceLocation : decision.reason;
  };
  assert.deepEqual(of("01-5710-invalid-user"), {
    country: "Germany",
    region: "Hesse",
    city: "Frankfurt",
    latitude: 50.1,
    longitude: 8.7,
  });
  assert.equal(of("edge-5710-log-injection"), undefined);
});

Deno.test("decide() counts the failures before a success as connections, in case they never came", () => {
  const alert = {
    ...fixture("05-5763-bruteforce-composite"),
    rule: { id: "40112", level: 12 },
    full_log: "Aug 23 06:16:22 honeypot-fra1 sshd[26307]: Accepted password for root from " +
      "192.241.237.101 port 43064 ssh2",
  };
  const decision = decideDefault(alert);
  assert.ok(decision.kind === "attempts");
  assert.deepEqual(
    decision.attempts.map(({ evidence, count, isCompromise }) =>
      `${evidence} ${count} ${isCompromise}`
    ),
    ["session-end 0 true", ...new Array<string>(7).fill("connect 1 false")],
  );
});

Deno.test("decide() takes passwords of a Cowrie only when configured", () => {
  const cowrie = fixture("08-cowrie-json-login-failed");
  const passwordsOf = (takesPasswords: boolean) => {
    const decision = decide(cowrie, { ...defaultRules(), takesPasswords }, NOW);
    assert.ok(decision.kind === "attempts");
    return decision.attempts.map((attempt) => attempt.password);
  };
  assert.deepEqual(passwordsOf(false), [undefined]);
  assert.deepEqual(passwordsOf(true), ["admin123"]);
});

Deno.test("decide() takes Wazuh's address of an alert without its line beside a harmless name", () => {
  const bare = (data: Record<string, unknown>, rule = "5760") => {
    const { full_log: _line, ...alert } = sshdAlert({ rule });
    return summary(decideDefault({ ...alert, data }));
  };
  const srcip = "203.0.113.9";
  assert.deepEqual(bare({ srcip, dstuser: "root" }), ["sshd 1 203.0.113.9 root 0"]);
  assert.deepEqual(bare({ srcip, srcuser: "eve" }, "5710"), ["sshd 1 203.0.113.9 eve 0"]);
  assert.deepEqual(bare({ srcip }), ["sshd 1 203.0.113.9  0"]);
  assert.deepEqual(bare({ srcip, dstuser: "root" }, "5503"), ["pam 1 203.0.113.9 root 0"]);
  assert.deepEqual(bare({ srcip, dstuser: "root" }, "40112"), ["session-end 0 203.0.113.9 root 0"]);
  assert.equal(bare({ dstuser: "root" }), "no_address");
  assert.equal(bare({ srcip: "scanner.example.org", dstuser: "root" }), "host_name");
  for (
    const name of ["root from 198.51.100.1", "198.51.100.1", "a FROM b", { name: "x" }, [1, 2]]
  ) {
    assert.equal(bare({ srcip, dstuser: name }), "no_address");
  }
  const whole = { ...sshdAlert(), data: { srcip, dstuser: "root" } };
  assert.deepEqual(summary(decideDefault({ ...whole, full_log: null })), [
    "sshd 1 203.0.113.9 root 0",
  ]);
  assert.equal(summary(decideDefault({ ...whole, full_log: ["two", "lines"] })), "no_address");
  const su = { ...whole, full_log: "", predecoder: { program_name: "su" } };
  assert.equal(summary(decideDefault(su)), "not_ssh");
});

Deno.test("decide() reads a list of one as the field itself", () => {
  const alert = sshdAlert();
  assert.deepEqual(summary(decideDefault({ ...alert, full_log: [alert.full_log] })), [
    "sshd 1 82.202.219.155 root 26279",
  ]);
});

Deno.test("decide() reads rules by their groups where sshd wrote the line", () => {
  const of = (id: string, groups: readonly string[], program = "sshd") => {
    const alert = { ...sshdAlert(), predecoder: { program_name: program } };
    const rules = { ...defaultRules(), narrowed: new Set(["5728"]) };
    return decide({ ...alert, rule: { id, groups } }, rules, NOW).kind;
  };
  for (const id of ["100200", "5799"]) {
    assert.equal(of(id, ["attacks", "authentication_failures"]), "attempts");
    assert.equal(of(id, ["authentication_failed"], "vsftpd"), "ignored");
    assert.equal(of(id, ["authentication_success"]), "ignored");
  }
  assert.equal(of("5728", ["authentication_failed"]), "ignored");
});

Deno.test("decide() counts the lines of a composite that were no alerts of rules that are read", () => {
  const failed = (pid: number) =>
    `Aug 23 06:14:06 hp sshd[${pid}]: Failed password for root from 82.202.219.155 port ${pid} ssh2`;
  const unknown = "Aug 23 06:14:06 hp sshd[3]: Invalid user Failed from 82.202.219.155 port 3";
  const alert = {
    ...sshdAlert(),
    rule: { id: "40111", groups: ["authentication_failures"] },
    previous_output: [failed(1), failed(2), unknown].join("\n"),
  };
  const count = (...ids: readonly string[]) => {
    const decision = decide(alert, { ...defaultRules(), ruleIds: new Set(ids) }, NOW);
    return decision.kind === "attempts" ? decision.attempts.length : decision.reason;
  };
  assert.equal(count("40111"), 4);
  assert.equal(count("40111", "5760"), 2);
  assert.equal(count("40111", "5710"), 3);
  assert.equal(count("5710", "5760"), 1);
});
