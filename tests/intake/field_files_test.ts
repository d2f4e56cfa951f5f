/** Files and wrappers as people hand them over, from the bytes to the count. */
import { assertField, fieldAlert, linesOf } from "../support/field_case.ts";

const SOURCE = "192.0.2.51";
const said = (pid: number, source = SOURCE) =>
  `Nov 28 03:16:01 trap sshd[${pid}]: Failed password for root from ${source} port 43000 ssh2`;
const failed = (pid: number, source = SOURCE) =>
  fieldAlert(["5760", said(pid, source), { data: { srcip: source } }]);
const utf8 = new TextEncoder();

Deno.test("snapshotAttack() counts an export of Windows, with a mark and CRLF", async () => {
  const bytes = utf8.encode(`\ufeff${JSON.stringify(failed(8001))}\r\n`);
  await assertField(bytes, { attempts: { [SOURCE]: 1 } });
});

Deno.test("snapshotAttack() counts what PowerShell writes in UTF-16", async () => {
  const text = `\ufeff${JSON.stringify(failed(8002))}\r\n`;
  for (const isBig of [false, true]) {
    const view = new DataView(new ArrayBuffer(2 * text.length));
    for (let at = 0; at < text.length; at++) view.setUint16(2 * at, text.charCodeAt(at), !isBig);
    await assertField(new Uint8Array(view.buffer), { attempts: { [SOURCE]: 1 } });
  }
});

Deno.test("snapshotAttack() counts an alert with a byte that is not UTF-8", async () => {
  const bytes = linesOf([fieldAlert([
    "5503",
    "Nov 28 03:16:02 trap sshd[8003]: pam_unix(sshd:auth): authentication failure; logname= uid=0 " +
    `euid=0 tty=ssh ruser= rhost=${SOURCE}  user=j?rg`,
    { decoder: "pam", data: { srcip: SOURCE, dstuser: "jorg" } },
  ])]);
  bytes[bytes.indexOf(0x3f)] = 0xf6;
  await assertField(bytes, { attempts: { [SOURCE]: 1 }, usernames: ["j\ufffdrg"] });
});

Deno.test("snapshotAttack() counts values that jq wrote over many lines", async () => {
  const other = "192.0.2.52";
  const text = [failed(8004), failed(8005, other)]
    .map((one) => `${JSON.stringify(one, undefined, 2)}\n`).join("");
  await assertField(utf8.encode(text), { attempts: { [SOURCE]: 1, [other]: 1 } });
});

Deno.test("snapshotAttack() counts the good line behind a huge one and one that was cut", async () => {
  const huge = fieldAlert([
    "5710",
    `Nov 28 03:16:03 trap sshd[8006]: Invalid user ${"z".repeat(300_000)}`,
  ]);
  const text = [huge, failed(8007), failed(8008)].map((one) => JSON.stringify(one));
  text[1] = text[1]!.slice(0, 200);
  await assertField(utf8.encode(text.join("\n")), {
    attempts: { [SOURCE]: 1 },
    ignored: { no_address: 1, not_json: 1 },
  });
});

Deno.test("snapshotAttack() counts a hit of the indexer whose texts became numbers and lists", async () => {
  const alert = failed(8009);
  const hit = {
    _index: "wazuh-alerts-4.x-2026.11.28",
    _id: "k3YzAb",
    _score: null,
    _source: {
      ...alert,
      full_log: [alert.full_log.replace("root", "4711")],
      data: { srcip: [SOURCE], srcport: 43000, dstuser: 4711 },
      "@timestamp": "2026-11-28T03:16:04.000Z",
      input: { type: "log" },
    },
  };
  await assertField(linesOf([hit]), { attempts: { [SOURCE]: 1 }, usernames: ["4711"] });
});

Deno.test("snapshotAttack() counts a composite as an active response hands it over", async () => {
  const previous = Array.from({ length: 7 }, (_, index) => said(8020 + index));
  const alert = fieldAlert(["5763", said(8027), { previous, groups: ["authentication_failures"] }]);
  const handed = {
    version: 1,
    origin: { name: "node02", module: "wazuh-execd" },
    command: "add",
    parameters: { extra_args: [], alert, program: "active-response/bin/x" },
  };
  await assertField(linesOf([handed]), { rules: ["5763"], attempts: { [SOURCE]: 8 } });
});

Deno.test("snapshotAttack() counts a finding about sshd-session", async () => {
  const finding = {
    "@timestamp": "2026-11-28T03:16:05.100Z",
    process: { pid: 8030, name: "sshd-session" },
    event: {
      original:
        `Nov 28 03:16:05 trap sshd-session[8030]: Failed password for root from ${SOURCE} port 43100 ssh2`,
      outcome: "failure",
      action: "logon-failed",
      category: ["authentication", "session"],
    },
    message: `Failed password for root from ${SOURCE} port 43100 ssh2`,
    user: { name: "root" },
    source: { port: 43100, address: SOURCE, ip: SOURCE },
    wazuh: {
      agent: { id: "011", name: "honeypot-ham1" },
      event: { id: "c81d0f4e-5" },
      rule: { id: "9f3c", title: "SSH login failed", level: "low" },
    },
  };
  await assertField(linesOf([finding]), { attempts: { [SOURCE]: 1 } });
});
