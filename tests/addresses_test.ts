/**
 * Whose addresses stand in what this project publishes. The rules are in CONTRIBUTING.md.
 *
 * @module
 */
import assert from "node:assert/strict";
import { addressWords, canonicalAddress } from "../src/address.ts";
import { isSpecial } from "../src/guard/special_ranges.ts";

const PROJECT = new URL("../", import.meta.url);

/** Attackers of 2026-08-23 in recorded alerts: the program publishes no address of documentation. */
const RECORDED: readonly string[] = [
  "82.202.219.155",
  "192.241.237.101",
  "212.64.151.233",
  "218.92.0.112",
  // The address that an attacker forged, as a user name: a resolver that everybody knows.
  "8.8.8.8",
];

/** What looks like an address in documents. */
const NOT_ADDRESSES: readonly string[] = [
  // An X.500 attribute, which a validator of MISP has by this number.
  "2.5.34.4",
  // The alert of the build, which the guard has to let pass; nothing is sent.
  "1.1.1.1",
];

function* filesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, PROJECT))) {
    if (isDirectory) yield* filesBelow(`${folder}${name}/`);
    else if (!/\.(png|gz|ico)$/.test(name)) yield `${folder}${name}`;
  }
}

const QUAD = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g;
/** Of 2000::/3, which is all that is assigned to anybody. */
const GROUPS = /(?<![\w:.])[23][\da-f]{3}:[\da-f:]+(?![\w:])/gi;

/** Addresses that may belong to somebody. */
function foreign(text: string): readonly string[] {
  const found = [...text.matchAll(QUAD), ...text.matchAll(GROUPS)]
    .flatMap(([one]) => canonicalAddress(one) ?? []);
  return [...new Set(found)].filter((one) => !isSpecial(addressWords(one)));
}

function foreignBelow(...folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) => [...filesBelow(folder)]).flatMap((path) =>
    foreign(Deno.readTextFileSync(new URL(path, PROJECT)))
      .filter((one) => !NOT_ADDRESSES.includes(one)).map((one) => `${path}: ${one}`)
  );
}

Deno.test("documents and examples have addresses of documentation only", () => {
  const pages = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "bench/RESULTS.md"]
    .flatMap((path) =>
      foreign(Deno.readTextFileSync(new URL(path, PROJECT))).map((one) => `${path}: ${one}`)
    );
  assert.deepEqual([...pages, ...foreignBelow("docs/", "deploy/")], []);
});

Deno.test("fixtures have no address of somebody else but those that were recorded", () => {
  const found = foreignBelow("fixtures/").map((one) => one.replace(/^.*: /, ""));
  assert.deepEqual([...new Set(found)].sort(), [...RECORDED].sort());
});

Deno.test("foreign() finds what belongs to somebody, and nothing else", () => {
  assert.deepEqual(
    foreign(
      "from 8.8.8.8 port 1.2.3.4.5, 192.0.2.7, 2001:db8::7, 2606:4700::1111, 06:14:07, a::b(x)",
    ),
    ["8.8.8.8", "2606:4700::1111"],
  );
});
