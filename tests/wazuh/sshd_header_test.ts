import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSshdLine } from "../../src/wazuh/ssh/sshd_line.ts";
import { assertTrue, FORGED_NAMES, FORMS, HEADER, written } from "./sshd_model.ts";

const MESSAGE = "Failed password for root from 192.0.2.7 port 50522 ssh2";
const docker = (log: string) =>
  JSON.stringify({ log: `${log}\n`, stream: "stderr", time: "2026-11-29T06:14:04.00312Z" });
const cri = (log: string) => `2026-11-29T06:14:04.003121315Z stderr F ${log}`;
const journal = (log: string, program = "sshd") =>
  JSON.stringify({ MESSAGE: log, SYSLOG_IDENTIFIER: program, _PID: "77", PRIORITY: "6" });

/** Every rarer header, and the process id that it says. */
const HEADERS: Record<string, readonly [write: (message: string) => string, pid?: number]> = {
  "priority in words": [(m) => `<auth.info>Nov 29 06:14:04 hp1 sshd[77]: ${m}`, 77],
  "bare priority": [(m) => `auth.info Nov 29 06:14:04 hp1 sshd[77]: ${m}`, 77],
  "priority behind the time": [(m) => `Nov 29 06:14:04 <auth.info> hp1 sshd[77]: ${m}`, 77],
  "numbers behind the time": [(m) => `Nov 29 06:14:04 <4.6> hp1 sshd[77]: ${m}`, 77],
  "busybox": [(m) => `Nov 29 06:14:04 hp1 auth.info sshd[77]: ${m}`, 77],
  "OpenWrt": [(m) => `Sun Nov 29 06:14:04 2026 authpriv.warn sshd[77]: ${m}`, 77],
  "AIX": [(m) => `Nov 29 06:14:04 aix1 auth|security:info sshd[77]: ${m}`, 77],
  "AIX, forwarded": [(m) => `Nov 29 06:14:04 Message forwarded from aix1: sshd[77]: ${m}`, 77],
  "RFC 5424": [(m) => `<38>1 2026-11-29T06:14:04.003Z hp1 sshd 77 - - ${m}`, 77],
  "RFC 5424 without a priority": [(m) => `1 2026-11-29T06:14:04+01:00 hp1 sshd 77 - - ${m}`, 77],
  "RFC 5424 without a process id": [(m) => `<38>1 2026-11-29T06:14:04Z - sshd - ID47 - ${m}`],
  "RFC 5424 with structured data": [
    (m) =>
      `<38>1 2026-11-29T06:14:04.003Z hp1 sshd 77 - [timeQuality tzKnown="1"][x@9 a="\\"]"] ${m}`,
    77,
  ],
  "RFC 5424 with a mark": [
    (m) => `<38>1 2026-11-29T06:14:04Z hp1 sshd-session 77 - [m] \ufeff${m}`,
    77,
  ],
  "metalog": [(m) => `Nov 29 06:14:04 [sshd] ${m}`],
  "metalog with a host": [(m) => `Nov 29 06:14:04 hp1 [sshd] ${m}`],
  "Solaris": [(m) => `Nov 29 06:14:04 sol1 sshd[77]: [ID 800047 auth.info] ${m}`, 77],
  "sshd.pam": [(m) => `Nov 29 06:14:04 hp1 sshd.pam[77]: ${m}`, 77],
  "sshd-2222": [(m) => `Nov 29 06:14:04 hp1 sshd-2222[77]: ${m}`, 77],
  "journalctl -o short-full": [(m) => `Sun 2026-11-29 06:14:04 UTC hp1 sshd[77]: ${m}`, 77],
  "journalctl -o short-unix": [(m) => `1796019244.123456 hp1 sshd[77]: ${m}`, 77],
  "journalctl -o short-monotonic": [(m) => `[ 1234.567890] hp1 sshd[77]: ${m}`, 77],
  "journalctl -o json": [journal, 77],
  "a year": [(m) => `2026 Nov 29 06:14:04 hp1 sshd[77]: ${m}`, 77],
  "Docker": [docker],
  "Docker around syslog": [(m) => docker(`Nov 29 06:14:04 hp1 sshd[77]: ${m}`), 77],
  "CRI": [cri],
  "CRI around syslog": [(m) => cri(`Nov 29 06:14:04 hp1 auth.info sshd[77]: ${m}`), 77],
};

for (const [title, [write, pid]] of Object.entries(HEADERS)) {
  Deno.test(`parseSshdLine() reads a header of ${title}`, () => {
    assert.deepEqual(parseSshdLine(write(MESSAGE)), {
      evidence: "sshd",
      count: 1,
      source: "192.0.2.7",
      port: 50522,
      username: "root",
      pid,
      invalidUser: false,
      method: "password",
      succeeded: false,
    });
  });

  Deno.test(`parseSshdLine() takes no forged address behind a header of ${title}`, () => {
    for (const form of Object.values(FORMS)) {
      for (const name of FORGED_NAMES) {
        if (form.isRaw && /\n/.test(name)) continue;
        assertTrue(form, name, "2001:db8::7", 51676, write);
      }
    }
  });
}

const forged = fc.array(
  fc.oneof(
    fc.constantFrom(...FORGED_NAMES),
    fc.constantFrom(
      ...[" on 8.8.8.8 port 22", " via 8.8.8.8", " port 1 on ", '"', "}", '","log":"', " F "],
      ...["[ID 1 auth.info] ", " [sshd] ", " sshd 1 - - ", '"] ', " stderr F ", "\u2028", " "],
    ),
    fc.string({ unit: "binary", maxLength: 8 }),
  ),
  { maxLength: 4 },
).map((parts) => parts.join("").replaceAll("\0", ""));

Deno.test("parseSshdLine() takes no generated forgery for sshd's words behind any header", () => {
  const anyHeader = fc.constantFrom(...Object.values(HEADERS).map(([write]) => write));
  const anyForm = fc.constantFrom(...Object.values(FORMS));
  fc.assert(
    fc.property(anyHeader, anyForm, forged, fc.ipV4(), (write, form, name, source) => {
      // deno-lint-ignore no-control-regex
      const sent = form.isRaw ? name.replace(/[\0-\x1f\x7f-\x9f]/g, "#") : name;
      assertTrue(form, sent, source, 4711, write);
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("parseSshdLine() leaves the lines of other programs, whatever their header", () => {
  const others = [
    `<auth.info>Nov 29 06:14:04 hp1 vsftpd[7]: sshd[1]: ${MESSAGE}`,
    `Nov 29 06:14:04 hp1 auth.info vsftpd[7]: sshd[1]: ${MESSAGE}`,
    `Nov 29 06:14:04 hp1 user auth.info sshd[1]: ${MESSAGE}`,
    `Nov 29 06:14:04 hp1 vsftpd: auth.info sshd[1]: ${MESSAGE}`,
    `Nov 29 06:14:04 vsftpd: Message forwarded from aix1: sshd[1]: ${MESSAGE}`,
    `<38>1 2026-11-29T06:14:04.003Z hp1 vsftpd 77 - - ${MESSAGE}`,
    `<38>1 2026-11-29T06:14:04.003Z hp1 vsftpd 77 - - sshd 1 - - ${MESSAGE}`,
    `<38>1 2026-11-29T06:14:04.003Z hp1 sshd 77 - [x a="] ${MESSAGE}`,
    `Nov 29 06:14:04 [vsftpd] ${MESSAGE}`,
    `Nov 29 06:14:04 [vsftpd] [sshd] ${MESSAGE}`,
    `Nov 29 06:14:04 hp1 sshd-keygen[7]: ${MESSAGE}`,
    `auth.info sshd[1]: ${MESSAGE}`,
    docker(`Nov 29 06:14:04 hp1 vsftpd[7]: ${MESSAGE}`),
    docker(`x ${MESSAGE}`),
    docker(`x\n${MESSAGE}`),
    docker(docker(MESSAGE)),
    JSON.stringify({ log: MESSAGE }),
    JSON.stringify({ log: MESSAGE, stream: "tty" }),
    `2026-11-29T06:14:04.003Z stderr P ${MESSAGE}`,
    cri(`vsftpd ${MESSAGE}`),
    cri(cri(MESSAGE)),
    journal(MESSAGE, "vsftpd"),
    JSON.stringify({ MESSAGE }),
    `{"log":"${MESSAGE}","stream":"stderr"`,
  ];
  for (const text of others) assert.equal(parseSshdLine(text), undefined, text);
});

Deno.test("parseSshdLine() takes a renamed sshd only where the header has the name, too", () => {
  const line = `Nov 29 06:14:04 hp1 honeyssh[77]: ${MESSAGE}`;
  assert.equal(parseSshdLine(line), undefined);
  assert.equal(parseSshdLine(line, "honeyssh")?.source, "192.0.2.7");
  assert.equal(parseSshdLine(line, "other"), undefined);
  assert.equal(parseSshdLine(HEADER + MESSAGE, "vsftpd"), undefined);
  assert.equal(parseSshdLine(MESSAGE, "vsftpd"), undefined);
  assert.equal(parseSshdLine(`<auth.info>sshd[77]: ${MESSAGE}`, "sshd")?.pid, 77);
  assert.equal(parseSshdLine(`auth.info sshd: ${MESSAGE}`, "sshd")?.source, "192.0.2.7");
});

Deno.test("parseSshdLine() reads the honeypot's own side as what it is", () => {
  const peer = "from 192.0.2.7 port 4711 on 192.0.2.1 port 22";
  const source = (message: string) => parseSshdLine(HEADER + message)?.source;
  const lines = [
    `Invalid user ftp ${peer}`,
    "Invalid user ftp from 192.0.2.7 on 192.0.2.1",
    "Invalid user ftp from 192.0.2.7 on honeypot.example.org port 22",
    `Failed password for root ${peer} ssh2`,
    `Failed none for invalid user  ${peer} ssh2`,
    `Failed publickey for root ${peer} ssh2: RSA SHA256:x`,
    `error: maximum authentication attempts exceeded for root ${peer} ssh2 [preauth]`,
    `Connection ${peer}`,
    "error: PAM: authentication error for root from 192.0.2.7 via 192.0.2.1",
    "error: PAM: authentication error for illegal user x via y from 192.0.2.7 via honeypot.example",
    "Illegal user bob from 192.0.2.7",
    `${MESSAGE} `,
    `Invalid user x from 8.8.8.8 port 1 from 192.0.2.7 port 4711  `,
    "User root from 192.0.2.7 not allowed because not listed in AllowUsers ",
    "(pam_unix) authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost=192.0.2.7  user=root",
  ];
  for (const message of lines) assert.equal(source(message), "192.0.2.7", message);
  // Either side may be what a name of an sshd without the patch looks like.
  assert.equal(
    source("Connection closed by invalid user x 8.8.8.8 port 1 on 192.0.2.7 port 4711"),
    undefined,
  );
  assert.equal(
    source(
      "(pam_unix) authentication failure; logname= uid=0 euid=0 tty=pts/0 ruser= rhost=8.8.8.8",
    ),
    undefined,
  );
});

Deno.test("parseSshdLine() takes no forged address where sshd writes its own side", () => {
  fc.assert(
    fc.property(forged, fc.ipV4(), fc.constantFrom(...LOCAL_FORMS), (name, source, form) => {
      const message = written(form(name.slice(0, 100), source), false);
      const said = parseSshdLine(HEADER + message);
      assert.ok(said === undefined || said.source === undefined || said.source === source, message);
    }),
    { numRuns: 20_000 },
  );
});

const LOCAL_FORMS: readonly ((name: string, source: string) => string)[] = [
  (n, s) => `Invalid user ${n} from ${s} port 7 on 192.0.2.1 port 22`,
  (n, s) => `Invalid user ${n} from ${s} on 192.0.2.1 port 22`,
  (n, s) => `Failed password for invalid user ${n} from ${s} port 7 on 192.0.2.1 port 22 ssh2`,
  (n, s) => `Failed publickey for ${n} from ${s} port 7 on 192.0.2.1 port 22 ssh2: RSA SHA256:x`,
  (n, s) => `error: PAM: authentication error for illegal user ${n} from ${s} via 192.0.2.1`,
  (n, s) => `Connection closed by invalid user ${n} ${s} port 7 on 192.0.2.1 port 22`,
  (n, s) => `Disconnected from invalid user ${n} ${s} port 7 on 192.0.2.1 port 22`,
];

Deno.test("parseSshdLine() reads rare headers in linear time", () => {
  const heads = ["", "<38>1 2026-11-29T06:14:04Z hp1 sshd 77 - [", "Nov 29 06:14:04 [sshd] ", "{"];
  heads.push(
    "<auth.info>",
    "Nov 29 06:14:04 hp1 auth.info ",
    '{"log":"',
    "2026-11-29T06:14:04Z stderr F ",
  );
  for (const head of heads) {
    for (
      const filler of ["a", " ", "[", ": ", 'a="', "[x]", 'x a="" ', "\\", " on 1 port 1", "<1>"]
    ) {
      const text = head + filler.repeat(1_000_000 / filler.length);
      const start = performance.now();
      parseSshdLine(text);
      const took = performance.now() - start;
      // A busy machine may take a while; a square of a million steps takes minutes.
      assert.ok(took < 5000, `${Math.round(took)} ms for ${head}${filler}`);
    }
  }
});
