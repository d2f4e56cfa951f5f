import assert from "node:assert/strict";
import { readFormats } from "../../src/config/formats.ts";
import { CowrieSessions } from "../../src/cowrie/sessions.ts";
import { decide } from "../../src/intake/decide.ts";
import { decideOneAlert } from "../../src/intake/decide_alert.ts";
import { defaultRules } from "../support/fixtures.ts";
import {
  decoyAlert,
  endlessh,
  heralding,
  heraldingSession,
  openCanary,
  sshesame,
} from "./decoy_alerts.ts";

const NOW = Date.UTC(2026, 10, 23);
type Changes = Partial<ReturnType<typeof defaultRules>>;

function decisionOn(alert: unknown, changes: Changes = {}) {
  return decide(alert, { ...defaultRules(), ...changes }, NOW);
}

/** The attempts of an alert; none where it is ignored. */
function attemptsOf(alert: unknown, changes: Changes = {}) {
  const decision = decisionOn(alert, changes);
  return decision.kind === "ignored" ? [] : decision.attempts;
}

/** Service, class, address, user name and password of each attempt, or the reason. */
function read(alert: unknown, changes: Changes = {}) {
  const decision = decisionOn(alert, changes);
  if (decision.kind === "ignored") return decision.reason;
  return decision.attempts.map((one) =>
    `${one.service} ${one.evidence} ${one.sourceIp} ${one.username} ${one.password ?? "-"}`
  ).join(", ");
}

Deno.test("attemptsOfDecoy() reads a login at an OpenCanary", () => {
  assert.equal(read(openCanary()), "ssh sshd 203.0.113.25 root -");
  const [attempt] = attemptsOf(openCanary(), { takesPasswords: true });
  const { sourceIp, at, evidence, count, username, password, service, isCompromise } = attempt!;
  assert.deepEqual(
    { sourceIp, at, evidence, count, username, password, service, isCompromise },
    {
      sourceIp: "203.0.113.25",
      at: Date.UTC(2026, 10, 22, 14, 33, 2, 512),
      evidence: "sshd",
      count: 1,
      username: "root",
      password: "hunter2",
      service: "ssh",
      isCompromise: false,
    },
  );
  assert.equal(attempt!.isLogin, undefined);
  // Numbers stay numbers where another program than Wazuh sent the record.
  assert.equal(read(openCanary({ logtype: 4002 })), "ssh sshd 203.0.113.25 root -");
});

Deno.test("attemptsOfDecoy() counts no connection, banner or other service of an OpenCanary", () => {
  assert.equal(read(openCanary({ logtype: "4000", logdata: { SESSION: "3" } })), "not_an_attempt");
  assert.equal(read(openCanary({ logtype: "4001" })), "not_an_attempt");
  assert.equal(read(openCanary({ logtype: "2000" })), "other_rule");
  assert.equal(read(openCanary({ logtype: "6001" })), "not_ssh");
  const telnet = read(openCanary({ logtype: "6001" }), { takesTelnet: true });
  assert.equal(telnet, "telnet sshd 203.0.113.25 root -");
});

Deno.test("attemptsOfDecoy() reads logins at an sshesame, refused or not", () => {
  const login = (accepted: unknown) =>
    read(sshesame("password_auth", { user: "root", accepted, password: "hunter2" }), {
      takesPasswords: true,
    });
  assert.equal(login("false"), "ssh sshd 203.0.113.26 root hunter2");
  assert.equal(login("true"), "ssh sshd 203.0.113.26 root hunter2");
  assert.equal(login(true), "ssh sshd 203.0.113.26 root hunter2");
  const answers = { user: "root", accepted: "false", answers: ["hunter2"] };
  assert.equal(
    read(sshesame("keyboard_interactive_auth", answers), { takesPasswords: true }),
    "ssh sshd 203.0.113.26 root hunter2",
  );
  assert.equal(
    read(sshesame("no_auth", { user: "root", accepted: "false" })),
    "other_rule",
  );
  assert.equal(read(sshesame("connection", { client_version: "SSH-2.0-Go" })), "other_rule");
});

Deno.test("attemptsOfDecoy() counts the keys of one connection as one probe", () => {
  const rules = { cowrieSessions: new CowrieSessions() };
  const key = (port: number) =>
    sshesame("public_key_auth", { user: "root", accepted: "false", public_key: "SHA256:x" }, {
      source: `203.0.113.26:${port}`,
    });
  assert.equal(read(key(51234), rules), "ssh connect 203.0.113.26 root -");
  assert.equal(read(key(51234), rules), "not_an_attempt");
  assert.equal(read(key(51235), rules), "ssh connect 203.0.113.26 root -");
});

Deno.test("attemptsOfDecoy() reads Heralding's guesses, alone and by the session", () => {
  assert.equal(
    read(heralding(), { takesPasswords: true }),
    "ssh sshd 203.0.113.27 root hunter2",
  );
  assert.equal(read(heralding({ protocol: "telnet" })), "not_ssh");
  assert.equal(
    read(heralding({ protocol: "telnet" }), { takesTelnet: true }),
    "telnet sshd 203.0.113.27 root -",
  );
  assert.equal(read(heralding({ protocol: "ftp" })), "not_ssh");
  assert.equal(
    read(heraldingSession(), { takesPasswords: true }),
    "ssh sshd 203.0.113.27 root hunter2, ssh sshd 203.0.113.27 pi raspberry",
  );
  assert.deepEqual(attemptsOf(heraldingSession()).map(({ at }) => at), [
    Date.UTC(2026, 10, 22, 14, 33, 0, 732),
    Date.UTC(2026, 10, 22, 14, 33, 2, 686),
  ]);
  const empty = { num_auth_attempts: "0", auth_attempts: undefined };
  assert.equal(read(heraldingSession(empty)), "not_an_attempt");
  assert.equal(read(heraldingSession({ auth_attempts: ["root", null, 7] })), "not_an_attempt");
});

Deno.test("attemptsOfDecoy() counts a connection to an endlessh as a probe", () => {
  assert.equal(read(endlessh("ACCEPT")), "ssh connect 203.0.113.28 undefined -");
  assert.equal(read(endlessh("CLOSE")), "not_an_attempt");
});

Deno.test("attemptsOfDecoy() keeps the guesses of a connection together", () => {
  const pidOf = (alert: unknown) => attemptsOf(alert)[0]!.pid;
  assert.equal(pidOf(openCanary()), pidOf(openCanary({}, { USERNAME: "pi" })));
  assert.notEqual(pidOf(openCanary()), pidOf(openCanary({ src_port: "51235" })));
  assert.equal(pidOf(heralding()), pidOf(heraldingSession()));
  const longest = openCanary({ src_port: "9".repeat(10_000) });
  assert.ok(Number.isSafeInteger(pidOf(longest)));
});

Deno.test("attemptsOfDecoy() keeps names as they were sent", () => {
  const name = (USERNAME: unknown) => attemptsOf(openCanary({}, { USERNAME }))[0]!.username;
  assert.equal(name(undefined), "");
  assert.equal(name("m\u00fcller"), "m\u00fcller");
  assert.equal(name([1, 2]), "[1,2]");
  assert.equal(name({ from: "8.8.8.8" }), "");
  assert.equal(name("a".repeat(100_000)), "a".repeat(255));
});

Deno.test("attemptsOfDecoy() goes by the alert's time where the record's cannot be true", () => {
  const at = (utc_time: unknown) => attemptsOf(openCanary({ utc_time }))[0]!.at;
  const ofAlert = Date.UTC(2026, 10, 22, 14, 33, 4, 710);
  assert.equal(at("2026-11-21 01:02:03.000000"), Date.UTC(2026, 10, 21, 1, 2, 3));
  for (const odd of ["1970-01-01 00:00:00", "2099-01-01 00:00:00", "soon", {}, undefined]) {
    assert.equal(at(odd), ofAlert);
  }
});

Deno.test("attemptsOfDecoy() reads an address with and without a port, and nothing else", () => {
  const from = (source: unknown) =>
    read(sshesame("password_auth", { user: "a", accepted: "false" }, { source }));
  assert.equal(from("203.0.113.26"), "ssh sshd 203.0.113.26 a -");
  assert.equal(from("[2001:db8::7]:51234"), "ssh sshd 2001:db8::7 a -");
  assert.equal(from("2001:db8::7"), "ssh sshd 2001:db8::7 a -");
  assert.equal(from("[::ffff:203.0.113.26]:51234"), "ssh sshd 203.0.113.26 a -");
  assert.equal(from(["203.0.113.26:22"]), "ssh sshd 203.0.113.26 a -");
  const names = [
    "scanner.example.org:22",
    "fe80::1%eth0",
    "[fe80::1%eth0]:22",
    "203.0.113.26:22:22",
    "203.0.113.26:222222",
    "203.0.113.026:22",
    "203.0.113.26:22 8.8.8.8",
    "203.0.113.26\n",
    "[203.0.113.26",
    "9".repeat(1_000_000),
  ];
  for (const name of names) assert.equal(from(name), "host_name");
  for (const none of [["203.0.113.26", "8.8.8.8"], { ip: "8.8.8.8" }, ""]) {
    assert.equal(from(none), "no_address");
  }
  assert.equal(from(null), "other_rule");
});

Deno.test("attemptsOfDecoy() asks the same guard as for every other alert", () => {
  const guarded = defaultRules({ publishPrivate: false, allowNetworks: ["198.51.100.0/24"] });
  assert.equal(read(openCanary({ src_host: "10.0.0.7" }), guarded), "special_address");
  assert.equal(read(openCanary({ src_host: "198.51.100.7" }), guarded), "allow_listed");
  const office = { ...openCanary(), agent: { id: "012", name: "office" } };
  assert.equal(read(office), "not_honeypot");
});

Deno.test("attemptsOfDecoy() reads an alert whose rule is in rules.ids, too", () => {
  const rules = defaultRules();
  const ruleIds = new Set([...rules.ruleIds, "100510"]);
  assert.equal(read(openCanary(), { ruleIds }), "ssh sshd 203.0.113.25 root -");
  assert.equal(read(decoyAlert({ app: "x" }), { ruleIds }), "not_ssh");
});

Deno.test("attemptsOfDecoy() is not asked about lines of sshd", () => {
  const line = { ...openCanary(), decoder: { name: "sshd" } };
  assert.equal(read(line), "other_rule");
});

Deno.test("decideOneAlert() leaves the records of other honeypots to decide()", () => {
  const one = (alert: unknown) => decideOneAlert(JSON.stringify(alert), defaultRules(), NOW)?.kind;
  assert.equal(one(openCanary()), undefined);
  assert.equal(one({ ...openCanary(), decoder: { name: "sshd" } }), "ignored");
  const cowrie = { eventid: "cowrie.login.failed", src_ip: "203.0.113.25", username: "root" };
  assert.equal(one(decoyAlert(cowrie)), "attempts");
});

const OWN = readFormats([{
  name: "my-honeypot",
  when: { "data.app": ["my-honeypot", "my-honeypot-2"] },
  event: "data.kind",
  failed: "refused",
  success: ["accepted"],
  connect: "opened",
  key: "key",
  source: "data.peer.address",
  user: "data.dstuser",
  password: "data.secret",
  session: "data.conn",
  protocol: "data.proto",
}]);

const own = (kind: string, changes: Record<string, unknown> = {}) =>
  decoyAlert({
    app: "my-honeypot",
    kind,
    peer: { address: "203.0.113.29" },
    dstuser: "root",
    secret: "hunter2",
    conn: "17",
    proto: "SSH",
    ...changes,
  });

Deno.test("attemptsOfDecoy() reads a format of the configuration", () => {
  const rules = { formats: OWN };
  assert.equal(read(own("refused")), "other_rule");
  assert.equal(read(own("refused"), rules), "ssh sshd 203.0.113.29 root -");
  assert.equal(read(own("accepted"), rules), "ssh sshd 203.0.113.29 root -");
  assert.equal(read(own("opened"), rules), "ssh connect 203.0.113.29 undefined -");
  assert.equal(read(own("key"), rules), "ssh connect 203.0.113.29 root -");
  assert.equal(read(own("closed"), rules), "not_an_attempt");
  assert.equal(read(own("refused", { proto: "telnet" }), rules), "not_ssh");
  assert.equal(read(own("refused", { proto: undefined }), rules), "not_ssh");
  assert.equal(read(own("refused", { app: "my-honeypot-2" }), rules), read(own("refused"), rules));
  assert.equal(read(own("refused", { app: "other" }), rules), "other_rule");
  // Indexers join the names of keys.
  const { peer: _, ...flat } = own("refused").data as Record<string, unknown>;
  const joined = decoyAlert({ ...flat, "peer.address": "203.0.113.30" });
  assert.equal(read(joined, rules), "ssh sshd 203.0.113.30 root -");
  assert.equal(read(openCanary(), rules), "ssh sshd 203.0.113.25 root -");
});

Deno.test("attemptsOfDecoy() reads a user's format before the table's", () => {
  const formats = readFormats([{
    name: "opencanary",
    when: { "data.node_id": "*" },
    event: "data.logtype",
    failed: "4002",
    source: "data.dst_host",
  }]);
  assert.equal(read(openCanary(), { formats }), "ssh sshd 10.20.0.11 undefined -");
});
