import assert from "node:assert/strict";
import { namePattern, prefixPattern } from "../../src/guard/name_pattern.ts";

/** Pattern, names that fit, names that do not. */
const WHOLE: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["hp-1", ["hp-1", "HP-1"], ["hp-12", "xhp-1", ""]],
  ["hp-*", ["hp-", "hp-1", "Hp-ams.example.org"], ["hp", "xhp-1"]],
  ["*-hp", ["ams-hp", "-hp", "-HP-hp"], ["ams-hp-2", "hp"]],
  ["hp-*-eu", ["hp-1-eu", "hp--eu", "hp-eu-eu"], ["hp-eu", "hp-1-eu2"]],
  ["*hp*", ["hp", "a-hp-1"], ["h-p", ""]],
  ["*", ["", "hp", "a\nb"], []],
  ["**", ["", "hp"], []],
  ["a**b", ["ab", "a-b"], ["a", "b"]],
  ["a*a", ["aa", "aba"], ["a"]],
  ["*ab*b", ["abb", "xab-b"], ["ab", "xab"]],
  ["HP-*", ["hp-1"], ["xp-1"]],
  ["", [""], ["a"]],
];

for (const [pattern, fitting, others] of WHOLE) {
  Deno.test(`namePattern() takes "${pattern}" for the whole name`, () => {
    const fits = namePattern(pattern);
    assert.deepEqual(fitting.filter((name) => !fits(name)), []);
    assert.deepEqual(others.filter((name) => fits(name)), []);
  });
}

Deno.test("namePattern() takes characters of regular expressions for themselves", () => {
  for (const text of ["hp.1", "hp-[0-9]", "^hp$", "(hp|x)", "hp?", "hp\\d+", "h{2}", "hp+"]) {
    assert.equal(namePattern(text)(text), true, text);
  }
  assert.equal(namePattern("hp.1")("hpx1"), false);
  assert.equal(namePattern("hp-[0-9]")("hp-1"), false);
  assert.equal(namePattern(".*")("anything"), false);
  assert.equal(namePattern(".*")(".x"), true);
  assert.equal(namePattern("hp?")("hp"), false);
});

Deno.test("namePattern() takes linear time, however many stars a pattern has", () => {
  const fits = namePattern(`${"*a".repeat(5_000)}*b`);
  const name = "a".repeat(200_000);
  const started = performance.now();
  for (let round = 0; round < 20; round++) assert.equal(fits(name), false);
  const short = performance.now() - started;
  // Backtracking would take years.
  assert.ok(short < 10_000, `${short} ms`);
  assert.equal(fits(`${name}b`), true);
});

Deno.test("prefixPattern() fits names that begin so, and whole names where it has a star", () => {
  assert.equal(prefixPattern("hp-")("HP-1"), true);
  assert.equal(prefixPattern("hp-")("xhp-1"), false);
  assert.equal(prefixPattern("hp-*")("hp-1"), true);
  assert.equal(prefixPattern("*-hp")("ams-hp"), true);
  assert.equal(prefixPattern("*-hp")("ams-hp-2"), false);
});
