import assert from "node:assert/strict";
import { parseYaml } from "./yaml.ts";

Deno.test("parseYaml() reads what the project's files are made of", () => {
  const source = `# A comment.
top:
  list:
    - name: one # why
      steps: [a, "b: c", 'it''s']

    - - no
  folded: >-
    two
    lines
  script: |
    if true; then
      echo # stays

    fi
same:
- 1.5
- "8787:8787"
flow: { key: { deep: [1, true] }, url: https://example.org/#x }
none:
`;
  assert.throws(() => parseYaml(source), { name: "SyntaxError", message: "not a value: - no" });
  assert.deepEqual(parseYaml(source.replace("- - no", "- 'no'")), {
    top: {
      list: [{ name: "one", steps: ["a", "b: c", "it's"] }, "no"],
      folded: "two lines",
      script: "if true; then\n  echo # stays\n\nfi\n",
    },
    same: [1.5, "8787:8787"],
    flow: { key: { deep: [1, true] }, url: "https://example.org/#x" },
    none: null,
  });
});

Deno.test("parseYaml() refuses what it would read otherwise than others", () => {
  const wrong: readonly (readonly [string, string])[] = [
    ["a: 1\na: 2", "twice: a: 2"],
    ["a:\n\tb: 1", "a tab: \tb: 1"],
    ["a: *other", "not a value: *other"],
    ["a: &name x", "not a value: &name x"],
    ["a: b: c", "not a value: b: c"],
    ["a: [1, 2", "without ]: "],
    ['a: "x" y', "too much:  y"],
    ["a: 1\n  b: 2", "out of its block: b: 2"],
    ["just words", "not a key: just words"],
  ];
  for (const [source, message] of wrong) {
    assert.throws(() => parseYaml(source), { name: "SyntaxError", message }, source);
  }
});
