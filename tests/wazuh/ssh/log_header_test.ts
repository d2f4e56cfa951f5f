import assert from "node:assert/strict";
import { readHeader } from "../../../src/wazuh/ssh/log_header.ts";

const sshd = { program: "sshd", pid: 12, message: "x" };

/** Lines that differ little from the plain header of a syslog daemon. */
const CASES: readonly (readonly [line: string, header: ReturnType<typeof readHeader>])[] = [
  ["Aug 23 06:14:07 host sshd[12]: x", sshd],
  ["Aug  3 06:14:07 host sshd[12]:  x", sshd],
  ["2026-08-23T06:14:07.412345+00:00 host sshd[12]: x", sshd],
  ["Aug 23 06:14:07 2026 sshd[12]: x", sshd],
  ["Aug 23 06:14:07 auth.info sshd[12]: x", sshd],
  ["Aug 23 06:14:07 host auth.info sshd[12]: x", sshd],
  ["Aug 23 06:14:07 sshd[12]: x", sshd],
  ["Aug 23 06:14:07 a sshd[1]: b sshd[12]: x", {
    program: "sshd",
    pid: 1,
    message: "b sshd[12]: x",
  }],
  ["Aug 23 06:14:07 Message forwarded from a: sshd[12]: x", sshd],
  ["Aug 23 06:14:07 [sshd] a su[3]: x", {
    program: "sshd",
    pid: undefined,
    message: "a su[3]: x",
  }],
  ["2026-08-23T06:14:07Z stdout F x", { program: undefined, pid: undefined, message: "x" }],
  ["2026-08-23T06:14:07Z stdout P sshd[12]: x", undefined],
  ["Aug 23 06:14:07 host sshd[12] x", undefined],
  ["Aug 23 06:14:07 host sshd[12345678901]: x", undefined],
];

for (const [line, header] of CASES) {
  Deno.test(`readHeader() reads ${JSON.stringify(line)}`, () => {
    assert.deepEqual(readHeader(line), header);
  });
}
