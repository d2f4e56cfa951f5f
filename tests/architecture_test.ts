import assert from "node:assert/strict";

const SOURCE = new URL("../src/", import.meta.url);

/** Which rooms and shared files each room may know. `cli` knows everybody. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  config: [],
  wazuh: ["address", "own_text", "types"],
  guard: ["address", "types"],
  buffer: ["fault_point", "types", "wazuh"],
  follow: ["buffer", "intake", "own_text", "types", "wazuh"],
  misp: ["buffer", "fault_point", "guard", "types"],
  publish: ["buffer", "fault_point", "guard", "misp", "types", "wazuh"],
  forward: ["buffer", "fault_point", "publish"],
  server: ["address", "buffer", "config", "guard", "misp", "one_line", "publish", "types", "wazuh"],
};

/** Files of a folder and of those in it. */
function filesIn(folder: URL): readonly URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(new URL(`${name}/`, folder)) : [new URL(name, folder)]
  );
}

/** The room of a file, or the name of one that all share: `buffer`, `types`. */
const roomOf = (file: URL) => file.href.slice(SOURCE.href.length).split("/")[0]!.replace(".ts", "");

Deno.test("imports point one way, from room to room", () => {
  const wrong: string[] = [];
  let arrows = 0;
  for (const file of filesIn(SOURCE)) {
    const room = roomOf(file);
    const known = KNOWN[room];
    if (known === undefined) continue;
    const text = Deno.readTextFileSync(file);
    for (const [, target] of text.matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)) {
      const url = new URL(target!, file);
      if (!url.href.startsWith(SOURCE.href)) continue;
      arrows++;
      const found = roomOf(url);
      if (found !== room && !known.includes(found)) wrong.push(`${room} -> ${found}: ${file.href}`);
    }
  }
  assert.deepEqual(wrong, []);
  // Fewer would mean that imports are written in a way that is not seen here.
  assert.ok(arrows > 300, `${arrows} imports`);
});

Deno.test("every room is told apart", () => {
  const rooms = [...Deno.readDirSync(SOURCE)].filter(({ isDirectory }) => isDirectory)
    .map(({ name }) => name).sort();
  assert.deepEqual(rooms, [...Object.keys(KNOWN), "cli"].sort());
});
