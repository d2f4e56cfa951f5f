import assert from "node:assert/strict";
import fc from "fast-check";
import { attemptsOf, connectionGuesses } from "../../src/wazuh/counting.ts";
import { parseSshdLine, type SshdLine } from "../../src/wazuh/sshd_line.ts";
import { escaped } from "../support/generators.ts";

const HEADER = "Nov 23 01:21:31 honeypot sshd[8458]: ";

/** Only what differs from a line that says nothing. */
function line(said: Partial<SshdLine>): SshdLine {
  return {
    evidence: "session-end",
    guesses: 0,
    source: undefined,
    port: undefined,
    username: undefined,
    pid: 8458,
    invalidUser: false,
    method: undefined,
    succeeded: false,
    ...said,
  };
}

function assertLines(cases: readonly (readonly [string, Partial<SshdLine> | undefined])[]): void {
  for (const [message, said] of cases) {
    const expected = said === undefined ? undefined : line(said);
    assert.deepEqual(parseSshdLine(HEADER + message), expected, message.slice(0, 200));
  }
}

interface Scene {
  readonly name: string;
  readonly attempts: number;
  readonly lines: readonly string[];
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(new URL(`../../fixtures/${path}`, import.meta.url)));
}

// Header

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
        guesses: 1,
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

// Forms

const PEER = { source: "192.0.2.7", port: 4711 } as const;

Deno.test("parseSshdLine() reads Failed, Postponed, Partial and Accepted", () => {
  const guess = { evidence: "sshd", guesses: 1, ...PEER, username: "root" } as const;
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
      guesses: 1,
      source: "UNKNOWN",
      port: 65535,
      username: "root",
      method: "password",
    }],
  ]);
});

Deno.test("parseSshdLine() reads connect lines", () => {
  const connect = { evidence: "connect", guesses: 1, ...PEER } as const;
  const noPort = { ...connect, port: undefined };
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
      ...noPort,
      ...root,
    }],
    ["User root from host.net not allowed because listed in DenyUsers", {
      ...noPort,
      ...root,
      source: "host.net",
    }],
    ["User root from 192.0.2.7 not allowed because not in any group", { ...noPort, ...root }],
    ["User root from 192.0.2.7 not allowed because a group is listed in DenyGroups", {
      ...noPort,
      ...root,
    }],
    [
      "User root from 192.0.2.7 not allowed because none of user's groups are listed in AllowGroups",
      { ...noPort, ...root },
    ],
    ["User root not allowed because account is locked", {
      evidence: "connect",
      guesses: 1,
      ...root,
    }],
    ["User root not allowed because shell /bin/none does not exist", {
      evidence: "connect",
      guesses: 1,
      ...root,
    }],
    ["User root not allowed because shell /etc/passwd is not executable", {
      evidence: "connect",
      guesses: 1,
      ...root,
    }],
  ]);
});

Deno.test("parseSshdLine() reads PAM's lines", () => {
  const pam = { evidence: "pam", guesses: 1, source: "192.0.2.7" } as const;
  const fields = "logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7";
  const error = {
    evidence: "pam-error",
    guesses: 1,
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
      guesses: 5,
      username: "root",
    }],
    [`pam_unix(sshd:auth): 2 more authentication failures; ${fields}  user=root`, {
      ...pam,
      guesses: 2,
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
  assertLines([
    ["Connection closed by 192.0.2.7 port 4711 [preauth]", PEER],
    ["Connection closed by 192.0.2.7 [preauth]", { source: "192.0.2.7" }],
    ["Connection closed by invalid user ubnt 192.0.2.7 port 4711 [preauth]", named],
    ["Connection closed by authenticating user root 192.0.2.7 port 4711 [preauth]", known],
    ["Connection closed by invalid user  192.0.2.7 port 4711 [preauth]", {
      ...named,
      username: "",
    }],
    ["Connection reset by invalid user ubnt 192.0.2.7 port 4711 [preauth]", named],
    ["Connection reset by 2001:db8::7 port 4711", { source: "2001:db8::7", port: 4711 }],
    ["Disconnected from invalid user ubnt 192.0.2.7 port 4711 [preauth]", named],
    ["Disconnected from authenticating user root 192.0.2.7 port 4711 [preauth]", known],
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
      guesses: 5,
      ...PEER,
      username: "root",
      method: "password",
    }],
    [`message repeated 2 times: [ PAM 3 more authentication failures; ${fields}  user=a]`, {
      evidence: "pam",
      guesses: 6,
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

Deno.test("parseSshdLine() decodes sshd's escapes", () => {
  const names: [string, string, string][] = [
    ["m\\303\\274ller", "m\\\\303\\\\274ller", "müller"],
    ["\\360\\237\\220\\273", "\\\\360\\\\237\\\\220\\\\273", "🐻"],
    ["\\357\\273\\277root", "\\\\357\\\\273\\\\277root", "\ufeffroot"],
    ["\\303", "\\\\303", "\ufffd"],
    ["a\\\\b", "a\\\\\\\\b", "a\\b"],
    ["\\\\303\\\\274", "\\\\\\\\303\\\\\\\\274", "\\303\\274"],
    ["a\\nb\\t", "a\\\\nb\\\\t", "a\nb\t"],
    ["\\033[2J", "\\\\033[2J", "\x1b[2J"],
    ["DOMAIN\\\\user", "DOMAIN\\\\\\\\user", "DOMAIN\\user"],
  ];
  for (const [once, twice, name] of names) {
    const invalid = parseSshdLine(`${HEADER}Invalid user ${once} from 192.0.2.7 port 1`);
    assert.equal(invalid?.username, name);
    const closed = `${HEADER}Connection closed by invalid user ${twice} 192.0.2.7 port 1 [preauth]`;
    assert.equal(parseSshdLine(closed)?.username, name);
  }
});

// Real lines

Deno.test("parseSshdLine() reads class, source and name of every line of a real sshd", async () => {
  const scenes = await readJson<Scene[]>("sshd/openssh-9.2.json");
  const nameless = /check pass; user unknown|ignoring max retries/;
  const classes: Record<string, string>[] = [];
  for (const scene of scenes) {
    const kinds = { sshd: 0, "pam-error": 0, pam: 0, connect: 0, "session-end": 0 };
    const truth = / from ([^ ]+) | rhost=([^ ]+) /.exec(scene.lines[0] ?? "");
    for (const text of scene.lines) {
      const read = parseSshdLine(text);
      assert.ok(read !== undefined, text);
      kinds[read.evidence]++;
      assert.equal(read.source, nameless.test(text) ? undefined : truth?.[1] ?? truth?.[2], text);
      assert.equal(String(read.pid), /\[(\d+)\]/.exec(text)?.[1]);
      const mayHaveName = !nameless.test(text) && !text.includes(": Connection from ");
      const isUnknownToPam = read.evidence === "pam" && !text.includes(" user=");
      assert.equal(read.username !== undefined, mayHaveName && !isUnknownToPam, text);
    }
    classes.push({ name: scene.name, kinds: Object.values(kinds).join(" ") });
  }
  assert.deepEqual(classes, [
    { name: "unknown account, password x3", kinds: "3 0 2 1 4" },
    { name: "known account, password x3", kinds: "3 0 2 0 1" },
    { name: "unknown account, keyboard-interactive x2", kinds: "2 2 2 1 5" },
    { name: "too many tries, known account", kinds: "6 0 2 1 2" },
    { name: "known account, keyboard-interactive x6", kinds: "3 6 6 1 4" },
    { name: "VERBOSE: known account, keyboard-interactive x2", kinds: "2 2 2 0 4" },
  ]);
});

function count(lines: Iterable<string>): number {
  const connections = new Map<number, { sshd: number; pamError: number }>();
  const totals = { pam: 0, guesses: 0, connect: 0 };
  for (const text of lines) {
    const read = parseSshdLine(text);
    if (read === undefined) continue;
    const connection = connections.get(read.pid ?? 0) ?? { sshd: 0, pamError: 0 };
    connections.set(read.pid ?? 0, connection);
    if (read.evidence === "sshd") connection.sshd += read.guesses;
    if (read.evidence === "pam-error") connection.pamError += read.guesses;
    if (read.evidence === "pam") totals.pam += read.guesses;
    if (read.evidence === "connect") totals.connect += read.guesses;
  }
  for (const { sshd, pamError } of connections.values()) {
    totals.guesses += connectionGuesses(sshd, pamError);
  }
  return attemptsOf(totals);
}

Deno.test("attemptsOf() counts the true number of guesses of every scene", async () => {
  for (const scene of await readJson<Scene[]>("sshd/openssh-9.2.json")) {
    assert.equal(count(scene.lines), scene.attempts, scene.name);
    const withoutPam = scene.lines.filter((text) => parseSshdLine(text)?.evidence !== "pam");
    assert.equal(count(withoutPam), scene.attempts, `${scene.name}, without PAM's lines`);
    const onlyPam = scene.lines.filter((text) => parseSshdLine(text)?.evidence === "pam");
    assert.equal(count(onlyPam), scene.attempts, `${scene.name}, PAM's lines only`);
  }
});

Deno.test("attemptsOf() never adds classes that see the same guesses", () => {
  assert.equal(attemptsOf({ pam: 3, guesses: 2, connect: 1 }), 3);
  assert.equal(attemptsOf({ pam: 0, guesses: 2, connect: 1 }), 2);
  assert.equal(attemptsOf({ pam: 0, guesses: 0, connect: 1 }), 1);
  assert.equal(attemptsOf({ pam: 0, guesses: 0, connect: 0 }), 0);
  assert.equal(connectionGuesses(3, 6), 6);
  assert.equal(connectionGuesses(3, 0), 3);
});

Deno.test("parseSshdLine() reads full_log and previous_output of every sample alert", async () => {
  const expected: Record<string, string[]> = {
    "01-5710-invalid-user.json": ["sshd 1 82.202.219.155 51676 invalid sammy"],
    "02-5503-pam.json": ["pam 1 82.202.219.155 - root"],
    "03-5716-failed-none.json": ["sshd 1 192.241.237.101 36942 root"],
    "04-5760-failed-password.json": ["sshd 1 192.241.237.101 43042 root"],
    "05-5763-bruteforce-composite.json": [
      "sshd 1 192.241.237.101 43064 root",
      "sshd 1 192.241.237.101 43062 root",
      "sshd 1 192.241.237.101 43060 root",
      "sshd 1 192.241.237.101 43058 root",
      "sshd 1 192.241.237.101 43056 root",
      "sshd 1 192.241.237.101 43054 root",
      "sshd 1 192.241.237.101 43052 root",
      "sshd 1 192.241.237.101 43050 root",
    ],
    "05b-5712-bruteforce-composite.json": [
      "connect 1 212.64.151.233 50128 invalid pi",
      "connect 1 212.64.151.233 50124 invalid postgres",
      "connect 1 212.64.151.233 50120 invalid git",
      "connect 1 212.64.151.233 50116 invalid user",
      "connect 1 212.64.151.233 50112 invalid ubuntu",
      "connect 1 212.64.151.233 50108 invalid oracle",
      "connect 1 212.64.151.233 50104 invalid test",
      "connect 1 212.64.151.233 50100 invalid admin",
    ],
    "06-2502-pam-more.json": ["pam 2 212.64.151.233 - root"],
    "07-5551-pam-composite.json": new Array(8).fill("pam 1 212.64.151.233 - root"),
    "08-cowrie-json-login-failed.json": ["no sshd line"],
    "09-5760-ipv6.json": ["sshd 1 2001:db8:bad:cafe::17 50522 root"],
    "edge-2502-no-user-no-srcip.json": ["pam 5 82.202.219.155 - -"],
    "edge-5503-rhost-is-hostname.json": ["pam 1 host.net - root"],
    "edge-5710-disconnect-not-an-attempt.json": [
      "session-end 0 82.202.219.155 51676 invalid admin",
    ],
    "edge-5710-empty-user-manager-agent-000.json": ["connect 1 192.241.237.101 4242 invalid "],
    "edge-5710-kbdint-dstuser.json": ["sshd 1 192.241.237.101 54197 invalid warez"],
    "edge-5710-log-injection.json": ["sshd 1 82.202.219.155 51676 invalid root from 8.8.8.8"],
    "edge-5710-no-srcip.json": ["session-end 0 82.202.219.155 51676 invalid admin"],
    "edge-5758-invalid-user-no-srcip.json": ["connect 1 192.241.237.101 55146 invalid badguy"],
    "edge-5760-kbdint-valid-user-no-srcip.json": ["sshd 1 192.241.237.101 54201 root"],
    "edge-5760-message-repeated.json": ["sshd 2 192.241.237.101 43042 root"],
  };
  for (const [name, truth] of Object.entries(expected)) {
    const alert = await readJson<{ full_log: string; previous_output?: string }>(`alerts/${name}`);
    const lines = [alert.full_log, ...(alert.previous_output?.split("\n") ?? [])];
    const read = lines.map((text) => {
      const found = parseSshdLine(text);
      if (found === undefined) return "no sshd line";
      const { evidence, guesses, source, port = "-", username = "-", invalidUser } = found;
      return `${evidence} ${guesses} ${source} ${port} ${invalidUser ? "invalid " : ""}${username}`;
    });
    assert.deepEqual(read, truth, name);
  }
});

// A model of how sshd writes its lines: format, cut, escape

const utf8 = new TextEncoder();

function written(message: string, isPreauth: boolean): string {
  const once = escaped(message);
  return (isPreauth ? `${escaped(once)} [preauth]` : once).slice(0, 500);
}

/** What sshd keeps of a name, and reads back from a cut character. */
function kept(name: string, length: number): string {
  const bytes = utf8.encode(name).slice(0, length);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

interface Form {
  readonly write: (name: string, source: string, port: number) => string;
  readonly isPreauth?: boolean;
  readonly hasPort?: boolean;
  /** Logged by PAM itself: not escaped, not cut. */
  readonly isRaw?: boolean;
  /** A key id of the client's stands behind the address. */
  readonly hasKey?: boolean;
  /** Only for accounts of the sensor, and no name of one begins so. */
  readonly impossible?: string;
}

/** Every form with a name. `%s` stands for it where a test forges one. */
const FORMS: Record<string, Form> = {
  failed: {
    write: (n, s, p) => `Failed password for ${n} from ${s} port ${p} ssh2`,
    impossible: "invalid user ",
  },
  "failed invalid": {
    write: (n, s, p) => `Failed password for invalid user ${n} from ${s} port ${p} ssh2`,
  },
  "failed kbdint": {
    write: (n, s, p) =>
      `Failed keyboard-interactive/pam for invalid user ${n} from ${s} port ${p} ssh2`,
  },
  "failed none": {
    write: (n, s, p) => `Failed none for invalid user ${n} from ${s} port ${p} ssh2`,
  },
  "failed publickey": {
    write: (n, s, p) => `Failed publickey for invalid user ${n} from ${s} port ${p} ssh2`,
    hasKey: true,
  },
  "failed publickey with key": {
    write: (n, s, p) =>
      `Failed publickey for invalid user ${n} from ${s} port ${p} ssh2: RSA SHA256:x+/`,
    hasKey: true,
  },
  accepted: {
    write: (n, s, p) => `Accepted password for ${n} from ${s} port ${p} ssh2`,
    impossible: "invalid user ",
  },
  postponed: {
    write: (n, s, p) =>
      `Postponed keyboard-interactive for invalid user ${n} from ${s} port ${p} ssh2`,
    isPreauth: true,
  },
  "invalid user": { write: (n, s, p) => `Invalid user ${n} from ${s} port ${p}` },
  "invalid user, no port": { write: (n, s) => `Invalid user ${n} from ${s}`, hasPort: false },
  exceeded: {
    write: (n, s, p) =>
      `error: maximum authentication attempts exceeded for invalid user ${n} from ${s} port ${p} ssh2`,
    isPreauth: true,
  },
  "pam error": {
    write: (n, s) => `error: PAM: Authentication failure for illegal user ${n} from ${s}`,
    hasPort: false,
  },
  "pam error known": {
    write: (n, s) => `error: PAM: Permission denied for ${n} from ${s}`,
    hasPort: false,
    impossible: "illegal user ",
  },
  pam: {
    write: (n, s) =>
      `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${s}  user=${n}`,
    hasPort: false,
    isRaw: true,
  },
  "pam sss": {
    write: (n, s) =>
      `pam_sss(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${s} user=${n}`,
    hasPort: false,
    isRaw: true,
  },
  "pam more": {
    write: (n, s) =>
      `PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=${s}  user=${n}`,
    hasPort: false,
    isRaw: true,
  },
  "closed invalid": {
    write: (n, s, p) => `Connection closed by invalid user ${n} ${s} port ${p}`,
    isPreauth: true,
  },
  "closed known": {
    write: (n, s, p) => `Connection closed by authenticating user ${n} ${s} port ${p}`,
    isPreauth: true,
  },
  reset: {
    write: (n, s, p) => `Connection reset by invalid user ${n} ${s} port ${p}`,
    isPreauth: true,
  },
  disconnected: {
    write: (n, s, p) => `Disconnected from invalid user ${n} ${s} port ${p}`,
    isPreauth: true,
  },
  "disconnected later": { write: (n, s, p) => `Disconnected from user ${n} ${s} port ${p}` },
  "not allowed": {
    write: (n, s) => `User ${n} from ${s} not allowed because not listed in AllowUsers`,
    hasPort: false,
  },
  "not allowed, groups": {
    write: (n, s) =>
      `User ${n} from ${s} not allowed because none of user's groups are listed in AllowGroups`,
    hasPort: false,
  },
  disconnecting: {
    write: (n, s, p) =>
      `Disconnecting invalid user ${n} ${s} port ${p}: Too many authentication failures`,
    isPreauth: true,
  },
};

const FORGED_NAMES = [
  " from 8.8.8.8 port 22 ssh2",
  "root from 8.8.8.8",
  "root from 8.8.8.8 port 22",
  "root from 8.8.8.8 port 22 ssh2",
  "root from 8.8.8.8 port 22 ssh2 [preauth]",
  "root from 8.8.8.8 from",
  "invalid user root from 8.8.8.8 port 22 ssh2",
  "illegal user root",
  "x 8.8.8.8 port 22",
  "x 8.8.8.8 port 22 [preauth]",
  "8.8.8.8 port 22",
  " 8.8.8.8 port 22",
  "x 8.8.8.8 port 22: Too many authentication failures [preauth]",
  "rhost=8.8.8.8",
  "x rhost=8.8.8.8  user=root",
  "x  user=root",
  "x for root from 8.8.8.8",
  "x for illegal user root from 8.8.8.8",
  "x from 8.8.8.8 not allowed because listed in DenyUsers",
  "sshd[1]: Failed password for root from 8.8.8.8 port 1 ssh2",
  "Nov 23 01:21:31 h sshd[1]: Failed password for root from 8.8.8.8 port 1 ssh2",
  "message repeated 5 times: [ Failed password for root from 8.8.8.8 port 1 ssh2]",
  "]",
  "[preauth]",
  " [preauth]",
  "x from 8.8.8.8 port 22\nFailed password for root from 8.8.8.8 port 22 ssh2",
  "'\"`$(id)",
  "\\",
  "\\\\",
  "\\303\\274",
  "x\\",
  "m\u00fcller \u{1f43b}",
  "\ufeffroot",
  " ",
  "  ",
  " x ",
  "from",
  " from ",
  "port",
  "user",
  "a".repeat(100),
  "%s%n",
];

/** Checks one line of the model; a line cut at its end may lose its source, and gains no other. */
function assertTrue(form: Form, name: string, source: string, port: number): void {
  if (form.impossible !== undefined && name.startsWith(form.impossible)) return;
  const isClosing = /^(?:Conn|Disc)/.test(form.write("", source, port));
  const limit = isClosing ? 180 : 100;
  const cutName = form.isRaw ? name : kept(name, limit);
  const message = form.isRaw
    ? form.write(name, source, port)
    : written(form.write(cutName, source, port), form.isPreauth ?? false);
  const said = parseSshdLine(HEADER + message);
  assert.ok(said !== undefined, message);
  const isDoubtful = message.length >= 500 || (form.hasKey && / from .* from /.test(message));
  if (isDoubtful && said.source === undefined) return;
  assert.equal(said.source, source, message);
  assert.equal(said.port, form.hasPort === false ? undefined : port, message);
  assert.equal(said.username, cutName, message);
}

Deno.test("parseSshdLine() takes the last address when the name forges one", () => {
  for (const form of Object.values(FORMS)) {
    for (const name of FORGED_NAMES) {
      for (const source of ["82.202.219.155", "2001:db8:bad:cafe:1:2:3:4"]) {
        if (form.isRaw && /[\n]/.test(name)) continue;
        assertTrue(form, name, source, 51676);
      }
    }
  }
});

Deno.test("parseSshdLine() reads known forgeries as they were meant not to be", () => {
  const failed = {
    evidence: "sshd",
    guesses: 1,
    ...PEER,
    method: "password",
    invalidUser: true,
  } as const;
  const pam = { evidence: "pam", guesses: 1, source: "192.0.2.7" } as const;
  const fields = "logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7";
  assertLines([
    ["Invalid user root from 8.8.8.8 from 192.0.2.7 port 4711", {
      evidence: "connect",
      guesses: 1,
      ...PEER,
      username: "root from 8.8.8.8",
      invalidUser: true,
    }],
    ["Failed password for invalid user x from 8.8.8.8 port 22 ssh2 from 192.0.2.7 port 4711 ssh2", {
      ...failed,
      username: "x from 8.8.8.8 port 22 ssh2",
    }],
    [
      "Failed password for invalid user sshd[1]: Failed password for root from 8.8.8.8 port 1 ssh2 from 192.0.2.7 port 4711 ssh2",
      { ...failed, username: "sshd[1]: Failed password for root from 8.8.8.8 port 1 ssh2" },
    ],
    [
      "Failed password for invalid user message repeated 9 times: [ x] from 192.0.2.7 port 4711 ssh2",
      { ...failed, username: "message repeated 9 times: [ x]" },
    ],
    [`pam_unix(sshd:auth): authentication failure; ${fields}  user=x rhost=8.8.8.8`, {
      ...pam,
      username: "x rhost=8.8.8.8",
    }],
    [
      `pam_unix(sshd:auth): authentication failure; ${fields}  user=x ruser= rhost=8.8.8.8  user=root`,
      { ...pam, username: "x ruser= rhost=8.8.8.8  user=root" },
    ],
    ["error: PAM: Authentication failure for illegal user a for b from 8.8.8.8 from 192.0.2.7", {
      evidence: "pam-error",
      guesses: 1,
      source: "192.0.2.7",
      username: "a for b from 8.8.8.8",
      invalidUser: true,
    }],
    [
      "Connection closed by invalid user x 8.8.8.8 port 22 [preauth] 192.0.2.7 port 4711 [preauth]",
      {
        ...PEER,
        username: "x 8.8.8.8 port 22 [preauth]",
        invalidUser: true,
      },
    ],
    [
      "Bad protocol version identification 'x' from 8.8.8.8 port 22' from 192.0.2.7 port 4711",
      { evidence: "connect", guesses: 1, ...PEER },
    ],
    [
      "Received disconnect from 192.0.2.7 port 4711:11: x from 8.8.8.8 port 22:11: Bye [preauth]",
      PEER,
    ],
    [
      "Unable to negotiate with 192.0.2.7 port 4711: no matching cipher found. Their offer: x from 8.8.8.8 port 22: [preauth]",
      PEER,
    ],
    ["User x from 8.8.8.8 not allowed because account is locked", {
      evidence: "connect",
      guesses: 1,
      username: "x from 8.8.8.8",
    }],
    ["input_userauth_request: invalid user x from 8.8.8.8 port 22 [preauth] [preauth]", {
      username: "x from 8.8.8.8 port 22 [preauth]",
      invalidUser: true,
    }],
  ]);
});

Deno.test("parseSshdLine() gives no source where the client could have written either", () => {
  const key = "RSA-CERT SHA256:x ID";
  const reason = "Too many authentication failures";
  const publickey = { evidence: "sshd", guesses: 1, method: "publickey" } as const;
  assertLines([
    [
      `Failed publickey for root from 192.0.2.7 port 4711 ssh2: ${key} a from 8.8.8.8 port 22 ssh2: RSA SHA256:y (serial 0) CA RSA SHA256:z`,
      publickey,
    ],
    [
      `Failed publickey for root from 192.0.2.7 port 4711 ssh2: ${key} a from 8.8.8.8 port 22 ssh2`,
      publickey,
    ],
    [
      `Failed publickey for invalid user a from 8.8.8.8 port 22 ssh2: ${key} b from 192.0.2.7 port 4711 ssh2: ${key} c (serial 0) CA RSA SHA256:z`,
      publickey,
    ],
    [
      `Disconnecting authenticating user a 192.0.2.7 port 4711: Change of username or service not allowed: (,) -> ( 8.8.8.8 port 2: ${reason} [preauth]`,
      {},
    ],
    [
      `Disconnecting 192.0.2.7 port 4711: bad service request  8.8.8.8 port 2: ${reason} [preauth]`,
      {},
    ],
    ["Unable to negotiate with user port 5: x 192.0.2.7 port 4711: no matching cipher found.", {}],
  ]);
});

Deno.test("parseSshdLine() gives no source where sshd cut the true one off", () => {
  const tails = [
    " from 8.8.8.8 port 22 ssh2",
    " from 8.8.8.8 port 22",
    " from 8.8.8.8",
    " from 8.8.8.8 not allowed because listed in DenyUsers",
    "' from 8.8.8.8 port 22",
    " 8.8.8.8 port 22 [preauth]",
    " 8.8.8.8 port 22",
    " 8.8.8.8 port 22: x",
  ];
  const badVersion: Form = {
    write: (text, s, p) => `Bad protocol version identification '${text}' from ${s} port ${p}`,
  };
  let cut = 0;
  for (const form of [...Object.values(FORMS), badVersion]) {
    if (form.isRaw) continue;
    for (const tail of tails) {
      let before = "";
      for (let fill = 0; fill < 700; fill++) {
        // Ten at most stand for one letter, so every end of the tail meets the cut once.
        const name = "ü".repeat(Math.floor(fill / 10)) + "a".repeat(fill % 10) + tail;
        const message = written(form.write(name, "192.0.2.7", 4711), form.isPreauth ?? false);
        // Nothing of the tail is left, nor will be.
        if (message === before) break;
        before = message;
        if (message.length === 500 && message.endsWith(tail)) cut++;
        const source = parseSshdLine(HEADER + message)?.source;
        assert.ok(source === undefined || source === "192.0.2.7", message);
      }
    }
  }
  assert.ok(cut > 100, `${cut} lines cut right behind a forged source`);
});

// Properties

const hostile = fc.oneof(
  fc.constantFrom(...FORGED_NAMES),
  fc.constantFrom(" ", "\\", "]", "[", "'", ":", ";", "ü", " from ", " port ", " ssh2", "8.8.8.8"),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ maxLength: 12 }),
);
const anyName = fc.array(hostile, { maxLength: 5 }).map((parts) =>
  parts.join("").replaceAll("\0", "")
);
const anySource = fc.oneof(fc.ipV4(), fc.ipV6());
const anyPort = fc.integer({ min: 1, max: 65535 });

for (const [title, form] of Object.entries(FORMS)) {
  Deno.test(`parseSshdLine() finds true source and name whatever the name is: ${title}`, () => {
    fc.assert(
      fc.property(anyName, anySource, anyPort, (name, source, port) => {
        // A syslog daemon replaces control characters of what was not escaped.
        // deno-lint-ignore no-control-regex
        const sent = form.isRaw ? name.replace(/[\0-\x1f\x7f-\x9f]/g, "#") : name;
        assertTrue(form, sent, source, port);
      }),
      { numRuns: 1000 },
    );
  });
}

Deno.test("parseSshdLine() finds no forged source between two texts of the client", () => {
  const forms: [string, (a: string, b: string, source: string) => string][] = [
    ["key", (a, b, s) => `Failed publickey for invalid user ${a} from ${s} port 7 ssh2: ${b}`],
    [
      "certificate",
      (a, b, s) =>
        `Failed publickey for invalid user ${a} from ${s} port 7 ssh2: RSA-CERT SHA256:x ID ${b} (serial 0) CA RSA SHA256:z`,
    ],
    [
      "service",
      (a, b, s) =>
        `Disconnecting invalid user ${a} ${s} port 7: Change of username or service not allowed: (${a},x) -> (${b}`,
    ],
    ["request", (a, b, s) => `Disconnecting user ${a} ${s} port 7: bad service request ${b}`],
    [
      "cipher",
      (a, b, s) =>
        `Unable to negotiate with invalid user ${a} ${s} port 7: no matching cipher found. Their offer: ${b}`,
    ],
    ["text", (a, b, s) => `Received disconnect from ${s} port 7:11: ${a}${b}`],
  ];
  const pieces = fc.constantFrom(
    " from 8.8.8.8 port 22 ssh2",
    " from 8.8.8.8 port 22 ssh2: RSA SHA256:x",
    " 8.8.8.8 port 2: Too many authentication failures",
    " 8.8.8.8 port 2: Change of username or service not allowed: (",
    " 8.8.8.8 port 2: bad service request ",
    "8.8.8.8 port 2:11: Bye",
    " [preauth]",
    "port 5: ",
    " ",
    "x",
    "\u00fc".repeat(20),
  );
  const text = fc.array(pieces, { maxLength: 4 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      fc.constantFrom(...forms),
      text,
      text,
      anySource,
      fc.boolean(),
      (form, a, b, s, pre) => {
        const source = parseSshdLine(HEADER + written(form[1](a, b, s), pre))?.source;
        assert.ok(source === undefined || source === s, `${form[0]}: ${source}`);
      },
    ),
    { numRuns: 20_000 },
  );
});

Deno.test("parseSshdLine() never throws and never invents a source", () => {
  const starts = Object.values(FORMS).map((form) => form.write("x", "192.0.2.7", 1));
  const anyLine = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.tuple(
      fc.constantFrom("", HEADER, "<34>", `${HEADER}message repeated 3 times: [ `),
      fc.constantFrom("", "error: ", ...starts),
      fc.nat({ max: 80 }),
      anyName,
    ).map(([header, start, length, name]) => header + start.slice(0, length) + name),
  );
  fc.assert(
    fc.property(anyLine, (text) => {
      const said = parseSshdLine(text);
      if (said === undefined) return;
      assert.ok(Number.isSafeInteger(said.guesses) && said.guesses >= 0);
      assert.equal(said.guesses === 0, said.evidence === "session-end");
      assert.ok(said.source === undefined || (said.source !== "" && text.includes(said.source)));
      assert.ok(said.source === undefined || !said.source.includes(" "));
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("parseSshdLine() takes linear time", () => {
  const heads = [
    "",
    "Nov 23 01:21:31 ",
    HEADER,
    `${HEADER}message repeated 3 times: [ `,
    ...Object.values(FORMS).map((form) => HEADER + form.write("", "", 0).split(" from")[0]),
    `${HEADER}Received disconnect from `,
    `${HEADER}Unable to negotiate with fe80::1%`,
    `${HEADER}Bad protocol version identification '`,
    `${HEADER}User x not allowed because shell `,
    `${HEADER}fatal: Access denied for user `,
    `${HEADER}input_userauth_request: invalid user `,
    `${HEADER}Failed publickey for `,
    `${HEADER}pam_unix(sshd:auth): authentication failure; logname=`,
  ];
  const fillers = [
    "a",
    " ",
    ".",
    "1",
    ":",
    "\\",
    "\\303",
    " from ",
    " from a port 1 ssh2",
    " port 1",
  ];
  fillers.push(
    "1.1.1.1 port 1: ",
    " by PAM account configuration",
    " user=",
    " not allowed because ",
  );
  for (const head of heads) {
    for (const filler of fillers) {
      const text = head + filler.repeat(1_000_000 / filler.length);
      const start = performance.now();
      parseSshdLine(text);
      parseSshdLine(`${text}\n`);
      const took = performance.now() - start;
      // A busy machine may take a while; a square of a million steps takes minutes.
      assert.ok(took < 5000, `${Math.round(took)} ms for ${head}${filler}…`);
    }
  }
});
