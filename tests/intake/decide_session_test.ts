import assert from "node:assert/strict";
import { decide, decideItem } from "../../src/intake/decide.ts";
import { decideOneAlert } from "../../src/intake/decide_alert.ts";
import { createGuard } from "../../src/guard/guard.ts";
import { allowList, ownNames } from "../../src/guard/allow_list.ts";
import { items, NOW, record, sceneLines, sessionRules, SESSIONS } from "../cowrie/session_rig.ts";

const HASH = "a8460f446be540410004b1a8db4083773fa46f7fe76fa84219c93daa1669f8f2";
const guard = createGuard(
  { agentPrefixes: ["honeypot-"], agentLabels: [], publishPrivate: false },
  allowList(["203.0.113.0/24", "8.8.4.0/24"]),
  ownNames(["203.0.113.0/24", "Corp.example.org"]),
);
const rules = sessionRules({ guard });
const from = (data: Record<string, unknown>) => ({ src_ip: "82.202.219.155", ...data });
const url = (url: string) =>
  items(from({ eventid: "cowrie.session.file_download.failed", url }), rules);

Deno.test("decide() leaves out a session from our own networks, and private sources", () => {
  const connect = { eventid: "cowrie.session.connect" };
  assert.equal(items({ ...connect, src_ip: "203.0.113.7" }, rules), "allow_listed");
  assert.equal(items({ ...connect, src_ip: "10.0.0.7" }, rules), "special_address");
  assert.deepEqual(items(from(connect), rules), []);
});

Deno.test("decide() leaves our own addresses out of URLs, tunnels and commands", () => {
  assert.equal(url("http://8.8.4.7/x"), "session_harmless");
  assert.equal(url("http://[::ffff:8.8.4.7]/x"), "session_harmless");
  assert.equal(url("http://0x08080407/x"), "session_harmless");
  const download = { eventid: "cowrie.session.file_download", shasum: HASH };
  assert.deepEqual(items(from({ ...download, url: "http://8.8.4.7/x" }), rules), [
    { kind: "payload", value: HASH, ways: ["download"], names: ["x"] },
  ]);
  const tunnel = { eventid: "cowrie.direct-tcpip.request", dst_port: "25" };
  assert.equal(items(from({ ...tunnel, dst_ip: "8.8.4.7" }), rules), "session_harmless");
  assert.deepEqual(items(from({ ...tunnel, dst_ip: "8.8.8.8" }), rules), [
    { kind: "tunnel", value: "8.8.8.8:25" },
  ]);
  const input = "ping 8.8.4.7; nc 8.8.4.7:80 8.8.8.8:80. http://8.8.4.7/x 8.8.4.7. a.b:c::d 1.2.3";
  assert.deepEqual(items(from({ eventid: "cowrie.command.input", input }), rules), [{
    kind: "command",
    value: "ping [own address]; nc [own address]:80 8.8.8.8:80. http://[own address]/x " +
      "[own address]. a.b:c::d 1.2.3",
  }]);
});

Deno.test("decide() finds our own addresses in each word of a command", () => {
  const without: Readonly<Record<string, string>> = {
    "ssh -L 8080:8.8.4.7:80 -R22:Corp.example.org:22 8.8.8.8":
      "ssh -L 8080:[own address]:80 -R22:[own address]:22 8.8.8.8",
    "mysql -h8.8.4.7 -uroot": "mysql -h[own address] -uroot",
    "curl --resolve a.example:443:8.8.4.7 http://8.8.4.7.nip.io/8.8.4.7.sh":
      "curl --resolve a.example:443:[own address] http://[own address].nip.io/[own address].sh",
    "echo 18.8.4.7 8.8.40.7 8.8.4.7.1 1.8.8.4.7 [2001:db8::8.8.4.7]":
      "echo 18.8.4.7 8.8.40.7 8.8.4.7.1 1.8.8.4.7 [2001:db8::[own address]]",
    "scp root@8.8.4.7:/x :8.8.4.7:": "scp root@[own address]:/x :[own address]:",
  };
  for (const [input, value] of Object.entries(without)) {
    assert.deepEqual(items(from({ eventid: "cowrie.command.input", input }), rules), [
      { kind: "command", value },
    ]);
  }
});

Deno.test("decide() leaves our own addresses out of paths, file names and comments of keys", () => {
  const asked = "http://8.8.8.8/8.8.4.7/x?ip=8.8.4.7:22&h=a.corp.example.org";
  const masked = "http://8.8.8.8/***/x?ip=***:22&h=***";
  assert.deepEqual(url(asked), [{ kind: "url", value: masked }]);
  const download = { eventid: "cowrie.session.file_download", shasum: HASH };
  assert.deepEqual(items(from({ ...download, url: asked, destfile: "/tmp/8.8.4.7.sh" }), rules), [{
    ...{ kind: "payload", value: HASH, ways: ["download"] },
    ...{ names: ["[own address].sh"], urls: [{ url: masked }] },
  }]);
  const input =
    "echo ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMeMxZFltiDzdhPsZ9X3ZHpJ8YxNDgqzD2Yu570T1SsR" +
    " root@a.corp.example.org";
  const [, key] = items(from({ eventid: "cowrie.command.input", input }), rules) as readonly {
    comment?: string;
  }[];
  assert.equal(key?.comment, "root@[own address]");
});

Deno.test("decide() leaves out our own addresses that are escaped, or where a command is cut", () => {
  const hidden = "http://8.8.8.8/***";
  for (
    const query of ["?r=%38.8.4.7", "?r=a%2Ecorp%2eexample%2Eorg", "%38%2e8.4.7", "?r=%2538.8.4.7"]
  ) assert.deepEqual(url(`http://8.8.8.8/${query}`), [{ kind: "url", value: hidden }], query);
  const other = "http://8.8.8.8/?r=%38.8.40.7&x=%20";
  assert.deepEqual(url(other), [{ kind: "url", value: other }]);
  const short = sessionRules({ guard, sessions: { ...SESSIONS, maxCommandBytes: 64 } });
  const long = (host: string) => {
    const input = `${"x".repeat(12)} ${host} ${"y".repeat(100)}`;
    const [command] = items(from({ eventid: "cowrie.command.input", input }), short) as readonly {
      value: string;
    }[];
    return command!.value;
  };
  assert.doesNotMatch(long("a.corp.example.org"), /corp/);
  assert.match(long("b.corp.example.net"), /corp/);
});

Deno.test("decide() leaves our own names out of URLs, tunnels and commands, with all below them", () => {
  assert.equal(url("http://corp.example.org/x"), "session_harmless");
  assert.equal(url("http://a.CORP.example.org./x"), "session_harmless");
  assert.deepEqual(url("http://notcorp.example.org/x"), [
    { kind: "url", value: "http://notcorp.example.org/x" },
  ]);
  const tunnel = { eventid: "cowrie.direct-tcpip.request", dst_port: "25" };
  assert.equal(
    items(from({ ...tunnel, dst_ip: "mx.corp.example.org" }), rules),
    "session_harmless",
  );
  assert.equal(
    items(from({ ...tunnel, dst_ip: "mx.corp.example.org." }), rules),
    "session_harmless",
  );
  const input = "ssh admin@vpn.corp.example.org; curl http://Corp.example.org:81/x example.org";
  assert.deepEqual(items(from({ eventid: "cowrie.command.input", input }), rules), [{
    kind: "command",
    value: "ssh admin@[own address]; curl http://[own address]:81/x example.org",
  }]);
});

Deno.test("decide() looks for our own addresses in time in proportion to the command", () => {
  const long = sessionRules({ guard, sessions: { ...SESSIONS, maxCommandBytes: 64 * 1024 } });
  for (const part of ["a", "-", "8.8.4.7:", "8.", ":"]) {
    const input = part.repeat(64 * 1024).slice(0, 64 * 1024);
    const begun = performance.now();
    items(from({ eventid: "cowrie.command.input", input }), long);
    assert.ok(performance.now() - begun < 2_000, part);
  }
});

Deno.test("decide() marks addresses that nobody else can reach", () => {
  for (const host of ["10.0.0.9", "127.0.0.1", "router", "nas.local", "[fe80::1]", "a.home.arpa"]) {
    const [found] = url(`http://${host}/x`) as readonly { isPrivate?: boolean }[];
    assert.equal(found?.isPrivate, true, host);
  }
  for (const asked of ["tftp://127.1/x", "sftp://0xa000009/x", "scp://[::FFFF:10.0.0.9]/x"]) {
    const [found] = url(asked) as readonly { isPrivate?: boolean }[];
    assert.equal(found?.isPrivate, true, asked);
  }
  for (const host of ["8.8.8.8", "a.example.org", "[2606:4700::1111]"]) {
    const [found] = url(`http://${host}/x`) as readonly { isPrivate?: boolean }[];
    assert.equal(found?.isPrivate, undefined, host);
  }
});

Deno.test("decide() reads no session where session.enabled is false", () => {
  const { sessions: _, ...without } = rules;
  const alert = record(from({ eventid: "cowrie.session.connect" }));
  assert.deepEqual(decide(alert, without, NOW), {
    ...{ kind: "ignored", reason: "not_an_attempt" },
    key: { manager: "wazuh-manager-01", id: alert.id },
  });
});

Deno.test("decide() knows a Cowrie's own line, whatever its fields' order, by one id", () => {
  const line = JSON.parse(sceneLines.own[0]!) as Record<string, unknown>;
  const decision = decide(line, sessionRules(), NOW);
  assert.ok(decision.kind === "attempts" && decision.session !== undefined);
  assert.match(decision.key.id, /^[\w-]{22}$/);
  assert.equal(decision.session.sensor.name, "decoy-1");
  assert.equal(decision.session.at, Date.parse("2026-11-29T14:33:03.250Z"));
  const turned = Object.fromEntries(Object.entries(line).reverse());
  assert.deepEqual(decide(turned, sessionRules(), NOW).key, decision.key);
  const ids = sceneLines.own.map((text) => decide(JSON.parse(text), sessionRules(), NOW).key?.id);
  assert.equal(new Set(ids).size, sceneLines.own.length);
});

Deno.test("decide() keeps a Cowrie's own line as it is to be forwarded", () => {
  const value: unknown = JSON.parse(sceneLines.own[0]!);
  const keeping = sessionRules({ keepsText: true });
  const decision = decideItem({ value, where: "line 1" }, keeping, NOW);
  assert.ok(decision.kind === "attempts" && decision.text !== undefined);
  assert.deepEqual(decide(JSON.parse(decision.text), keeping, NOW).key, decision.key);
});

Deno.test("decide() reads the record that a finding of Wazuh 5 has kept", () => {
  const original = sceneLines.own.find((line) => line.includes("cowrie.command.input"))!;
  const finding = {
    "@timestamp": "2026-11-29T14:33:05.000Z",
    wazuh: {
      agent: { id: "007", name: "honeypot-cowrie" },
      cluster: { name: "wazuh", node: "node01" },
      event: { id: "0a1b2c3d" },
      rule: { id: "b5c1fb2e-0000-4000-8000-000000000001", title: "Cowrie" },
    },
    event: { original, category: ["process"] },
  };
  const decision = decide(finding, sessionRules(), NOW);
  assert.ok(decision.kind === "attempts");
  assert.deepEqual(decision.session?.items, [
    { kind: "command", value: "uname -a" },
  ]);
  const elsewhere = { ...finding, wazuh: { ...finding.wazuh, agent: { id: "1", name: "web" } } };
  const other = decide(elsewhere, sessionRules(), NOW);
  assert.equal(other.kind === "ignored" && other.reason, "not_honeypot");
});

Deno.test("decideOneAlert() leaves what tells of a session to code that is loaded then", () => {
  const of = (eventid: string) => {
    const text = JSON.stringify(record({ eventid, username: "root" }));
    return decideOneAlert(text, sessionRules(), NOW)?.kind;
  };
  assert.equal(of("cowrie.login.failed"), "attempts");
  for (const event of ["login.success", "session.connect", "command.input", "client.size"]) {
    assert.equal(of(`cowrie.${event}`), undefined);
  }
});
