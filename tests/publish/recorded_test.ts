/**
 * What a real manager sent about attackers whose guesses were counted on their own side: OpenSSH,
 * Dropbear and Cowrie, for each way of collecting their lines. `fixtures/recorded` has some scenes of
 * each, without the fields that are not read.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CowrieSessions } from "../../src/cowrie/sessions.ts";
import { decide, type IntakeRules } from "../../src/intake/decide.ts";
import { CountedSources } from "../support/counted_sources.ts";
import { type FieldAgent, type FieldAlert, fieldAlert } from "../support/field_case.ts";
import { defaultRules } from "../support/fixtures.ts";
import { shuffled } from "../support/shuffled.ts";

const NOW = Date.UTC(2026, 10, 29, 18);
const FOLDER = new URL("../../fixtures/recorded/", import.meta.url);

/** The truth about a recording. */
interface About {
  readonly how: string;
  readonly agent: FieldAgent;
  /** Guesses that the attackers made. */
  readonly attempts: Readonly<Record<string, number>>;
  /** Connections of those that made none, but named an account that is not there. */
  readonly probes: Readonly<Record<string, number>>;
  /** Guesses of sources whose address no line has. */
  readonly unseen: Readonly<Record<string, number>>;
  /** Sources that failed and then logged in. */
  readonly compromised: readonly string[];
}

interface Recording {
  readonly about: About;
  readonly alerts: readonly FieldAlert[];
}

const recording = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, FOLDER))) as Recording;

/** Those of a site whose agent without a telling name has a label. Documentation addresses count. */
function siteRules(): IntakeRules {
  const guard = { agentPrefixes: ["honeypot"], agentLabels: ["honeypot.type=openssh"] };
  return { ...defaultRules(guard), takesTelnet: true, cowrieSessions: new CowrieSessions() };
}

/** Stores alerts in their order, with as many snapshots on the way. */
async function countsOf(alerts: readonly object[], snapshots: number) {
  const rules = siteRules();
  using sources = new CountedSources(NOW);
  const part = Math.ceil(alerts.length / snapshots);
  for (let at = 0; at < alerts.length; at += part) {
    await sources.accept(alerts.slice(at, at + part).map((one) => decide(one, rules, NOW)));
    await sources.snapshot();
  }
  return { counts: sources.counts, compromised: [...sources.compromised].sort() };
}

const SEEDS = [1, 2, 3];

for (const { name } of [...Deno.readDirSync(FOLDER)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  const { about, alerts } = recording(name.replace(".json", ""));
  const sent = alerts.map((alert) => fieldAlert(alert, about.agent));
  const truth = {
    counts: Object.fromEntries(
      Object.entries({ ...about.attempts, ...about.probes }).sort(([a], [b]) => a < b ? -1 : 1),
    ),
    compromised: [...about.compromised].sort(),
  };

  Deno.test(`snapshotAttack() counts the true guesses of a recording: ${about.how}`, async () => {
    assert.deepEqual(await countsOf(sent, 1), truth);
    assert.deepEqual(await countsOf(sent, 2), truth, "with a snapshot in the middle");
    assert.deepEqual(await countsOf([...sent, ...sent], 1), truth, "twice");
    for (const ip of Object.keys(about.unseen)) assert.ok(!(ip in truth.counts), ip);
  });

  Deno.test(`snapshotAttack() counts the same in any order of a recording: ${about.how}`, async () => {
    for (const seed of SEEDS) {
      assert.deepEqual(await countsOf(shuffled(sent, seed), 1), truth, `seed ${seed}`);
      const twice = shuffled([...sent, ...sent], seed);
      assert.deepEqual(await countsOf(twice, 1), truth, `twice, seed ${seed}`);
      assert.deepEqual(await countsOf(twice, 3), truth, `twice, with snapshots, seed ${seed}`);
    }
  });
}

/** Twelve wrong passwords and then the right one; the right one at once. */
const [ATTACKER, OPERATOR] = ["203.0.113.16", "203.0.113.24"];

/** What a sensor sent of one source, as if it were another one. */
function scene(name: string, source: string, sensor: number) {
  const { alerts } = recording(name);
  const isOf = (line: string) => new RegExp(`${source.replaceAll(".", "\\.")}(?!\\d)`).test(line);
  const agent = { id: `02${sensor}`, name: `honeypot-${sensor}` };
  const other = `198.51.100.${100 + sensor}`;
  return alerts.filter(([, line]) => isOf(line ?? "")).map(([rule, line, more]) =>
    fieldAlert(
      JSON.parse(JSON.stringify([rule, line, more ?? {}]).replaceAll(source, other)) as FieldAlert,
      agent,
    )
  );
}

const WAYS = ["sshd-iso", "sshd-traditional", "sshd-journald", "sshd-both", "sshd-label"];
const SENSORS = [...WAYS, "sshd-iso"].map((way, index) => [way, index + 1] as const);

Deno.test("snapshotAttack() sees on six sensors that an attacker got in, without rule 40112", async () => {
  const alerts = SENSORS.flatMap(([way, sensor]) => scene(way, ATTACKER, sensor));
  assert.deepEqual(alerts.filter(({ rule }) => rule.id === "40112"), []);
  assert.equal(alerts.filter(({ rule }) => rule.id === "5715").length, 7, "one has two locations");
  const sources = SENSORS.map(([, sensor]) => `198.51.100.${100 + sensor}`);
  const truth = {
    counts: Object.fromEntries(sources.map((source) => [source, 12])),
    compromised: sources,
  };
  for (const mixed of [alerts, alerts.toReversed(), ...SEEDS.map((one) => shuffled(alerts, one))]) {
    assert.deepEqual(await countsOf(mixed, 1), truth);
    assert.deepEqual(await countsOf(mixed, 2), truth);
  }
});

Deno.test("snapshotAttack() takes no operator's login for a compromise", async () => {
  const alerts = SENSORS.flatMap(([way, sensor]) => scene(way, OPERATOR, sensor));
  assert.ok(alerts.filter(({ rule }) => rule.id === "5715").length >= 6);
  for (const mixed of [alerts, ...SEEDS.map((one) => shuffled(alerts, one))]) {
    assert.deepEqual(await countsOf(mixed, 2), { counts: {}, compromised: [] });
  }
});
