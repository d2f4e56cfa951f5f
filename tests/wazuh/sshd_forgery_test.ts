import assert from "node:assert/strict";
import { parseSshdLine } from "../../src/wazuh/ssh/sshd_line.ts";
import {
  assertLines,
  assertTrue,
  FORGED_NAMES,
  type Form,
  FORMS,
  HEADER,
  PEER,
  written,
} from "./sshd_model.ts";

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
    count: 1,
    ...PEER,
    method: "password",
    invalidUser: true,
  } as const;
  const pam = { evidence: "pam", count: 1, source: "192.0.2.7" } as const;
  const fields = "logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7";
  assertLines([
    ["Invalid user root from 8.8.8.8 from 192.0.2.7 port 4711", {
      evidence: "connect",
      count: 1,
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
      count: 1,
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
      { evidence: "connect", count: 1, ...PEER },
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
      evidence: "refused",
      count: 1,
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
  const publickey = { evidence: "sshd", count: 1, method: "publickey" } as const;
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

Deno.test("parseSshdLine() gives no source of a name where sshd's own peer is damaged before a key", () => {
  const message = "Failed publickey for root from 8.8.8.8 port 22 ssh2: x" +
    " from 192.0.2.7\ufffdport 4711 ssh2: RSA SHA256:y";
  assert.equal(parseSshdLine(HEADER + message)?.source, undefined);
});

Deno.test("parseSshdLine() gives no source where journald stripped blanks behind the cut", () => {
  const forms: readonly [limit: number, tail: string, write: (text: string) => string][] = [
    [
      200,
      "' from 8.8.8.8 port 22",
      (text) => `Bad protocol version identification '${text}' from 192.0.2.7 port 4711`,
    ],
    [
      180,
      " 8.8.8.8 port 22",
      (text) => `Connection closed by invalid user ${text} 192.0.2.7 port 4711`,
    ],
    [
      100,
      " from 8.8.8.8 port 22 ssh2",
      (text) => `Failed password for invalid user ${text} from 192.0.2.7 port 4711 ssh2`,
    ],
  ];
  for (const [limit, tail, write] of forms) {
    for (let bytes = 0; bytes + tail.length <= limit; bytes++) {
      const blanks = " ".repeat(limit - tail.length - bytes);
      for (const isPreauth of [false, true]) {
        const message = written(write("\x01".repeat(bytes) + tail + blanks), isPreauth).trimEnd();
        const source = parseSshdLine(HEADER + message)?.source;
        assert.ok(source === undefined || source === "192.0.2.7", message);
      }
    }
  }
});
