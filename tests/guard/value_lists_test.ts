import assert from "node:assert/strict";
import { valueLists } from "../../src/guard/value_lists.ts";
import type { WarninglistFiles } from "../../src/guard/warninglists.ts";

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const LISTS: Readonly<Record<string, unknown>> = {
  "empty-hashes": {
    ...{ name: "Hashes of empty files", type: "string", version: 1 },
    list: [EMPTY.toUpperCase()],
    matching_attributes: ["md5", "sha1", "sha256", "filename|sha256"],
  },
  "top1000": {
    ...{ name: "Top 1000", type: "hostname", version: 1 },
    list: ["example.org", "a.example.com"],
    matching_attributes: ["hostname", "domain", "url", "domain|ip"],
  },
  "exact": {
    ...{ name: "Exact", type: "string", version: 1 },
    list: { "files.example.net": "where people keep files" },
    matching_attributes: ["hostname", "url"],
  },
  "cloudflare": {
    ...{ name: "Cloudflare", type: "cidr", version: 1 },
    list: ["198.51.100.0/24"],
    matching_attributes: ["ip-src", "ip-dst", "url"],
  },
  "addresses": {
    ...{ name: "Mail", type: "hostname", version: 1 },
    list: ["mail.example.edu"],
    matching_attributes: ["email-src"],
  },
  "whatever": { name: "For all types", type: "string", version: 1, list: ["b1".repeat(32)] },
};

/** A folder of lists, and how often each was read. */
function folder(lists: Readonly<Record<string, unknown>> = LISTS) {
  const reads = new Map<string, number>();
  const state = { lists, now: 0 };
  const files: WarninglistFiles = {
    names: () => Object.keys(state.lists),
    readText: (path) => {
      const name = path.split("/").at(-2)!;
      reads.set(name, (reads.get(name) ?? 0) + 1);
      const list = state.lists[name];
      if (list === undefined) throw new Deno.errors.NotFound("No such file or directory");
      return JSON.stringify(list, null, 2);
    },
    stamp: (path) => JSON.stringify(state.lists[path.split("/").at(-2)!])?.length.toString() ?? "0",
  };
  const warnings: string[] = [];
  const find = valueLists("lists", files, {
    recheckMs: 60_000,
    warn: (message) => warnings.push(message),
    now: () => state.now,
  });
  return { find, reads, state, warnings };
}

Deno.test("valueLists() finds a hash in whatever case a list has it", () => {
  const { find } = folder();
  assert.deepEqual(find.ofHash(EMPTY), ["empty-hashes"]);
  assert.deepEqual(find.ofHash("b1".repeat(32)), ["whatever"]);
  assert.deepEqual(find.ofHash("c2".repeat(32)), []);
});

Deno.test("valueLists() finds a host and its subdomains as MISP does, by the type of a list", () => {
  const { find } = folder();
  assert.deepEqual(find.ofHost("example.org"), ["top1000"]);
  assert.deepEqual(find.ofHost("cdn.example.org"), ["top1000"]);
  assert.deepEqual(find.ofHost("notexample.org"), []);
  assert.deepEqual(find.ofHost("example.com"), []);
  assert.deepEqual(find.ofHost("files.example.net"), ["exact"]);
  assert.deepEqual(find.ofHost("a.files.example.net"), []);
  assert.deepEqual(find.ofHost("mail.example.edu"), []);
});

Deno.test("valueLists() reads a list that is about something else once only", () => {
  const { find, reads } = folder();
  for (const host of ["a.example", "b.example", "c.example"]) find.ofHost(host);
  assert.deepEqual(reads.get("cloudflare"), 1);
  assert.deepEqual(reads.get("addresses"), 1);
  find.ofHost("c.example");
  assert.deepEqual(reads.get("top1000"), 3);
});

Deno.test("valueLists() looks again once a list has changed", () => {
  const { find, state } = folder();
  assert.deepEqual(find.ofHost("new.example"), []);
  const grown = { type: "hostname", list: ["new.example", "x"], matching_attributes: ["url"] };
  state.lists = { ...LISTS, top1000: grown };
  assert.deepEqual(find.ofHost("new.example"), []);
  state.now = 60_000;
  assert.deepEqual(find.ofHost("new.example"), ["top1000"]);
});

Deno.test("valueLists() warns once of a list that cannot be read, and uses the others", () => {
  const { find, warnings } = folder({ ...LISTS, gone: undefined });
  assert.deepEqual(find.ofHost("example.org"), ["top1000"]);
  assert.deepEqual(find.ofHost("www.example.org"), ["top1000"]);
  assert.deepEqual(warnings, [
    "warning list lists/gone/list.json is left out: No such file or directory",
  ]);
});
