/**
 * What the property tests of the intake share: 200,000 alerts go through it in all.
 *
 * @module
 */
import assert from "node:assert/strict";
import { decide, type IntakeRules } from "../../src/intake/decide.ts";
import { defaultRules } from "./fixtures.ts";

/** fast-check prints the seed of a failure; `FC_SEED` repeats it, or tries another one. */
export const SEED = Number(Deno.env.get("FC_SEED") ?? 20261123);
const NOW = Date.UTC(2026, 10, 23);
/** No alert may take longer, one with a value of a megabyte not either; it includes pauses of the collector and of a busy machine. */
const SLOWEST_MS = 3000;

export const defaults = defaultRules();
/** Composites alone are handed over, so their earlier lines count too. */
export const compositesOnly: IntakeRules = {
  ...defaults,
  ruleIds: new Set(["5551", "5712", "5719", "5720", "5763", "40112"]),
};

let slowest = 0;
let decided = 0;

/** Decides on one alert as timed. */
export function timed(value: unknown, rules: IntakeRules) {
  const start = performance.now();
  const decision = decide(value, rules, NOW);
  slowest = Math.max(slowest, performance.now() - start);
  decided++;
  return decision;
}

/** Holds what was decided since the last time against the limits. */
export function assertBounded(minimum: number): void {
  assert.ok(slowest < SLOWEST_MS, `${slowest.toFixed(0)} ms for one alert`);
  assert.ok(decided >= minimum, `only ${decided} alerts`);
  assert.equal(Object.keys(Object.prototype).length, 0);
  [slowest, decided] = [0, 0];
}
