import assert from "node:assert/strict";
import { type Kind, type Message, messagesOf } from "./support/messages.ts";

const PROJECT = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, PROJECT));

/** What is not about trouble, or reaches nobody, but looks like a message. */
const NOT_TOLD: readonly string[] = [
  // Between two parts of the program.
  '"…" is not a valid address; use the text that canonicalAddress() returns',
  "a day slot is needed",
  "this binary may not connect to …",
  "the transaction is over",
  "… SELECT … FROM unnest(…) AS n (…) …",
  // What pages, events and completions show.
  "… UTC",
  "no refused reports",
  "live: …",
  "Treat this sensor as compromised.…",
  "retry: 3000 event: parts …",
  "too many live pages are open; close some",
  "the form is longer than … bytes",
  "complete -c … -n … -l …… -d …",
  // What lists have in them, and the parts of a message about one.
  "add element … … { … }",
  "… of 100: …",
  "confidence … of 100: …",
  // Of the descriptions of answers and keys, and examples of the help.
  "Why the rest was not stored",
  "an http or https address",
  "report show 192.0.2.7",
  "report retry 192.0.2.7",
  'report drop --reason "is on its blocklist"',
  "sources root --csv",
  "sources --state compromised",
  "sources show 192.0.2.7",
  "top --span week --json",
  "serve token new prometheus",
  "completions bash >/etc/bash_completion.d/custom-misp",
  "help replay",
  "buffer copy --to postgres",
  "buffer copy --to sqlite",
  "list plain --within-days 7",
  "list csv --min-sensors 2",
  "setup --honeypots hp-,decoy-",
];

/** One message of each kind of place, which the scan must find wherever its module is. */
const KNOWN: Readonly<Record<Kind, string>> = {
  error: "no inode left on its disk",
  super: "alerts that wait to be forwarded fill buffer.max_bytes …; `status` says why",
  call: "the configuration was read again",
  field: "this binary may not write there",
  return: "MISP at … cannot be reached: …",
  lines: "it is empty: is /tmp full?",
};

function* modulesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, PROJECT))) {
    if (isDirectory) yield* modulesBelow(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield `${folder}${name}`;
  }
}

/** The demo prints what it did, and runs at nobody's site. */
const DEMO = "src/cli/commands/demo.ts";

const messages = [...modulesBelow("src/")].filter((path) => path !== DEMO).flatMap((path) =>
  messagesOf(read(path)).map((message) => ({
    ...message,
    path,
    text: message.pieces.join("…").trim(),
  }))
);

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
  const nothingPublished = messages.filter((message) =>
    !NOT_TOLD.includes(message.text) && !rows.some((row) => isTold(message, row))
  );
  assert.deepEqual(nothingPublished.map(({ path, line, text }) => `${path}:${line} ${text}`), []);
});

Deno.test("messagesOf() finds messages of each kind, and as many as there are", () => {
  for (const [kind, text] of Object.entries(KNOWN)) {
    assert.ok(messages.some((one) => one.kind === kind && one.text === text), `${kind}: ${text}`);
  }
  // Fewer would mean that it has gone blind.
  assert.ok(messages.length > 320, `${messages.length} messages`);
  const found = new Set(messages.map(({ text }) => text));
  assert.deepEqual(NOT_TOLD.filter((text) => !found.has(text)), []);
});

Deno.test("messagesOf() finds messages, and no other text", () => {
  const source = `
    // log("error", "in a comment");
    log("error", \`\${address}: refused: \${reason}\`);
    throw new Failure(EXIT.usage, isOne ? "take one of them" : \`no "\${name}" here\`);
    const line =
      "a text" + " of two";
    const name = "some other text";
    db.prepare("SELECT one FROM table");
    const found = db.prepare("SELECT one FROM table");
    class Full extends Error { constructor(most) { super(\`more than \${most} bytes\` + " wait"); } }
    throw new Deno.errors.NotFound("no such place");
    const quote = /"/; if (line) return "of
      no line";
  `;
  assert.deepEqual(messagesOf(source).map(({ pieces }) => pieces.join("…")), [
    "…: refused: …",
    "take one of them",
    'no "…" here',
    "a text",
    " of two",
    "more than … bytes",
    "no such place",
  ]);
});
