import assert from "node:assert/strict";
import * as fake from "../fake_misp/facts.ts";
import { PAIRS, TEMPLATES } from "./misp_types.ts";

Deno.test("the fake MISP knows every pair in use, and detects by the same types", () => {
  assert.deepEqual(
    PAIRS.map(({ type, category }) => `${type} in ${category}`),
    [
      "ip-src in Network activity",
      "AS in Network activity",
      "counter in Other",
      "text in Other",
      "float in Other",
      "text in Network activity",
      "sha256 in Payload delivery",
      "filename in Payload delivery",
      "size-in-bytes in Other",
      "url in Network activity",
      "hassh-md5 in Network activity",
      "ssh-fingerprint in Network activity",
    ],
  );
  for (const { type, category, detects } of PAIRS) {
    const facts = fake.TYPES.get(type);
    assert.equal(facts?.categories.includes(category), true, `${type} in ${category}`);
    assert.equal(facts?.toIds, detects, type);
  }
});

Deno.test("the fake MISP has the templates in use, in the same version", () => {
  assert.deepEqual(
    TEMPLATES.map(({ name, version }) => `${name} ${version}`),
    ["authentication-failure-report 4", "ip-port 10", "geolocation 8", "file 25", "url 10"],
  );
  for (const { multiple: _, ...written } of TEMPLATES) {
    const there = fake.TEMPLATES.find(({ uuid }) => uuid === written.uuid);
    assert.ok(there, written.name);
    const used = Object.keys(written.relations);
    assert.deepEqual({
      ...there,
      version: Number(there.version),
      relations: Object.fromEntries(used.map((relation) => [relation, there.relations[relation]])),
    }, written);
  }
});
