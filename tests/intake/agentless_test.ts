import assert from "node:assert/strict";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { decide } from "../../src/intake/decide.ts";
import type { GuardRules } from "../../src/guard/guard.ts";
import { defaultRules, fixture } from "../support/fixtures.ts";

const NOW = Date.UTC(2026, 7, 23, 12);

/** A guess that reached the manager as syslog. */
function syslog(hostname: string | undefined, more: Record<string, unknown> = {}) {
  const alert = fixture("04-5760-failed-password") as Record<string, unknown>;
  const predecoder = { ...(alert.predecoder as Record<string, unknown>), hostname };
  const agent = { id: "000", name: "manager-1" };
  return { ...alert, agent, predecoder, location: "198.51.100.20", ...more };
}

function sensorOf(alert: unknown, rules: Partial<GuardRules>): string {
  const decision = decide(alert, defaultRules({ agentPrefixes: ["honeypot-"], ...rules }), NOW);
  if (decision.kind === "ignored") return decision.reason;
  const { id, name } = decision.attempts[0]!.sensor;
  return `${id} ${name}`;
}

Deno.test("decide() takes each host behind the manager for a sensor of its own", () => {
  const rules = { hostnames: ["hp-*"] };
  assert.equal(sensorOf(syslog("hp-1"), rules), "000/hp-1 hp-1");
  assert.equal(sensorOf(syslog("hp-2"), rules), "000/hp-2 hp-2");
  assert.equal(sensorOf(syslog("HP-2"), rules), "000/hp-2 HP-2");
  assert.equal(sensorOf(syslog("web-01"), rules), "not_honeypot");
  assert.equal(sensorOf(syslog(undefined), rules), "not_honeypot");
});

Deno.test("decide() names a sensor by its address where its lines name no host", () => {
  const rules = { locations: ["198.51.100.20", "/var/log/decoy*"] };
  assert.equal(sensorOf(syslog(undefined), rules), "000/198.51.100.20 198.51.100.20");
  assert.equal(sensorOf(syslog("hp-1"), rules), "000/hp-1 hp-1");
  const ofFile = syslog(undefined, { location: "/var/log/decoys.log" });
  assert.equal(sensorOf(ofFile, rules), "000 manager-1");
  assert.equal(sensorOf(syslog(undefined, { location: "journald" }), rules), "not_honeypot");
});

Deno.test("decide() leaves the manager's own lines to the manager", () => {
  const rules = { hostnames: ["manager-*"] };
  assert.equal(sensorOf(syslog("manager-1"), rules), "000 manager-1");
  assert.equal(sensorOf(syslog("Manager-1"), rules), "000 manager-1");
});

Deno.test("decide() believes no host name where an agent of its own brought the line", () => {
  const agent = { id: "007", name: "web-01" };
  assert.equal(sensorOf(syslog("hp-1", { agent }), { hostnames: ["hp-*"] }), "not_honeypot");
  const honeypot = { id: "007", name: "honeypot-1" };
  assert.equal(sensorOf(syslog("hp-1", { agent: honeypot }), {}), "007 honeypot-1");
});

Deno.test("decide() takes syslog without any agent, and host names of any kind", () => {
  const rules = { hostnames: ["*"] };
  assert.equal(sensorOf(syslog("hp-1", { agent: undefined }), rules), "/hp-1 hp-1");
  assert.equal(sensorOf(syslog("a/b@c"), rules), "000/a/b@c a/b@c");
  assert.equal(sensorOf(syslog("h".repeat(9999)), rules).length, 255 + 4 + 1 + 255);
  for (const odd of [1, null, [], {}, ["hp-1"]]) {
    assert.match(
      sensorOf({ ...syslog("x"), predecoder: { program_name: "sshd", hostname: odd } }, rules),
      /^000\/(1|hp-1) (1|hp-1)$|^not_honeypot$/,
    );
  }
});

Deno.test("a guess at each of two hosts behind one manager counts twice", async () => {
  using buffer = new SqliteBuffer(":memory:", NOW);
  const rules = defaultRules({ hostnames: ["hp-*"] });
  const decisions = ["hp-1", "hp-2", "hp-2"].map((hostname, index) =>
    decide(
      syslog(hostname, { id: `1787465647.${index}`, location: `198.51.100.${index}` }),
      rules,
      NOW,
    )
  );
  await buffer.intake.accept(decisions, { maxUsernames: 10 }, NOW);
  const [source] = decisions.flatMap((one) => one.kind === "attempts" ? one.attempts : []);
  const seen = await buffer.views.source(source!.sourceIp);
  // The second host's line came under two locations, which is one guess.
  assert.equal(seen?.attempts.value, 2);
  assert.deepEqual(seen?.sensors.map(({ name }) => name).toSorted(), ["hp-1", "hp-2"]);
});
