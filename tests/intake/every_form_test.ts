/**
 * Generated alerts of every form, whole and damaged, from their bytes to the decision. `WM_SOAK=1` has ten
 * times as many.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalAddress } from "../../src/address.ts";
import { CowrieSessions } from "../../src/cowrie/sessions.ts";
import { decideItem, type IntakeRules } from "../../src/intake/decide.ts";
import { explainItem } from "../../src/intake/explain.ts";
import { readAlertFile } from "../../src/wazuh/alert_file.ts";
import { everyForm, wrapped } from "../support/every_form.ts";
import { FORGED, hostileName, source } from "../support/generators.ts";
import { defaults, SEED } from "../support/timed_intake.ts";

const IS_SOAK = Deno.env.get("WM_SOAK") === "1";
/** Each run has 13 alerts, whole and damaged. */
const RUNS = IS_SOAK ? 8000 : 800;
const LEAST = IS_SOAK ? 200_000 : 20_000;
const NOW = Date.UTC(2026, 10, 23);
/** Of one alert, with pauses of the collector and of a busy machine; and of all on average. */
const SLOWEST_MS = 3000;
const AVERAGE_MS = 4;

const REASONS: ReadonlySet<string> = new Set([
  ...["empty_file", "too_large", "text_format", "not_json", "malformed", "own_alert"],
  ...["other_rule", "not_honeypot", "not_ssh", "no_address", "host_name", "special_address"],
  ...["not_an_attempt"],
]);
const RULES: IntakeRules = {
  ...defaults,
  ruleIds: new Set([...defaults.ruleIds, "100700", "60122"]),
  takesTelnet: true,
  takesPasswords: true,
  cowrieSessions: new CowrieSessions(),
};
const COMPOSITES: IntakeRules = { ...RULES, ruleIds: new Set(["40111", "40112"]) };
const FORGED_ADDRESSES: ReadonlySet<string> = new Set(FORGED.map((one) => canonicalAddress(one)!));

const utf8 = new TextEncoder();
let decided = 0;
let counted = 0;
/** Whole alerts that counted, by their form. */
const countedOfForm: number[] = [];
let slowest = 0;
let total = 0;

/** A second look at a record would not be the first of its session. */
function withoutSessions({ cowrieSessions: _, ...rules }: IntakeRules): IntakeRules {
  return rules;
}

/** Reads a file, and asserts that each of its items has one outcome. @returns addresses that count */
function addressesOf(bytes: Uint8Array, pick: number): readonly string[] {
  const rules = pick % 4 === 0 ? COMPOSITES : RULES;
  const start = performance.now();
  const items = readAlertFile(bytes);
  const decisions = items.map((item) => decideItem(item, rules, NOW));
  const time = performance.now() - start;
  slowest = Math.max(slowest, time);
  total += time;
  assert.ok(items.length > 0);
  decided += items.length;
  return decisions.flatMap((decision, index) => {
    const explained = explainItem(items[index]!, withoutSessions(rules), NOW);
    if (decision.kind === "ignored") {
      assert.ok(REASONS.has(decision.reason), decision.reason);
      return [];
    }
    assert.equal(explained.reason, undefined);
    assert.ok(decision.attempts.length > 0);
    counted++;
    for (const { count, username = "" } of decision.attempts) {
      assert.ok(Number.isSafeInteger(count) && count >= 0 && username.length <= 255);
    }
    return decision.attempts.map(({ sourceIp }) => sourceIp);
  });
}

type Fields = Record<string, unknown>;
type Damage = (text: string, from: number, to: number) => string;

/** What may happen to a text of JSON on its way, wherever it hits. */
const OF_TEXT: readonly Damage[] = [
  (text, from) => text.slice(0, from),
  (text, from) => text.slice(from),
  (text, from) => `${text.slice(0, from)}\0${text.slice(from)}`,
  (text, from) => `${text.slice(0, from)}\n${text.slice(from)}`,
  (text, from) => `${text.slice(0, from)}\ud800${text.slice(from + 1)}`,
  (text, from) => `${text.slice(0, from)}{[${text.slice(from)}`,
  (text, from, to) => text.slice(0, Math.min(from, to)) + text.slice(Math.max(from, to)),
];

/** What may happen to its fields. */
const OF_FIELDS: readonly Damage[] = [
  (text) => `${text}\n${text}`,
  (text) => JSON.stringify(JSON.parse(text), undefined, 2).repeat(2),
  (text, from, to) => without(text, from, to, undefined),
  (text, from, to) => without(text, from, to, null),
  (text, from, to) => without(text, from, to, []),
  (text, from, to) => without(text, from, to, {}),
  (text, from, to) => without(text, from, to, 1e308),
  (text, from, to) => without(text, from, to, "x".repeat(5000)),
];

/** Another value, or none, in the place of one field. */
function without(text: string, from: number, to: number, value: unknown): string {
  const root = JSON.parse(text) as Fields;
  let holder = root;
  for (let depth = 0; depth < 3; depth++) {
    const keys = Object.keys(holder);
    const key = keys[(from + depth * to) % keys.length];
    if (key === undefined) break;
    const inner = holder[key];
    if (typeof inner === "object" && inner !== null && (to + depth) % 3 > 0) {
      holder = inner as Fields;
    } else {
      holder[key] = value;
      break;
    }
  }
  return JSON.stringify(root);
}

/** Where log lines stand, and what is made from them. */
const LINES =
  /"(?:full_log|previous_output|payload|event_?original|original|message)":"((?:[^"\\]|\\.)*)"/g;

/** Damage inside of a line may leave nothing of the server's own words but the header. */
function hasWholeLines(text: string, damaged: string): boolean {
  return [...text.matchAll(LINES)].every(([field]) => damaged.includes(field));
}

function assertNotForged(addresses: readonly string[], text: string): void {
  for (const one of addresses) assert.ok(!FORGED_ADDRESSES.has(one), `${one}: ${text}`);
}

Deno.test("decideItem() gives each alert of every form one outcome, and never a client's address", () => {
  const property = fc.property(
    hostileName,
    source,
    fc.integer({ min: 1, max: 65535 }),
    fc.nat(1_000_000),
    fc.constantFrom<string | undefined>(...FORGED, undefined, "true"),
    fc.nat(100_000),
    fc.nat(100_000),
    (name, address, port, pick, claimed, from, to) => {
      const truth = canonicalAddress(address)!;
      const claim = claimed === "true" ? address : claimed;
      everyForm({ name, source: address, port, pick, claim }).forEach((alert, index) => {
        const text = JSON.stringify(wrapped(alert, pick + index));
        const addresses = addressesOf(utf8.encode(text), pick + index);
        for (const one of addresses) assert.equal(one, truth, text);
        if (addresses.length > 0) countedOfForm[index] = (countedOfForm[index] ?? 0) + 1;
      });
      // Where the line is lost, nobody can know more than what Wazuh read.
      const known = claim === undefined ? undefined : address;
      everyForm({ name, source: address, port, pick, claim: known }).forEach((alert, index) => {
        const text = JSON.stringify(wrapped(alert, pick + index));
        const damage = [...OF_TEXT, ...OF_FIELDS][(pick + index) % 15]!;
        const damagedText = damage(text, from % text.length, to % text.length);
        const addresses = addressesOf(utf8.encode(damagedText), pick + index);
        const isKnown = OF_FIELDS.includes(damage) || hasWholeLines(text, damagedText);
        if (isKnown) assertNotForged(addresses, damagedText);
      });
    },
  );
  fc.assert(property, { numRuns: RUNS, seed: SEED });
  console.log(
    `${decided} alerts, ${counted} of them counted, ${(total / decided).toFixed(3)} ms each, ` +
      `the slowest ${slowest.toFixed(1)} ms`,
  );
  assert.ok(decided >= LEAST, `only ${decided} alerts`);
  assert.ok(counted > LEAST / 4, `only ${counted} counted`);
  assert.equal(countedOfForm.length, 13);
  for (const count of countedOfForm) assert.ok(count > RUNS / 10, `${countedOfForm}`);
  assert.ok(slowest < SLOWEST_MS, `${slowest.toFixed(0)} ms for one alert`);
  assert.ok(total / decided < AVERAGE_MS, `${(total / decided).toFixed(1)} ms on average`);
  assert.equal(Object.keys(Object.prototype).length, 0);
});
