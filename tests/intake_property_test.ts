import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalAddress } from "../src/address.ts";
import { DEFAULT_RULES } from "../src/config/keys.ts";
import { decide, type IntakeRules } from "../src/intake.ts";
import { unwrap } from "../src/wazuh/shapes.ts";
import { defaultRules, sshdAlert } from "./support/fixtures.ts";
import {
  damaged,
  FORGED,
  hostileName,
  LINE_FORMS,
  messageOf,
  type Mutation,
  mutations,
  source,
} from "./support/generators.ts";

/** fast-check prints the seed of a failure; `FC_SEED` repeats it, or tries another one. */
const SEED = Number(Deno.env.get("FC_SEED") ?? 20261123);
const NOW = Date.UTC(2026, 10, 23);
/** No alert may take longer, one with a value of a megabyte not either; it includes a pause of the collector. */
const SLOWEST_MS = 500;

const defaults = defaultRules();
/** Composites alone are handed over, so their earlier lines count too. */
const compositesOnly: IntakeRules = {
  ...defaults,
  ruleIds: new Set(["5551", "5712", "5719", "5720", "5763", "40112"]),
};

let slowest = 0;
let decided = 0;

/** Decides on one alert as timed. */
function timed(value: unknown, rules: IntakeRules) {
  const start = performance.now();
  const decision = decide(value, rules, NOW);
  slowest = Math.max(slowest, performance.now() - start);
  decided++;
  return decision;
}

function assertBounded(minimum: number): void {
  assert.ok(slowest < SLOWEST_MS, `${slowest.toFixed(0)} ms for one alert`);
  assert.ok(decided >= minimum, `only ${decided} alerts`);
  assert.equal(Object.keys(Object.prototype).length, 0);
  [slowest, decided] = [0, 0];
}

// Generated alerts, whose true source is known

const RULES = [...DEFAULT_RULES];
const COMPOSITES: ReadonlySet<string> = compositesOnly.ruleIds;
const HEADERS = [
  "Aug 23 06:14:06 honeypot-fra1 sshd[26279]: ",
  "",
  "<38>Aug  3 06:14:06 sshd[7]: ",
];
HEADERS.push("2026-08-23T06:31:43.882114+02:00 honeypot-fra1 sshd-session[41822]: ");

Deno.test("decide() takes no address but the true one, whatever name the attacker chose", () => {
  let taken = 0;
  let spoofed = 0;
  const property = fc.property(
    hostileName,
    source,
    fc.integer({ min: 1, max: 65535 }),
    fc.nat(10_000),
    fc.constantFrom<unknown>(...FORGED, undefined, null, 7, ["8.8.8.8"], "true"),
    (name, address, port, pick, claim) => {
      const truth = canonicalAddress(address);
      const srcip = claim === "true" ? address : claim;
      LINE_FORMS.forEach((form, index) => {
        const rule = RULES[(pick + index) % RULES.length]!;
        const line = HEADERS[(pick + index) % HEADERS.length]! +
          messageOf(form, form.isRaw ? name : name.slice(0, 100), address, port);
        const other = messageOf(LINE_FORMS[pick % LINE_FORMS.length]!, name, address, port);
        const data = srcip === undefined ? undefined : { srcip, srcuser: name, dstuser: name };
        const alert = {
          ...sshdAlert({ rule }),
          full_log: line,
          ...(COMPOSITES.has(rule) ? { previous_output: `${line}\n${HEADERS[0]}${other}` } : {}),
          data,
        };
        const rules = COMPOSITES.has(rule) && pick % 2 === 0 ? compositesOnly : defaults;
        const decision = timed(alert, rules);
        if (decision.kind === "ignored") return;
        taken++;
        if (decision.spoofedSrcip) spoofed++;
        for (const { sourceIp, guesses } of decision.attempts) {
          assert.equal(sourceIp, truth, JSON.stringify(alert));
          assert.ok(Number.isSafeInteger(guesses) && guesses >= 0);
        }
        const claimed = typeof srcip === "string" ? canonicalAddress(srcip) : undefined;
        assert.equal(decision.spoofedSrcip, claimed !== undefined && claimed !== truth);
      });
    },
  );
  fc.assert(property, { numRuns: 4000, seed: SEED });
  const part = taken / decided;
  assert.ok(part > 0.85 && spoofed > 0, `only ${(part * 100).toFixed(0)} % were read`);
  assertBounded(4000 * LINE_FORMS.length);
});

// Damaged fixtures

interface Fixture {
  readonly name: string;
  readonly text: string;
}

const FIXTURES: readonly Fixture[] = ["alerts", "shapes"].flatMap((folder) => {
  const directory = new URL(`../fixtures/${folder}/`, import.meta.url);
  return [...Deno.readDirSync(directory)].map(({ name }) => ({
    name,
    text: Deno.readTextFileSync(new URL(name, directory)),
  }));
}).sort((one, other) => one.name < other.name ? -1 : 1);

function textsOf(value: unknown): readonly string[] {
  const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return typeof one === "string" ? [one] : [];
}

/** Every value by its path with dots, whether keys were nested or dotted. */
function dotted(value: unknown, path: string, found: Map<string, unknown[]>): void {
  const isList = Array.isArray(value);
  found.set(path, [...found.get(path) ?? [], value]);
  if (typeof value !== "object" || value === null || isList) return;
  for (const [key, inner] of Object.entries(value)) {
    dotted(inner, path === "" ? key : `${path}.${key}`, found);
  }
}

/** Where sshd and PAM write an address; in a damaged line that can be several places. */
const PLACES = [/(?:from |by |rhost=)([0-9a-fA-F.:]+)/g, /(?:^|\s)([0-9a-fA-F.:]+) port \d/g];

/**
 * What in an alert or finding says where an attack came from: sshd's places in its log lines, Cowrie's
 * record, and `source.ip` of a finding that has no line. Never `data.srcip`, never a user name's field.
 */
function evidenceOf(item: unknown): ReadonlySet<string> {
  const fields = new Map<string, unknown[]>();
  dotted(item, "", fields);
  const get = (...paths: readonly string[]) => paths.flatMap((path) => fields.get(path) ?? []);
  const lines = get("full_log", "previous_output", "event.original", "event_original", "message");
  const addresses = lines.flatMap(textsOf).flatMap((text) =>
    PLACES.flatMap((place) => [...text.matchAll(place)].map((match) => match[1]!))
  );
  if (get("data.eventid").some((event) => String(event).startsWith("cowrie."))) {
    addresses.push(...get("data.src_ip").map(String));
  }
  const originals = get("event.original", "event_original").filter((one) =>
    one != null && one !== ""
  );
  if (originals.length === 0) addresses.push(...get("source.ip", "source_ip").flatMap(textsOf));
  return new Set(addresses.map(canonicalAddress).filter((one) => one !== undefined));
}

function assertEvident(fixture: Fixture, damage: readonly Mutation[]): number {
  let taken = 0;
  for (const item of unwrap(damaged(fixture.text, damage))) {
    const decision = timed(item, taken % 2 === 0 ? defaults : compositesOnly);
    if (decision.kind === "ignored") continue;
    taken++;
    const evidence = evidenceOf(item);
    for (const { sourceIp } of decision.attempts) {
      assert.ok(evidence.has(sourceIp), `${fixture.name}: ${sourceIp} of ${JSON.stringify(item)}`);
    }
  }
  return taken;
}

Deno.test("decide() takes no address that is not in the evidence of a damaged alert", () => {
  const kinds = ["replace", "delete", "copy", "add", "wrap", "forge", "cut", "double"] as const;
  let taken = 0;
  const property = fc.property(
    fc.constantFrom(...FIXTURES),
    mutations(kinds),
    (fixture, damage) => {
      taken += assertEvident(fixture, damage);
    },
  );
  fc.assert(property, { numRuns: 65_000, seed: SEED });
  assert.ok(taken > 15_000, `only ${taken} were read`);
  assertBounded(64_000);
});

Deno.test("decide() never takes 8.8.8.8 from data.srcip or a user name where there is a log line", () => {
  const isLined = (item: unknown) => {
    const fields = new Map<string, unknown[]>();
    dotted(item, "", fields);
    return ["full_log", "event.original", "event_original"].some((path) =>
      fields.get(path)?.some((line) => textsOf(line).some((text) => text !== ""))
    );
  };
  const property = fc.property(
    fc.constantFrom(...FIXTURES.filter(({ name }) => !name.includes("cowrie"))),
    mutations(["forge", "forge", "replace", "delete", "wrap", "add"]),
    hostileName,
    (fixture, damage, name) => {
      const user = JSON.stringify(name.replaceAll("\n", " ")).slice(1, -1);
      const text = fixture.text.replace(/\b(?:sammy|badguy|warez)\b/g, () => user);
      const forge = { kind: "forge", at: 0, to: 0, value: null } as const;
      for (const item of unwrap(damaged(text, [forge, ...damage]))) {
        const decision = timed(item, defaults);
        if (decision.kind === "ignored" || !isLined(item)) continue;
        for (const { sourceIp } of decision.attempts) {
          assert.ok(!["8.8.8.8", FORGED[1]].includes(sourceIp), JSON.stringify(item));
        }
      }
    },
  );
  fc.assert(property, { numRuns: 45_000, seed: SEED });
  assertBounded(44_000);
});
