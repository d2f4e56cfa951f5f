import assert from "node:assert/strict";
import { merged, replacedText } from "../../src/cli/commands/setup/configuration.ts";

Deno.test("merged() makes a configuration of the answers alone where there is none", () => {
  const { text, replaced, isChanged } = merged(undefined, {
    mispUrl: "https://misp.example.org",
    keyFile: "/k",
    agentPrefixes: ["hp-"],
  });
  assert.deepEqual([replaced, isChanged], [[], true]);
  assert.equal(
    text,
    `{
  "misp": {
    "url": "https://misp.example.org",
    "api_key_file": "/k"
  },
  "honeypot": {
    "agent_prefixes": [
      "hp-"
    ]
  }
}
`,
  );
});

Deno.test("merged() keeps other keys, and says which values it replaces without a secret", () => {
  const existing = {
    $schema: "x",
    misp: { url: "https://a.example.org", api_key: "SECRET", publish: false },
    log: { level: "debug" },
  };
  const { text, replaced } = merged(existing, { mispUrl: "https://b.example.org", keyFile: "/k" });
  assert.deepEqual(JSON.parse(text), {
    $schema: "x",
    misp: { url: "https://b.example.org", publish: false, api_key_file: "/k" },
    log: { level: "debug" },
  });
  assert.deepEqual(replaced.map(replacedText), [
    'replaces misp.url "https://a.example.org" by "https://b.example.org"',
    "removes misp.api_key",
  ]);
});

Deno.test("merged() sees no change in answers that the file has already", () => {
  const existing = { misp: { url: "https://a.example.org" }, honeypot: { agent_prefixes: ["a"] } };
  const answers = { mispUrl: "https://a.example.org", agentPrefixes: ["a"] };
  assert.deepEqual(merged(existing, answers).isChanged, false);
});
