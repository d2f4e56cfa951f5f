import assert from "node:assert/strict";
import type { Attack, DueRules, Frozen, Home, Lease, Report } from "../../src/buffer/buffer.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite.ts";
import { freezeAttack } from "../../src/publish/freeze.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_FREEZE_RULES } from "../support/freezing.ts";

type Shape = Parameters<typeof sshdAlert>[0];

const IP = "82.202.219.155";
const OTHER_IP = "192.241.237.101";
const START = Date.UTC(2026, 7, 23, 6);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const DUE: DueRules = { periodMs: 15 * MINUTE, maxHoldMs: 60 * MINUTE, sinks: ["feed", "misp"] };
const AT_ONCE: DueRules = { ...DUE, periodMs: 0, maxHoldMs: 0 };

const open = () => new SqliteBuffer(":memory:", START);

/** A refused password of `user`. */
function guess(user = "root", ip = IP, shape: Shape = {}) {
  const message = `Failed password for ${user} from ${ip} port 51676 ssh2`;
  return decideDefault(sshdAlert({ message, ...shape }));
}

/** The end of a connection, which proves no guess. */
function sessionEnd(ip = IP, shape: Shape = {}) {
  const message = `Connection closed by authenticating user root ${ip} port 51676 [preauth]`;
  return decideDefault(sshdAlert({ message, rule: "5710", ...shape }));
}

function accept(
  buffer: SqliteBuffer,
  decisions: readonly ReturnType<typeof guess>[],
  now = START,
  maxUsernames = 100,
) {
  return buffer.accept(decisions, { maxUsernames }, now);
}

/** Freezes with the real rules and keeps what was seen. */
function freezing(now: number, sinks: readonly ("feed" | "misp")[] = ["feed"]) {
  const seen: { attack: Attack; home: Home | undefined; frozen: Frozen }[] = [];
  const freeze = (attack: Attack, home: Home | undefined) => {
    const frozen = freezeAttack(attack, home, { ...PLAIN_FREEZE_RULES, sinks }, now);
    seen.push({ attack, home, frozen });
    return frozen;
  };
  return { seen, freeze };
}

async function freezeAll(buffer: SqliteBuffer, now: number, sinks?: ("feed" | "misp")[]) {
  const { seen, freeze } = freezing(now, sinks);
  await buffer.freezeDue(AT_ONCE, 1000, now, freeze);
  return seen;
}

async function onlyAttack(buffer: SqliteBuffer, now = START): Promise<Attack> {
  const seen = await freezeAll(buffer, now);
  assert.equal(seen.length, 1);
  return seen[0]!.attack;
}

async function lease(buffer: SqliteBuffer, now = START): Promise<Lease> {
  const taken = await buffer.takeLease("publish", "me", MINUTE, now);
  assert.ok(taken);
  return taken;
}

async function onlyReport(buffer: SqliteBuffer, at = Infinity): Promise<Report> {
  const reports = await buffer.reportsToTry(["feed"], 10, at);
  assert.equal(reports.length, 1);
  return reports[0]!;
}

Deno.test("accept() takes an alert that is handed over again for a duplicate", async () => {
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
  const { accepted, duplicate, pendingAttempts } = await buffer.status();
  assert.deepEqual([accepted, duplicate, pendingAttempts], [1, 2, 1]);
});

Deno.test("accept() takes a duplicate for one even after its attack was reported", async () => {
  using buffer = open();
  const alert = guess();
  await accept(buffer, [alert]);
  await freezeAll(buffer, START);
  assert.equal((await accept(buffer, [alert])).duplicate, 1);
  assert.equal((await buffer.status()).pendingAttacks, 0);
});

Deno.test("accept() counts the same alert id of two managers twice", async () => {
  using buffer = open();
  const alert = sshdAlert();
  const elsewhere = { ...alert, manager: { name: "wazuh-manager-02" } };
  const result = await accept(buffer, [decideDefault(alert), decideDefault(elsewhere)]);
  assert.deepEqual([result.accepted, result.duplicate], [2, 0]);
  assert.equal((await buffer.status()).pendingAttempts, 2);
});

Deno.test("accept() stores nothing of a hand-over that fails in the middle", async () => {
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
  const { accepted, pendingAttacks } = await buffer.status();
  assert.deepEqual([accepted, pendingAttacks], [0, 0]);
  assert.equal((await accept(buffer, [decision])).accepted, 1);
});

Deno.test("accept() merges alerts of one source, whatever order they come in", async () => {
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
    [START, START, 3, "wazuh-manager-01"],
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

Deno.test("accept() knows to five seconds when an attack was touched last", async () => {
  using buffer = open();
  const touches: number[] = [];
  for (const later of [0, 4_999, 5_000, 9_999, MINUTE]) {
    await accept(buffer, [guess("root", IP, { pid: later })], START + later);
    const due = { periodMs: 15 * MINUTE, maxHoldMs: 60 * MINUTE, sinks: [] };
    touches.push((await buffer.nextDueAt(due))! - 15 * MINUTE - START);
  }
  assert.deepEqual(touches, [0, 0, 5_000, 5_000, MINUTE]);
});

Deno.test("accept() opens an attack no later than its clock says, though it was set back", async () => {
  using buffer = open();
  await accept(buffer, [guess()], START + MINUTE);
  await accept(buffer, [guess("root", IP, { pid: 7 })], START);
  const attack = await onlyAttack(buffer, START + MINUTE);
  assert.deepEqual([attack.openedAt, attack.touchedAt], [START, START + MINUTE]);
});

Deno.test("accept() counts each alert of a large hand-over once, though some came before", async () => {
  using buffer = open();
  const alerts = Array.from({ length: 40 }, (_, pid) => guess("root", IP, { pid: pid + 1 }));
  assert.equal((await accept(buffer, alerts.slice(0, 20))).accepted, 20);
  const { accepted, duplicate } = await accept(buffer, [...alerts, ...alerts]);
  assert.deepEqual([accepted, duplicate], [20, 60]);
  assert.equal((await buffer.status()).pendingAttempts, 40);
});

Deno.test("accept() tells ids apart that JSON would write with escapes", async () => {
  using buffer = open();
  const odd = ["a\0", "a\0b", 'a"', "a\\", "a\u0001", "a"];
  const alerts = Array.from({ length: 30 }, (_, at) => {
    const one = guess("root", IP, { pid: at + 1 });
    return { ...one, key: { manager: "m", id: odd[at] ?? `1.${at}` } };
  });
  assert.equal((await accept(buffer, alerts)).accepted, 30);
  assert.equal((await accept(buffer, alerts)).duplicate, 30);
});

Deno.test("accept() adds each class of evidence to its own count", async () => {
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
    touchedAt: START,
  });
});

Deno.test("accept() keeps a technique's name once one alert has named it", async () => {
  using buffer = open();
  const unnamed = sshdAlert();
  unnamed.rule.mitre.technique = [];
  await accept(buffer, [decideDefault(unnamed), guess(), decideDefault({ ...unnamed, id: "3" })]);
  assert.deepEqual((await onlyAttack(buffer)).techniques, [
    { id: "T1110.001", name: "Password Guessing" },
  ]);
});

Deno.test("accept() opens no attack for the end of a session", async () => {
  using buffer = open();
  const { accepted, ignored } = await accept(buffer, [sessionEnd()]);
  assert.equal(accepted, 0);
  assert.deepEqual([...ignored], [["not_an_attempt", 1]]);
  assert.equal((await buffer.status()).pendingAttacks, 0);
});

Deno.test("accept() extends an open attack by the end of a session, and counts no guess for it", async () => {
  using buffer = open();
  await accept(buffer, [guess()], START);
  const end = sessionEnd(IP, { time: "2026-08-23T07:00:00.000+0000" });
  assert.equal((await accept(buffer, [end], START + MINUTE)).accepted, 1);
  assert.equal((await buffer.status()).pendingAttempts, 1);
  const attack = await onlyAttack(buffer, START + MINUTE);
  assert.equal(new Date(attack.lastSeen).toISOString(), "2026-08-23T07:00:00.000Z");
  assert.deepEqual([attack.touchedAt, attack.alerts], [START + MINUTE, 1]);
});

Deno.test("accept() keeps so many user names and counts on for those it knows", async () => {
  using buffer = open();
  const names = ["root", "admin", "pi", "oracle", "root", "admin", "root"];
  await accept(buffer, names.map((name) => guess(name)), START, 2);
  const { usernames } = await onlyAttack(buffer);
  assert.deepEqual(usernames.map(({ username, sshd }) => [username, sshd]), [
    ["admin", 2],
    ["root", 3],
  ]);
});

Deno.test("accept() keeps no user name at all when none may be kept, and every attempt", async () => {
  using buffer = open();
  await accept(buffer, [guess("root"), guess("admin")], START, 0);
  assert.equal((await buffer.status()).pendingAttempts, 2);
  assert.deepEqual((await onlyAttack(buffer)).usernames, []);
});

Deno.test("accept() tells apart user names that differ in one odd character only", async () => {
  using buffer = open();
  const names = ["", " ", "__proto__", "\ud800", "'; DROP TABLE attack; --"];
  await accept(buffer, names.map((name) => guess(name)));
  const [seen] = await freezeAll(buffer, START);
  assert.deepEqual(seen!.attack.usernames.map(({ username }) => username).sort(), [
    "",
    " ",
    "'; DROP TABLE attack; --",
    "__proto__",
    "\ufffd",
  ]);
  assert.equal(Object.keys(seen!.frozen.home.usernames).length, 5);
  await accept(buffer, [guess("__proto__")], START + 1);
  const [again] = await freezeAll(buffer, START + 1);
  assert.deepEqual(Object.entries(again!.frozen.home.usernames)[0], ["__proto__", 2]);
});

Deno.test("accept() tells apart user names that differ behind a NUL", async () => {
  using buffer = open();
  await accept(buffer, [guess("a\\000b"), guess("a\\000c"), guess("a")]);
  const { usernames } = await onlyAttack(buffer);
  assert.equal(new Set(usernames.map(({ username }) => username)).size, 3);
});

Deno.test("freezeDue() counts a connection once whose location has a NUL in its name", async () => {
  using buffer = open();
  const attempts: number[] = [];
  for (let hours = 0; hours < 3; hours++) {
    const now = START + hours * 120 * MINUTE;
    await accept(buffer, [guess("root", IP, { location: "a\0b", pid: hours })], now);
    const [seen] = await freezeAll(buffer, now);
    attempts.push(seen!.frozen.home.attempts);
  }
  assert.deepEqual(attempts, [1, 2, 3]);
});

Deno.test("accept() takes texts that are not well-formed Unicode", async () => {
  using buffer = open();
  const alert = sshdAlert({ location: "\udc00", agent: "honeypot-\ud800", agentId: "\ud800" });
  assert.equal((await accept(buffer, [decideDefault(alert)])).accepted, 1);
  assert.equal((await buffer.status()).pendingAttempts, 1);
});

Deno.test("accept() counts what is ignored by its reason, and spoofed addresses", async () => {
  using buffer = open();
  const other = decideDefault(sshdAlert({ rule: "31101" }));
  const spoofed = decideDefault({ ...sshdAlert(), data: { srcip: "8.8.8.8" } });
  const { ignored } = await accept(buffer, [other, other, decideDefault(null), spoofed, spoofed]);
  assert.deepEqual([...ignored], [["other_rule", 2], ["malformed", 1]]);
  await buffer.countIgnored("no_file");
  await buffer.countIgnored("no_file");
  const status = await buffer.status();
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

Deno.test("accept() says when it stored something last", async () => {
  using buffer = open();
  assert.equal((await buffer.status()).lastAcceptedAt, undefined);
  await accept(buffer, [decideDefault(null)], START);
  assert.equal((await buffer.status()).lastAcceptedAt, undefined);
  await accept(buffer, [guess()], START + 5);
  await accept(buffer, [guess()], START + 1);
  assert.equal((await buffer.status()).lastAcceptedAt, START + 5);
});

Deno.test("freezeDue() leaves attacks alone whose source is still at it", async () => {
  using buffer = open();
  await accept(buffer, [guess()], START);
  await accept(buffer, [guess()], START + 10 * MINUTE);
  const { freeze } = freezing(START);
  assert.equal(await buffer.freezeDue(DUE, 10, START + 25 * MINUTE - 1, freeze), 0);
  assert.equal(await buffer.freezeDue(DUE, 10, START + 25 * MINUTE, freeze), 1);
});

Deno.test("freezeDue() does not wait longer than max_hold for a source that never rests", async () => {
  using buffer = open();
  for (let minute = 0; minute < 60; minute++) {
    await accept(buffer, [guess()], START + minute * MINUTE);
    const { freeze } = freezing(START);
    assert.equal(await buffer.freezeDue(DUE, 10, START + minute * MINUTE, freeze), 0);
  }
  const { seen, freeze } = freezing(START);
  assert.equal(await buffer.freezeDue(DUE, 10, START + 60 * MINUTE, freeze), 1);
  assert.equal(seen[0]!.frozen.home.attempts, 60);
});

Deno.test("freezeDue() takes at once what is due at once", async () => {
  using buffer = open();
  await accept(buffer, [guess()], START);
  const { freeze } = freezing(START);
  assert.equal(await buffer.freezeDue({ ...DUE, periodMs: 0 }, 10, START, freeze), 1);
});

Deno.test("freezeDue() freezes so many at most, the longest open first", async () => {
  using buffer = open();
  for (const [index, ip] of [OTHER_IP, IP, "218.92.0.112"].entries()) {
    await accept(buffer, [guess("root", ip)], START - index);
  }
  const { seen, freeze } = freezing(START);
  assert.equal(await buffer.freezeDue(AT_ONCE, 2, START, freeze), 2);
  assert.deepEqual(seen.map(({ attack }) => attack.sourceIp), ["218.92.0.112", IP]);
});

Deno.test("freezeDue() loses no attack when freezing fails", async () => {
  using buffer = open();
  await accept(buffer, [guess(), guess("root", OTHER_IP)]);
  const { freeze } = freezing(START);
  const failing = (attack: Attack, home: Home | undefined) => {
    if (attack.sourceIp === IP) throw new Error("no");
    return freeze(attack, home);
  };
  await assert.rejects(buffer.freezeDue(AT_ONCE, 10, START, failing));
  const { pendingAttacks, pendingAttempts, waiting } = await buffer.status();
  assert.deepEqual([pendingAttacks, pendingAttempts, waiting], [2, 2, 0]);
});

Deno.test("freezeDue() leaves new attempts to a new attack, which knows what was reported", async () => {
  using buffer = open();
  await accept(buffer, [guess("root"), guess("pi")], START);
  const [first] = await freezeAll(buffer, START);
  assert.equal(first!.home, undefined);
  assert.equal((await buffer.status()).pendingAttacks, 0);
  await accept(buffer, [guess("root")], START + MINUTE);
  const { pendingAttacks, pendingAttempts } = await buffer.status();
  assert.deepEqual([pendingAttacks, pendingAttempts], [1, 1]);
  const [second] = await freezeAll(buffer, START + MINUTE);
  assert.equal(second!.attack.openedAt, START + MINUTE);
  assert.equal(second!.attack.alerts, 1);
  assert.deepEqual(second!.home, first!.frozen.home);
  assert.deepEqual(second!.frozen.home.usernames, { root: 2, pi: 1 });
  assert.deepEqual([second!.frozen.home.attempts, second!.frozen.home.alerts], [3, 3]);
  assert.equal(second!.frozen.home.eventUuid, "fa04dc62-89e1-5024-b207-249034a5af55");
});

Deno.test("freezeDue() supersedes a waiting report of the same event, sink by sink", async () => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await freezeAll(buffer, START, ["feed", "misp"]);
  const held = await lease(buffer);
  const [toFeed] = await buffer.reportsToTry(["feed"], 10, START);
  await buffer.markDelivered(held, toFeed!, "", START);
  const [toMisp] = await buffer.reportsToTry(["misp"], 10, START);
  await buffer.markRetry(held, toMisp!, "MISP is asleep", START + DAY, START);
  await accept(buffer, [guess()], START + 1);
  await freezeAll(buffer, START + 1, ["feed", "misp"]);
  const reports = await buffer.reportsToTry(["feed", "misp"], 10, START + 1);
  assert.deepEqual(
    reports.map(({ uuid, sink, attempts, tries, isKnownThere }) => [
      ...[uuid, sink, attempts, tries, isKnownThere],
    ]).sort(),
    [
      ["4d791ede-cb69-52b8-b4ce-5ed25132ef9d", "feed", 2, 0, true],
      ["4d791ede-cb69-52b8-b4ce-5ed25132ef9d", "misp", 2, 0, false],
    ],
  );
  const { waiting, delivered } = await buffer.status();
  assert.deepEqual([waiting, delivered], [2, 1]);
});

Deno.test("markDelivered() of a report that was superseded on its way leaves the newer one waiting", async () => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await freezeAll(buffer, START);
  const held = await lease(buffer);
  const old = await onlyReport(buffer);
  await accept(buffer, [guess()], START + 1);
  await freezeAll(buffer, START + 1);
  await buffer.markDelivered(held, old, "", START + 2);
  assert.equal((await onlyReport(buffer)).attempts, 2);
});

Deno.test("markDelivered() ends a report, and the next one of the event knows", async () => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await freezeAll(buffer, START);
  assert.equal((await onlyReport(buffer)).isKnownThere, false);
  await buffer.markDelivered(await lease(buffer), await onlyReport(buffer), "", START + 7);
  assert.deepEqual(await buffer.reportsToTry(["feed"], 10, Infinity), []);
  const { waiting, delivered, lastDeliveredAt } = await buffer.status();
  assert.deepEqual([waiting, delivered, lastDeliveredAt], [0, 1, START + 7]);
  await accept(buffer, [guess()], START + 8);
  await freezeAll(buffer, START + 8);
  assert.equal((await onlyReport(buffer)).isKnownThere, true);
});

Deno.test("markRefused() ends a report with its reason and keeps it", async () => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await freezeAll(buffer, START);
  await buffer.markRefused(await lease(buffer), await onlyReport(buffer), "bad ip", START + 7);
  assert.deepEqual(await buffer.reportsToTry(["feed"], 10, Infinity), []);
  const { waiting, refused, lastError } = await buffer.status();
  assert.deepEqual([waiting, refused, lastError], [0, 1, { at: START + 7, text: "bad ip" }]);
});

Deno.test("markRetry() puts a report off with the same bytes", async () => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await freezeAll(buffer, START);
  const before = await onlyReport(buffer);
  await buffer.markRetry(await lease(buffer), before, "later", START + MINUTE, START);
  assert.deepEqual(await buffer.reportsToTry(["feed"], 10, START + MINUTE - 1), []);
  assert.equal(await buffer.nextDueAt(DUE), START + MINUTE);
  assert.deepEqual(await onlyReport(buffer, START + MINUTE), { ...before, tries: 1 });
});

Deno.test("markDelivered(), markRefused(), markRetry() and pauseSink() of a publisher that was overtaken change nothing", async () => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await freezeAll(buffer, START);
  const late = await lease(buffer);
  await buffer.takeLease("publish", "another", MINUTE, START + 2 * MINUTE);
  const report = await onlyReport(buffer);
  await buffer.markDelivered(late, report, "", START);
  await buffer.markRefused(late, report, "no", START);
  await buffer.markRetry(late, report, "no", START + DAY, START);
  await buffer.pauseSink(late, { uuid: "", sink: "feed" }, "no", () => DAY, START);
  assert.deepEqual(await onlyReport(buffer, START), report);
  const { paused, lastError, delivered, refused } = await buffer.status();
  assert.deepEqual([paused, lastError, delivered, refused], [[], undefined, 0, 0]);
});

Deno.test("pauseSink() holds a sink's reports back, longer each time, and no other's", async () => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await freezeAll(buffer, START, ["feed", "misp"]);
  const held = await lease(buffer);
  const failures: number[] = [];
  const pause = (count: number) => {
    failures.push(count);
    return count * MINUTE;
  };
  await buffer.pauseSink(held, { uuid: "", sink: "misp" }, "unreachable", pause, START);
  const sinksOf = async (at: number) =>
    (await buffer.reportsToTry(["feed", "misp"], 10, at)).map(({ sink }) => sink);
  assert.deepEqual(await sinksOf(START), ["feed"]);
  assert.deepEqual(await sinksOf(START + MINUTE), ["feed", "misp"]);
  assert.deepEqual(await sinksOf(Infinity), ["feed", "misp"]);
  assert.equal(await buffer.nextDueAt({ ...DUE, sinks: ["misp"] }), START + MINUTE);
  assert.equal(await buffer.nextDueAt(DUE), START);
  await buffer.pauseSink(
    held,
    { uuid: "", sink: "misp" },
    "still unreachable",
    pause,
    START + MINUTE,
  );
  assert.deepEqual(failures, [1, 2]);
  assert.deepEqual((await buffer.status()).paused, [
    { sink: "misp", until: START + 3 * MINUTE, since: START, reason: "still unreachable" },
  ]);
});

Deno.test("pauseSink() forgets when a report was to be tried by a clock that was set back since", async () => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await freezeAll(buffer, START);
  const held = await lease(buffer);
  const pause = async (now: number) =>
    await buffer.pauseSink(held, await onlyReport(buffer, now), "down", () => MINUTE, now);
  await pause(START + DAY);
  // It is tried at once, and meets the same trouble.
  await pause(START + MINUTE);
  assert.equal(await buffer.nextDueAt(DUE, START + MINUTE), START + 2 * MINUTE);
  assert.equal((await buffer.reportsToTry(["feed"], 10, START + 2 * MINUTE)).length, 1);
});

Deno.test("pauseSink() is over with the first report that is delivered", async () => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await freezeAll(buffer, START);
  const held = await lease(buffer);
  await buffer.pauseSink(held, { uuid: "", sink: "feed" }, "full", () => DAY, START);
  await buffer.markDelivered(held, await onlyReport(buffer), "", START);
  assert.deepEqual((await buffer.status()).paused, []);
});

Deno.test("nextDueAt() tells when the first attack, report or sink comes up", async () => {
  using buffer = open();
  assert.equal(await buffer.nextDueAt(DUE), undefined);
  await accept(buffer, [guess()], START);
  assert.equal(await buffer.nextDueAt(DUE), START + 15 * MINUTE);
  for (let minute = 10; minute <= 50; minute += 10) {
    await accept(buffer, [guess()], START + minute * MINUTE);
  }
  assert.equal(await buffer.nextDueAt(DUE), START + 60 * MINUTE);
  await freezeAll(buffer, START + 60 * MINUTE, ["misp"]);
  assert.equal(await buffer.nextDueAt(DUE), START + 60 * MINUTE);
  assert.equal(await buffer.nextDueAt({ ...DUE, sinks: ["feed"] }), undefined);
});

Deno.test("takeLease() gives a lease to one, and again once it is given up", async () => {
  using buffer = open();
  const first = await buffer.takeLease("publish", "a", MINUTE, START);
  assert.deepEqual(first, { name: "publish", owner: "a", fence: 1 });
  assert.equal(await buffer.takeLease("publish", "b", MINUTE, START), undefined);
  assert.equal(await buffer.takeLease("publish", "a", MINUTE, START), undefined);
  assert.equal(await buffer.isLeaseHeld("publish", START), true);
  assert.equal(await buffer.isLeaseHeld("stay", START), false);
  assert.deepEqual(await buffer.takeLease("stay", "b", MINUTE, START), {
    name: "stay",
    owner: "b",
    fence: 1,
  });
  await buffer.releaseLease(first!);
  assert.equal(await buffer.isLeaseHeld("publish", START), false);
  const second = await buffer.takeLease("publish", "b", MINUTE, START);
  assert.deepEqual(second, { name: "publish", owner: "b", fence: 2 });
});

Deno.test("takeLease() takes a lease that ran out, and the late holder cannot touch it", async () => {
  using buffer = open();
  const late = await lease(buffer);
  assert.equal(await buffer.takeLease("publish", "b", MINUTE, START + MINUTE - 1), undefined);
  const taken = await buffer.takeLease("publish", "b", MINUTE, START + MINUTE);
  assert.deepEqual(taken, { name: "publish", owner: "b", fence: 2 });
  assert.equal(await buffer.renewLease(late, MINUTE, START + MINUTE), false);
  await buffer.releaseLease(late);
  assert.equal(await buffer.isLeaseHeld("publish", START + MINUTE), true);
});

Deno.test("renewLease() prolongs a lease, one that ran out too while nobody took it", async () => {
  using buffer = open();
  const held = await lease(buffer);
  assert.equal(await buffer.renewLease(held, MINUTE, START + MINUTE / 2), true);
  assert.equal(await buffer.isLeaseHeld("publish", START + MINUTE), true);
  assert.equal(await buffer.isLeaseHeld("publish", START + 1.5 * MINUTE), false);
  assert.equal(await buffer.renewLease(held, MINUTE, START + DAY), true);
  assert.equal(await buffer.takeLease("publish", "b", MINUTE, START + DAY), undefined);
});

Deno.test("takeLease() takes a lease of a time that a corrected clock is far from", async () => {
  using buffer = open();
  await buffer.takeLease("publish", "a", MINUTE, START + 365 * DAY);
  const taken = await buffer.takeLease("publish", "b", MINUTE, START);
  assert.deepEqual(taken, { name: "publish", owner: "b", fence: 2 });
});

Deno.test("takeLease() leaves a lease alone that its holder renewed while the taker waited its turn", async () => {
  using buffer = open();
  const held = await lease(buffer);
  // The taker read its clock first; then the holder's transaction went before it.
  assert.equal(await buffer.renewLease(held, MINUTE, START + 1000), true);
  assert.equal(await buffer.takeLease("publish", "b", MINUTE, START + 900), undefined);
});

Deno.test("takeLease() leaves a lease alone that was taken for longer than the taker would", async () => {
  using buffer = open();
  assert.ok(await buffer.takeLease("publish", "slow", 40 * MINUTE, START));
  assert.equal(await buffer.takeLease("publish", "fast", MINUTE, START + 1), undefined);
});

Deno.test("releaseLeaseUnlessDue() keeps the lease while something falls due by then", async () => {
  using buffer = open();
  const held = await lease(buffer);
  await accept(buffer, [guess()], START);
  const due = START + 15 * MINUTE;
  assert.equal(await buffer.releaseLeaseUnlessDue(held, DUE, due), false);
  assert.equal(await buffer.isLeaseHeld("publish", START), true);
  assert.equal(await buffer.releaseLeaseUnlessDue(held, DUE, due - 1), true);
  assert.equal(await buffer.isLeaseHeld("publish", START), false);
});

Deno.test("releaseLeaseUnlessDue() gives the lease up when nothing waits", async () => {
  using buffer = open();
  assert.equal(await buffer.releaseLeaseUnlessDue(await lease(buffer), DUE, Infinity), true);
  assert.equal(await buffer.isLeaseHeld("publish", START), false);
});

const KEEP = { seenMs: 7 * DAY, homeMs: 30 * DAY, connectionMs: 60 * MINUTE };

Deno.test("prune() forgets an alert id after its keep and not before", async () => {
  using buffer = open();
  const alert = guess("root", IP, { id: `${START / 1000 - 1}.1` });
  await accept(buffer, [alert], START);
  await buffer.prune(KEEP, START + 7 * DAY);
  assert.equal((await accept(buffer, [alert], START + 7 * DAY)).duplicate, 1);
  await buffer.prune(KEEP, START + 7 * DAY + 1);
  assert.equal((await accept(buffer, [alert], START + 7 * DAY + 1)).accepted, 1);
});

Deno.test("prune() tells that more alert ids are to be forgotten than it does at once", async () => {
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
  for (let times = 0; times < 4; times++) more.push(await buffer.prune(KEEP, later));
  assert.deepEqual(more, [true, true, false, false]);
  const { accepted } = await accept(buffer, [alerts[0]!, alerts[100_000]!], later);
  assert.equal(accepted, 2);
});

Deno.test("prune() keeps the totals of a source exact whenever it runs", async () => {
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
    await buffer.prune(KEEP, now);
    const [seen] = await freezeAll(buffer, now);
    attempts.push(seen!.frozen.home.attempts);
    await buffer.prune(KEEP, now += 61 * MINUTE);
    await buffer.prune(KEEP, now);
  }
  assert.deepEqual(attempts, [3, 3, 4, 4, 6]);
  const [last] = await accept(buffer, [guess()], now).then(() => freezeAll(buffer, now));
  assert.deepEqual(last!.attack.evidence.length, 1);
  assert.deepEqual(last!.home!.settled, { pam: 6, guesses: 4, connect: 0 });
});

Deno.test("prune() leaves the connections of an open attack alone, and those that may go on", async () => {
  using buffer = open();
  await accept(buffer, [guess("root", IP)], START);
  await accept(buffer, [guess("root", OTHER_IP)], START);
  const { freeze } = freezing(START);
  await buffer.freezeDue(AT_ONCE, 1, START, freeze);
  await buffer.prune(KEEP, START + 60 * MINUTE);
  await accept(buffer, [guess("root", OTHER_IP), guess("root", IP)], START + 60 * MINUTE);
  const seen = await freezeAll(buffer, START + 60 * MINUTE);
  assert.deepEqual(
    seen.map(({ attack, frozen }) => [
      attack.evidence[0]!.sshd,
      frozen.home.attempts,
    ]),
    [[2, 2], [2, 2]],
  );
});

Deno.test("prune() takes one line of two locations for one when it settles", async () => {
  using buffer = open();
  await accept(buffer, [
    guess("root", IP, { location: "journald" }),
    guess("root", IP, { location: "/var/log/auth.log" }),
  ]);
  await freezeAll(buffer, START);
  await buffer.prune(KEEP, START + DAY);
  await accept(buffer, [guess()], START + DAY);
  const [seen] = await freezeAll(buffer, START + DAY);
  assert.deepEqual(seen!.home!.settled, { pam: 0, guesses: 1, connect: 0 });
  assert.equal(seen!.frozen.home.attempts, 2);
});

Deno.test("prune() forgets delivered reports and still counts them", async () => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await freezeAll(buffer, START);
  await buffer.markDelivered(await lease(buffer), await onlyReport(buffer), "", START);
  await buffer.prune(KEEP, START + 8 * DAY);
  await buffer.prune(KEEP, START + 9 * DAY);
  assert.equal((await buffer.status()).delivered, 1);
});

Deno.test("prune() forgets a source after so much silence, and a report that waits never", async () => {
  using buffer = open();
  await accept(buffer, [guess()]);
  await freezeAll(buffer, START);
  await buffer.prune(KEEP, START + 30 * DAY);
  assert.equal((await buffer.status()).knownSources, 1);
  await buffer.prune(KEEP, START + 30 * DAY + 1);
  const { knownSources, waiting } = await buffer.status();
  assert.deepEqual([knownSources, waiting], [0, 1]);
});

Deno.test("status() of an empty buffer is all zeros", async () => {
  using buffer = open();
  const { bytes, ...status } = await buffer.status();
  assert.ok(bytes > 0 && bytes < 256 * 1024, String(bytes));
  assert.deepEqual(status, {
    pendingAttacks: 0,
    pendingAttempts: 0,
    oldestOpenedAt: undefined,
    waiting: 0,
    delivered: 0,
    refused: 0,
    dropped: 0,
    knownSources: 0,
    lastDeliveredAt: undefined,
    lastAcceptedAt: undefined,
    paused: [],
    lastError: undefined,
    accepted: 0,
    duplicate: 0,
    spoofedSrcip: 0,
    ignored: new Map(),
    givenUp: { alertIds: 0, usernames: 0, passwords: 0 },
  });
});

Deno.test("acceptTogether() tells each group what accept() of one after the other would", async () => {
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
  const told = await together.acceptTogether(groups, limits, START);
  const expected = [];
  for (const group of groups) expected.push(await apart.accept(group, limits, START));
  assert.deepEqual(told, expected);
  assert.deepEqual(told.map(({ accepted, duplicate }) => [accepted, duplicate]), [
    ...[[2, 0], [0, 1], [1, 0], [0, 0], [1, 0]],
  ]);
  assert.deepEqual(told[2]!.ignored, new Map([["not_an_attempt", 1]]));
  assert.deepEqual(await together.status(), await apart.status());
  const attacks = (all: Awaited<ReturnType<typeof freezeAll>>) => all.map(({ attack }) => attack);
  assert.deepEqual(
    attacks(await freezeAll(together, START)),
    attacks(await freezeAll(apart, START)),
  );
});
