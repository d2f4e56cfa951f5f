import assert from "node:assert/strict";

const PROJECT = new URL("../", import.meta.url);
const SOURCE = new URL("src/", PROJECT);
const PAGE = "docs/architecture.md";

/** Most lines of a file, and most files of a folder. */
const MOST_LINES = 400;
const MOST_FILES = 20;

/** Folders of src, and which others each may know; files of src itself: tables of docs/architecture.md. */
function mayKnow(): ReadonlyMap<string, ReadonlySet<string>> {
  const text = Deno.readTextFileSync(new URL(PAGE, PROJECT));
  const rows = text.matchAll(/^\| `src\/([\w.]+)` +\|[^|]*\|(?:([^|]*)\|)?$/gm);
  return new Map(
    rows.map(([, name, known]) =>
      [
        name!.replace(".ts", ""),
        new Set((known ?? "").matchAll(/`([\w.]+)`/g).map(([, one]) => one!.replace(".ts", ""))),
      ] as const
    ),
  );
}

function filesBelow(folder: URL): readonly URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(new URL(`${name}/`, folder)) : [new URL(name, folder)]
  );
}

/** The files of src by their path below it, and what each imports of the others. */
function imports(): ReadonlyMap<string, readonly string[]> {
  const pathOf = (file: URL) => file.href.slice(SOURCE.href.length);
  return new Map(
    filesBelow(SOURCE).filter(({ href }) => href.endsWith(".ts")).map((file) => {
      const text = Deno.readTextFileSync(file);
      const targets = text.matchAll(/(?:\bfrom|\bimport(?:\()?)\s*"(\.[^"]+)"/g)
        .map(([, target]) => new URL(target!, file))
        .filter((target) => target.href.startsWith(SOURCE.href)).map(pathOf);
      return [pathOf(file), [...targets]];
    }),
  );
}

const folderOf = (path: string) => path.split("/")[0]!.replace(".ts", "");

/** Circles of a graph: of each the names that lie on it (Tarjan, 1972). */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (name: string): number => {
    index.set(name, index.size);
    lowest.set(name, index.get(name)!);
    stack.push(name);
    for (const next of graph.get(name) ?? []) {
      const low = !index.has(next)
        ? visit(next)
        : stack.includes(next)
        ? index.get(next)!
        : Infinity;
      lowest.set(name, Math.min(lowest.get(name)!, low));
    }
    if (lowest.get(name) === index.get(name)) {
      const circle = stack.splice(stack.indexOf(name));
      if (circle.length > 1 || graph.get(name)?.includes(name)) circles.push(circle.sort());
    }
    return lowest.get(name)!;
  };
  for (const name of graph.keys()) if (!index.has(name)) visit(name);
  return circles;
}

Deno.test("src: a folder knows only what docs/architecture.md lets it know", () => {
  const table = mayKnow();
  const found = imports();
  assert.ok(found.size > 150 && table.size > 10, `${found.size} files, ${table.size} rows`);
  const wrong = [...found].flatMap(([file, targets]) =>
    targets.filter((target) => {
      const [from, to] = [folderOf(file), folderOf(target)];
      // What stands in src itself is shared by all, and knows nothing else.
      const isShared = !target.includes("/");
      return from !== to && from !== "cli" && !isShared && !table.get(from)?.has(to);
    }).map((target) => `${file} imports ${target}`)
  );
  assert.deepEqual(wrong, []);
});

Deno.test("src: docs/architecture.md names every folder and shared file", () => {
  const names = [...Deno.readDirSync(SOURCE)].map(({ name }) => name.replace(".ts", "")).sort();
  assert.deepEqual([...mayKnow().keys()].sort(), names);
});

Deno.test("src: no files import one another in a circle", () => {
  assert.deepEqual(circlesOf(imports()), []);
});

Deno.test("circlesOf() finds a circle of three, one of itself, and none in a tree", () => {
  const of = (edges: Readonly<Record<string, readonly string[]>>) =>
    circlesOf(new Map(Object.entries(edges)));
  assert.deepEqual(of({ a: ["b"], b: ["c"], c: ["a", "d"], d: [] }), [["a", "b", "c"]]);
  assert.deepEqual(of({ a: ["a"] }), [["a"]]);
  assert.deepEqual(of({ a: ["b", "c"], b: ["c"], c: [] }), []);
});

Deno.test("no file has more than 400 lines, and no folder of src more than 20 files", () => {
  const files = ["src/", "tests/", "bench/", "deploy/"].flatMap((folder) =>
    filesBelow(new URL(folder, PROJECT)).filter(({ href }) => href.endsWith(".ts"))
  );
  assert.ok(files.length > 300, `${files.length} files`);
  const long = files.filter((file) =>
    Deno.readTextFileSync(file).split("\n").length - 1 > MOST_LINES
  );
  assert.deepEqual(long.map(({ pathname }) => pathname), []);
  const folders = Map.groupBy(imports().keys(), (path) => path.split("/").slice(0, -1).join("/"));
  const full = folders.entries().filter(([, found]) => found.length > MOST_FILES);
  assert.deepEqual([...full].map(([folder]) => folder), []);
});
