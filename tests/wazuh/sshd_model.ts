/** A model of how sshd writes its lines, format, cut and escape, and names that forge them. */
import assert from "node:assert/strict";
import { parseSshdLine, type SshdLine } from "../../src/wazuh/ssh/sshd_line.ts";
import { escaped } from "../support/generators.ts";

export const HEADER = "Nov 23 01:21:31 honeypot sshd[8458]: ";

/** Only what differs from a line that says nothing. */
export function line(said: Partial<SshdLine>): SshdLine {
  return {
    evidence: "session-end",
    count: 0,
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

export function assertLines(
  cases: readonly (readonly [string, Partial<SshdLine> | undefined])[],
): void {
  for (const [message, said] of cases) {
    const expected = said === undefined ? undefined : line(said);
    assert.deepEqual(parseSshdLine(HEADER + message), expected, message.slice(0, 200));
  }
}

export const PEER = { source: "192.0.2.7", port: 4711 } as const;

export const utf8 = new TextEncoder();

export function written(message: string, isPreauth: boolean): string {
  const once = escaped(message);
  return (isPreauth ? `${escaped(once)} [preauth]` : once).slice(0, 500);
}

/** What sshd keeps of a name, and reads back from a cut character. */
export function kept(name: string, length: number): string {
  const bytes = utf8.encode(name).slice(0, length);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

export interface Form {
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
export const FORMS: Record<string, Form> = {
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

export const FORGED_NAMES = [
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
export function assertTrue(
  form: Form,
  name: string,
  source: string,
  port: number,
  write = (message: string) => HEADER + message,
): void {
  if (form.impossible !== undefined && name.startsWith(form.impossible)) return;
  const isClosing = /^(?:Conn|Disc)/.test(form.write("", source, port));
  const limit = isClosing ? 180 : 100;
  const cutName = form.isRaw ? name : kept(name, limit);
  const message = form.isRaw
    ? form.write(name, source, port)
    : written(form.write(cutName, source, port), form.isPreauth ?? false);
  const said = parseSshdLine(write(message));
  assert.ok(said !== undefined, message);
  const isDoubtful = message.length >= (isClosing ? 380 : 500) ||
    (form.hasKey && / from .* from /.test(message)) ||
    (isClosing && / port \d+ on [^ ]+ port \d+(?: \[preauth\])?$/.test(message));
  if (isDoubtful && said.source === undefined) return;
  assert.equal(said.source, source, message);
  assert.equal(said.port, form.hasPort === false ? undefined : port, message);
  assert.equal(said.username, cutName, message);
}
