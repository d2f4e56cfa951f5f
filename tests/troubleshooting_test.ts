import assert from "node:assert/strict";
import { type Message, messagesOf } from "./support/messages.ts";

const PROJECT = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, PROJECT));

/** What is no message, but looks like one: a sign between two rooms of a module. */
const INSIDE: readonly string[] = ["too long"];

/** Where what is printed and logged comes from. What pages and descriptions say is not about trouble. */
const ROOMS = ["cli", "config", "feed", "follow", "forward", "guard", "misp", "publish", "server"];
const QUIET =
  /^src\/(server\/(pages\/|openapi|docs_page|answers)|config\/keys|misp\/story|cli\/(commands\/(?:help|demo)|manual)\b)/;

function* modulesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, PROJECT))) {
    if (isDirectory) yield* modulesBelow(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield `${folder}${name}`;
  }
}

const sources = [
  "src/buffer/sqlite/open.ts",
  ...ROOMS.flatMap((room) => [...modulesBelow(`src/${room}/`)]),
].filter((path) => !QUIET.test(path));

const plain = (text: string) => text.replaceAll(/[`\\]/g, "").replaceAll(/\s+/g, " ");

/** Whether a row of a table has all that a message always says, in its order. */
function isTold({ pieces }: Message, row: string): boolean {
  let at = 0;
  for (const piece of pieces.map((one) => plain(one).trim())) {
    // A mark between two values tells nothing.
    if (!/\w/.test(piece)) continue;
    const found = row.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return true;
}

Deno.test("docs/troubleshooting.md says of every message what it means and what to do", () => {
  const rows = read("docs/troubleshooting.md").split("\n").filter((line) => line.startsWith("|"))
    .map(plain);
  const messages = sources.flatMap((path) =>
    messagesOf(read(path)).map((message) => ({ ...message, path }))
  );
  const nothingPublished = messages.filter((message) =>
    !INSIDE.includes(message.pieces.join()) && !rows.some((row) => isTold(message, row))
  );
  assert.deepEqual(
    nothingPublished.map(({ path, line, pieces }) => `${path}:${line} ${pieces.join("…")}`),
    [],
  );
  // The scan finds what it found when it was written: less would mean that it has gone blind.
  assert.ok(messages.length > 200, `${messages.length} messages`);
});

Deno.test("messagesOf() finds what is told, and no other text", () => {
  const source = `
    // log("error", "in a comment");
    log("error", \`\${address}: refused: \${reason}\`);
    throw new Failure(EXIT.usage, isOne ? "take one of them" : \`no "\${name}" here\`);
    const line =
      "a text" + " of two";
    const name = "some other text";
    db.prepare("SELECT one FROM table");
    const found = db.prepare("SELECT one FROM table");
  `;
  assert.deepEqual(messagesOf(source).map(({ pieces }) => pieces.join("…")), [
    "…: refused: …",
    "take one of them",
    'no "…" here',
    "a text",
    " of two",
  ]);
});
