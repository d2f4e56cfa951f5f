import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { DamagedStream, decisionsOf } from "../../src/intake/files.ts";
import { defaultRules, sshdAlert } from "../support/fixtures.ts";
import { tempFolder } from "../support/temp.ts";

const RULES = defaultRules();
const NOW = Date.UTC(2026, 10, 23);
const bytes = (text: string) => new TextEncoder().encode(text);
const line = (shape: Parameters<typeof sshdAlert>[0] = {}) => JSON.stringify(sshdAlert(shape));
const lines = (count: number) => Array.from({ length: count }, () => `${line()}\n`).join("");

/** What `jq .` makes of lines. */
const pretty = (count: number) =>
  Array.from({ length: count }, () => `${JSON.stringify(sshdAlert(), undefined, 2)}\n`).join("");

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** What a file of this content comes to: how many decisions of each kind, batches, and what is thrown. */
async function read(name: string, content: Uint8Array) {
  using folder = tempFolder();
  const path = folder.file(name);
  Deno.writeFileSync(path, content);
  const found: Record<string, number> = {};
  const batches: number[] = [];
  let readBytes = 0;
  let damage: unknown;
  try {
    for await (const decisions of decisionsOf(path, RULES, NOW, (count) => readBytes += count)) {
      batches.push(decisions.length);
      for (const decision of decisions) {
        const kind = decision.kind === "ignored" ? decision.reason : decision.kind;
        found[kind] = (found[kind] ?? 0) + 1;
      }
    }
  } catch (error) {
    damage = error;
  }
  return { found, batches, isWhole: Math.round(readBytes) === content.length, damage };
}

const SHAPES: readonly (readonly [what: string, text: string, found: Record<string, number>])[] = [
  ["one value", line(), { attempts: 1 }],
  ["one value over many lines", JSON.stringify(sshdAlert(), undefined, 2), { attempts: 1 }],
  ["an array", `[${line()},\n${line({ agent: "web" })}]`, { attempts: 1, not_honeypot: 1 }],
  ["lines", `${line()}\r\n\n${line()}`, { attempts: 2 }],
  ["lines of other rules", `${line()}\n${line({ rule: "550" })}\n`, { attempts: 1, other_rule: 1 }],
  ["a damaged line", `{"cut\n${line()}\n`, { not_json: 1, attempts: 1 }],
  ["several values over many lines", `${pretty(2)}\n\n${line()}`, { attempts: 3 }],
  ["damaged lines only", '{"cut\n{"cut\n', { not_json: 1 }],
  ["nothing", "\n", { empty_file: 1 }],
];

for (const [what, text, found] of SHAPES) {
  Deno.test(`decisionsOf() reads a file that holds ${what}`, async () => {
    const result = await read("alerts.json", bytes(text));
    assert.deepEqual([result.found, result.damage], [found, undefined]);
    assert.ok(result.isWhole);
  });
}

Deno.test("decisionsOf() yields 15,000 decisions at a time, and some more at most", async () => {
  const text = lines(20_000);
  for (const [name, content] of [["a.json", bytes(text)], ["a.gz", gzipSync(text)]] as const) {
    const { found, batches, isWhole } = await read(name, new Uint8Array(content));
    assert.deepEqual(found, { attempts: 20_000 });
    assert.equal(batches.length, 2);
    assert.ok(batches[0]! >= 15_000 && batches[0]! < 16_000, `${batches[0]}`);
    assert.ok(isWhole);
  }
});

Deno.test("decisionsOf() reads all members of a packed file, with zeros behind them", async () => {
  const [one, other] = [gzipSync(lines(3000)), gzipSync(lines(3000))];
  for (const parts of [[one, other], [one, other, new Uint8Array(100_000)]]) {
    const { found, damage } = await read("a.gz", joined(...parts));
    assert.deepEqual([found, damage], [{ attempts: 6000 }, undefined]);
  }
});

Deno.test("decisionsOf() yields all that a packed file has before it is cut, and then throws", async () => {
  const packed = gzipSync(lines(5000));
  const { found, damage } = await read("a.gz", joined(packed.subarray(0, packed.length - 9)));
  assert.deepEqual(found, { attempts: 5000 });
  assert.ok(damage instanceof DamagedStream);
});

Deno.test("decisionsOf() goes by a file's first bytes, not by its name", async () => {
  const utf16 = (text: string) =>
    new Uint8Array(new Uint16Array([...`\ufeff${text}`].map((one) => one.charCodeAt(0))).buffer);
  const swapped = (content: Uint8Array) => content.map((_, at) => content[at ^ 1]!);
  const files: readonly (readonly [name: string, content: Uint8Array])[] = [
    ["not-packed.gz", bytes(lines(2))],
    ["packed.json", new Uint8Array(gzipSync(lines(2)))],
    ["packed-array.json", new Uint8Array(gzipSync(`[${line()},\n${line()}]`))],
    ["packed-pretty.gz", new Uint8Array(gzipSync(pretty(2)))],
    ["mark.json", bytes(`\ufeff${lines(2)}`)],
    ["utf-16.json", utf16(lines(2))],
    ["utf-16-crlf.json", utf16(`${line()}\r\n${line()}\r\n`)],
    ["utf-16-array.json", utf16(`[${line()},${line()}]`)],
    ["utf-16-big-endian.json", swapped(utf16(lines(2)))],
    ["packed-utf-16", new Uint8Array(gzipSync(utf16(lines(2))))],
  ];
  for (const [name, content] of files) {
    const { found, damage } = await read(name, content);
    assert.deepEqual([found, damage], [{ attempts: 2 }, undefined], name);
  }
});

Deno.test("decisionsOf() says where what nobody understands stands", async () => {
  using folder = tempFolder();
  const placesOf = async (text: string) => {
    const path = folder.file("a.json");
    Deno.writeTextFileSync(path, text);
    const places: string[] = [];
    for await (const decisions of decisionsOf(path, RULES, NOW)) {
      for (const decision of decisions) {
        if (decision.kind === "ignored") places.push(`${decision.where}: ${decision.reason}`);
      }
    }
    return places;
  };
  assert.deepEqual(await placesOf(`${line()}\n\n{"cut\n${line({ rule: "550" })}\n{}\n`), [
    "line 3: not_json",
    "line 5: malformed",
    "undefined: other_rule",
  ]);
  assert.deepEqual(await placesOf(`${pretty(1)}{\n "cut":\n${pretty(1)}{}`), [
    `line ${pretty(1).split("\n").length}: not_json`,
    `line ${pretty(2).split("\n").length + 2}: malformed`,
  ]);
  assert.deepEqual(await placesOf("garbage\ngarbage\n"), ["the whole file: not_json"]);
  assert.deepEqual(await placesOf(`[${line()}, 7]`), ["item 2: malformed"]);
});

Deno.test("decisionsOf() throws what the file system says of a file that is not there", async () => {
  for (const name of ["/tmp/is_not_there.json", "/tmp/is_not_there.gz"]) {
    await assert.rejects(decisionsOf(name, RULES, NOW).next(), Deno.errors.NotFound);
  }
});

Deno.test("decisionsOf() lets go of a file when nobody asks for the rest", async () => {
  using folder = tempFolder();
  const path = folder.file("a.gz");
  Deno.writeFileSync(path, gzipSync(lines(40_000)));
  for await (const decisions of decisionsOf(path, RULES, NOW)) {
    assert.ok(decisions.length >= 15_000);
    break;
  }
});
