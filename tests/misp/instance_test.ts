import assert from "node:assert/strict";
import { MispClient } from "../../src/misp/client.ts";
import { type Look, lookAtInstance } from "../../src/misp/instance.ts";
import {
  clockAhead,
  isOlder,
  missingTags,
  problemOf,
  roleOf,
  versionOf,
} from "../../src/misp/instance_answers.ts";
import { FakeMisp, type FakeMispOptions, type Fault, type Role } from "../fake_misp/server.ts";
import { selfSigned } from "../support/self_signed.ts";

const NOW = Date.UTC(2026, 10, 23, 0, 31, 23);

interface LookOptions extends FakeMispOptions {
  readonly as?: Role;
  readonly key?: string;
  readonly wanted?: readonly string[];
  readonly fault?: Fault;
  readonly down?: boolean;
  readonly timeoutMs?: number;
}

async function look(options: LookOptions = {}): Promise<Look & { readonly paths: string[] }> {
  await using misp = await FakeMisp.start({ now: () => NOW, ...options });
  if (options.fault !== undefined) misp.fail(options.fault);
  if (options.down) misp.down = true;
  using client = new MispClient({
    url: misp.url,
    apiKey: options.key ?? misp.keys[options.as ?? "publisher"],
    caCertificate: undefined,
    timeoutMs: options.timeoutMs ?? 10_000,
  });
  const seen = await lookAtInstance(client, options.wanted ?? [], () => NOW);
  return { ...seen, paths: misp.requests.map(({ method, path }) => `${method} ${path}`).sort() };
}

async function instance(options: LookOptions = {}) {
  const seen = await look(options);
  assert.equal(seen.kind, "seen");
  return seen.kind === "seen" ? seen.instance : undefined;
}

async function problem(options: LookOptions) {
  const seen = await look(options);
  assert.equal(seen.kind, "problem");
  return seen.kind === "problem" ? [seen.problem.kind, seen.problem.reason] : [];
}

Deno.test("lookAtInstance() reads version, role, tags and clock in three requests, as JSON", async () => {
  const seen = await look({
    tags: ["TLP:Green", 'cssa:origin="honeypot"'],
    wanted: ["tlp:green", "PAP:GREEN", 'cssa:origin="honeypot"'],
  });
  const expected = {
    kind: "seen",
    instance: {
      version: "2.5.1",
      role: "Publisher",
      organisation: { name: "SOC-ORG", uuid: "5f0f1a52-0000-4000-8000-000000000001" },
      rights: {
        perm_add: true,
        perm_modify: true,
        perm_modify_org: true,
        perm_publish: true,
        perm_sighting: true,
        perm_tagger: true,
        perm_tag_editor: false,
        perm_site_admin: false,
      },
      isReadOnly: false,
      missingTags: ["PAP:GREEN"],
      clockAheadMs: 0,
    },
    paths: [
      "GET /servers/getVersion.json",
      "GET /tags/index/exclude_statistics:1",
      "GET /users/view/me.json",
    ],
  };
  assert.deepEqual(seen, expected);
  assert.deepEqual(JSON.parse(JSON.stringify(seen)), expected);
});

Deno.test("lookAtInstance() reads the rights of other roles", async () => {
  const set = async (options: LookOptions) => {
    const { rights, isReadOnly } = (await instance(options))!;
    const on = Object.entries(rights).flatMap(([name, is]) => is ? [name.slice(5)] : []).join(" ");
    return [on, isReadOnly];
  };
  assert.deepEqual(await set({ as: "user" }), ["add modify modify_org sighting tagger", false]);
  assert.deepEqual(await set({ as: "notagger" }), [
    "add modify modify_org publish sighting",
    false,
  ]);
  assert.deepEqual(await set({ as: "readonly" }), ["", false]);
  assert.deepEqual(await set({ as: "orgadmin" }), [
    "add modify modify_org publish sighting tagger tag_editor",
    false,
  ]);
  assert.deepEqual(await set({ as: "admin" }), [
    "add modify modify_org publish sighting tagger tag_editor site_admin",
    false,
  ]);
});

Deno.test("lookAtInstance() sees that a key only reads though its role may publish", async () => {
  const { role, rights, isReadOnly } = (await instance({ as: "readonlykey" }))!;
  assert.deepEqual([role, rights.perm_add, rights.perm_publish, isReadOnly], [
    "Publisher",
    false,
    false,
    true,
  ]);
});

Deno.test("lookAtInstance() sees by how much MISP's clock is off", async () => {
  const ahead = await instance({ now: () => NOW + 90_000 });
  const behind = await instance({ now: () => NOW - 90_000 });
  assert.deepEqual([ahead?.clockAheadMs, behind?.clockAheadMs], [90_000, -89_001]);
});

Deno.test("lookAtInstance() still says the role when the tags cannot be listed", async () => {
  const fault = { kind: "internal-error", on: /^\/tags/ } as const;
  const seen = await instance({ fault, wanted: ["tlp:green"] });
  assert.deepEqual([seen?.role, seen?.missingTags], ["Publisher", null]);
});

Deno.test("lookAtInstance() asks no more once the first request failed", async () => {
  assert.deepEqual((await look({ key: "x".repeat(40) })).paths, ["GET /servers/getVersion.json"]);
});

Deno.test("lookAtInstance() says by the body why a key is not taken", async () => {
  assert.deepEqual(await problem({ key: "x".repeat(40) }), [
    "wrong_key",
    "MISP does not know this key, or it has expired",
  ]);
  assert.deepEqual(await problem({ as: "expired" }), [
    "wrong_key",
    "MISP does not know this key, or it has expired",
  ]);
  assert.deepEqual(await problem({ as: "disabled" }), [
    "user_disabled",
    "MISP says: Authentication failed. Your user account has been disabled.",
  ]);
  assert.deepEqual(await problem({ as: "iprestricted" }), [
    "wrong_address",
    "MISP says: It is not possible to use this Auth key from your IP address",
  ]);
  assert.deepEqual(await problem({ fault: { kind: "not-authorised", on: /^\/users/ } }), [
    "no_right",
    "MISP says: You are not authorised to do that.",
  ]);
});

Deno.test("lookAtInstance() distinguishes maintenance, errors of MISP, other servers and silence", async () => {
  const kinds = async (options: LookOptions) => (await problem(options))[0];
  assert.equal(await kinds({ maintenance: true }), "login");
  assert.equal(await kinds({ fault: { kind: "internal-error" } }), "failing");
  assert.equal(await kinds({ fault: { kind: "gateway", status: 502 } }), "failing");
  assert.equal(await kinds({ fault: { kind: "rate-limit" } }), "failing");
  assert.equal(await kinds({ fault: { kind: "html" } }), "not_misp");
  assert.equal(await kinds({ fault: { kind: "broken-json" } }), "not_misp");
  assert.equal(await kinds({ fault: { kind: "too-large" } }), "not_misp");
  assert.equal(await kinds({ fault: { kind: "html", on: /^\/users/ } }), "not_misp");
  assert.equal(await kinds({ fault: { kind: "close" } }), "unreachable");
  assert.equal(await kinds({ fault: { kind: "hang" }, timeoutMs: 50 }), "unreachable");
  assert.equal(await kinds({ down: true }), "unreachable");
});

Deno.test("lookAtInstance() says which host cannot be reached, and no key", async () => {
  const [, reason = ""] = await problem({ down: true });
  assert.match(reason, /^MISP at 127\.0\.0\.1:\d+ cannot be reached: .*(?:refused|reset)/);
  assert.equal(reason.includes("publisher000"), false);
});

Deno.test("lookAtInstance() knows a server that does not speak TLS", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const greeting = (async () => {
    using connection = await listener.accept();
    await connection.write(new TextEncoder().encode("220 mail.example ESMTP\r\n"));
    await connection.read(new Uint8Array(4096));
  })();
  using client = new MispClient({
    url: `https://127.0.0.1:${listener.addr.port}`,
    apiKey: "x".repeat(40),
    caCertificate: undefined,
    timeoutMs: 10_000,
  });
  const seen = await lookAtInstance(client, [], () => NOW);
  await greeting;
  assert.equal(seen.kind === "problem" && seen.problem.kind, "tls");
});

Deno.test("lookAtInstance() trusts an authority that is configured, and no other", async () => {
  const tls = await selfSigned();
  await using misp = await FakeMisp.start({ tls });
  const kindWith = async (caCertificate: string | undefined) => {
    const apiKey = misp.keys.publisher;
    using client = new MispClient({ url: misp.url, apiKey, caCertificate, timeoutMs: 10_000 });
    const seen = await lookAtInstance(client, [], Date.now);
    return seen.kind === "seen" ? seen.kind : `${seen.problem.kind}: ${seen.problem.reason}`;
  };
  assert.match(await kindWith(undefined), /^tls: .*invalid peer certificate: UnknownIssuer$/);
  assert.equal(await kindWith(tls.cert), "seen");
});

Deno.test("problemOf() names where an address moved to, without what may be secret in it", () => {
  const headers = new Headers({ Location: "https://user@misp.example.org/x?token=secret" });
  assert.deepEqual(problemOf({ status: 301, headers, json: undefined }, 0), {
    kind: "moved",
    reason: "it answered 301: moved to https://misp.example.org",
  });
});

Deno.test("problemOf() takes nothing but an object for an answer", () => {
  for (const json of [undefined, null, [], "2.5.1", 7]) {
    const answer = { status: 200, headers: new Headers(), json };
    assert.equal(problemOf(answer, 0)?.kind, "not_misp");
  }
  assert.equal(problemOf({ status: 200, headers: new Headers(), json: {} }, 0), undefined);
});

Deno.test("versionOf() takes what looks like a version", () => {
  assert.equal(versionOf({ version: "2.4.198" }), "2.4.198");
  for (const version of [undefined, 2.5, "", "latest", "2"]) {
    assert.equal(versionOf({ version }), undefined);
  }
});

Deno.test("roleOf() reads flags that are numbers, and answers without a role", () => {
  const Role = { name: "Old", perm_add: "1", perm_publish: 1, perm_sighting: 0, perm_tagger: "0" };
  const { rights, organisation } = roleOf({ Role }, { version: "2.4.100" })!;
  assert.deepEqual(
    [rights.perm_add, rights.perm_publish, rights.perm_sighting, rights.perm_tagger],
    [true, true, false, false],
  );
  assert.deepEqual(organisation, { name: "?", uuid: "" });
  for (const me of [undefined, {}, { Role: "publisher" }]) assert.equal(roleOf(me, {}), undefined);
});

Deno.test("missingTags() keeps the order and spelling of what is wanted", () => {
  const index = { Tag: [{ name: "pap:green" }, { name: "tlp:green+strict" }, null] };
  assert.deepEqual(missingTags(index, ["tlp:green", "PAP:GREEN", "a:b"]), ["tlp:green", "a:b"]);
  assert.deepEqual(missingTags({ Tag: [] }, ["a:b"]), ["a:b"]);
  assert.equal(missingTags({ message: "no" }, ["a:b"]), null);
});

Deno.test("clockAhead() allows for the second that the header names and for the way", () => {
  const date = (milliseconds: number) =>
    new Headers({ Date: new Date(milliseconds).toUTCString() });
  assert.equal(clockAhead(date(NOW), NOW + 999, NOW + 999), 0);
  assert.equal(clockAhead(date(NOW), NOW + 1999, NOW + 1999), -1000);
  assert.equal(clockAhead(date(NOW), NOW - 5000, NOW), 0);
  assert.equal(clockAhead(date(NOW), NOW - 7000, NOW - 5000), 5000);
  assert.equal(clockAhead(new Headers(), NOW, NOW), null);
});

Deno.test("isOlder() compares numbers, not texts", () => {
  assert.equal(isOlder("2.4.99", "2.4.167"), true);
  assert.equal(isOlder("2.4.167", "2.4.167"), false);
  assert.equal(isOlder("2.5.1", "2.4.167"), false);
  assert.equal(isOlder("2.4", "2.4.1"), true);
});
