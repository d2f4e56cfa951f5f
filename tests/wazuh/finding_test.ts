import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalAddress } from "../../src/address.ts";
import { attemptsOfFinding, isSshFailure, readFinding } from "../../src/wazuh/finding.ts";
import { parseSshdLine } from "../../src/wazuh/ssh/sshd_line.ts";
import { unwrap } from "../../src/wazuh/shapes.ts";

const SHAPES = new URL("../../fixtures/shapes/", import.meta.url);
const NOW = Date.UTC(2026, 10, 23);
const HEADER = "Aug 23 06:14:06 honeypot-fra1 sshd[26279]: ";

type Json = Record<string, unknown>;

function shape(name: string): Json {
  return JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, SHAPES))) as Json;
}

/** The dotted fixture with other fields; undefined takes a field away. */
function finding(changes: Json = {}): Json {
  const fields = Object.entries({ ...shape("5x-finding-dotted"), ...changes });
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

function read(value: unknown) {
  const found = readFinding(value);
  assert.ok(found);
  return found;
}

/** What a finding comes to, short enough to be read in a row. */
function outcome(changes: Json = {}): string {
  const found = read(finding(changes));
  if (!isSshFailure(found)) return "no SSH failure";
  const evidence = attemptsOfFinding(found, NOW);
  if ("reason" in evidence) return evidence.reason;
  const [one] = evidence.attempts;
  return `${one!.sourceIp} ${one!.username} ${one!.count}${
    evidence.spoofedSrcip ? " spoofed" : ""
  }`;
}

Deno.test("readFinding() reads every field of a nested finding", () => {
  assert.deepEqual(readFinding(shape("5x-finding")), {
    key: { manager: "node01", id: "0198d5f2-6e54-7c31-9a43-1f2b7c9d0e11" },
    at: Date.UTC(2026, 7, 23, 6, 14, 7, 412),
    ruleId: "4c1a8b5e-6f0d-4f8a-9d7e-2b6c0a9e5f13",
    techniques: [
      { id: "T1110.001", name: "Password Guessing" },
      { id: "T1021.004", name: "SSH" },
    ],
    sensor: { manager: "wazuh-manager-01", id: "007", name: "honeypot-fra1" },
    agentName: "honeypot-fra1",
    hostname: undefined,
    labels: new Map([["group.default", "true"], ["group.honeypots", "true"]]),
    location: "journald",
    fullLog: `${HEADER}Failed password for invalid user sammy from 82.202.219.155 port 51676 ssh2`,
    previousOutput: [],
    programName: "sshd",
    decoderName: "system-auth",
    claimedSource: "82.202.219.155",
    integration: undefined,
    data: { srcip: "82.202.219.155", srcport: "51676", srcuser: "sammy" },
    sourceLocation: {
      country: "Russia",
      countryCode: "RU",
      region: "St.-Petersburg",
      city: "Saint Petersburg",
      latitude: 59.8983,
      longitude: 30.2618,
      asn: 49505,
      organisation: "OOO Network of data-centers Selectel",
    },
    action: "authentication-failure",
    outcome: "failure",
    categories: ["authentication"],
    isFailure: true,
    isNameHarmless: true,
    messageAddresses: [],
  });
});

Deno.test("readFinding() reads dotted and mixed keys alike", () => {
  const nested = readFinding(shape("5x-finding"));
  assert.deepEqual(readFinding(shape("5x-finding-dotted")), nested);
  assert.deepEqual(readFinding(shape("5x-finding-mixed")), {
    ...nested,
    sourceLocation: undefined,
  });
});

Deno.test("readFinding() reads the flat line like the finding, but for its decoders", () => {
  const nested = readFinding(shape("5x-finding"));
  assert.deepEqual(readFinding(shape("5x-flat")), {
    ...nested,
    decoderName: undefined,
    sourceLocation: undefined,
  });
});

Deno.test("readFinding() takes the first id there is, and nothing without one", () => {
  const without = { "wazuh.event.id": undefined };
  const id = (changes: Json) => readFinding(finding({ ...without, ...changes }))?.key.id;
  assert.equal(id({ "event.id": "e", "event.doc_id": "d", _id: "i" }), "e");
  assert.equal(id({ "event.id": null, "event.doc_id": 17, _id: "i" }), "17");
  assert.equal(id({ "event.id": {}, "event.doc_id": ["a", "b"], _id: "i" }), "i");
  assert.equal(id({ _id: "" }), undefined);
  const flat = { format: "wazuh5-flat", id: "", event_id: "", document_id: "i" };
  assert.equal(readFinding(flat)?.key.id, "i");
  assert.equal(readFinding({ ...flat, document_id: "" }), undefined);
});

Deno.test("readFinding() names the manager by node, cluster or not at all", () => {
  const key = (changes: Json) => read(finding(changes)).key.manager;
  assert.equal(key({}), "node01");
  assert.equal(key({ "wazuh.cluster.node": undefined }), "wazuh-manager-01");
  const none = { "wazuh.cluster.node": "", "wazuh.cluster.name": [] };
  assert.equal(key(none), "wazuh-5");
  assert.equal(read(finding(none)).sensor.manager, "wazuh-5");
});

Deno.test("readFinding() is undefined for all that is no finding", () => {
  const others = [null, 1, "x", [], {}, { wazuh: {} }, { wazuh: { rule: {} } }, { wazuh: [] }];
  for (const other of [...others, { format: "wazuh5" }, { id: "1.2", rule: { id: "5710" } }]) {
    assert.equal(readFinding(other), undefined);
  }
  const polluted = JSON.parse('{"_id":"i","__proto__":{"wazuh":{"rule":{"id":"r"}}}}');
  assert.equal(readFinding(polluted), undefined);
});

Deno.test("readFinding() takes no field for what it is not", () => {
  const odd = read(finding({
    "@timestamp": 1787465647412,
    "wazuh.agent.id": 7,
    "wazuh.agent.name": ["honeypot-fra1"],
    "wazuh.agent.groups": "honeypots",
    "wazuh.protocol.location": { a: 1 },
    "wazuh.rule.mitre.subtechnique.id": ["T1110.001", 5, "<script>"],
    "wazuh.rule.mitre.technique.id": "T1078",
    "source.port": 51676,
    "source.ip": ["82.202.219.155", "8.8.8.8"],
    "user.name": null,
  }));
  assert.equal(odd.at, Date.UTC(2026, 7, 23, 6, 14, 7, 412));
  assert.deepEqual(odd.sensor, { manager: "wazuh-manager-01", id: "7", name: "honeypot-fra1" });
  assert.deepEqual([...odd.labels.keys()], ["group.honeypots"]);
  assert.equal(odd.location, "");
  assert.deepEqual(odd.techniques, [
    { id: "T1110.001", name: undefined },
    { id: "T1078", name: undefined },
  ]);
  assert.deepEqual(odd.data, { srcip: undefined, srcport: "51676", srcuser: undefined });
});

Deno.test("isSshFailure() knows failed SSH logins by what the event says", () => {
  const line = (message: string) => ({ "event.original": HEADER + message });
  assert.equal(outcome(), "82.202.219.155 sammy 1");
  assert.equal(outcome({ "event.action": "logon", "event.category": "AUTHENTICATION" }), outcome());
  assert.equal(
    outcome({ "event.action": undefined, "event.category": "process" }),
    "no SSH failure",
  );
  assert.equal(outcome({ "event.outcome": "success" }), "no SSH failure");
  assert.equal(
    outcome(line("Accepted password for root from 82.202.219.155 port 1 ssh2")),
    "no SSH failure",
  );
  assert.equal(outcome({ "process.name": "sshd-session" }), outcome());
  assert.equal(outcome({ "process.name": undefined }), outcome());
});

Deno.test("isSshFailure() knows an unlabelled event by its line", () => {
  const labels = { "event.action": undefined, "event.outcome": "", "event.category": [] };
  const unlabelled = (message: string) =>
    outcome({ ...labels, "event.original": HEADER + message });
  assert.equal(unlabelled("Invalid user pi from 192.0.2.7 port 9"), "192.0.2.7 pi 1 spoofed");
  assert.equal(
    unlabelled("Connection closed by invalid user pi 192.0.2.7 port 9 [preauth]"),
    "no SSH failure",
  );
  assert.equal(unlabelled("Server listening on 0.0.0.0 port 22."), "no SSH failure");
});

Deno.test("isSshFailure() takes no look-alike of another program", () => {
  const pam = (program: string) =>
    `Aug 23 06:14:06 honeypot-fra1 ${program}[9]: pam_unix(${program}:auth): authentication failure; ` +
    "logname= uid=0 euid=0 tty=ssh ruser= rhost=82.202.219.155  user=root";
  for (const program of ["su", "sudo", "vsftpd", "login", "dovecot"]) {
    assert.equal(
      outcome({ "process.name": program, "event.original": pam(program) }),
      "no SSH failure",
    );
    assert.equal(outcome({ "process.name": program }), "no SSH failure");
    assert.equal(outcome({ "event.original": pam(program) }), "no SSH failure");
    const nameless = { "process.name": undefined, "event.original": pam(program) };
    assert.equal(outcome(nameless), "no SSH failure");
  }
  assert.equal(outcome({ "process.name": ["sshd", "su"] }), "no SSH failure");
  const headless = "Failed password for root from 82.202.219.155 port 1 ssh2";
  assert.equal(outcome({ "event.original": headless }), "82.202.219.155 root 1");
  assert.equal(
    outcome({ "process.name": undefined, "event.original": headless }),
    "no SSH failure",
  );
});

Deno.test("attemptsOfFinding() takes the address of the line, not the one in the user name", () => {
  assert.equal(
    outcome({
      "event.original":
        `${HEADER}Failed password for invalid user root from 8.8.8.8 from 82.202.219.155 port 51676 ssh2`,
      "source.ip": "8.8.8.8",
      "user.name": "root",
    }),
    "82.202.219.155 root from 8.8.8.8 1 spoofed",
  );
});

Deno.test("attemptsOfFinding() takes source.ip of an unknown line only when the line confirms it", () => {
  const unknown = (message: string, changes: Json = {}) =>
    outcome({ "event.original": HEADER + message, ...changes });
  const confirmed = "fresh wording for sammy from 82.202.219.155 port 5 ssh2";
  assert.equal(unknown(confirmed), "82.202.219.155 sammy 1");
  assert.equal(unknown(confirmed, { "source.ip": "8.8.8.8" }), "no_address");
  assert.equal(unknown(confirmed, { "user.name": "sammy from nowhere" }), "no_address");
  assert.equal(unknown("fresh wording without a source"), "no_address");
  assert.equal(
    unknown("fresh 8.8.8.8 wording for sammy from 82.202.219.155 port 5 ssh2"),
    "no_address",
  );
  assert.equal(outcome({ "event.original": ["two", "lines"] }), "no_address");
  assert.equal(outcome({ "event.original": { line: "x" } }), "no_address");
});

Deno.test("attemptsOfFinding() takes source.ip without a line only beside a harmless name", () => {
  const bare = (changes: Json = {}) => outcome({ "event.original": undefined, ...changes });
  assert.equal(bare(), "82.202.219.155 sammy 1");
  assert.equal(bare({ "event.original": "" }), "82.202.219.155 sammy 1");
  assert.equal(bare({ "user.name": undefined }), "82.202.219.155 undefined 1");
  assert.equal(bare({ "source.ip": "::ffff:192.0.2.7" }), "192.0.2.7 sammy 1");
  assert.equal(bare({ "source.ip": "scanner.example.org" }), "host_name");
  assert.equal(bare({ "source.ip": undefined }), "no_address");
  assert.equal(bare({ "source.ip": { v4: "82.202.219.155" } }), "no_address");
  const forging = ["root from 8.8.8.8", "8.8.8.8", "x FROM y", "from", "a:2001:db8::1", "u,::1"];
  for (const name of [...forging, { name: "x" }, ["a", "b"], true]) {
    assert.equal(bare({ "user.name": name }), "no_address");
  }
});

Deno.test("attemptsOfFinding() takes no source.ip that the message contradicts", () => {
  const bare = (message: unknown) => outcome({ "event.original": undefined, message });
  assert.equal(bare("login of sammy failed, from 82.202.219.155"), "82.202.219.155 sammy 1");
  assert.equal(bare("a login failed"), "82.202.219.155 sammy 1");
  assert.equal(bare("login failed: 203.0.113.7 port 4711"), "no_address");
  assert.equal(bare("82.202.219.155 or 2001:db8::7"), "no_address");
  assert.equal(bare(["a login failed", "from 203.0.113.7"]), "no_address");
});

Deno.test("attemptsOfFinding() reads message where a decoder kept no original", () => {
  const message = "Failed password for root from 8.8.8.8 from 82.202.219.155 port 51676 ssh2";
  const changes = {
    "event.original": undefined,
    "source.ip": "8.8.8.8",
    "user.name": "root",
    message,
  };
  assert.equal(outcome(changes), "82.202.219.155 root from 8.8.8.8 1 spoofed");
});

const FIXTURES = [...Deno.readDirSync(SHAPES)].map(({ name }) => name.replace(".json", "")).sort()
  .filter((name) => name.startsWith("5x"));

/** Every address that is written anywhere in a text. */
function addressesIn(text: string): Set<string> {
  const parts = text.split(/[^0-9a-fA-F.:]+/).flatMap((part) => [part, part.replace(/[.:]+$/, "")]);
  return new Set(parts.map(canonicalAddress).filter((address) => address !== undefined));
}

/** The value with one node of it, found by walking on along numbers, replaced. */
function mutated(value: unknown, path: readonly number[], replacement: unknown): unknown {
  const isLeaf = typeof value !== "object" || value === null;
  if (isLeaf || path.length === 0) return replacement;
  const keys = Object.keys(value);
  const key = keys[path[0]! % keys.length];
  if (key === undefined) return replacement;
  const inner = mutated((value as Json)[key], path.slice(1), replacement);
  if (Array.isArray(value)) return value.map((one, at) => String(at) === key ? inner : one);
  return { ...value, [key]: inner };
}

Deno.test("readFinding() never throws on any JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (value, inner) => {
      readFinding(value);
      const found = readFinding({
        _id: "i",
        wazuh: { rule: { id: "r" }, agent: inner },
        event: value,
      });
      if (found !== undefined) attemptsOfFinding(found, NOW);
    }),
    { numRuns: 3000 },
  );
});

const HOSTILE = fc.constantFrom<unknown>(
  "root from 8.8.8.8",
  "8.8.8.8",
  ["8.8.8.8"],
  "192.0.2.1",
  `${HEADER}Failed password for root from 8.8.8.8 from 192.0.2.1 port 5 ssh2`,
  `${HEADER}Invalid user  from 192.0.2.1`,
  `${HEADER}something new from 192.0.2.1 port 5 ssh2`,
  `${HEADER}something new for 8.8.8.8 from 192.0.2.1 port 5 ssh2`,
  undefined,
  null,
  "",
  [],
  {},
  1e309,
  "\ud800",
  "x".repeat(1 << 16),
);

/**
 * Fails when an attempt has an address that neither sshd's line nor, without one, source.ip has.
 *
 * @returns how many findings had attempts
 */
function checkAddresses(value: unknown): number {
  let read = 0;
  for (const item of unwrap(value)) {
    const found = readFinding(item);
    if (found === undefined || !isSshFailure(found)) continue;
    const evidence = attemptsOfFinding(found, NOW);
    if ("reason" in evidence) continue;
    read++;
    const line = found.fullLog;
    const source = line === undefined ? found.data.srcip : parseSshdLine(line)?.source;
    const allowed = addressesIn(String(source ?? line));
    for (const { sourceIp } of evidence.attempts) assert.ok(allowed.has(sourceIp), sourceIp);
    const isKnown = line !== undefined && parseSshdLine(line) !== undefined;
    if (!isKnown) assert.doesNotMatch(String(found.data.srcuser), /(^|\s)from(\s|$)|(\d+\.){3}\d/);
  }
  return read;
}

Deno.test("attemptsOfFinding() yields no address that is not in the evidence of a mutated fixture", () => {
  const fixtures = FIXTURES.map(shape);
  const path = fc.array(fc.nat({ max: 40 }), { maxLength: 9 });
  const change = fc.tuple(path, fc.oneof(HOSTILE, fc.jsonValue()));
  const anyFixture = fc.constantFrom(...fixtures);
  let read = 0;
  fc.assert(
    fc.property(anyFixture, fc.array(change, { maxLength: 4 }), (fixture, changes) => {
      read += checkAddresses(
        changes.reduce<unknown>((value, [path, by]) => mutated(value, path, by), fixture),
      );
    }),
    { numRuns: 10_000 },
  );
  assert.ok(read > 200, `only ${read} were read`);
});

Deno.test("attemptsOfFinding() yields no address that is not in the evidence of hostile fields", () => {
  const fields = ["event.original", "source.ip", "user.name", "message", "process.name"];
  const record = fc.record(
    Object.fromEntries(fields.map((name) => [name, HOSTILE])),
    { requiredKeys: [] },
  );
  let read = 0;
  const property = fc.property(record, (changes) => {
    read += checkAddresses(finding(changes));
  });
  fc.assert(property, { numRuns: 10_000 });
  assert.ok(read > 200, `only ${read} were read`);
});
