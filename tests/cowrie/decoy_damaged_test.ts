/**
 * Records of other honeypots with damage done to them: whatever stands in a field, it gives one reason or
 * attempts of the address that its own field has, and never an exception.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalAddress } from "../../src/address.ts";
import { readFormats } from "../../src/config/formats.ts";
import { CowrieSessions } from "../../src/cowrie/sessions.ts";
import { decide } from "../../src/intake/decide.ts";
import { defaultRules } from "../support/fixtures.ts";
import { decoyAlert, endlessh, heralding, heraldingSession } from "./decoy_alerts.ts";
import { openCanary, sshesame } from "./decoy_alerts.ts";

const NOW = Date.UTC(2026, 10, 23);
const RUNS = 3000;

/** Stands wherever an attacker can write, and in no field of an address. */
const FORGED = "8.8.8.8";

const FORMATS = readFormats([{
  name: "my-honeypot",
  when: { "data.app": "my-honeypot" },
  event: "data.kind",
  success: "login",
  source: "data.peer.address",
  attempts: "data.guesses",
  user: "name.text",
  password: "secret",
  session: "data.conn",
  time: "at",
  protocol: "data.proto",
}]);

const BASES: readonly (readonly [source: string, data: Record<string, unknown>])[] = [
  ["src_host", openCanary().data],
  ["source", sshesame("password_auth", { user: "root", accepted: "false" }).data],
  ["source", sshesame("keyboard_interactive_auth", { user: "a", accepted: "true" }).data],
  ["source", sshesame("public_key_auth", { user: "a", accepted: "false" }).data],
  ["source_ip", heralding().data],
  ["source_ip", heraldingSession().data],
  ["srcip", endlessh("ACCEPT").data],
  ["peer", {
    app: "my-honeypot",
    kind: "login",
    peer: { address: "203.0.113.29" },
    guesses: [{ name: { text: "root" }, secret: "hunter2", at: "2026-11-22T14:33:02Z" }],
    conn: "17",
    proto: "ssh",
  }],
].map(([source, data]) => [source as string, { ...data as object }]);

/** What may stand in any field. */
const hostile = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    FORGED,
    `root from ${FORGED} port 22 ssh2`,
    [FORGED],
    { ip: FORGED, address: FORGED },
    "x".repeat(100_000),
    Array.from({ length: 5000 }, () => ({ username: "a" })),
    null,
    -0,
    1e308,
    true,
    "__proto__",
    "2026-11-22 14:33:02.5",
  ),
);

/** What may stand where an address belongs. */
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV4().map((ip) => `${ip}:22`),
  fc.ipV6().map((ip) => `[${ip}]:22`),
  fc.ipV6().map((ip) => `${ip}%eth0`),
  hostile.filter((value) => !JSON.stringify(value).includes(FORGED)),
);

const damage = fc.tuple(fc.nat(), hostile, fc.boolean());

Deno.test("decide() gives one reason or true addresses for damaged records of honeypots", () => {
  let taken = 0;
  const guarded = {
    ...defaultRules({ publishPrivate: false }),
    formats: FORMATS,
    takesTelnet: true,
    takesPasswords: true,
    cowrieSessions: new CowrieSessions(),
  };
  fc.assert(
    fc.property(
      fc.constantFrom(...BASES),
      fc.array(damage, { maxLength: 3 }),
      address,
      ([source, base], damages, from) => {
        const data: Record<string, unknown> = { ...base };
        for (const [at, value, isRemoved] of damages) {
          const keys = Object.keys(data);
          const key = keys[at % keys.length] ?? "app";
          if (isRemoved) delete data[key];
          else data[key] = value;
        }
        data[source] = source === "peer" ? { address: from } : from;
        const changes = source === "srcip" ? endlessh("ACCEPT") : {};
        const alert = decoyAlert(data, { ...changes, data });
        const decision = decide(alert, guarded, NOW);
        if (decision.kind === "ignored") return assert.equal(typeof decision.reason, "string");
        taken++;
        const one: unknown = Array.isArray(from) && from.length === 1 ? from[0] : from;
        const bare = String(one).replace(/^\[(.*)\](:\d+)?$/, "$1");
        const expected = canonicalAddress(bare) ?? canonicalAddress(bare.replace(/:\d+$/, ""));
        assert.ok(decision.attempts.length <= 1000);
        for (const attempt of decision.attempts) {
          assert.equal(attempt.sourceIp, expected);
          assert.equal(guarded.guard.refusal(attempt.sourceIp), undefined);
          assert.ok((attempt.username ?? "").length <= 255);
          assert.ok((attempt.password ?? "").length <= 255);
          assert.ok(Number.isSafeInteger(attempt.pid) && Number.isSafeInteger(attempt.at));
          assert.equal(attempt.count, 1);
          assert.equal(attempt.isCompromise, false);
        }
      },
    ),
    { numRuns: RUNS, seed: 20261123 },
  );
  assert.ok(taken > RUNS / 10, `${taken} taken`);
});

Deno.test("readFormats() refuses or reads whatever is there, and decide() reads by it", () => {
  const field = fc.oneof(
    hostile,
    fc.constantFrom("data.logtype", "data.src_host", "data.a.b", "rule.id", "location", "4002"),
    fc.constant({ "data.logtype": "*" }),
  );
  const names = ["name", "when", "event", "failed", "success", "key", "connect", "source"] as const;
  const format = fc.record(Object.fromEntries(names.map((name) => [name, field])));
  const valid = {
    name: "valid",
    when: { "data.logtype": "*" },
    event: "data.logtype",
    failed: "4002",
    source: "data.src_host",
  };
  fc.assert(
    fc.property(
      fc.oneof(
        fc.jsonValue(),
        fc.array(format, { maxLength: 2 }),
        fc.tuple(fc.constantFrom(...names), field).map(([name, value]) => [
          { ...valid, [name]: value },
        ]),
      ),
      (given) => {
        let formats;
        try {
          formats = readFormats(given);
        } catch (error) {
          assert.match(
            (error as Error).message,
            / is not a valid .+; use |is missing|nothing; give/,
          );
          assert.ok(error instanceof RangeError);
          return;
        }
        const { kind } = decide(openCanary(), { ...defaultRules(), formats }, NOW);
        assert.ok(kind === "attempts" || kind === "ignored");
      },
    ),
    { numRuns: RUNS, seed: 20261123 },
  );
});
