import assert from "node:assert/strict";
import { blocksOf, documents, readProjectFile as read, shellLines } from "./support/documents.ts";
import { parseYaml } from "./support/yaml.ts";

const PROJECT = new URL("../", import.meta.url);

/** The names of tests that a document calls on, and those that are not there. */
function testsNamedIn(path: string) {
  const text = read(path).replaceAll(/\s+/g, " ");
  const named = [...text.matchAll(/- test: `([^`]+)` "([^"]+)"/g)];
  const missing = named.filter(([, file, name]) => !read(`tests/${file}`).includes(name!));
  assert.equal(named.length, [...text.matchAll(/- test: /g)].length, `${path}: a line is odd`);
  return { count: named.length, missing: missing.map(([line]) => line) };
}

Deno.test("docs/delivery.md names a test for what it promises, and each of them is there", () => {
  const { count, missing } = testsNamedIn("docs/delivery.md");
  assert.deepEqual(missing, []);
  assert.ok(count > 30);
});

/** What a link can lead to within a document, as GitHub names it. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const words = heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
    let name = anchor;
    for (let n = 1; anchors.has(name); n++) name = `${anchor}-${n}`;
    anchors.add(name);
  }
  return anchors;
}

const withoutCode = (text: string) => text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "");

Deno.test("links between documents lead to files and headings that are there", () => {
  const broken: string[] = [];
  let count = 0;
  for (const path of documents()) {
    for (const [, target] of withoutCode(read(path)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?|mailto):/.test(target!)) continue;
      count++;
      const [file, anchor] = target!.split("#");
      const url = file === "" ? new URL(path, PROJECT) : new URL(file!, new URL(path, PROJECT));
      try {
        Deno.statSync(url);
        if (anchor === undefined || anchorsOf(Deno.readTextFileSync(url)).has(anchor)) continue;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
      broken.push(`${path}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(count > 20);
});

Deno.test("docs/security.md names a test for what stops an attacker, and each of them is there", () => {
  const { count, missing } = testsNamedIn("docs/security.md");
  assert.deepEqual(missing, []);
  assert.ok(count > 25);
});

Deno.test("every task that a document names is there", () => {
  const { tasks } = JSON.parse(read("deno.json")) as { tasks: Record<string, string> };
  const named = [...documents()].flatMap((path) =>
    blocksOf(path, "sh").flatMap(shellLines).flatMap((line) =>
      /^(?:npx -y )?deno(?:@\S+)? task (\S+)/.exec(line)?.[1] ?? []
    )
  );
  assert.deepEqual(named.filter((name) => tasks[name] === undefined), []);
  assert.ok(named.length > 6);
});

Deno.test("documents show the integration's block and the scraping as deploy/ has them", () => {
  const all = (language: string) => [...documents()].flatMap((path) => blocksOf(path, language));
  const own = read("deploy/wazuh4/ossec.conf").replaceAll(
    /^ *<(?!\/?integration|name|group|alert).*\n/gm,
    "",
  );
  const blocks = all("xml").filter((text) => text.includes("<name>custom-misp"));
  const lines = (text: string) => text.split("\n").map((line) => line.trim()).filter(Boolean);
  assert.equal(blocks.length, 2);
  for (const block of blocks) assert.deepEqual(lines(block), lines(own));
  const scraped = all("yaml").map((text) =>
    (parseYaml(text) as { scrape_configs: unknown }).scrape_configs
  );
  assert.equal(scraped.length, 2);
  assert.deepEqual(scraped[0], scraped[1]);
});
