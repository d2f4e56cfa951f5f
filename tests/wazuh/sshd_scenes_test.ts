import assert from "node:assert/strict";
import { attemptsOf, connectionAttempts } from "../../src/wazuh/counting.ts";
import { parseSshdLine } from "../../src/wazuh/ssh/sshd_line.ts";

interface Scene {
  readonly name: string;
  readonly attempts: number;
  readonly lines: readonly string[];
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(new URL(`../../fixtures/${path}`, import.meta.url)));
}

Deno.test("parseSshdLine() reads class, source and name of every line of a real sshd", async () => {
  const scenes = await readJson<Scene[]>("sshd/openssh-9.2.json");
  const nameless = /check pass; user unknown|ignoring max retries/;
  const classes: Record<string, string>[] = [];
  for (const scene of scenes) {
    const kinds = {
      sshd: 0,
      keyboard: 0,
      refused: 0,
      "pam-error": 0,
      pam: 0,
      connect: 0,
      "session-end": 0,
    };
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
    { name: "unknown account, password x3", kinds: "3 0 0 0 2 1 4" },
    { name: "known account, password x3", kinds: "3 0 0 0 2 0 1" },
    { name: "unknown account, keyboard-interactive x2", kinds: "0 2 0 2 2 1 5" },
    { name: "too many tries, known account", kinds: "6 0 0 0 2 1 2" },
    { name: "known account, keyboard-interactive x6", kinds: "0 3 0 6 6 1 4" },
    { name: "VERBOSE: known account, keyboard-interactive x2", kinds: "0 2 0 2 2 0 4" },
  ]);
});

function count(lines: Iterable<string>): number {
  const empty = { sshd: 0, keyboard: 0, pamError: 0, refused: 0 };
  const connections = new Map<number, typeof empty>();
  const totals = { pam: 0, sshd: 0, connect: 0 };
  for (const text of lines) {
    const read = parseSshdLine(text);
    if (read === undefined) continue;
    const connection = connections.get(read.pid ?? 0) ?? { ...empty };
    connections.set(read.pid ?? 0, connection);
    if (read.evidence === "sshd") connection.sshd += read.count;
    if (read.evidence === "keyboard") connection.keyboard += read.count;
    if (read.evidence === "refused") connection.refused += read.count;
    if (read.evidence === "pam-error") connection.pamError += read.count;
    if (read.evidence === "pam") totals.pam += read.count;
    if (["connect", "refused"].includes(read.evidence)) totals.connect += read.count;
  }
  for (const { sshd, keyboard, pamError, refused } of connections.values()) {
    totals.sshd += connectionAttempts(sshd, Math.max(keyboard, pamError), refused);
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
  assert.equal(attemptsOf({ pam: 3, sshd: 2, connect: 1 }), 3);
  assert.equal(attemptsOf({ pam: 0, sshd: 2, connect: 1 }), 2);
  assert.equal(attemptsOf({ pam: 0, sshd: 0, connect: 1 }), 1);
  assert.equal(attemptsOf({ pam: 0, sshd: 0, connect: 0 }), 0);
  assert.equal(connectionAttempts(0, 6, 0), 6);
  assert.equal(connectionAttempts(3, 0, 1), 3);
  assert.equal(connectionAttempts(0, 0, 1), 1);
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
    "edge-5503-rhost-is-hostname.json": ["pam 1 host.example.net - root"],
    "edge-5710-disconnect-not-an-attempt.json": [
      "session-end 0 82.202.219.155 51676 invalid admin",
    ],
    "edge-5710-empty-user-manager-agent-000.json": ["connect 1 192.241.237.101 4242 invalid "],
    "edge-5710-kbdint-dstuser.json": ["keyboard 1 192.241.237.101 54197 invalid warez"],
    "edge-5710-log-injection.json": ["sshd 1 82.202.219.155 51676 invalid root from 8.8.8.8"],
    "edge-5710-no-srcip.json": ["session-end 0 82.202.219.155 51676 invalid admin"],
    "edge-5758-invalid-user-no-srcip.json": ["connect 1 192.241.237.101 55146 invalid badguy"],
    "edge-5760-kbdint-valid-user-no-srcip.json": ["keyboard 1 192.241.237.101 54201 root"],
    "edge-5760-message-repeated.json": ["sshd 2 192.241.237.101 43042 root"],
  };
  for (const [name, truth] of Object.entries(expected)) {
    const alert = await readJson<{ full_log: string; previous_output?: string }>(`alerts/${name}`);
    const lines = [alert.full_log, ...(alert.previous_output?.split("\n") ?? [])];
    const read = lines.map((text) => {
      const found = parseSshdLine(text);
      if (found === undefined) return "no sshd line";
      const { evidence, count, source, port = "-", username = "-", invalidUser } = found;
      return `${evidence} ${count} ${source} ${port} ${invalidUser ? "invalid " : ""}${username}`;
    });
    assert.deepEqual(read, truth, name);
  }
});
