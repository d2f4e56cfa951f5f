import assert from "node:assert/strict";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import {
  accept,
  eachEngine,
  guess,
  IP,
  MINUTE,
  onlyAttack,
  OTHER_IP,
  sessionEnd,
  type Shape,
  snapshotAll,
  START,
} from "./sqlite_rig.ts";

eachEngine("accept() takes an alert that is handed over again for a duplicate", async (open) => {
  using buffer = open();
  const alert = guess();
  assert.deepEqual(await accept(buffer, [alert, alert]), {
    accepted: 1,
    duplicate: 1,
    ignored: new Map(),
  });
  assert.deepEqual(await accept(buffer, [alert]), {
    accepted: 0,
    duplicate: 1,
    ignored: new Map(),
  });
  const { accepted, duplicate, pendingAttempts } = await buffer.views.status();
  assert.deepEqual([accepted, duplicate, pendingAttempts], [1, 2, 1]);
});

eachEngine(
  "accept() takes a duplicate for one even after its attack was reported",
  async (open) => {
    using buffer = open();
    const alert = guess();
    await accept(buffer, [alert]);
    await snapshotAll(buffer, START);
    assert.equal((await accept(buffer, [alert])).duplicate, 1);
    assert.equal((await buffer.views.status()).pendingAttacks, 0);
  },
);

eachEngine("accept() counts the same alert id of two managers twice", async (open) => {
  using buffer = open();
  const alert = sshdAlert();
  const elsewhere = { ...alert, manager: { name: "wazuh-manager-02" } };
  const result = await accept(buffer, [decideDefault(alert), decideDefault(elsewhere)]);
  assert.deepEqual([result.accepted, result.duplicate], [2, 0]);
  assert.equal((await buffer.views.status()).pendingAttempts, 2);
});

eachEngine("accept() stores nothing of a batch that fails in the middle", async (open) => {
  using buffer = open();
  const decision = guess();
  assert.ok(decision.kind === "attempts");
  const [attempt] = decision.attempts;
  const broken = {
    ...decision,
    key: { manager: "m", id: "broken" },
    attempts: [attempt!, { ...attempt!, pid: Number.NaN }],
  };
  await assert.rejects(accept(buffer, [decision, broken]));
  const { accepted, pendingAttacks } = await buffer.views.status();
  assert.deepEqual([accepted, pendingAttacks], [0, 0]);
  assert.equal((await accept(buffer, [decision])).accepted, 1);
});

eachEngine("accept() merges alerts of one source, whatever order they come in", async (open) => {
  using buffer = open();
  const at = (time: string, shape: Shape = {}) => guess("root", IP, { time, ...shape });
  await accept(buffer, [at("2026-08-23T06:14:07.412+0000")], START);
  await accept(buffer, [at("2026-08-23T06:10:00.000+0000", { agentId: "008" })], START + 1);
  await accept(buffer, [at("2026-08-23T08:20:00.000+0200", { pid: 7 })], START + 2);
  const attack = await onlyAttack(buffer, START + 2);
  assert.equal(new Date(attack.firstSeen).toISOString(), "2026-08-23T06:10:00.000Z");
  assert.equal(new Date(attack.lastSeen).toISOString(), "2026-08-23T06:20:00.000Z");
  assert.deepEqual(
    [attack.openedAt, attack.touchedAt, attack.alerts, attack.manager],
    [START, START + 2, 3, "wazuh-manager-01"],
  );
  assert.deepEqual(
    attack.evidence.map(({ sensor, pid, sshd, touchedAt }) => [sensor, pid, sshd, touchedAt]),
    [
      ["007@wazuh-manager-01", 7, 1, START + 2],
      ["007@wazuh-manager-01", 26279, 1, START],
      ["008@wazuh-manager-01", 26279, 1, START + 1],
    ],
  );
  assert.deepEqual(
    attack.sensors.map(({ sensor, name, alerts, firstSeen, lastSeen }) => [
      ...[sensor, name, alerts],
      ...[firstSeen, lastSeen].map((time) => new Date(time).toISOString().slice(11, 19)),
    ]),
    [
      ["007@wazuh-manager-01", "honeypot-fra1", 2, "06:14:07", "06:20:00"],
      ["008@wazuh-manager-01", "honeypot-fra1", 1, "06:10:00", "06:10:00"],
    ],
  );
  assert.deepEqual(attack.techniques, [{ id: "T1110.001", name: "Password Guessing" }]);
  assert.deepEqual(attack.usernames.map(({ username, sshd }) => [username, sshd]), [["root", 3]]);
});

eachEngine("accept() knows when an attack was touched last", async (open) => {
  using buffer = open();
  const touches: number[] = [];
  for (const later of [0, 4_999, 5_000, 9_999, MINUTE]) {
    await accept(buffer, [guess("root", IP, { pid: later })], START + later);
    const due = { periodMs: 15 * MINUTE, maxHoldMs: 60 * MINUTE, sinks: [] };
    touches.push((await buffer.outbox.nextDueAt(due))! - 15 * MINUTE - START);
  }
  assert.deepEqual(touches, [0, 4_999, 5_000, 9_999, MINUTE]);
});

eachEngine(
  "accept() opens an attack no later than its clock says, though it was set back",
  async (open) => {
    using buffer = open();
    await accept(buffer, [guess()], START + MINUTE);
    await accept(buffer, [guess("root", IP, { pid: 7 })], START);
    const attack = await onlyAttack(buffer, START + MINUTE);
    assert.deepEqual([attack.openedAt, attack.touchedAt], [START, START + MINUTE]);
  },
);

eachEngine(
  "accept() counts each alert of a large batch once, though some came before",
  async (open) => {
    using buffer = open();
    const alerts = Array.from({ length: 40 }, (_, pid) => guess("root", IP, { pid: pid + 1 }));
    assert.equal((await accept(buffer, alerts.slice(0, 20))).accepted, 20);
    const { accepted, duplicate } = await accept(buffer, [...alerts, ...alerts]);
    assert.deepEqual([accepted, duplicate], [20, 60]);
    assert.equal((await buffer.views.status()).pendingAttempts, 40);
  },
);

eachEngine("accept() distinguishes ids that JSON would write with escapes", async (open) => {
  using buffer = open();
  const odd = ["a\0", "a\0b", 'a"', "a\\", "a\u0001", "a"];
  const alerts = Array.from({ length: 30 }, (_, at) => {
    const one = guess("root", IP, { pid: at + 1 });
    return { ...one, key: { manager: "m", id: odd[at] ?? `1.${at}` } };
  });
  assert.equal((await accept(buffer, alerts)).accepted, 30);
  assert.equal((await accept(buffer, alerts)).duplicate, 30);
});

eachEngine("accept() adds each class of evidence to its own count", async (open) => {
  using buffer = open();
  const line = (message: string) => decideDefault(sshdAlert({ message, rule: "5710", pid: 5 }));
  await accept(buffer, [
    line(`Invalid user pi from ${IP} port 1`),
    line(`Failed password for invalid user pi from ${IP} port 1 ssh2`),
    line(`Failed password for invalid user pi from ${IP} port 1 ssh2`),
    line(`error: PAM: Authentication failure for illegal user pi from ${IP}`),
    line(
      "PAM 4 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= " +
        `rhost=${IP} `,
    ),
  ]);
  const [row] = (await onlyAttack(buffer)).evidence;
  assert.deepEqual(row, {
    sensor: "007@wazuh-manager-01",
    pid: 5,
    location: "journald",
    sshd: 2,
    pamError: 1,
    pam: 4,
    connect: 1,
    refused: 0,
    touchedAt: START,
  });
});

eachEngine("accept() keeps a technique's name once one alert has named it", async (open) => {
  using buffer = open();
  const unnamed = sshdAlert();
  unnamed.rule.mitre.technique = [];
  await accept(buffer, [decideDefault(unnamed), guess(), decideDefault({ ...unnamed, id: "3" })]);
  assert.deepEqual((await onlyAttack(buffer)).techniques, [
    { id: "T1110.001", name: "Password Guessing" },
  ]);
});

eachEngine(
  "accept() keeps all techniques of a source, of whichever alert",
  async (open) => {
    using buffer = open();
    const heard = (id: string, techniques: Readonly<Record<string, string>>) => {
      const alert = sshdAlert();
      alert.rule.mitre.id = Object.keys(techniques);
      alert.rule.mitre.technique = Object.values(techniques);
      return decideDefault({ ...alert, id });
    };
    const [a, b, c] = [{ "T1110": "A" }, { "T1021.004": "B" }, { "T1078": "C" }];
    await accept(buffer, [heard("1787464800.1", { ...a, ...b })]);
    await accept(buffer, [heard("1787464800.2", a)]);
    await Promise.all([
      accept(buffer, [heard("1787464800.3", { ...b, ...c })]),
      accept(buffer, [heard("1787464800.4", { "T1110": "other" })]),
    ]);
    assert.deepEqual((await onlyAttack(buffer)).techniques, [
      { id: "T1021.004", name: "B" },
      { id: "T1078", name: "C" },
      { id: "T1110", name: "A" },
    ]);
  },
);

eachEngine(
  "accept() takes alerts whose techniques have names that no database stores",
  async (open) => {
    using buffer = open();
    const odd = sshdAlert();
    odd.rule.mitre.technique = ["\0\ud800"];
    odd.rule.mitre.id = ["T1078"];
    const alerts = [odd, sshdAlert(), odd].map((alert, at) =>
      decideDefault({ ...alert, id: `1787464800.${at}` })
    );
    for (const alert of alerts) assert.equal((await accept(buffer, [alert])).accepted, 1);
    const attack = await onlyAttack(buffer);
    assert.equal(attack.alerts, 3);
    assert.deepEqual(attack.techniques, [
      { id: "T1078", name: "\ufffd\ufffd" },
      { id: "T1110.001", name: "Password Guessing" },
    ]);
  },
);

eachEngine(
  "accept() adds techniques to those whose names look like what no database stores",
  async (open) => {
    using buffer = open();
    const odd = sshdAlert();
    odd.rule.mitre.technique = ["\\u0000 \\ud800 \\"];
    odd.rule.mitre.id = ["T1078"];
    for (const [at, alert] of [odd, sshdAlert()].entries()) {
      await accept(buffer, [decideDefault({ ...alert, id: `1787464800.${at}` })]);
    }
    const ids = (await onlyAttack(buffer)).techniques.map(({ id }) => id);
    assert.deepEqual(ids, ["T1078", "T1110.001"]);
  },
);

eachEngine("accept() opens no attack for the end of a session", async (open) => {
  using buffer = open();
  const { accepted, ignored } = await accept(buffer, [sessionEnd()]);
  assert.equal(accepted, 0);
  assert.deepEqual([...ignored], [["not_an_attempt", 1]]);
  assert.equal((await buffer.views.status()).pendingAttacks, 0);
});

eachEngine(
  "accept() extends an open attack by the end of a session, and counts no guess for it",
  async (open) => {
    using buffer = open();
    await accept(buffer, [guess()], START);
    const end = sessionEnd(IP, { time: "2026-08-23T07:00:00.000+0000" });
    assert.equal((await accept(buffer, [end], START + MINUTE)).accepted, 1);
    assert.equal((await buffer.views.status()).pendingAttempts, 1);
    const attack = await onlyAttack(buffer, START + MINUTE);
    assert.equal(new Date(attack.lastSeen).toISOString(), "2026-08-23T07:00:00.000Z");
    assert.deepEqual([attack.touchedAt, attack.alerts], [START + MINUTE, 1]);
  },
);

eachEngine("accept() keeps so many user names and counts on for those it knows", async (open) => {
  using buffer = open();
  const names = ["root", "admin", "pi", "oracle", "root", "admin", "root"];
  await accept(buffer, names.map((name) => guess(name)), START, 2);
  const { usernames } = await onlyAttack(buffer);
  assert.deepEqual(usernames.map(({ username, sshd }) => [username, sshd]), [
    ["admin", 2],
    ["root", 3],
  ]);
});

eachEngine(
  "accept() keeps no user name at all when none may be kept, and every attempt",
  async (open) => {
    using buffer = open();
    await accept(buffer, [guess("root"), guess("admin")], START, 0);
    assert.equal((await buffer.views.status()).pendingAttempts, 2);
    assert.deepEqual((await onlyAttack(buffer)).usernames, []);
  },
);

eachEngine(
  "accept() distinguishes user names that differ in one odd character only",
  async (open) => {
    using buffer = open();
    const names = ["", " ", "__proto__", "\ud800", "'; DROP TABLE attack; --"];
    await accept(buffer, names.map((name) => guess(name)));
    const [seen] = await snapshotAll(buffer, START);
    assert.deepEqual(seen!.attack.usernames.map(({ username }) => username).sort(), [
      "",
      " ",
      "'; DROP TABLE attack; --",
      "__proto__",
      "\ufffd",
    ]);
    assert.equal(Object.keys(seen!.snapshot.record.usernames).length, 5);
    await accept(buffer, [guess("__proto__")], START + 1);
    const [again] = await snapshotAll(buffer, START + 1);
    assert.deepEqual(Object.entries(again!.snapshot.record.usernames)[0], ["__proto__", 2]);
  },
);

eachEngine("accept() distinguishes user names that differ behind a NUL", async (open) => {
  using buffer = open();
  await accept(buffer, [guess("a\\000b"), guess("a\\000c"), guess("a")]);
  const { usernames } = await onlyAttack(buffer);
  assert.equal(new Set(usernames.map(({ username }) => username)).size, 3);
});

eachEngine("accept() takes texts that are not well-formed Unicode", async (open) => {
  using buffer = open();
  const alert = sshdAlert({ location: "\udc00", agent: "honeypot-\ud800", agentId: "\ud800" });
  assert.equal((await accept(buffer, [decideDefault(alert)])).accepted, 1);
  assert.equal((await buffer.views.status()).pendingAttempts, 1);
});

eachEngine("accept() counts what is ignored by its reason, and spoofed addresses", async (open) => {
  using buffer = open();
  const other = decideDefault(sshdAlert({ rule: "31101" }));
  const spoofed = decideDefault({ ...sshdAlert(), data: { srcip: "8.8.8.8" } });
  const { ignored } = await accept(buffer, [other, other, decideDefault(null), spoofed, spoofed]);
  assert.deepEqual([...ignored], [["other_rule", 2], ["malformed", 1]]);
  await buffer.intake.countIgnored("no_file");
  await buffer.intake.countIgnored("no_file");
  const status = await buffer.views.status();
  assert.deepEqual(
    new Map([...status.ignored].sort()),
    new Map([
      ["malformed", 1],
      ["no_file", 2],
      ["other_rule", 2],
    ]),
  );
  assert.deepEqual([status.accepted, status.duplicate, status.spoofedSrcip], [1, 1, 1]);
});

eachEngine("accept() says when it stored something last", async (open) => {
  using buffer = open();
  assert.equal((await buffer.views.status()).lastAcceptedAt, undefined);
  await accept(buffer, [decideDefault(null)], START);
  assert.equal((await buffer.views.status()).lastAcceptedAt, undefined);
  await accept(buffer, [guess()], START + 5);
  await accept(buffer, [guess()], START + 1);
  assert.equal((await buffer.views.status()).lastAcceptedAt, START + 5);
});

eachEngine(
  "acceptTogether() reports for each batch what accept() of one after the other would",
  async (open) => {
    const alert = guess("root", IP, { id: "1.1" });
    const groups = [
      [alert, guess("admin", IP, { id: "1.2" })],
      [alert],
      [sessionEnd(IP, { id: "1.3" }), sessionEnd(OTHER_IP, { id: "1.4" })],
      [],
      [guess("root", OTHER_IP, { id: "1.5" })],
    ];
    using apart = open();
    using together = open();
    const limits = { maxUsernames: 100 };
    const told = await together.intake.acceptTogether(groups, limits, START);
    const expected = [];
    for (const group of groups) expected.push(await apart.intake.accept(group, limits, START));
    assert.deepEqual(told, expected);
    assert.deepEqual(told.map(({ accepted, duplicate }) => [accepted, duplicate]), [
      ...[[2, 0], [0, 1], [1, 0], [0, 0], [1, 0]],
    ]);
    assert.deepEqual(told[2]!.ignored, new Map([["not_an_attempt", 1]]));
    assert.deepEqual(await together.views.status(), await apart.views.status());
    const attacks = (all: Awaited<ReturnType<typeof snapshotAll>>) =>
      all.map(({ attack }) => attack);
    assert.deepEqual(
      attacks(await snapshotAll(together, START)),
      attacks(await snapshotAll(apart, START)),
    );
  },
);
