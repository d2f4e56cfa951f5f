import assert from "node:assert/strict";
import { changeText, mayChange } from "../../src/lists/change.ts";

const CASES: readonly (readonly [
  before: number | undefined,
  after: number,
  percent: number | undefined,
  may: boolean,
  keptOut?: number,
])[] = [
  // The first write, and the first attackers.
  [undefined, 0, 1, true],
  [undefined, 100_000, 1, true],
  [0, 100_000, 1, true],
  [100, 100, 1, true],
  [100, 110, 10, true],
  [100, 111, 10, false],
  [100, 90, 10, true],
  [100, 89, 10, false],
  [100, 0, 99, false],
  [100, 0, 100, true],
  [3, 4, 30, false],
  [100, 1000, 900, true],
  // Without a percentage: half, but a few addresses always.
  [100, 150, undefined, true],
  [100, 151, undefined, false],
  [100, 50, undefined, true],
  [100, 49, undefined, false],
  [1, 11, undefined, true],
  [1, 12, undefined, false],
  [10, 0, undefined, true],
  [11, 0, undefined, false],
  // What somebody keeps out leaves the list, and explains nothing more than itself.
  [100, 0, 10, true, 100],
  [100, 0, 10, true, 90],
  [100, 0, 10, false, 89],
  [100, 200, 10, false, 100],
  [100, 80, 10, false, -50],
];

Deno.test("mayChange() holds back what grows or shrinks too much at once", () => {
  for (const [before, after, percent, may, keptOut = 0] of CASES) {
    assert.equal(
      mayChange({ before, after, keptOut }, percent),
      may,
      `${before} to ${after}, ${percent} %, ${keptOut} kept out`,
    );
  }
});

Deno.test("changeText() names both sizes and the percentage", () => {
  assert.equal(changeText(120, 3), "would shrink from 120 to 3 addresses, by 98 %");
  assert.equal(changeText(10, 25), "would grow from 10 to 25 addresses, by 150 %");
});
