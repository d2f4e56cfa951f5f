import assert from "node:assert/strict";
import type { Buffer } from "../../src/buffer/buffer.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import {
  accept,
  eachEngine,
  guess,
  IP,
  MINUTE,
  OTHER_IP,
  snapshotAll,
  START,
} from "./sqlite_rig.ts";

const BEFORE = "2026-08-23T06:14:07.412+0000";
const LATER = "2026-08-23T06:15:07.412+0000";
const AFTER = "2026-08-23T06:16:07.412+0000";

/** A login that sshd accepted, by the rule that Wazuh has for it. */
function login(ip = IP, shape: Parameters<typeof sshdAlert>[0] = {}) {
  const message = `Accepted password for root from ${ip} port 51690 ssh2`;
  return decideDefault(sshdAlert({ message, rule: "5715", time: LATER, ...shape }));
}

const failed = (ip = IP, shape: Parameters<typeof sshdAlert>[0] = {}) =>
  guess("root", ip, { time: BEFORE, ...shape });

/** When each source of the next snapshots got in. */
async function compromised(buffer: Buffer, now = START) {
  const seen = await snapshotAll(buffer, now);
  return seen.map(({ snapshot }) => {
    const { sourceIp, compromisedAt, attempts } = snapshot.record;
    const at = compromisedAt === undefined ? "never" : new Date(compromisedAt).toISOString();
    return `${sourceIp} ${attempts} ${at}`;
  });
}

eachEngine(
  "accept() marks a source that logs in after failures, whatever rule says so",
  async (open) => {
    for (const rule of ["5715", "40101", "40112", "99903"]) {
      using buffer = open();
      await accept(buffer, Array.from({ length: 12 }, () => failed()));
      await accept(buffer, [login(IP, { rule })], START + 1);
      assert.deepEqual(await compromised(buffer), [`${IP} 12 2026-08-23T06:15:07.412Z`], rule);
    }
  },
);

eachEngine("accept() marks each source on six agents, and none of an operator", async (open) => {
  using buffer = open();
  const agents = ["001", "002", "003", "004", "005", "006"];
  for (const agentId of agents) {
    const ip = `82.202.219.${Number(agentId)}`;
    const shape = { agentId, agent: `honeypot-${agentId}` };
    await accept(buffer, Array.from({ length: 12 }, () => failed(ip, shape)));
    await accept(buffer, [login(ip, shape)]);
    await accept(buffer, [login(OTHER_IP, shape)]);
  }
  assert.deepEqual(
    await compromised(buffer),
    agents.map((id) => `82.202.219.${Number(id)} 12 2026-08-23T06:15:07.412Z`),
  );
});

eachEngine("accept() opens no attack for a login without failures", async (open) => {
  using buffer = open();
  const { accepted, ignored } = await accept(buffer, [login()]);
  assert.deepEqual([accepted, [...ignored]], [1, []]);
  assert.equal((await buffer.views.status()).pendingAttacks, 0);
});

eachEngine("accept() marks a source whose failures come late", async (open) => {
  using buffer = open();
  await accept(buffer, [login()]);
  await accept(buffer, [failed()], START + MINUTE);
  assert.deepEqual(await compromised(buffer, START + MINUTE), [`${IP} 1 2026-08-23T06:15:07.412Z`]);
});

eachEngine("accept() does not mark a source that fails only after its login", async (open) => {
  using buffer = open();
  await accept(buffer, [login()]);
  await accept(buffer, [failed(IP, { time: AFTER })], START + MINUTE);
  assert.deepEqual(await compromised(buffer, START + MINUTE), [`${IP} 1 never`]);
});

eachEngine(
  "accept() marks a source that was reported before it logs in, and reports it again",
  async (open) => {
    using buffer = open();
    await accept(buffer, [failed()]);
    assert.deepEqual(await compromised(buffer), [`${IP} 1 never`]);
    await accept(buffer, [login()], START + MINUTE);
    assert.deepEqual(await compromised(buffer, START + MINUTE), [
      `${IP} 1 2026-08-23T06:15:07.412Z`,
    ]);
    const [report] = await buffer.outbox.reportsToTry(["feed"], 10, Infinity);
    assert.match(report!.body, /"SUCCESSFUL LOGIN after SSH Brute Force Attack from/);
    assert.match(report!.body, /"threat_level_id":"1"/);
  },
);

eachEngine(
  "accept() keeps the newest logins of a source that logs in all the time",
  async (open) => {
    using buffer = open();
    const time = (second: number) => `2026-08-23T06:15:${String(second).padStart(2, "0")}.000+0000`;
    const many = Array.from({ length: 50 }, (_, n) => login(IP, { time: time(n) }));
    await accept(buffer, many);
    const time30 = "2026-08-23T06:15:30.500+0000";
    await accept(buffer, [failed(IP, { time: time30 })], START);
    assert.deepEqual(await compromised(buffer), [`${IP} 1 2026-08-23T06:15:31.000Z`]);
  },
);

eachEngine(
  "snapshotDue() knows the names of the logins that followed failures, also later",
  async (open) => {
    using buffer = open();
    const loginAs = (name: string, time: string) =>
      login(IP, { time, message: `Accepted password for ${name} from ${IP} port 51690 ssh2` });
    await accept(buffer, [
      loginAs("before", "2026-08-23T06:13:07.412+0000"),
      failed(),
      loginAs("oracle", LATER),
      loginAs("constructor", AFTER),
      loginAs("oracle", AFTER),
    ]);
    const namesOf = async (now: number) =>
      (await snapshotAll(buffer, now)).map(({ snapshot }) => snapshot.record.loginNames);
    assert.deepEqual(await namesOf(START), [["oracle", "constructor"]]);
    await accept(buffer, [failed(IP, { time: "2026-08-23T07:16:07.412+0000" })], START + MINUTE);
    assert.deepEqual(await namesOf(START + MINUTE), [["oracle", "constructor"]]);
  },
);
