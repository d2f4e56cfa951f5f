import assert from "node:assert/strict";
import { loadConfig } from "../../src/config/load.ts";
import { digestOf, givenOf, integratordUrl } from "../../src/cli/wiring/given.ts";

const KEY = "k".repeat(40);

function load(
  environment: Readonly<Record<string, string>>,
  file: unknown = {},
  integratord?: { readonly url: string; readonly apiKey: string },
) {
  return loadConfig({
    root: "/var/ossec",
    environment: (name) => environment[name],
    readTextFile: () => JSON.stringify(file),
    ...(integratord === undefined ? {} : { integratord }),
  });
}

const HOOK = { url: "https://misp.example", apiKey: KEY };

Deno.test("givenOf() is another one for another key, address, variable or file", () => {
  const all = [
    load({}, {}, HOOK),
    load({}, {}, { ...HOOK, apiKey: "l".repeat(40) }),
    load({}, {}, { ...HOOK, url: "https://other.example" }),
    load({ WM_MISP_TAGS: "tlp:red" }, {}, HOOK),
    load({ WM_CONFIG: "/etc/other.json" }, {}, HOOK),
  ].map(givenOf);
  assert.equal(new Set(all).size, 5);
});

Deno.test("givenOf() leaves out what the file says, which a publisher sees by itself", () => {
  const file = { misp: { url: "https://misp.example", api_key: KEY } };
  assert.equal(givenOf(load({}, file, HOOK)), givenOf(load({}, file)));
});

Deno.test("integratordUrl() is the address that only integratord names", () => {
  assert.equal(integratordUrl(load({}, {}, HOOK)), "https://misp.example");
  assert.equal(integratordUrl(load({ WM_MISP_URL: "https://misp.example" }, {}, HOOK)), undefined);
  const forward = { forward: { url: "https://central.example" } };
  assert.equal(integratordUrl(load({}, forward, HOOK)), undefined);
});

Deno.test("digestOf() is the same for the same salt, and holds nothing of what was given", () => {
  const digest = digestOf("a key", "salt 00");
  assert.equal(
    digest,
    "salt e18778a95c4aba51",
  );
});

Deno.test("digestOf() makes a salt of its own where none is known", () => {
  const [one, other] = [digestOf("a key", undefined), digestOf("a key", undefined)];
  assert.match(one, /^[0-9a-f-]{36} [0-9a-f]{16}$/);
  assert.notEqual(one, other);
  assert.equal(digestOf("a key", one), one);
});
