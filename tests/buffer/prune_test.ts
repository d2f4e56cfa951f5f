import assert from "node:assert/strict";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import {
  accept,
  AT_ONCE,
  DAY,
  eachEngine,
  freezing,
  guess,
  IP,
  KEEP,
  lease,
  MINUTE,
  onlyReport,
  OTHER_IP,
  snapshotAll,
  START,
} from "./sqlite_rig.ts";

const PAM_FIELDS = `logname= uid=0 euid=0 tty=ssh ruser= rhost=${IP}`;

eachEngine("prune() forgets an alert id after its keep and not before", async (open) => {
  using buffer = open();
  const alert = guess("root", IP, { id: `${START / 1000 - 1}.1` });
  await accept(buffer, [alert], START);
  await buffer.retention.prune(KEEP, START + 7 * DAY);
  assert.equal((await accept(buffer, [alert], START + 7 * DAY)).duplicate, 1);
  await buffer.retention.prune(KEEP, START + 7 * DAY + 1);
  assert.equal((await accept(buffer, [alert], START + 7 * DAY + 1)).accepted, 1);
});

eachEngine(
  "prune() says that more alert ids are to be deleted than it does at once",
  async (open) => {
    using buffer = open();
    const alert = guess();
    assert.equal(alert.kind, "attempts");
    const alerts = Array.from({ length: 100_001 }, (_, n) => ({
      ...alert,
      key: { manager: "wazuh-manager-01", id: `${START / 1000 - 1}.${n}` },
    }));
    await accept(buffer, alerts, START);
    const later = START + 7 * DAY + 1;
    const more = [];
    for (let times = 0; times < 4; times++) more.push(await buffer.retention.prune(KEEP, later));
    assert.deepEqual(more, [true, true, false, false]);
    const { accepted } = await accept(buffer, [alerts[0]!, alerts[100_000]!], later);
    assert.equal(accepted, 2);
  },
);

eachEngine("prune() keeps the totals of a source exact whenever it runs", async (open) => {
  using buffer = open();
  const pam = (n: number) =>
    decideDefault(sshdAlert({
      rule: "2502",
      message: `PAM ${n} more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= ` +
        `rhost=${IP}  user=root`,
    }));
  let now = START;
  const attempts: number[] = [];
  for (const batch of [[guess(), guess(), guess()], [pam(3)], [guess()], [pam(1)], [pam(2)]]) {
    await accept(buffer, batch, now);
    await buffer.retention.prune(KEEP, now);
    const [seen] = await snapshotAll(buffer, now);
    attempts.push(seen!.snapshot.record.attempts);
    await buffer.retention.prune(KEEP, now += 61 * MINUTE);
    await buffer.retention.prune(KEEP, now);
  }
  assert.deepEqual(attempts, [3, 3, 4, 4, 6]);
  const [last] = await accept(buffer, [guess()], now).then(() => snapshotAll(buffer, now));
  assert.deepEqual(last!.attack.evidence.length, 1);
  assert.deepEqual(last!.record!.compacted, { pam: 6, sshd: 4, connect: 0 });
});

eachEngine(
  "prune() does not touch the connections of an open attack, and those that may go on",
  async (open) => {
    using buffer = open();
    await accept(buffer, [guess("root", IP)], START);
    await accept(buffer, [guess("root", OTHER_IP)], START);
    const { snapshot } = freezing(START);
    await buffer.outbox.snapshotDue(AT_ONCE, 1, START, snapshot);
    await buffer.retention.prune(KEEP, START + 60 * MINUTE);
    await accept(buffer, [guess("root", OTHER_IP), guess("root", IP)], START + 60 * MINUTE);
    const seen = await snapshotAll(buffer, START + 60 * MINUTE);
    assert.deepEqual(
      seen.map(({ attack, snapshot }) => [
        attack.evidence[0]!.sshd,
        snapshot.record.attempts,
      ]),
      [[2, 2], [2, 2]],
    );
  },
);

eachEngine("prune() takes one line of two locations for one when it compacts", async (open) => {
  using buffer = open();
  await accept(buffer, [
    guess("root", IP, { location: "journald" }),
    guess("root", IP, { location: "/var/log/auth.log" }),
  ]);
  await snapshotAll(buffer, START);
  await buffer.retention.prune(KEEP, START + DAY);
  await accept(buffer, [guess()], START + DAY);
  const [seen] = await snapshotAll(buffer, START + DAY);
  assert.deepEqual(seen!.record!.compacted, { pam: 0, sshd: 1, connect: 0 });
  assert.equal(seen!.snapshot.record.attempts, 2);
});

const MIXED: readonly (readonly [what: string, lines: readonly string[], attempts: number])[] = [
  ["two passwords, then three by keyboard-interactive", [
    `Failed password for root from ${IP} port 1 ssh2`,
    `Failed password for root from ${IP} port 1 ssh2`,
    `error: PAM: Authentication failure for root from ${IP}`,
    `error: PAM: Authentication failure for root from ${IP}`,
    `error: PAM: Authentication failure for root from ${IP}`,
    `Failed keyboard-interactive/pam for root from ${IP} port 1 ssh2`,
  ], 5],
  ["one attempt that two PAM modules log", [
    `pam_unix(sshd:auth): authentication failure; ${PAM_FIELDS}  user=root`,
    `pam_krb5(sshd:auth): authentication failure; ${PAM_FIELDS} user=root`,
  ], 1],
  ["a user who is not allowed, tried once", [
    `User root from ${IP} not allowed because not listed in AllowUsers`,
  ], 1],
  ["a user who is not allowed, tried by two passwords", [
    `User root from ${IP} not allowed because not listed in AllowUsers`,
    `Failed password for invalid user root from ${IP} port 1 ssh2`,
    `Failed password for invalid user root from ${IP} port 1 ssh2`,
  ], 2],
];

eachEngine(
  "prune() keeps what connections of several methods, modules and refusals count",
  async (open) => {
    for (const [what, lines, attempts] of MIXED) {
      using buffer = open();
      const connection = (pid: number) =>
        lines.map((message) => decideDefault(sshdAlert({ message, pid })));
      await accept(buffer, connection(7), START);
      const [first] = await snapshotAll(buffer, START);
      assert.equal(first!.snapshot.record.attempts, attempts, what);
      await buffer.retention.prune(KEEP, START + DAY);
      await accept(buffer, connection(8), START + DAY);
      const [second] = await snapshotAll(buffer, START + DAY);
      assert.equal(second!.snapshot.record.attempts, 2 * attempts, what);
    }
  },
);

eachEngine("prune() forgets delivered reports and still counts them", async (open) => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await snapshotAll(buffer, START);
  await buffer.outbox.markDelivered(await lease(buffer), await onlyReport(buffer), "", START);
  await buffer.retention.prune(KEEP, START + 8 * DAY);
  await buffer.retention.prune(KEEP, START + 9 * DAY);
  assert.equal((await buffer.views.status()).delivered, 1);
});

eachEngine(
  "prune() forgets a source after so much silence, and a report that waits never",
  async (open) => {
    using buffer = open();
    await accept(buffer, [guess()]);
    await snapshotAll(buffer, START);
    await buffer.retention.prune(KEEP, START + 30 * DAY);
    assert.equal((await buffer.views.status()).knownSources, 1);
    await buffer.retention.prune(KEEP, START + 30 * DAY + 1);
    const { knownSources, waiting } = await buffer.views.status();
    assert.deepEqual([knownSources, waiting], [0, 1]);
  },
);
