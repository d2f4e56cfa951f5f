import assert from "node:assert/strict";
import { CowrieSessions } from "../../src/cowrie/sessions.ts";
import { decide } from "../../src/intake/decide.ts";
import { defaultRules } from "../support/fixtures.ts";

const NOW = Date.UTC(2026, 10, 23);
let made = 0;

/** A record as Wazuh's decoder gives it: all values are texts. */
function record(data: Record<string, unknown>, decoder = "json") {
  return {
    timestamp: "2026-11-22T14:33:04.710+0000",
    rule: { level: 5, description: "Cowrie", id: "100500", groups: ["cowrie"] },
    agent: { id: "007", name: "honeypot-cowrie" },
    manager: { name: "wazuh-manager-01" },
    id: `1795962784.${++made}`,
    decoder: { name: decoder },
    data: {
      eventid: "cowrie.login.failed",
      username: "root",
      src_ip: "203.0.113.25",
      session: "5d77535d8ac4",
      ...data,
    },
    location: "/var/log/cowrie/cowrie.json",
  };
}

/** What a record comes to: service, class and user name, or the reason. */
function read(alert: unknown, changes: Partial<ReturnType<typeof defaultRules>> = {}) {
  const decision = decide(alert, { ...defaultRules(), ...changes }, NOW);
  if (decision.kind === "ignored") return decision.reason;
  return decision.attempts.map(({ service, evidence, username }) =>
    `${service} ${evidence} ${username}`
  ).join();
}

Deno.test("attemptsOfCowrie() takes a login without a protocol as one of SSH", () => {
  assert.equal(read(record({})), "ssh sshd root");
  assert.equal(read(record({ eventid: "cowrie.login.success" })), "ssh sshd root");
  assert.equal(read(record({ protocol: "" })), "ssh sshd root");
  assert.equal(read(record({ dst_port: "2222" })), "ssh sshd root");
  assert.equal(
    read(record({ system: "SSHService 'ssh-userauth',1,203.0.113.25" })),
    "ssh sshd root",
  );
});

Deno.test("attemptsOfCowrie() knows Telnet by the port, and by the name of Cowrie's class", () => {
  const telnet = [
    { dst_port: "2223" },
    { dst_port: 23 },
    { system: "CowrieTelnetTransport,12,203.0.113.25" },
    { protocol: "telnet" },
  ];
  for (const data of telnet) {
    assert.equal(read(record(data)), "not_ssh");
    assert.equal(read(record(data), { takesTelnet: true }), "telnet sshd root");
  }
  assert.equal(read(record({ protocol: "ssh", dst_port: "2223" })), "ssh sshd root");
  assert.equal(read(record({ protocol: "ftp" }), { takesTelnet: true }), "not_ssh");
});

Deno.test("attemptsOfCowrie() goes by the connect record of the session", () => {
  const cowrieSessions = new CowrieSessions();
  const rules = { cowrieSessions };
  const connect = { eventid: "cowrie.session.connect", username: undefined };
  assert.equal(read(record({ ...connect, protocol: "telnet" }), rules), "not_an_attempt");
  const other = { ...connect, protocol: "ssh", session: "a00000000001", dst_port: "2223" };
  assert.equal(read(record(other), rules), "not_an_attempt");
  assert.equal(read(record({}), rules), "not_ssh");
  assert.equal(read(record({ session: "a00000000001" }), rules), "ssh sshd root");
  const elsewhere = { ...record({}), agent: { id: "008", name: "honeypot-cowrie2" } };
  assert.equal(read(elsewhere, rules), "ssh sshd root");
});

Deno.test("CowrieSessions.serviceOf() forgets the oldest of more than 10,000 sessions", () => {
  const sessions = new CowrieSessions();
  for (let number = 0; number <= 10_000; number++) sessions.remember(`${number}`, "telnet");
  assert.deepEqual(["0", "1", "10000"].map((one) => sessions.serviceOf(one)), [
    undefined,
    "telnet",
    "telnet",
  ]);
});

Deno.test("attemptsOfCowrie() reads the records of any decoder", () => {
  assert.equal(read(record({}, "cowrie")), "ssh sshd root");
  assert.equal(read({ ...record({}), decoder: undefined }), "ssh sshd root");
  // An indexer gives lists of one.
  const listed = { eventid: ["cowrie.login.failed"], src_ip: ["203.0.113.25"] };
  assert.equal(read(record(listed)), "ssh sshd root");
  assert.equal(read(record({ src_ip: undefined }, "cowrie")), "no_address");
  assert.equal(read(record({ eventid: "other.login.failed" }, "cowrie")), "other_rule");
});

Deno.test("attemptsOfCowrie() keeps names as they were sent", () => {
  const name = (username: unknown) => read(record({ username })).slice("ssh sshd ".length);
  assert.equal(name("m\\xc3\\xbcller"), "müller");
  assert.equal(name("\\xd0\\xbf\\xd0\\xb0"), "па");
  assert.equal(name("\\xff\\xc3"), "\\xff\\xc3");
  assert.equal(name("a\\x0ab"), "a\\x0ab");
  assert.equal(name(undefined), "");
  assert.equal(name(""), "");
  assert.equal(name([1, 2]), "[1,2]");
  assert.equal(name(["a", null]), '["a",null]');
  assert.equal(name(123456), "123456");
});

Deno.test("attemptsOfCowrie() counts the keys of a session as one probe", () => {
  const rules = { cowrieSessions: new CowrieSessions() };
  const key = (session: string) =>
    record({
      eventid: "cowrie.client.fingerprint",
      fingerprint: "aa:bb",
      type: "ssh-rsa",
      session,
    });
  const first = key("a00000000001");
  assert.equal(read(first, rules), "ssh connect root");
  assert.equal(read(key("a00000000001"), rules), "not_an_attempt");
  assert.equal(read(key("a00000000002"), rules), "ssh connect root");
  assert.equal(read(first, rules), "ssh connect root", "it was not stored, and is sent again");
});

Deno.test("attemptsOfCowrie() takes a key that was refused for no guess of a password", () => {
  const rules = { cowrieSessions: new CowrieSessions() };
  const refused = (more: object) =>
    record({ fingerprint: "aa:bb", key: "ssh-ed25519 AAAA", type: "ssh-ed25519", ...more });
  assert.equal(read(refused({}), rules), "ssh connect root");
  assert.equal(read(refused({}), rules), "not_an_attempt");
  // Two sources may have a session of one id, on two Cowries of one agent.
  assert.equal(read(refused({ src_ip: "203.0.113.26" }), rules), "ssh connect root");
  const accepted = { eventid: "cowrie.login.success" };
  assert.equal(read(refused(accepted), rules), "ssh sshd root");
});
