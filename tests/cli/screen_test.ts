import assert from "node:assert/strict";
import { bytesText, Progress, progressLine } from "../../src/cli/terminal/progress.ts";
import { cut, NO_TERMINAL, padded, styled, widthOf } from "../../src/cli/terminal/screen.ts";

Deno.test("cut() keeps what fits, and says what it cut", () => {
  assert.equal(cut("short", 5), "short");
  assert.equal(cut("too long", 5), "too …");
  assert.equal(cut("too long", 1), "…");
  assert.equal(cut("too long", 0), "");
  assert.equal(cut("𝄞𝄞𝄞", 2), "𝄞…");
});

Deno.test("widthOf() knows characters of two columns, and of none", () => {
  assert.equal(widthOf("管理者"), 6);
  assert.equal(widthOf("e\u0301"), 1);
  // Each of these is another range of EastAsianWidth.txt.
  for (const wide of "ᄀ⌚〈⺀가豈︐︰！￠𖿠𛀀🈀🚀🤖𠀀𗀀ꥠ") assert.equal(widthOf(wide), 2, wide);
  // Neutral, ambiguous and halfwidth; a symbol with text presentation.
  for (const narrow of "Жא…│ｱￜ🇩🌡⚠𝄞") assert.equal(widthOf(narrow), 1, narrow);
  assert.equal(widthOf("\u200d\ufe0f\u0e31ᅡ"), 0);
  assert.equal(cut("管理者", 5), "管理…");
  assert.equal(padded("管", 4), "管  ");
});

Deno.test("styled() colours only where there are colours", () => {
  assert.equal(styled("x", "red", NO_TERMINAL), "x");
  assert.equal(styled("x", "red", { columns: 80, isColoured: true }), "\x1b[31mx\x1b[0m");
  assert.equal(styled("", "red", { columns: 80, isColoured: true }), "");
});

Deno.test("progressLine() has a bar where it fits, and never fills the last column", () => {
  const half = { done: 5, total: 10, text: "5 of 10 reports delivered" };
  assert.equal(
    progressLine(half, 80),
    " 50% [===============               ]  5 of 10 reports delivered",
  );
  assert.equal(progressLine(half, 43), " 50% [====    ]  5 of 10 reports delivered");
  assert.equal(progressLine(half, 32), " 50%  5 of 10 reports delivered");
  assert.equal(progressLine(half, 20), " 50%  5 of 10 repo…");
  for (let columns = 1; columns < 120; columns++) {
    assert.ok(widthOf(progressLine(half, columns)) < columns, String(columns));
  }
});

Deno.test("progressLine() shows no percent of what nobody knows, and none above 100", () => {
  assert.equal(progressLine({ done: 5, total: undefined, text: "x" }, 80), "x");
  assert.equal(progressLine({ done: 0, total: 0, text: "x" }, 80), "x");
  assert.match(progressLine({ done: 12, total: 10, text: "x" }, 80), /^100% \[=+\] {2}x$/);
});

Deno.test("bytesText() counts in MiB", () => {
  assert.equal(bytesText(1_572_864, 41_943_040), "1.5 of 40.0 MiB");
  assert.equal(bytesText(1_572_864, undefined), "1.5 MiB");
});

Deno.test("Progress is not shown where nobody wants it", () => {
  using progress = new Progress(false);
  assert.equal(progress.isShown, false);
  progress.show(() => assert.fail("it was asked"));
});
