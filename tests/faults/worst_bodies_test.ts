/**
 * The worst bodies for `serve`, again and again, while a sender of real alerts goes on: it answers every
 * one, keeps its memory, and loses and doubles nothing. `WM_SOAK=1` has many more of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { CAN_COMPILE, createProgram } from "../e2e/program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "../e2e/service.ts";
import { numberedAlert } from "./numbered.ts";

const IS_SOAK = Deno.env.get("WM_SOAK") === "1";
const KIND = CAN_COMPILE ? "binary" : "deno run";
const ROUNDS = IS_SOAK ? 20 : 2;
const SOURCES = 20;
/** The default limit of a body, bytes; else less, since a body of lines takes seconds. */
const LARGE = IS_SOAK ? 8 * 1024 * 1024 : 64 * 1024;
/** The service had all bodies once by then: what it takes more is growth. */
const WARM_ROUNDS = 1;
const MOST_GROWTH = 400 * 1024 * 1024;

const filled = (piece: string, open = "", close = "") =>
  open + piece.repeat(Math.floor((LARGE - open.length - close.length) / piece.length)) + close;

/** An alert whose members are what is given. */
const alertWith = (changes: Record<string, unknown>) =>
  JSON.stringify({ ...numberedAlert(1, SOURCES), ...changes });

const BODIES: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>> = {
  "arrays in arrays": filled("["),
  "objects in objects": filled('{"a":'),
  "empty objects": filled("{},", "[", "{}]"),
  "empty lines": filled("\n"),
  "lines of one character": filled("x\n"),
  "one long text": filled("x", '"', '"'),
  "one long number": filled("9"),
  "escapes": filled("\\u0000", '{"full_log":"', '"}'),
  "halves of surrogates": filled("\\ud800", '{"full_log":"', '"}'),
  "members of one name": filled('"id":"1",', "{", '"id":"2"}'),
  "members of many names": `{${
    Array.from({ length: LARGE / 16 }, (_, n) => `"k${n}":0`).join(",")
  }}`,
  "bytes that are not UTF-8": new Uint8Array(LARGE).fill(0xff),
  "zeros": new Uint8Array(LARGE),
  "gzip that nobody announced": new Uint8Array(gzipSync(new Uint8Array(LARGE))),
  "a prototype": '{"__proto__":{"id":"1"},"constructor":{"prototype":{}}}',
  "a rule without groups": alertWith({ rule: { id: "5760", groups: null } }),
  "a long line": alertWith({ full_log: filled("Failed password for ") }),
  "a line of sources": alertWith({ full_log: filled("from 192.0.2.1 port 1 ") }),
  "wrappers in wrappers": `${'{"_source":'.repeat(5000)}1${"}".repeat(5000)}`,
  "attachments": filled('{"text":"x","fields":[]},', '{"attachments":[', "{}]}"),
  "hits": filled('{"_source":{}},', '{"hits":{"hits":[', "{}]}}"),
};

/**
 * `serve` closes the connection of a body that it refuses before its end. A client that was still to send may
 * meet a reset in the place of the answer, and use the connection for one request more.
 */
function notAnswered(error: unknown): [status: number, counts: unknown] {
  assert.ok(error instanceof TypeError, String(error));
  return [0, undefined];
}

async function memoryOf({ url }: Service): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = /^process_resident_memory_bytes (\S+)$/m.exec(text);
  assert.ok(found, "no memory among the metrics");
  return Number(found[1]);
}

Deno.test(`${KIND}: serve answers the worst bodies, and loses nothing of a sender beside them`, async () => {
  const listen = `127.0.0.1:${freePort()}`;
  await using program = await createProgram(KIND, { listen });
  await using service = await Service.start(program, listen);
  let slowest = { name: "", ms: 0 };
  let sent = 0;
  let resets = 0;
  let isOver = false;
  const send = async () => {
    while (!isOver) {
      const alert = JSON.stringify(numberedAlert(sent + 1, SOURCES));
      const [status, counts] = await service.post(alert).catch(notAnswered);
      if (status === 0) resets++;
      if (status === 0 || status === 429 || status === 503) continue;
      assert.equal(status, 200);
      assert.equal((counts as { accepted: number }).accepted, 1);
      sent++;
    }
  };
  const sender = send();
  let before = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, body] of Object.entries(BODIES)) {
      const start = performance.now();
      const [status] = await service.post(body).catch(notAnswered);
      const ms = performance.now() - start;
      if (ms > slowest.ms) slowest = { name, ms };
      assert.ok(status < 500 || status === 503, `${name}: ${status}`);
    }
    if (round < WARM_ROUNDS) before = await memoryOf(service);
  }
  const growth = await memoryOf(service) - before;
  isOver = true;
  await sender;
  const mebibytes = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MiB`;
  console.log(
    `${KIND}: ${ROUNDS * Object.keys(BODIES).length} bodies of up to ${
      LARGE / 1024
    } KiB, the slowest answer ` +
      `${Math.round(slowest.ms)} ms (${slowest.name}); memory ${mebibytes(before)}, then ` +
      `+${
        mebibytes(growth)
      }; ${sent} alerts of the sender beside them, ${resets} requests more without an answer`,
  );
  assert.ok(growth < MOST_GROWTH, `${growth} bytes more memory`);
  assert.equal(await service.end(), 0);
  const { stdout } = await program.run(["status", "--json"]);
  const { alerts } = JSON.parse(stdout) as { alerts: { accepted: number } };
  assert.ok(alerts.accepted >= sent, `${sent} were sent, ${alerts.accepted} are stored`);
});
