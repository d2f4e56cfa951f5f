import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDropbearLine } from "../../src/wazuh/ssh/dropbear_line.ts";
import { FORGED_NAMES } from "./sshd_model.ts";

const HEADERS = [
  "Nov 29 06:14:04 openwrt dropbear[11882]: ",
  "2026-11-29T06:14:04.501912+00:00 hp1 dropbear[11882]: ",
  "Sun Nov 29 06:14:04 2026 authpriv.warn dropbear[11882]: ",
  "<84>Nov 29 06:14:04 dropbear[11882]: ",
  "<84>1 2026-11-29T06:14:04Z hp1 dropbear 11882 - - ",
];

function summary(message: string, header = HEADERS[0]!) {
  const said = parseDropbearLine(header + message);
  if (said === undefined) return undefined;
  const { evidence, count, source, port, username, pid, succeeded } = said;
  return [evidence, count, source, port, username, pid, ...(succeeded ? ["in"] : [])].join(" ");
}

Deno.test("parseDropbearLine() reads guesses behind every header", () => {
  for (const header of HEADERS) {
    assert.equal(
      summary("Bad password attempt for 'root' from 192.0.2.7:29745", header),
      "sshd 1 192.0.2.7 29745 root 11882",
      header,
    );
  }
});

Deno.test("parseDropbearLine() reads every form with its class", () => {
  const cases: Record<string, string> = {
    "Bad password attempt for 'root' from 2001:db8::7:29745": "sshd 1 2001:db8::7 29745 root 11882",
    "Bad password attempt for 'root' from [2001:db8::7]:22 ": "sshd 1 2001:db8::7 22 root 11882",
    "Bad PAM password attempt for '' from 192.0.2.7:2": "sshd 1 192.0.2.7 2  11882",
    "Login attempt for nonexistent user from 192.0.2.7:2": "sshd 1 192.0.2.7 2  11882",
    "Login attempt for nonexistent user 'x y' from 192.0.2.7:2": "sshd 1 192.0.2.7 2 x y 11882",
    "Login attempt for nonexistent user": "sshd 1    11882",
    "Login attempt with wrong user root from 192.0.2.7:2": "connect 1 192.0.2.7 2 root 11882",
    "Password auth succeeded for 'root' from 192.0.2.7:2":
      "session-end 0 192.0.2.7 2 root 11882 in",
    "PAM password auth succeeded for 'root' from 192.0.2.7:2":
      "session-end 0 192.0.2.7 2 root 11882 in",
    "Auth succeeded with blank password for 'root' from 192.0.2.7:2":
      "session-end 0 192.0.2.7 2 root 11882 in",
    "Pubkey auth succeeded for 'root' with key sha1!! 3e:4f from 192.0.2.7:2":
      "session-end 0 192.0.2.7 2 root 11882 in",
    "Pubkey auth succeeded for 'root' with ssh-ed25519 key SHA256:x+/ from 192.0.2.7:2":
      "session-end 0 192.0.2.7 2 root 11882 in",
    "Child connection from 192.0.2.7:2": "session-end 0 192.0.2.7 2  11882",
    "Exit before auth (user 'root', 10 fails): Max auth tries reached - user 'root' from 192.0.2.7:2":
      "session-end 0    11882",
    "Exit before auth from <192.0.2.7:2>: (user 'root', 3 fails): Exited normally":
      "session-end 0 192.0.2.7 2  11882",
    "Exit before auth: Exited normally": "session-end 0    11882",
    "Exit (root) from <192.0.2.7:2>: Disconnect received": "session-end 0    11882",
    "Exit (root): Disconnect received": "session-end 0    11882",
  };
  for (const [message, expected] of Object.entries(cases)) {
    assert.equal(summary(message), expected, message);
  }
});

Deno.test("parseDropbearLine() leaves what another program or nobody says", () => {
  const guess = "Bad password attempt for 'root' from 192.0.2.7:29745";
  assert.equal(parseDropbearLine(guess), undefined);
  assert.equal(parseDropbearLine(`Nov 29 06:14:04 hp1 sshd[7]: ${guess}`), undefined);
  assert.equal(parseDropbearLine(`Nov 29 06:14:04 hp1 su[7]: dropbear[1]: ${guess}`), undefined);
  assert.equal(summary("Running in background"), undefined);
  assert.equal(summary(`x ${guess}`), undefined);
  assert.equal(summary(`${guess} x`), undefined);
  assert.equal(summary("Bad password attempt for 'root' from nowhere"), undefined);
});

Deno.test("parseDropbearLine() takes no address out of a name", () => {
  const forms: ((name: string) => string)[] = [
    (n) => `Bad password attempt for '${n}' from 192.0.2.7:4711`,
    (n) => `Login attempt for nonexistent user '${n}' from 192.0.2.7:4711`,
    (n) => `Login attempt with wrong user ${n} from 192.0.2.7:4711`,
    (n) => `Password auth succeeded for '${n}' from 192.0.2.7:4711`,
    (n) => `Exit before auth from <192.0.2.7:4711>: (user '${n}', 3 fails): Exited normally`,
    (n) => `Exit before auth (user '${n}', 3 fails): Max auth tries reached - user '${n}'`,
    (n) => `Exit (${n}) from <192.0.2.7:4711>: Exited normally`,
    (n) => `Exit (${n}): Exited normally`,
  ];
  const piece = fc.oneof(
    fc.constantFrom(...FORGED_NAMES, "' from 8.8.8.8:22", ") from <8.8.8.8:1>: ", "'", ") ", "): "),
    fc.string({ unit: "binary", maxLength: 8 }),
  );
  const name = fc.array(piece, { maxLength: 4 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(name, fc.constantFrom(...forms), (sent, form) => {
      const source = parseDropbearLine(HEADERS[0] + form(sent))?.source;
      assert.ok(source === undefined || source === "192.0.2.7", `${form(sent)}: ${source}`);
    }),
    { numRuns: 20_000 },
  );
});
