/**
 * What `doctor` says of the manager's own files: `ossec.conf` and the latest alerts.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DEFAULT_RULES, PROGRAM } from "../../src/config/defaults.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { createProgram, KINDS, type Program } from "./program.ts";

interface Found {
  readonly name: string;
  readonly state: string;
  readonly found: string;
  readonly hint?: string;
}

async function examine(program: Program, environment: Record<string, string> = {}) {
  const { code, stdout, stderr } = await program.run(["doctor", "--json"], environment);
  assert.equal(stderr, "");
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: readonly Found[] };
  assert.equal(code, ok ? 0 : 1);
  assert.doesNotMatch(stdout, /SECRET/);
  return checks.map(({ name, state, found }) =>
    `${state} ${name}: ${found.replaceAll(program.root, "ROOT").replaceAll(PROGRAM, "PROGRAM")}`
  );
}

const RULES = DEFAULT_RULES.join(",");
const JSON_FORMAT = "<alert_format>json</alert_format>";

const block = (inner: string, name = PROGRAM) =>
  `<ossec_config><integration><name>slack</name><api_key>SECRET</api_key></integration>` +
  `</ossec_config>\n<ossec_config><integration><name>${name}</name><api_key>SECRET</api_key>` +
  `<hook_url>https://misp.example.org/SECRET</hook_url>${inner}</integration></ossec_config>\n`;

const CONF = "integration block: ROOT/etc/ossec.conf";

const CASES: readonly (readonly [what: string, text: string, expected: string])[] = [
  [
    "every rule",
    block(`<rule_id>${RULES}</rule_id>${JSON_FORMAT}`),
    `ok ${CONF} hands over every rule of rules.ids`,
  ],
  [
    "rules that are left out",
    block(`<rule_id>${RULES.replace("5715,", "").replace(",40112", "")}</rule_id>${JSON_FORMAT}`),
    `warning ${CONF}: the block of PROGRAM leaves out rules of rules.ids: 5715, 40112`,
  ],
  [
    "text alerts",
    block(`<rule_id>${RULES}</rule_id>`),
    `failure ${CONF}: the block of PROGRAM has no <alert_format>json</alert_format>`,
  ],
  [
    "one location",
    block(`<event_location>SECRET</event_location>${JSON_FORMAT}`),
    `warning ${CONF}: <event_location> of the block of PROGRAM leaves out other locations`,
  ],
  [
    "another file",
    block(JSON_FORMAT, "custom-misp.py"),
    `warning ${CONF} names custom-misp.py, but the file is PROGRAM`,
  ],
  ["no block", "<ossec_config></ossec_config>", `warning ${CONF} has none of PROGRAM`],
  ["a key as a name", block(JSON_FORMAT, "misp SECRET"), `warning ${CONF} has none of PROGRAM`],
  ["damage", "\0\xff<integration><name>", `warning ${CONF} has none of PROGRAM`],
];

for (const kind of KINDS) {
  Deno.test(`${kind}: doctor says what the <integration> block leaves out, and shows no key`, async (t) => {
    await using program = await createProgram(kind);
    const path = `${program.root}/etc/ossec.conf`;
    for (const [what, text, expected] of CASES) {
      await t.step(what, async () => {
        await Deno.writeTextFile(path, text);
        const found = await examine(program);
        assert.deepEqual(found.filter((line) => line.includes("integration block")), [expected]);
        assert.equal(await Deno.readTextFile(path), text);
      });
    }
    await t.step("nothing of a file that is not there, or that is a pipe", async () => {
      for (
        const make of [() => {}, () => new Deno.Command("mkfifo", { args: [path] }).outputSync()]
      ) {
        await Deno.remove(path).catch(() => undefined);
        make();
        const found = await examine(program);
        assert.deepEqual(found.filter((line) => line.includes("integration block")), []);
      }
    });
  });

  Deno.test(`${kind}: doctor says how many sensors of the latest alerts are honeypots`, async (t) => {
    await using program = await createProgram(kind);
    const agents = ["hp-1", "HP-2", "web-01", "db-01", "db-02"];
    const alerts = agents.map((agent) => JSON.stringify(sshdAlert({ agent }))).join("\n");
    const syslog = {
      ...sshdAlert({ agent: "manager-1", agentId: "000", location: "198.51.100.7" }),
      predecoder: { program_name: "sshd", hostname: "decoy-1" },
    };
    const folder = `${program.root}/logs/alerts`;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(
      `${folder}/alerts.json`,
      `not an alert\n${alerts}\n{"rule":\n${JSON.stringify(syslog)}\n`,
    );
    const look = async (environment: Record<string, string>) =>
      (await examine(program, environment)).filter((line) => line.includes("honeypot"));
    const file = "ROOT/logs/alerts/alerts.json";
    await t.step("some", async () => {
      assert.deepEqual(await look({ WM_HONEYPOT_AGENT_PREFIXES: "hp-*" }), [
        `ok honeypots: agents with name hp-*; 2 of 6 in ${file}: HP-2, hp-1`,
      ]);
    });
    await t.step("a host without an agent, and a location", async () => {
      const environment = { WM_HONEYPOT_AGENT_PREFIXES: "hp-", WM_HONEYPOT_HOSTNAMES: "decoy-*" };
      assert.deepEqual(await look(environment), [
        `ok honeypots: agents with name hp-…, host decoy-*; 3 of 6 in ${file}: HP-2, decoy-1, hp-1`,
      ]);
      const locations = { WM_HONEYPOT_AGENT_PREFIXES: "x", WM_HONEYPOT_LOCATIONS: "198.51.100.*" };
      assert.deepEqual(await look(locations), [
        `ok honeypots: agents with name x…, location 198.51.100.*; 1 of 6 in ${file}: decoy-1`,
      ]);
    });
    await t.step("none", async () => {
      assert.deepEqual(await look({ WM_HONEYPOT_AGENT_PREFIXES: "honeypot-" }), [
        `warning honeypots: agents with name honeypot-…; 0 of 6 in ${file}, ` +
        "which has HP-2, db-01, db-02, decoy-1, hp-1, …",
      ]);
    });
    await t.step("all", async () => {
      assert.deepEqual(await look({ WM_HONEYPOT_AGENT_PREFIXES: "*" }), [
        `ok honeypots: agents with name *; 6 of 6 in ${file}: HP-2, db-01, db-02, decoy-1, hp-1, …`,
        'warning honeypot.agent_prefixes: "*" matches everything: every agent counts as a honeypot',
      ]);
    });
    await t.step("a pattern that can match nothing", async () => {
      const [, fault] = await look({ WM_HONEYPOT_AGENT_PREFIXES: "hp-[0-9]" });
      assert.equal(
        fault,
        'failure honeypot.agent_prefixes: "hp-[0-9]" can match nothing: ' +
          "names of agents have letters, digits and .-_ only",
      );
    });
  });
}
