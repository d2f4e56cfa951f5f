import assert from "node:assert/strict";

const PROJECT = new URL("../", import.meta.url);

const read = (path: string) => Deno.readTextFileSync(new URL(path, PROJECT));

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

/** Every Markdown file of the project. */
function* documents(folder = ""): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(new URL(`./${folder}`, PROJECT))) {
    if (isDirectory && !/^(\..*|node_modules|dist)$/.test(name)) {
      yield* documents(`${folder}${name}/`);
    } else if (isFile && name.endsWith(".md")) yield folder + name;
  }
}

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
