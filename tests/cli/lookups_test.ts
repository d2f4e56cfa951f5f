import assert from "node:assert/strict";
import { createLookups } from "../../src/cli/wiring/lookups.ts";
import { loadConfig } from "../../src/config/load.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

const HASH = "a1".repeat(32);

const LISTS = {
  "known-good": { list: [HASH], matching_attributes: ["sha256"], type: "string" },
  "top": { list: ["example.org"], matching_attributes: ["hostname", "url"], type: "hostname" },
  "public-dns-v4": { list: ["192.0.2.53"], matching_attributes: ["ip-src", "url"], type: "string" },
  "amazon-aws": { list: ["198.51.100.0/24"], matching_attributes: ["ip-src"], type: "cidr" },
};

async function lookups(folder: TempFolder, variables: Record<string, string> = {}) {
  for (const [name, list] of Object.entries(LISTS)) {
    Deno.writeTextFileSync(folder.file(`${name}.json`), JSON.stringify({ name, ...list }));
  }
  const set: Record<string, string> = {
    WM_GUARD_WARNINGLISTS_DIRECTORY: folder.path,
    ...variables,
  };
  const { config } = loadConfig({
    root: folder.path,
    environment: (name) => set[name],
    readTextFile: () => "{}",
  });
  const made = createLookups(config, () => {});
  await made.prepare();
  return made.current();
}

Deno.test("createLookups() asks warning lists for hashes, and for hosts of addresses", async () => {
  using folder = tempFolder();
  const { hashLists, urlLists } = await lookups(folder);
  assert.deepEqual(hashLists?.(HASH), ["known-good"]);
  assert.deepEqual(hashLists?.("b2".repeat(32)), []);
  assert.deepEqual(urlLists?.("http://cdn.example.org:8080/x.sh"), ["top"]);
  assert.deepEqual(urlLists?.("http://cdn.example.org./x.sh"), ["top"]);
  assert.deepEqual(urlLists?.("ftp://192.0.2.53/x"), ["public-dns-v4"]);
  assert.deepEqual(urlLists?.("tftp://0xc0000235/x"), ["public-dns-v4"]);
  // Attackers live in clouds.
  assert.deepEqual(urlLists?.("http://198.51.100.7/x"), []);
  assert.deepEqual(urlLists?.("http://[2001:db8::7]/x"), []);
});

Deno.test("createLookups() asks nothing of sessions where they are not read", async () => {
  using folder = tempFolder();
  const found = await lookups(folder, { WM_SESSION_ENABLED: "false" });
  assert.deepEqual([found.hashLists, found.urlLists], [undefined, undefined]);
});
