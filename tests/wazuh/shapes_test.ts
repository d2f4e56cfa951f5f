import assert from "node:assert/strict";
import fc from "fast-check";
import type { Evidence } from "../../src/wazuh/attempts.ts";
import { attemptsOfAlert } from "../../src/wazuh/attempts.ts";
import { readAlert } from "../../src/wazuh/alert.ts";
import { attemptsOfFinding, isSshFailure, readFinding } from "../../src/wazuh/finding.ts";
import { unwrap } from "../../src/wazuh/shapes.ts";

const SHAPES = new URL("../../fixtures/shapes/", import.meta.url);
const NOW = Date.UTC(2026, 10, 23);
const RULES = new Set(["5710"]);

function shape(name: string): unknown {
  return JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, SHAPES)));
}

/** What is decided on later, short of the guard: alerts by rule, findings by what they say. */
function evidenceOf(item: unknown): Evidence | "malformed" {
  const alert = readAlert(item);
  if (alert !== undefined) return attemptsOfAlert(alert, RULES, NOW);
  const finding = readFinding(item);
  if (finding === undefined) return "malformed";
  return isSshFailure(finding) ? attemptsOfFinding(finding, NOW) : { reason: "not_ssh" };
}

const ATTEMPT = {
  at: Date.UTC(2026, 7, 23, 6, 14, 7, 412),
  evidence: "sshd",
  count: 1,
  isCompromise: false,
  location: "journald",
  pid: 26279,
  service: "ssh",
  sensor: { id: "007", manager: "wazuh-manager-01", name: "honeypot-fra1" },
  sourceIp: "82.202.219.155",
  techniques: [
    { id: "T1110.001", name: "Password Guessing" },
    { id: "T1021.004", name: "SSH" },
  ],
  username: "sammy",
};

/** slack.py sends neither the manager nor the techniques, and of the time only the seconds. */
const SLACK_ATTEMPT = {
  ...ATTEMPT,
  at: Date.UTC(2026, 7, 23, 6, 14, 7),
  sensor: { ...ATTEMPT.sensor, manager: "unknown-manager" },
  techniques: [],
};

/** Only some of the shapes carry a place, those that come from an indexer. */
function withoutPlace(evidence: Evidence | "malformed") {
  if (evidence === "malformed" || "reason" in evidence) return evidence;
  const attempts = evidence.attempts.map(({ sourceLocation: _place, ...attempt }) => attempt);
  return { ...evidence, attempts };
}

const NAMES = [...Deno.readDirSync(SHAPES)].map(({ name }) => name.replace(".json", "")).sort();

for (const name of NAMES) {
  Deno.test(`unwrap() finds the attack in ${name}`, () => {
    const items = unwrap(shape(name));
    const found = items.map(evidenceOf).map(withoutPlace);
    assert.deepEqual(found, [{
      attempts: [name === "4x-slack" ? SLACK_ATTEMPT : ATTEMPT],
      spoofedSrcip: false,
    }]);
  });
}

Deno.test("unwrap() has an example of every shape", () => {
  assert.deepEqual(NAMES, [
    "4x-active-response",
    "4x-alert",
    "4x-alert-key",
    "4x-array-of-wrappers",
    "4x-indexer-hit",
    "4x-indexer-hits",
    "4x-pagerduty",
    "4x-shuffle",
    "4x-slack",
    "4x-wazuh-alert",
    "5x-context-per-document",
    "5x-context-per-query",
    "5x-finding",
    "5x-finding-dotted",
    "5x-finding-mixed",
    "5x-flat",
    "5x-indexer-hit",
    "5x-indexer-hits",
    "5x-results",
  ]);
});

Deno.test("unwrap() hands a plain alert back as the same object", () => {
  const alert = shape("4x-alert");
  assert.equal(unwrap(alert)[0], alert);
});

Deno.test("unwrap() gives all documents of all alerts, in order", () => {
  const document = (id: string) => ({ _id: id, _source: { wazuh: { rule: { id: "r" } } } });
  const found = (value: unknown) => unwrap(value).map((item) => (item as { _id: string })._id);
  const alerts = [
    { sample_documents: [document("a"), document("b")] },
    { sample_documents: [document("c")] },
  ];
  assert.deepEqual(found({ ctx: { alerts } }), ["a", "b", "c"]);
  const results = [{ hits: { hits: [document("d"), document("e")] } }];
  assert.deepEqual(found({ ctx: { results } }), ["d", "e"]);
  assert.deepEqual(found([{ results }, [document("f")], { hits: { hits: [] } }]), ["d", "e", "f"]);
});

Deno.test("unwrap() keeps the id that a finding has of its own", () => {
  const source = { _id: "own", wazuh: { rule: { id: "r" } } };
  assert.deepEqual(unwrap({ _id: "hit", _source: source }), [source]);
});

Deno.test("unwrap() gives back as it is what it does not know", () => {
  const unknown = [
    null,
    "text",
    7,
    {},
    { rule: { id: "5710" } },
    { alert: "text" },
    { all_fields: null },
    { payload: { summary: "x" } },
    { hits: { total: 0 } },
    { ctx: { alerts: [{ id: "without documents" }] } },
    { attachments: [{ text: "from another sender", ts: 1 }] },
    { _source: "text" },
  ];
  for (const value of unknown) assert.deepEqual(unwrap(value), [value]);
  assert.deepEqual(unwrap([]), []);
  assert.deepEqual(unwrap({ hits: { hits: [] } }), []);
});

Deno.test("unwrap() does not open what an attacker wrote into an alert", () => {
  const alert = {
    id: "1.2",
    rule: { id: "5710" },
    data: { alert: { id: "9.9", rule: { id: "1" } } },
  };
  assert.deepEqual(unwrap(alert), [alert]);
  const finding = { wazuh: { rule: { id: "r" } }, alert, hits: { hits: [alert] } };
  assert.deepEqual(unwrap(finding), [finding]);
});

Deno.test("unwrap() never follows a key of the prototype", () => {
  const polluted: unknown = JSON.parse(
    '{"__proto__":{"alert":{"id":"1.2","rule":{"id":"5710"}}},"constructor":{"alert":{}}}',
  );
  assert.equal(unwrap(polluted)[0], polluted);
  const source = '{"__proto__":{"full_log":"x"},"wazuh":{"rule":{"id":"r"}}}';
  const [finding] = unwrap(JSON.parse(`{"_id":"i","_source":${source}}`));
  assert.equal((finding as { full_log?: string }).full_log, undefined);
  assert.ok(Object.hasOwn(finding as object, "__proto__"));
});

Deno.test("unwrap() leaves unopened what is nested too deep", () => {
  let value: unknown = { id: "1.2", rule: { id: "5710" } };
  for (let depth = 0; depth < 50_000; depth++) value = depth % 2 === 0 ? [value] : { alert: value };
  const found = unwrap(value);
  assert.equal(found.length, 1);
  assert.equal(evidenceOf(found[0]), "malformed");
});

Deno.test("unwrap() leaves unopened what comes after 100,000 others", () => {
  const found = unwrap({ results: new Array(250_000).fill({}) });
  assert.equal(found.length, 100_001);
  assert.equal((found[100_000] as unknown[]).length, 150_000);
  const many = new Array(1000).fill(new Array(1000).fill(1));
  assert.equal(unwrap(many).length, 100_001);
});

Deno.test("unwrap() rebuilds of slack's message what is well-formed", () => {
  const [attachment] =
    (shape("4x-slack") as { attachments: Record<string, unknown>[] }).attachments;
  const rebuilt = (changes: object) => unwrap({ attachments: [{ ...attachment, ...changes }] })[0];
  assert.deepEqual(rebuilt({}), {
    timestamp: "2026-08-23T06:14:07.000Z",
    rule: {
      level: 5,
      id: "5710",
      description: "sshd: Attempt to login using a non-existent user",
    },
    agent: { id: "007", name: "honeypot-fra1" },
    id: "1787465647.5120334",
    full_log: "Aug 23 06:14:06 honeypot-fra1 sshd[26279]: Failed password for invalid user sammy " +
      "from 82.202.219.155 port 51676 ssh2",
    location: "journald",
  });
  const fields = [{ title: "Rule ID", value: "many" }, { title: "Agent", value: 7 }, null];
  assert.deepEqual(rebuilt({ fields, ts: ["x"], title: null, text: [] }), {
    rule: { description: null },
    id: ["x"],
    full_log: [],
    location: undefined,
  });
});

Deno.test("unwrap() never throws, and changes nothing", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      for (const item of unwrap(value)) evidenceOf(item);
    }),
    { numRuns: 2000 },
  );
  const names = ["ctx", "alerts", "results", "hits", "_source", "_id", "alert", "all_fields"];
  const more = ["payload", "custom_details", "parameters", "attachments", "fields", "ts", "rule"];
  const key = fc.constantFrom(...names, ...more, "id", "wazuh", "sample_documents", "__proto__");
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 8, withCrossShrink: true },
      fc.constantFrom<unknown>(null, 1, "x", "5710 _(Level 5)_"),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.array(fc.tuple(key, tie("tree")), { maxLength: 3 }).map((list) =>
        JSON.parse(`{${list.map(([k, v]) => `"${k}":${JSON.stringify(v)}`).join(",")}}`)
      ),
    ),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      const before = JSON.stringify(value);
      for (const item of unwrap(value)) evidenceOf(item);
      assert.equal(JSON.stringify(value), before);
    }),
    { numRuns: 3000 },
  );
});

type Json = Record<string, unknown>;

/** As much of mustache as the template uses; values are written as OpenSearch does, as JSON texts. */
function render(template: string, scopes: readonly unknown[]): string {
  const section = /\{\{([#^])([^{}]+)\}\}([^]*?)\{\{\/\2\}\}/;
  const found = section.exec(template);
  if (found !== null) {
    const [whole, kind, name, inner] = found as unknown as [string, string, string, string];
    const value = lookUp(name, scopes);
    const isTruthy = Array.isArray(value) ? value.length > 0 : Boolean(value);
    const list = kind === "^" ? (isTruthy ? [] : [undefined]) : isTruthy ? [value].flat() : [];
    const before = render(template.slice(0, found.index), scopes);
    const middle = list.map((one) => render(inner, [...scopes, one])).join("");
    return before + middle + render(template.slice(found.index + whole.length), scopes);
  }
  return template.replaceAll(/\{\{([^{}]+)\}\}/g, (_, name: string) => {
    const value = lookUp(name, scopes);
    return value === undefined ? "" : JSON.stringify(String(value)).slice(1, -1);
  });
}

function lookUp(path: string, scopes: readonly unknown[]): unknown {
  if (path === ".") return scopes.at(-1);
  const [first = "", ...rest] = path.split(".");
  const scope = scopes.findLast((one) => Object.hasOwn(Object(one), first)) as Json | undefined;
  return rest.reduce<unknown>((value, key) => (value as Json | undefined)?.[key], scope?.[first]);
}

function monitorTemplate(): string {
  const url = new URL("../../deploy/wazuh5/monitor.json", import.meta.url);
  const [trigger] = JSON.parse(Deno.readTextFileSync(url)).triggers;
  return trigger.document_level_trigger.actions[0].message_template.source as string;
}

Deno.test("readFinding() reads what the monitor template writes, one line for each document", () => {
  const context = shape("5x-context-per-document") as { ctx: { alerts: Json[] } };
  const hostile = "Aug 23 06:14:06 honeypot-fra1 sshd[26279]: " +
    `Failed password for invalid user "a\\"},{{x}}\n from 192.0.2.9 port 7 ssh2`;
  const other = { _id: "other", _source: { event: { original: hostile }, wazuh: { rule: {} } } };
  context.ctx.alerts.push({ sample_documents: [other] });
  const lines = render(monitorTemplate(), [context]).trimEnd().split("\n");
  assert.equal(lines.length, 2);
  assert.deepEqual(JSON.parse(lines[0]!), shape("5x-flat"));
  const second = readFinding(JSON.parse(lines[1]!));
  assert.equal(second?.key.id, "other");
  assert.equal(second?.fullLog, hostile);
});

Deno.test("readFinding() is given only fields that the alerting plug-in fetches for the template", () => {
  // parseSampleDocTags() of the plug-in: it fetches what plain tags inside the block name, no sections.
  const block = /\{\{#sample_documents\}\}([^]*)\{\{\/sample_documents\}\}/.exec(monitorTemplate())
    ?.[1];
  const tags = [...block!.matchAll(/\{\{([^{}]+)\}\}/g)].map(([, tag]) => tag!);
  const fetched = new Set(tags.filter((tag) => tag.startsWith("_source.")));
  const sections = tags.filter((tag) => tag.startsWith("#")).map((tag) => tag.slice(1));
  assert.equal(sections.length, 6);
  assert.deepEqual(sections.filter((section) => !fetched.has(section)), []);
});
