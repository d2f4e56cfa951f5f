import assert from "node:assert/strict";
import { parseSshdLine } from "../../src/wazuh/ssh/sshd_line.ts";
import { assertLines, HEADER, line, PEER } from "./sshd_model.ts";

Deno.test("parseSshdLine() reads every form of header", () => {
  const message = "Failed password for root from 192.0.2.7 port 50522 ssh2";
  const headers: [string, number | undefined][] = [
    ["Nov 23 01:21:31 honeypot sshd[8458]: ", 8458],
    ["Nov 23 01:21:31 sshd[8458]: ", 8458],
    ["Nov  3 01:21:31 honeypot sshd[8458]: ", 8458],
    ["Nov 3 01:21:31 sshd[8458]: ", 8458],
    ["<34>Nov 23 01:21:31 honeypot sshd[8458]: ", 8458],
    ["2026-08-23T06:31:43.882114+02:00 honeypot-fra1 sshd-session[41822]: ", 41822],
    ["2026-08-23T06:31:43Z honeypot sshd-auth[1]: ", 1],
    ["2026-08-23 06:31:43.882114+0200 honeypot sshd[1]: ", 1],
    ["<38>2026-08-23T06:31:43.882114-03:30 10.0.0.5 sshd: ", undefined],
    ["Nov 23 01:21:31 2001:db8::5 sshd[2]: ", 2],
    ["Nov 23 01:21:31 sshd sshd[2]: ", 2],
    ["", undefined],
  ];
  for (const [header, pid] of headers) {
    assert.deepEqual(
      parseSshdLine(header + message),
      line({
        evidence: "sshd",
        count: 1,
        source: "192.0.2.7",
        port: 50522,
        username: "root",
        method: "password",
        pid,
      }),
      header,
    );
  }
});

Deno.test("parseSshdLine() returns undefined for another program's line", () => {
  const said = "Failed password for root from 8.8.8.8 port 1 ssh2";
  const others = [
    "",
    " ",
    "sshd[1]:",
    HEADER,
    `Nov 23 01:21:31 honeypot vsftpd[7]: ${said}`,
    `Nov 23 01:21:31 honeypot vsftpd[7]: sshd[1]: ${said}`,
    `Nov 23 01:21:31 honeypot vsftpd: Nov 23 01:21:31 honeypot sshd[1]: ${said}`,
    `Nov 23 01:21:31 vsftpd: sshd[1]: ${said}`,
    `Nov 23 01:21:31 vsftpd[7]: sshd[1]: ${said}`,
    `Nov 23 01:21:31 honeypot web user sshd[1]: ${said}`,
    `Nov 23 01:21:31 honeypot sshd[1]x: ${said}`,
    `Nov 23 01:21:31 honeypot not-sshd[1]: ${said}`,
    `Nov 23 01:21:31 honeypot sshd-keygen[1]: ${said}`,
    `sshd[1]: ${said}`,
    ` ${said}`,
    `message repeated 2 times: [ ${said}]`,
    `root ${said}`,
    "Nov 23 01:21:31 honeypot su[7]: pam_unix(su:auth): authentication failure; logname= uid=0 euid=0 tty=pts/0 ruser=a rhost=8.8.8.8  user=root",
    "Nov 23 01:21:31 honeypot sudo: pam_unix(sudo:auth): authentication failure; logname=a uid=1 euid=0 tty=/dev/pts/0 ruser=a rhost=  user=a",
    "Nov 23 01:21:31 honeypot vsftpd[7]: pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=x rhost=8.8.8.8",
    "pam_unix(su:auth): authentication failure; logname= uid=0 euid=0 tty=pts/0 ruser=a rhost=8.8.8.8  user=root",
    "Nov 23 01:21:31 honeypot CRON[7]: pam_unix(cron:session): session opened for user root",
    '{"eventid":"cowrie.login.failed","username":"Failed password for root from 8.8.8.8 port 1 ssh2"}',
  ];
  for (const text of others) assert.equal(parseSshdLine(text), undefined, text);
});

Deno.test("parseSshdLine() returns undefined for messages not about authentication", () => {
  assertLines([
    ["Server listening on 0.0.0.0 port 22.", undefined],
    ["pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)", undefined],
    ["pam_unix(sshd:account): account root has expired (account expired)", undefined],
    ["error: kex_exchange_identification: Connection closed by remote host", undefined],
    ["reverse mapping checking getaddrinfo for a.example [192.0.2.7] failed.", undefined],
    [
      "drop connection #10 from [192.0.2.7]:5555 on [192.0.2.1]:22 past MaxStartups",
      undefined,
    ],
    ["Failed to release session: Interrupted system call", undefined],
    ["Failed password for root", undefined],
    ["Failed password for root from 192.0.2.7", undefined],
    ["Failed password for root from 192.0.2.7 port 99999999 ssh2", undefined],
    ["Failed password for root from 192.0.2.7 port 1 ssh2 and more", undefined],
    ["Invalid user root", undefined],
    ["error: PAM: pam_setcred(): Failure setting user credentials", undefined],
    ["User child is on pid 812", undefined],
    ["User root from 192.0.2.7 not allowed because of the weather", undefined],
    ["message repeated 2 times: [ Failed password for root from 192.0.2.7 port 1 ssh2", undefined],
  ]);
});

Deno.test("parseSshdLine() reads Failed, Postponed, Partial and Accepted", () => {
  const guess = { evidence: "sshd", count: 1, ...PEER, username: "root" } as const;
  const invalid = { ...guess, invalidUser: true } as const;
  assertLines([
    ["Failed password for root from 192.0.2.7 port 4711 ssh2", { ...guess, method: "password" }],
    ["Failed none for root from 192.0.2.7 port 4711 ssh2", { ...guess, method: "none" }],
    ["Failed password for invalid user root from 192.0.2.7 port 4711 ssh2", {
      ...invalid,
      method: "password",
    }],
    ["Failed keyboard-interactive/pam for invalid user root from 192.0.2.7 port 4711 ssh2", {
      ...invalid,
      evidence: "keyboard",
      method: "keyboard-interactive/pam",
    }],
    ["Failed publickey for root from 192.0.2.7 port 4711 ssh2", { ...guess, method: "publickey" }],
    ["Failed publickey for root from 192.0.2.7 port 4711 ssh2: RSA SHA256:uC4M+8GfU/kc3", {
      ...guess,
      method: "publickey",
    }],
    [
      "Failed publickey for invalid user root from 192.0.2.7 port 4711 ssh2: ED25519-CERT SHA256:abc ID me (serial 0) CA RSA SHA256:def",
      { ...invalid, method: "publickey" },
    ],
    ["Postponed keyboard-interactive for root from 192.0.2.7 port 4711 ssh2 [preauth]", {
      ...PEER,
      username: "root",
      method: "keyboard-interactive",
    }],
    ["Postponed publickey for invalid user root from 192.0.2.7 port 4711 ssh2 [preauth]", {
      ...PEER,
      username: "root",
      method: "publickey",
      invalidUser: true,
    }],
    ["Partial password for root from 192.0.2.7 port 4711 ssh2", {
      ...PEER,
      username: "root",
      method: "password",
    }],
    ["Accepted password for root from 192.0.2.7 port 4711 ssh2", {
      ...PEER,
      username: "root",
      method: "password",
      succeeded: true,
    }],
    ["Accepted publickey for root from 2001:db8::7 port 4711 ssh2: RSA SHA256:uC4M", {
      source: "2001:db8::7",
      port: 4711,
      username: "root",
      method: "publickey",
      succeeded: true,
    }],
    ["Failed password for root from UNKNOWN port 65535 ssh2", {
      evidence: "sshd",
      count: 1,
      source: "UNKNOWN",
      port: 65535,
      username: "root",
      method: "password",
    }],
  ]);
});

Deno.test("parseSshdLine() reads connect lines", () => {
  const connect = { evidence: "connect", count: 1, ...PEER } as const;
  const noPort = { ...connect, port: undefined };
  const refused = { ...noPort, evidence: "refused" } as const;
  const ubnt = { username: "ubnt", invalidUser: true } as const;
  const root = { username: "root" } as const;
  assertLines([
    ["Invalid user ubnt from 192.0.2.7 port 4711", { ...connect, ...ubnt }],
    ["Invalid user ubnt from 192.0.2.7", { ...noPort, ...ubnt }],
    ["Invalid user  from 192.0.2.7 port 4711", { ...connect, username: "", invalidUser: true }],
    ["Invalid user   from 192.0.2.7 port 4711", { ...connect, username: " ", invalidUser: true }],
    [
      "error: maximum authentication attempts exceeded for root from 192.0.2.7 port 4711 ssh2 [preauth]",
      { ...connect, ...root },
    ],
    [
      "error: maximum authentication attempts exceeded for invalid user ubnt from 192.0.2.7 port 4711 ssh2 [preauth]",
      { ...connect, ...ubnt },
    ],
    ["Did not receive identification string from 192.0.2.7 port 4711", connect],
    ["Did not receive identification string from 192.0.2.7", noPort],
    ["Bad protocol version identification 'GET / HTTP/1.1' from 192.0.2.7 port 4711", connect],
    ["Bad protocol version identification '\\003' from 192.0.2.7", noPort],
    [
      "error: banner exchange: Connection from 192.0.2.7 port 4711: invalid format",
      connect,
    ],
    ["User root from 192.0.2.7 not allowed because not listed in AllowUsers", {
      ...refused,
      ...root,
    }],
    ["User root from host.net not allowed because listed in DenyUsers", {
      ...refused,
      ...root,
      source: "host.net",
    }],
    ["User root from 192.0.2.7 not allowed because not in any group", { ...refused, ...root }],
    ["User root from 192.0.2.7 not allowed because a group is listed in DenyGroups", {
      ...refused,
      ...root,
    }],
    [
      "User root from 192.0.2.7 not allowed because none of user's groups are listed in AllowGroups",
      { ...refused, ...root },
    ],
    ["User root not allowed because account is locked", {
      evidence: "refused",
      count: 1,
      ...root,
    }],
    ["User root not allowed because shell /bin/none does not exist", {
      evidence: "refused",
      count: 1,
      ...root,
    }],
    ["User root not allowed because shell /etc/passwd is not executable", {
      evidence: "refused",
      count: 1,
      ...root,
    }],
  ]);
});

Deno.test("parseSshdLine() reads PAM's lines", () => {
  const pam = { evidence: "pam", count: 1, source: "192.0.2.7" } as const;
  const fields = "logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7";
  const error = {
    evidence: "pam-error",
    count: 1,
    source: "192.0.2.7",
    username: "root",
  } as const;
  assertLines([
    [`pam_unix(sshd:auth): authentication failure; ${fields}  user=root`, {
      ...pam,
      username: "root",
    }],
    [`pam_unix(sshd:auth): authentication failure; ${fields} `, pam],
    [`pam_unix(sshd:auth): authentication failure; ${fields}`, pam],
    [`pam_sss(sshd:auth): authentication failure; ${fields} user=root`, {
      ...pam,
      module: "sss",
      username: "root",
    }],
    [
      "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=host.net  user=root",
      { ...pam, source: "host.net", username: "root" },
    ],
    [
      "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=  user=root",
      { ...pam, source: undefined, username: "root" },
    ],
    [`PAM 1 more authentication failure; ${fields} `, pam],
    [`PAM 5 more authentication failures; ${fields}  user=root`, {
      ...pam,
      count: 5,
      username: "root",
    }],
    [`pam_unix(sshd:auth): 2 more authentication failures; ${fields}  user=root`, {
      ...pam,
      count: 2,
      username: "root",
    }],
    ["error: PAM: Authentication failure for root from 192.0.2.7", error],
    ["error: PAM: Authentication error for root from host.net", { ...error, source: "host.net" }],
    ["error: PAM: Authentication failure for illegal user root from 192.0.2.7", {
      ...error,
      invalidUser: true,
    }],
    [
      "error: PAM: User not known to the underlying authentication module for illegal user root from 192.0.2.7",
      { ...error, invalidUser: true },
    ],
    ["error: PAM: Permission denied for root from 192.0.2.7", error],
    [
      "error: PAM: Have exhausted maximum number of retries for service for root from 192.0.2.7",
      error,
    ],
    ["pam_unix(sshd:auth): check pass; user unknown", {}],
    ["PAM service(sshd) ignoring max retries; 6 > 3", {}],
    [
      "pam_faillock(sshd:auth): Consecutive login failures for user root account temporarily locked",
      {},
    ],
    ["pam_sss(sshd:auth): received for user root: 7 (Authentication failure)", {}],
    ["pam_ldap(sshd:auth): Authentication failure; user=root", {}],
  ]);
});

Deno.test("parseSshdLine() reads lines that are no guess", () => {
  const named = { ...PEER, username: "ubnt", invalidUser: true } as const;
  const known = { ...PEER, username: "root" } as const;
  const unfinished = { ...known, isUnfinished: true } as const;
  assertLines([
    ["Connection closed by 192.0.2.7 port 4711 [preauth]", PEER],
    ["Connection closed by 192.0.2.7 [preauth]", { source: "192.0.2.7" }],
    ["Connection closed by invalid user ubnt 192.0.2.7 port 4711 [preauth]", named],
    ["Connection closed by authenticating user root 192.0.2.7 port 4711 [preauth]", unfinished],
    ["Connection closed by invalid user  192.0.2.7 port 4711 [preauth]", {
      ...named,
      username: "",
    }],
    ["Connection reset by invalid user ubnt 192.0.2.7 port 4711 [preauth]", named],
    ["Connection reset by 2001:db8::7 port 4711", { source: "2001:db8::7", port: 4711 }],
    ["Disconnected from invalid user ubnt 192.0.2.7 port 4711 [preauth]", named],
    ["Disconnected from authenticating user root 192.0.2.7 port 4711 [preauth]", unfinished],
    ["Disconnected from user root 192.0.2.7 port 4711", known],
    ["Disconnected from 192.0.2.7 port 4711 [preauth]", PEER],
    [
      "Disconnecting invalid user ubnt 192.0.2.7 port 4711: Too many authentication failures [preauth]",
      named,
    ],
    [
      "Disconnecting authenticating user root 192.0.2.7 port 4711: Change of username or service not allowed: (root,ssh-connection) -> (admin,ssh-connection) [preauth]",
      known,
    ],
    ["Disconnecting: Too many authentication failures for root [preauth]", {}],
    ["Received disconnect from 192.0.2.7 port 4711:11: Bye Bye [preauth]", PEER],
    ["Received disconnect from 2001:db8::7: 11: Bye Bye [preauth]", { source: "2001:db8::7" }],
    ["error: Received disconnect from 192.0.2.7 port 4711:3: Auth fail [preauth]", PEER],
    ['Connection from 192.0.2.7 port 4711 on 192.0.2.1 port 22 rdomain ""', PEER],
    [
      "Unable to negotiate with 192.0.2.7 port 4711: no matching cipher found. Their offer: a [preauth]",
      PEER,
    ],
    ["Unable to negotiate with 192.0.2.7: no matching cipher found.", { source: "192.0.2.7" }],
    [
      "fatal: ssh_dispatch_run_fatal: Connection from authenticating user root 192.0.2.7 port 4711: Broken pipe [preauth]",
      known,
    ],
    ["fatal: Timeout before authentication for 192.0.2.7 port 4711", PEER],
    ["Timeout before authentication for connection from 192.0.2.7 to 192.0.2.1, pid = 7", {
      source: "192.0.2.7",
    }],
    ["ROOT LOGIN REFUSED FROM 192.0.2.7 port 4711 [preauth]", PEER],
    ["input_userauth_request: invalid user ubnt [preauth]", {
      username: "ubnt",
      invalidUser: true,
    }],
    ["fatal: Access denied for user root by PAM account configuration [preauth]", {
      username: "root",
    }],
  ]);
});

Deno.test("parseSshdLine() multiplies what rsyslog folded", () => {
  const fields = "logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7";
  assertLines([
    ["message repeated 5 times: [ Failed password for root from 192.0.2.7 port 4711 ssh2]", {
      evidence: "sshd",
      count: 5,
      ...PEER,
      username: "root",
      method: "password",
    }],
    [`message repeated 2 times: [ PAM 3 more authentication failures; ${fields}  user=a]`, {
      evidence: "pam",
      count: 6,
      source: "192.0.2.7",
      username: "a",
    }],
    ["message repeated 2 times: [ Connection closed by 192.0.2.7 port 4711 [preauth]]", PEER],
    [
      "message repeated 2 times: [ message repeated 2 times: [ Failed none for a from 192.0.2.7 port 1 ssh2]]",
      undefined,
    ],
  ]);
});
