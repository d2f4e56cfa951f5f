import assert from "node:assert/strict";
import { SESSION_LIMITS, type SessionItem } from "../../src/session_evidence.ts";
import { items, read, sessionRules, SESSIONS } from "./session_rig.ts";

const HASH = "a8460f446be540410004b1a8db4083773fa46f7fe76fa84219c93daa1669f8f2";
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIMeMxZFltiDzdhPsZ9X3ZHpJ8YxNDgqzD2Yu570T1SsR";
const download = (data: Record<string, unknown>) =>
  items({ eventid: "cowrie.session.file_download", ...data });
const command = (input: unknown) => items({ eventid: "cowrie.command.input", input });

Deno.test("readSession() reads begin, login and end of a session", () => {
  const of = (data: Record<string, unknown>) => {
    const session = read(data);
    if (typeof session !== "object") return session;
    const { isConnect, isLogin, durationMs } = session;
    return [isConnect, isLogin, durationMs];
  };
  assert.deepEqual(of({ eventid: "cowrie.session.connect" }), [true, false, undefined]);
  assert.deepEqual(of({ eventid: "cowrie.login.success" }), [false, true, undefined]);
  const closed = { eventid: "cowrie.session.closed" };
  assert.deepEqual(of({ ...closed, duration_ms: "3164" }), [false, false, 3164]);
  assert.deepEqual(of({ ...closed, duration: 3.2 }), [false, false, 3200]);
  for (const duration_ms of ["", "-1", "1e99", "x", [], {}, null, undefined]) {
    assert.deepEqual(of({ ...closed, duration_ms }), [false, false, 0]);
  }
  assert.equal(of({ eventid: "cowrie.login.failed" }), undefined);
  assert.equal(of({ eventid: "cowrie.client.var" }), "not_an_attempt");
  assert.equal(of({ eventid: "cowrie.session.connect", protocol: "ftp" }), "not_ssh");
  assert.equal(of({ eventid: "cowrie.session.connect", src_ip: "a.example.org" }), "host_name");
});

Deno.test("readSession() leaves Telnet out where it is not accepted, and a tunnel to a Telnet server in", () => {
  const rules = sessionRules({ takesTelnet: false });
  assert.equal(read({ eventid: "cowrie.session.connect", protocol: "telnet" }, rules), "not_ssh");
  const tunnel = {
    ...{ eventid: "cowrie.direct-tcpip.request", protocol: undefined },
    ...{ dst_ip: "203.0.113.7", dst_port: "23" },
  };
  assert.deepEqual(items(tunnel, rules), [{ kind: "tunnel", value: "203.0.113.7:23" }]);
});

Deno.test("readSession() knows clients by what they are, in every form that Cowries write", () => {
  const version = (text: unknown) => items({ eventid: "cowrie.client.version", version: text });
  assert.deepEqual(version("SSH-2.0-Go"), [{ kind: "version", value: "SSH-2.0-Go" }]);
  assert.deepEqual(version("b'SSH-2.0-Go'"), [{ kind: "version", value: "SSH-2.0-Go" }]);
  assert.deepEqual(version("SSH-2.0-\u001b[2J"), [{
    kind: "version",
    value: "SSH-2.0-\\u001b[2J",
  }]);
  const [long] = version("x".repeat(1_000_000)) as readonly { value: string }[];
  assert.equal(long?.value.length, 128);
  for (const text of [undefined, "", {}, ["a", "b"], true]) {
    assert.equal(version(text), "session_malformed");
  }
  const kex = (hassh: unknown) => items({ eventid: "cowrie.client.kex", hassh });
  const value = "4c94058d5e9e31659879f79fd5b46084";
  assert.deepEqual(kex(value.toUpperCase()), [{ kind: "hassh", value }]);
  for (const hassh of [undefined, "", "xyz", `${value}0`, [value, value], {}, 7]) {
    assert.equal(kex(hassh), "session_malformed");
  }
});

Deno.test("readSession() evens out white space of commands, and shows them on one line", () => {
  assert.deepEqual(command("  uname \t -a "), [
    { kind: "command", value: "uname -a", text: "uname \\u0009 -a" },
  ]);
  assert.deepEqual(command("echo \\xc3\\xbc\u0007"), [
    { kind: "command", value: "echo ü\\u0007" },
  ]);
  assert.deepEqual(command(["1", 2]), [{ kind: "command", value: '["1",2]' }]);
  assert.deepEqual(command(""), []);
  assert.deepEqual(command(undefined), []);
  assert.equal(command({ a: 1 }), "session_malformed");
});

Deno.test("readSession() cuts long commands so that two of them stay apart", () => {
  const rules = sessionRules({ sessions: { ...SESSIONS, maxCommandBytes: 128 } });
  const of = (input: string) =>
    items({ eventid: "cowrie.command.input", input }, rules) as readonly { value: string }[];
  const [one] = of(`echo ${"ü".repeat(5_000)}`);
  const [other] = of(`echo ${"ü".repeat(5_001)}`);
  assert.match(one!.value, /^echo ü+ … \(10005 bytes, SHA-256 [0-9a-f]{16}…\)$/);
  assert.ok(new TextEncoder().encode(one!.value).length <= 128);
  assert.notEqual(one!.value, other!.value);
  const begun = performance.now();
  of("a b;|-p ".repeat(200_000));
  assert.ok(performance.now() - begun < 5_000);
});

Deno.test("readSession() counts commands without their texts where privacy.commands asks for it", () => {
  const rules = sessionRules({ sessions: { ...SESSIONS, keepsCommands: false } });
  const session = read({ eventid: "cowrie.command.input", input: "uname -a" }, rules);
  assert.ok(typeof session === "object");
  assert.deepEqual([session.items, session.furtherCommands], [[], 1]);
});

Deno.test("readSession() keeps nothing of what was typed into a program, but a key", () => {
  const typed = { eventid: "cowrie.command.input", realm: "chpasswd" };
  const session = read({ ...typed, input: "root:hunter2" });
  assert.ok(typeof session === "object");
  assert.deepEqual([session.items, session.furtherCommands], [[], 0]);
  const withoutTexts = { sessions: { ...SESSIONS, keepsCommands: false } };
  const counted = read({ ...typed, input: "root:hunter2" }, sessionRules(withoutTexts));
  assert.ok(typeof counted === "object" && counted.furtherCommands === 0);
  const key = `ssh-ed25519 ${KEY} mdrf`;
  const value = "SHA256:JA56jI9yzffWTlN2N9I3J1l3ndJuq7kqzPyrSzUcoCk";
  assert.deepEqual(items({ ...typed, input: key }), [
    { kind: "key", value, keyType: "ssh-ed25519", comment: "mdrf" },
  ]);
  assert.deepEqual(items({ ...typed, realm: "", input: "ls" }), [{ kind: "command", value: "ls" }]);
});

Deno.test("readSession() knows in each form how a file came", () => {
  const found = (data: Record<string, unknown>) => {
    const [file] = download({ shasum: HASH, ...data }) as readonly SessionItem[];
    return [file?.ways?.join(), file?.names?.join(), file?.urls?.map(({ url }) => url).join()];
  };
  const none = undefined;
  assert.deepEqual(found({ destfile: "" }), ["upload", none, none], "what scp -t or cat reads");
  assert.deepEqual(found({}), ["upload", none, none]);
  assert.deepEqual(found({ url: null, destfile: "/tmp/6" }), ["written", "6", none]);
  // Before 2.0
  assert.deepEqual(found({ url: "stdin", destfile: "" }), ["upload", none, none]);
  assert.deepEqual(found({ url: "/tmp/x.sh", destfile: "/tmp/x.sh" }), ["written", "x.sh", none]);
  assert.deepEqual(found({ url: "tmp_x.sh" }), ["written", "tmp_x.sh", none]);
  const bare = "203.0.113.9/x.sh";
  assert.deepEqual(found({ url: bare }), ["download", "x.sh", `http://${bare}`]);
  assert.equal(download({ shasum: HASH, url: "/dev/null" }), "session_harmless");
  assert.deepEqual(download({ realm: "scp", input: "C0644 3 foo" }), []);
});

Deno.test("readSession() reads files that were fetched, sent and written", () => {
  const payload = { kind: "payload", value: HASH };
  assert.deepEqual(download({ shasum: HASH.toUpperCase(), url: "http://203.0.113.9/a/x.sh?q=1" }), [
    {
      ...payload,
      ways: ["download"],
      names: ["x.sh"],
      urls: [{ url: "http://203.0.113.9/a/x.sh?q=1" }],
    },
  ]);
  assert.deepEqual(download({ shasum: HASH, destfile: "/root/.ssh/authorized_keys" }), [
    { ...payload, ways: ["written"], names: ["authorized_keys"] },
  ]);
  const upload = { eventid: "cowrie.session.file_upload", shasum: HASH, size: "74" };
  assert.deepEqual(items({ ...upload, filename: "../a\u0000\n.bin" }), [
    { ...payload, ways: ["upload"], names: ["a\\u0000\\u000a.bin"], size: 74 },
  ]);
  assert.deepEqual(items({ ...upload, size: "-1" }), [{ ...payload, ways: ["upload"] }]);
  assert.deepEqual(items({ ...upload, filename: "/tmp/token=hunter2" }), [
    { ...payload, ways: ["upload"], names: ["token=***"], size: 74 },
  ]);
});

Deno.test("readSession() takes no hash that is none, and no file that says nothing", () => {
  for (
    const shasum of [
      "x",
      HASH.slice(1),
      `${HASH}0`,
      [HASH, HASH],
      {},
      "d41d8cd98f00b204e9800998ecf8427e",
    ]
  ) {
    assert.equal(download({ shasum }), "session_malformed");
    assert.equal(items({ eventid: "cowrie.session.file_upload", shasum }), "session_malformed");
  }
  assert.equal(download({}), "session_malformed");
  assert.equal(download({ shasum: EMPTY, url: "http://203.0.113.9/x" }), "session_harmless");
  for (const destfile of ["/dev/null", "/dev/shm", "/etc/passwd", "/proc/self/environ"]) {
    assert.equal(download({ shasum: HASH, destfile }), "session_harmless");
  }
  assert.deepEqual(download({ shasum: HASH, destfile: "/dev/shm/.x" }), [
    { kind: "payload", value: HASH, ways: ["written"], names: [".x"] },
  ]);
});

Deno.test("readSession() takes addresses of every scheme that fetches, and none of another", () => {
  const url = (text: unknown) =>
    items({ eventid: "cowrie.session.file_download.failed", url: text });
  const taken = (text: string, value = text) =>
    assert.deepEqual(url(text), [{ kind: "url", value }], text);
  taken("http://203.0.113.9/x");
  taken("https://a.example.org:8443/x");
  taken("ftp://203.0.113.9/x");
  taken("tftp://203.0.113.9/x");
  taken("tftp://A.example.org:69/X", "tftp://a.example.org/X");
  taken("sftp://A.example.org:2222/X", "sftp://a.example.org:2222/X");
  taken("a.example.org/x", "http://a.example.org/x");
  taken("203.0.113.9:81/x", "http://203.0.113.9:81/x");
  taken("http://0xcb007109/x", "http://203.0.113.9/x");
  taken("http://[2001:db8::9]/x");
  taken("http://u:p@203.0.113.9/x?password=a&b=c", "http://203.0.113.9/x?password=***&b=c");
  // No attacker can make an address look as if a secret in it were masked.
  taken("http://203.0.113.9/***", "http://203.0.113.9/%2A%2A%2A");
  for (
    const text of [
      ...[
        "",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:,x",
        "http://",
        "x",
        "//",
        "mailto:a@b",
      ],
      ...[
        "tftp://<script>/x",
        `http://a.example.org/${"x".repeat(3000)}`,
        ["http://a", "b"],
        {},
        7,
      ],
    ]
  ) assert.equal(url(text), "session_malformed", String(text));
});

Deno.test("readSession() takes tunnels to hosts and ports, and nothing else", () => {
  const tunnel = (dst_ip: unknown, dst_port: unknown) =>
    items({ eventid: "cowrie.direct-tcpip.request", dst_ip, dst_port });
  assert.deepEqual(tunnel("2001:DB8::9", 443), [{ kind: "tunnel", value: "[2001:db8::9]:443" }]);
  assert.deepEqual(tunnel("A.example.org", "25"), [{ kind: "tunnel", value: "a.example.org:25" }]);
  for (
    const [host, port] of [["", 1], ["a b", 1], ["a", 65_536], ["a", "x"], [{}, 1], ["<b>", 1]]
  ) {
    assert.equal(tunnel(host, port), "session_malformed");
  }
});

Deno.test("readSession() has a reason for each field that is not what a Cowrie writes", () => {
  const odd = [null, true, 7, "", [], {}, ["a", "b"], [[]], "\0", "\ud800", "x".repeat(100_000)];
  const events = [
    ...["session.connect", "session.closed", "client.version", "client.kex", "command.input"],
    ...["session.file_download", "session.file_upload", "direct-tcpip.request", "login.success"],
  ];
  const names = ["session", "src_ip", "input", "url", "shasum", "filename", "dst_ip", "hassh"];
  for (const event of events) {
    for (const name of names) {
      for (const value of odd) {
        const found = read({ eventid: `cowrie.${event}`, [name]: value });
        assert.ok(found !== undefined || event === "login.success", `${event} ${name}`);
      }
    }
  }
  assert.equal(
    read({ eventid: "cowrie.session.connect", session: undefined }),
    "session_malformed",
  );
  assert.deepEqual(SESSION_LIMITS, { maxCommands: 50, maxItems: 50 });
});
