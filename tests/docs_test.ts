import assert from "node:assert/strict";

const PROJECT = new URL("../", import.meta.url);

const read = (path: string) => Deno.readTextFileSync(new URL(path, PROJECT));

Deno.test("docs/delivery.md names a test for what it promises, and each of them is there", () => {
  const text = read("docs/delivery.md").replaceAll(/\s+/g, " ");
  const named = [...text.matchAll(/- test: `([^`]+)` "([^"]+)"/g)];
  const missing = named.filter(([, file, name]) => !read(`tests/${file}`).includes(name!));
  assert.deepEqual(missing.map(([line]) => line), []);
  assert.equal(named.length, [...text.matchAll(/- test: /g)].length);
  assert.ok(named.length > 30);
});
