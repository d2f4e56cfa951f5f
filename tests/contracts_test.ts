import assert from "node:assert/strict";
import { documents, readProjectFile as read } from "./support/documents.ts";

const PROJECT = new URL("../", import.meta.url);

/** Fewer than this, and the search itself has gone blind. */
const FEWEST_REFERENCES = 70;

/** This file shows references that are not valid. */
const OWN = "tests/contracts_test.ts";

/** A reference to one section, or to a whole file. */
interface Reference {
  readonly from: string;
  readonly contract: string;
  readonly section: string | undefined;
  /** Sections after it that are joined by a word, so that nobody would check them. */
  readonly hasMore: boolean;
}

/** Files below a folder of the project, without its documents. */
function* programs(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, PROJECT))) {
    if (isDirectory) yield* programs(`${folder}${name}/`);
    else if (!/\.(md|png|gz)$/.test(name)) yield folder + name;
  }
}

const NUMBER = /\d+(?:\.\d+)*/.source;
const NUMBERS = `${NUMBER}(?:, ${NUMBER})*`;

/** A contract, its sections, and further ones that are not joined as they should be. */
const CITED = new RegExp(
  `\\b((?:[\\w-]+/)*contracts/[\\w-]+\\.md)(?: (${NUMBERS})( (?:and|or|to) \\d)?)?`,
  "g",
);

/** What a text cites, also over the end of a comment's line; each of several sections is one. */
function referencesIn(from: string, text: string): readonly Reference[] {
  const flat = text.replaceAll(/\n *(?:\*|\/\/|#)? */g, " ");
  return [...flat.matchAll(CITED)].flatMap(([, contract, sections, more]) =>
    (sections?.split(", ") ?? [undefined]).map((section) => ({
      from,
      contract: contract!,
      section,
      hasMore: more !== undefined,
    }))
  );
}

/** The numbers of a contract's headings. */
function sectionsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#{2,4} (\d+(?:\.\d+)*) \S/gm)].map(([, number]) => number!);
}

/** The contracts, by the path that references name, with their sections. */
function contracts(): ReadonlyMap<string, readonly string[]> {
  const paths = [...documents()].filter((path) => path.startsWith("docs/contracts/"));
  return new Map(paths.map((path) => [path, sectionsOf(read(path))]));
}

/** Why a reference leads nowhere; undefined: it leads to a heading. */
function fault({ contract, section, hasMore }: Reference): string | undefined {
  const sections = known.get(contract);
  if (sections === undefined) return "there is no such contract";
  if (section === undefined) return "it names no section";
  if (hasMore) return "it joins sections by a word; use commas";
  return sections.includes(section) ? undefined : "there is no such section";
}

const known = contracts();

Deno.test("docs/contracts: every reference leads to a heading", () => {
  const files = ["src/", "tests/", "deploy/", "bench/"].flatMap((folder) => [...programs(folder)]);
  const references = files.filter((path) => path !== OWN)
    .flatMap((path) => referencesIn(path, read(path)));
  const wrong = references.flatMap((reference) => {
    const reason = fault(reference);
    return reason === undefined ? [] : [{ ...reference, reason }];
  });
  assert.deepEqual(wrong, []);
  assert.ok(references.length >= FEWEST_REFERENCES, `only ${references.length} references`);
});

Deno.test("docs/contracts: documents cite sections that are there", () => {
  const cited = [...documents()].flatMap((path) => referencesIn(path, read(path)));
  // Links to whole documents are docs_test.ts's.
  const wrong = cited.filter((one) => one.section !== undefined && fault(one) !== undefined);
  assert.deepEqual(wrong, []);
});

Deno.test("docs/contracts: each section has a number of its own", () => {
  assert.deepEqual([...known.keys()].sort(), [
    "docs/contracts/cowrie.md",
    "docs/contracts/decoys.md",
    "docs/contracts/misp.md",
    "docs/contracts/wazuh.md",
  ]);
  for (const [contract, sections] of known) {
    assert.deepEqual(sections, [...new Set(sections)], contract);
    const headings = read(contract).match(/^#{2,} /gm)?.length;
    assert.equal(sections.length, headings, `${contract}: a heading without a number`);
  }
});

Deno.test("docs/contracts: sections that a contract's own text points to are there", () => {
  for (const [contract, sections] of known) {
    const own = [...read(contract).matchAll(/\((\d\d?(?:\.\d{1,2})?(?:, \d\d?\.\d{1,2})*)\)/g)]
      .flatMap(([, numbers]) => numbers!.split(", "))
      .filter((number) => !sections.includes(number));
    // Numbers above those of chapters are lines of Wazuh's source.
    assert.deepEqual(own.filter((number) => Number(number) < 10), [], contract);
  }
});

Deno.test("docs/contracts: a reference that leads nowhere is found", () => {
  const faults = (text: string) => referencesIn("a.ts", text).map(fault);
  assert.deepEqual(faults("// (docs/contracts/wazuh.md 4.4)"), [undefined]);
  assert.deepEqual(faults("/** A. B (docs/contracts/wazuh.md\n * 4.4). */"), [undefined]);
  assert.deepEqual(faults("docs/contracts/wazuh.md 4.4, 4.99"), [
    undefined,
    "there is no such section",
  ]);
  assert.deepEqual(faults("docs/contracts/misp.md 8 and 9"), [
    "it joins sections by a word; use commas",
  ]);
  assert.deepEqual(faults("docs/contracts/misp.md"), ["it names no section"]);
  assert.deepEqual(faults("contracts/misp.md 8"), ["there is no such contract"]);
  assert.deepEqual(faults("docs/contracts/misp-recorded.md 3"), ["there is no such contract"]);
});
