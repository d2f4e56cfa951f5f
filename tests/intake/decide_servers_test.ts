/** Lines of every SSH server and every header, from the alert to the decision. */
import assert from "node:assert/strict";
import { decide } from "../../src/intake/decide.ts";
import { defaultRules } from "../support/fixtures.ts";

const RULES = {
  ...defaultRules({ publishPrivate: true }),
  ruleIds: new Set(["5503", "5710", "5718", "5760", "51003", "51007", "100700"]),
};

interface Said {
  readonly line: string;
  readonly rule?: string;
  readonly program?: string;
  readonly decoder?: string;
  readonly earlier?: readonly string[];
}

function summary({ line, rule = "5760", program, decoder = "sshd", earlier }: Said) {
  const alert = {
    timestamp: "2026-11-29T06:14:07.412+0000",
    rule: { level: 5, description: "a guess", id: rule },
    agent: { id: "007", name: "honeypot-fra1" },
    manager: { name: "wazuh-manager-01" },
    id: "1796019247.5119400",
    full_log: line,
    ...(earlier === undefined ? {} : { previous_output: earlier.join("\n") }),
    predecoder: program === undefined ? {} : { program_name: program },
    decoder: { name: decoder },
    location: "/var/log/auth.log",
  };
  const decision = decide(alert, RULES, Date.UTC(2026, 10, 29, 7));
  if (decision.kind === "ignored") return decision.reason;
  return decision.attempts.map(({ evidence, count, sourceIp, username, pid }) =>
    [evidence, count, sourceIp, username, pid].join(" ")
  ).join(", ");
}

const SAID = "Failed password for root from 192.0.2.7 port 4711 ssh2";
const bad = (pid: number, port: number) =>
  `Nov 29 06:14:04 openwrt dropbear[${pid}]: Bad password attempt for 'root' from 192.0.2.7:${port}`;

Deno.test("decide() counts the line of metalog, which has no colon", () => {
  const line =
    "Nov 29 06:14:04 [sshd] User root from 192.0.2.7 not allowed because not listed in AllowUsers";
  assert.equal(summary({ line, rule: "5718", program: "sshd" }), "refused 1 192.0.2.7 root 0");
  assert.equal(summary({ line, rule: "5718" }), "refused 1 192.0.2.7 root 0");
});

Deno.test("decide() counts the line of a patched sshd that writes its own side", () => {
  const line =
    "Nov 29 06:14:04 hp1 sshd[90]: Invalid user ftp from 192.0.2.7 port 4711 on 192.0.2.1 port 22";
  assert.equal(summary({ line, rule: "5710", program: "sshd" }), "connect 1 192.0.2.7 ftp 90");
});

Deno.test("decide() counts the line of Solaris that names no port", () => {
  const line =
    "Nov 29 06:14:04 sol1 sshd[20]: [ID 800047 auth.error] error: PAM: Authentication failed for root from 192.0.2.7";
  assert.equal(summary({ line, program: "sshd" }), "pam-error 1 192.0.2.7 root 20");
});

Deno.test("decide() counts lines of container engines, whatever their decoder", () => {
  const docker = JSON.stringify({ log: `${SAID}\r\n`, stream: "stderr", time: "2026-11-29" });
  const cri = `2026-11-29T06:14:04.003121315Z stderr F ${SAID}`;
  for (const line of [docker, cri]) {
    assert.equal(
      summary({ line, rule: "100700", decoder: "json" }),
      "sshd 1 192.0.2.7 root 0",
      line,
    );
  }
});

Deno.test("decide() counts lines of sshd under other program names", () => {
  for (const program of ["sshd.pam", "sshd-session", "sshd-auth", "sshd_2222", "honeyssh"]) {
    const line = `Nov 29 06:14:04 hp1 ${program}[7]: ${SAID}`;
    assert.equal(summary({ line, program }), "sshd 1 192.0.2.7 root 7", program);
  }
  const pam =
    "Nov 29 06:14:04 hp1 sshd.pam[7]: pam_unix(sshd.pam:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=root";
  assert.equal(
    summary({ line: pam, rule: "5503", program: "sshd.pam", decoder: "pam" }),
    "pam 1 192.0.2.7 root 7",
  );
  const line = `Nov 29 06:14:04 hp1 honeyssh[7]: ${SAID}`;
  assert.equal(summary({ line, program: "honeyssh", decoder: "honeyssh" }), "not_ssh");
});

Deno.test("decide() counts guesses at Dropbear", () => {
  const dropbear = { program: "dropbear", decoder: "dropbear", rule: "51003" };
  const header = "Nov 29 06:14:04 openwrt dropbear[7]: ";
  assert.equal(summary({ ...dropbear, line: bad(7, 1) }), "sshd 1 192.0.2.7 root 7");
  assert.equal(
    summary({
      ...dropbear,
      line: `${header}Login attempt for nonexistent user from 2001:db8::7:2975`,
    }),
    "sshd 1 2001:db8::7  7",
  );
  assert.equal(
    summary({ ...dropbear, line: `${header}Login attempt for nonexistent user` }),
    "no_address",
  );
  assert.equal(
    summary({ ...dropbear, line: `${header}Child connection from 192.0.2.7:1` }),
    "session-end 0 192.0.2.7  7",
  );
});

Deno.test("decide() counts the earlier lines of Dropbear's composite where they come alone", () => {
  const composite = {
    line: bad(9, 3),
    rule: "51007",
    program: "dropbear",
    decoder: "dropbear",
    earlier: [bad(8, 2), bad(7, 1)],
  };
  assert.equal(summary(composite), "sshd 1 192.0.2.7 root 9");
  RULES.ruleIds.delete("51003");
  assert.equal(
    summary(composite),
    "sshd 1 192.0.2.7 root 9, sshd 1 192.0.2.7 root 8, sshd 1 192.0.2.7 root 7",
  );
  RULES.ruleIds.add("51003");
});

Deno.test("decide() takes no line of a router for one of sshd", () => {
  const line =
    "Nov 29 06:14:04 rtr1 4425: Nov 29 06:14:04.356: %SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: admin] [Source: 192.0.2.7] [localport: 22]";
  assert.equal(summary({ line, rule: "100700", decoder: "cisco-ios" }), "not_ssh");
});
