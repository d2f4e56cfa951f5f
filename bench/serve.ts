/**
 * What HTTP costs `serve`: bodies of lines over loopback against the same pipeline without HTTP in the
 * same run, single alerts a second, the same beside senders of one byte a second, and its memory.
 *
 * `serve` and the senders are processes of their own; it is the binary, where one can be compiled, but
 * for the ratio, whose limit is taken in this process. `bench/serve.ts 1000000` takes so many alerts for
 * the memory; without it 200,000.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { SqliteBuffer } from "../src/buffer/sqlite/sqlite_buffer.ts";
import { decideItem } from "../src/intake/decide.ts";
import { ingest, type IngestParts } from "../src/server/ingest.ts";
import { Turns } from "../src/server/ingest/turns.ts";
import { ReadTimeout } from "../src/server/ingest/read_timeout.ts";
import { CAN_COMPILE, type Program } from "../tests/e2e/program.ts";
import { defaultRules } from "../tests/support/fixtures.ts";
import { writeAlertsJson } from "./alerts_json.ts";
import { CONNECTIONS, type Load, load, SECONDS, single, startServe } from "./serving.ts";
import { cpuTime, peakMemory } from "./peak_memory.ts";

const LINES = 60_000;
const ROUNDS = 3;
const RATIO_BUDGET = 0.6;
const SINGLE_BUDGET = 3000;
const SLOW = 100;
const MEMORY_BUDGET_MIB = 150;
const MEMORY_LINES = Number(Deno.args[0] ?? 200_000);

const KIND: Program["kind"] = CAN_COMPILE ? "binary" : "deno run";

const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "bench-serve-" });
const rules = defaultRules({ publishPrivate: false });

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const columns = (...cells: readonly string[]) =>
  console.log(cells.map((cell, at) => cell.padEnd(at === 0 ? 36 : 20)).join("").trimEnd());
const verdict = (isOk: boolean) => isOk ? "ok" : "NOT OK";

/** @returns lines a second */
async function overHttp(body: Uint8Array<ArrayBuffer>): Promise<number> {
  await using service = await startServe("deno run");
  const start = performance.now();
  const response = await fetch(`${service.url}/alerts`, { method: "POST", body });
  const { accepted } = await response.json() as { accepted: number };
  if (accepted !== LINES) throw new Error(`${response.status}: ${accepted} accepted`);
  return LINES / (performance.now() - start) * 1000;
}

/** @returns lines a second */
async function withoutHttp(body: Uint8Array<ArrayBuffer>): Promise<number> {
  const path = await Deno.makeTempFile({ dir: folder });
  using buffer = new SqliteBuffer(path, Date.now());
  using readTimeout = new ReadTimeout(30_000);
  const accept: IngestParts["accept"] = (all) =>
    buffer.intake.accept(all, { maxUsernames: 100, maxBytes: 2 ** 30 }, Date.now());
  const start = performance.now();
  const reply = await ingest(
    {
      maxBodyBytes: 8 * 1024 * 1024,
      readTimeout,
      storeTimeout: readTimeout,
      turns: new Turns(),
      decide: (item) => decideItem(item, rules, Date.now()),
      accept,
      acceptAtOnce: accept,
      log: (_, message) => {
        throw new Error(message);
      },
    },
    new Request("http://127.0.0.1/alerts", { method: "POST", body: inPieces(body) }),
    "bench",
  );
  if (reply.body.accepted !== LINES) throw new Error(`${reply.status}`);
  return LINES / (performance.now() - start) * 1000;
}

function inPieces(body: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= body.length) return controller.close();
      controller.enqueue(body.slice(at, at += 64 * 1024));
    },
  });
}

async function batches(): Promise<void> {
  await writeAlertsJson(`${folder}/lines`, { lines: LINES, percent: 100, sources: 20_000 });
  const body = await Deno.readFile(`${folder}/lines`);
  const [limits, figures]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    limits.push(await withoutHttp(body));
    figures.push(await overHttp(body));
  }
  const [limit, figure] = [median(limits), median(figures)];
  const ratio = figure / limit;
  columns(
    `one body of ${LINES} lines`,
    `${figure.toFixed(0)} alerts/s`,
    `${limit.toFixed(0)} alerts/s`,
    ratio.toFixed(2),
    RATIO_BUDGET.toFixed(2),
    verdict(ratio >= RATIO_BUDGET),
  );
}

function loadRow(name: string, { perSecond, median, p99 }: Load, budget: string, isOk: boolean) {
  columns(
    name,
    `${perSecond.toFixed(0)} requests/s`,
    `${median.toFixed(1)} ms`,
    `${p99.toFixed(1)} ms`,
    budget,
    verdict(isOk),
  );
}

async function requests(): Promise<void> {
  await using service = await startServe(KIND);
  await single(service.url, 1_000_000);
  const cpuBefore = await cpuTime(service.pid);
  const alone = await single(service.url, 2_000_000);
  const cpu = await cpuTime(service.pid) - cpuBefore;
  loadRow("alone", alone, `${SINGLE_BUDGET} a second`, alone.perSecond >= SINGLE_BUDGET);
  columns(
    "CPU of it",
    `${(cpu / alone.sent * 1e6).toFixed(0)} µs a request`,
    `${(cpu / SECONDS * 100).toFixed(0)} % of a core`,
    `load ${(alone.cpuSeconds / SECONDS * 100).toFixed(0)} %`,
  );
  const slow = load("slow", service.url, `${SLOW}`).spawn();
  const reader = slow.stdout.getReader();
  await reader.read();
  const beside = await single(service.url, 3_000_000);
  const isOk = beside.p99 <= 1.5 * alone.p99;
  loadRow(`beside ${SLOW} slow senders`, beside, "p99 1.5 of alone", isOk);
  await slow.stdin.close();
  await reader.cancel();
  await slow.status;
}

/** How long `/healthz` takes, milliseconds, in order, for as long as `work` goes on. */
async function health(url: string, work: Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  let isOver = false;
  void work.finally(() => isOver = true);
  while (!isOver) {
    const start = performance.now();
    await (await fetch(`${url}/healthz`)).body?.cancel();
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return times.toSorted((one, other) => one - other);
}

/** The worst of the small bodies that were found: packed lines which are alerts, though of other rules. */
async function worst(): Promise<void> {
  await using service = await startServe(KIND);
  await single(service.url, 4_000_000);
  const alone = await single(service.url, 5_000_000);
  const body = new Uint8Array(gzipSync('{"id":"1.1","rule":{"id":"1"}}\n'.repeat(300_000)));
  const headers = { "Content-Encoding": "gzip" };
  let isOver = false;
  const sending = (async () => {
    while (!isOver) {
      await (await fetch(`${service.url}/alerts`, { method: "POST", body, headers })).text();
    }
  })();
  const others = single(service.url, 6_000_000);
  const times = await health(service.url, others);
  const beside = await others;
  isOver = true;
  await sending;
  const p99 = times[Math.floor((times.length - 1) * 0.99)] ?? Infinity;
  const isOk = beside.p99 <= 3 * alone.p99 && p99 <= 100;
  loadRow("without the worst body", alone, "", true);
  loadRow("beside the worst body", beside, "p99 3 of without", isOk);
  columns("/healthz beside it", `${times.length} answers`, "", `${p99.toFixed(1)} ms`, "100 ms");
}

/** One body that is never whole in memory; what half of it took tells whether memory grows with it. */
async function memory(): Promise<void> {
  await writeAlertsJson(`${folder}/lines`, {
    ...{ lines: MEMORY_LINES, percent: 100, sources: 20_000 },
  });
  await using service = await startServe(KIND);
  const atStart = await peakMemory(service.pid);
  let atHalf = 0;
  const { size } = await Deno.stat(`${folder}/lines`);
  let sent = 0;
  using file = await Deno.open(`${folder}/lines`);
  const body = file.readable.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: async (piece, controller) => {
        sent += piece.length;
        if (atHalf === 0 && sent > size / 2) atHalf = await peakMemory(service.pid);
        controller.enqueue(piece);
      },
    }),
  );
  const start = performance.now();
  const response = await fetch(`${service.url}/alerts`, { method: "POST", body });
  const { accepted } = await response.json() as { accepted: number };
  if (accepted !== MEMORY_LINES) throw new Error(`${accepted} accepted`);
  const rate = MEMORY_LINES / (performance.now() - start) * 1000;
  const whole = await peakMemory(service.pid);
  columns(
    `${MEMORY_LINES} alerts in one body`,
    `${rate.toFixed(0)} alerts/s`,
    `${atStart.toFixed(0)}, ${atHalf.toFixed(0)} MiB`,
    `${whole.toFixed(0)} MiB`,
    `${MEMORY_BUDGET_MIB} MiB`,
    verdict(whole <= MEMORY_BUDGET_MIB),
  );
}

try {
  console.log(`Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, ${KIND}\n`);
  columns("serve, lines", "figure", "limit: no HTTP", "ratio", "budget", "");
  await batches();
  console.log();
  columns(`single, ${CONNECTIONS} connections`, "rate", "median", "p99", "budget", "");
  await requests();
  await worst();
  console.log();
  columns("memory", "rate", "at start, at half", "peak memory", "budget", "");
  await memory();
} finally {
  await Deno.remove(folder, { recursive: true });
}
