/**
 * What a buffer in PostgreSQL costs beside one in SQLite, in the same run: bodies of lines and single
 * alerts into one `serve`, the processor time of both sides, and what an alert costs where few sources are
 * known and where many are.
 *
 * The server of the tests is started, with its own settings: each commit reaches the disk. `bench/buffers.ts
 * 1000000` knows so many sources; without it 100,000.
 *
 * @module
 */
import type { Buffer } from "../src/buffer/buffer.ts";
import { PostgresBuffer } from "../src/buffer/postgres/postgres_buffer.ts";
import { serverOf } from "../src/buffer/postgres/server.ts";
import { SqliteBuffer } from "../src/buffer/sqlite/sqlite_buffer.ts";
import { decideItem } from "../src/intake/decide.ts";
import type { Decision } from "../src/model.ts";
import { readLine } from "../src/wazuh/alert_file.ts";
import { CAN_COMPILE, type Program } from "../tests/e2e/program.ts";
import { defaultRules } from "../tests/support/fixtures.ts";
import { freshSchema, ownServer, urlOf } from "../tests/support/postgres.ts";
import { addressOf, alertLines, writeAlertsJson } from "./alerts_json.ts";
import { cpuTime } from "./peak_memory.ts";
import { single, startServe } from "./serving.ts";

const KIND: Program["kind"] = CAN_COMPILE ? "binary" : "deno run";
const LINES = 60_000;
const ROUNDS = 3;
const RATIO_BUDGET = 0.5;
const FEW = 1_000;
const MANY = Number(Deno.args[0] ?? 100_000);
const BATCH = 2_000;
const BATCHES = 20;
const GROWTH_BUDGET = 1.3;

const ENGINES = ["SQLite", "PostgreSQL"] as const;
type Engine = typeof ENGINES[number];

using server = ownServer(["max_wal_size = 4GB"]);
const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "bench-buffers-" });

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const columns = (...cells: readonly string[]) =>
  console.log(cells.map((cell, at) => cell.padEnd(at === 0 ? 40 : 22)).join("").trimEnd());
const verdict = (isOk: boolean) => isOk ? "ok" : "NOT OK";

/** `serve` on an empty buffer of an engine. */
function serveOn(engine: Engine) {
  if (engine === "SQLite") return startServe(KIND, {}, { bufferHost: "127.0.0.1" });
  return startServe(KIND, { WM_BUFFER_URL: urlOf(server, freshSchema()) }, {
    bufferHost: "127.0.0.1",
  });
}

/** Processor time of the database, seconds: of all its processes that run. */
async function databaseCpu(): Promise<number> {
  const [postmaster] = Deno.readTextFileSync(`${server.folder}/data/postmaster.pid`).split("\n");
  // Deno reads of /proc only with all permissions.
  const { stdout } = await new Deno.Command("sh", {
    args: [
      "-c",
      'for stat in /proc/[0-9]*/stat; do cat "$stat" 2>/dev/null; done',
    ],
  }).output();
  const ticks = new TextDecoder().decode(stdout).trim().split("\n").map((line) => {
    const fields = line.split(") ").at(-1)!.split(" ");
    return fields[1] === postmaster ? Number(fields[11]) + Number(fields[12]) : 0;
  });
  return ticks.reduce((sum, one) => sum + one, 0) / 100;
}

/** @returns alerts a second, and microseconds of the processor for each: of `serve`, of the database */
async function batches(engine: Engine, body: Uint8Array<ArrayBuffer>) {
  await using service = await serveOn(engine);
  // The first connection makes the tables.
  await (await fetch(`${service.url}/readyz`)).body?.cancel();
  const before = [await cpuTime(service.pid), await databaseCpu()] as const;
  const start = performance.now();
  const response = await fetch(`${service.url}/alerts`, { method: "POST", body });
  const { accepted } = await response.json() as { accepted: number };
  const seconds = (performance.now() - start) / 1000;
  if (accepted !== LINES) throw new Error(`${response.status}: ${accepted} accepted`);
  const cpu = [await cpuTime(service.pid) - before[0], await databaseCpu() - before[1]] as const;
  return { perSecond: LINES / seconds, cpu: cpu.map((one) => one / LINES * 1e6) };
}

async function compareBatches(): Promise<void> {
  await writeAlertsJson(`${folder}/lines`, { lines: LINES, percent: 100, sources: 20_000 });
  const body = await Deno.readFile(`${folder}/lines`);
  const found: Record<Engine, Awaited<ReturnType<typeof batches>>[]> = {
    ...{ SQLite: [], PostgreSQL: [] },
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const engine of ENGINES) found[engine].push(await batches(engine, body));
  }
  compare(
    `one body of ${LINES} lines`,
    (engine) => median(found[engine].map((one) => one.perSecond)),
  );
  for (const engine of ENGINES) {
    const cpu = (at: number) => `${median(found[engine].map((one) => one.cpu[at]!)).toFixed(0)} µs`;
    columns(`  processor time, ${engine}`, `serve ${cpu(0)}`, `database ${cpu(1)}`);
  }
}

async function compareSingles(): Promise<void> {
  const found: Record<Engine, number> = { SQLite: 0, PostgreSQL: 0 };
  let first = 1_000_000;
  for (const engine of ENGINES) {
    await using service = await serveOn(engine);
    for (let round = 0; round < 2; round++) {
      // The first round warms up.
      const { perSecond, median, p99 } = await single(service.url, first += 1_000_000);
      found[engine] = perSecond;
      if (round === 1) {
        columns(
          `  answers, ${engine}`,
          `median ${median.toFixed(1)} ms`,
          `p99 ${p99.toFixed(1)} ms`,
        );
      }
    }
  }
  compare("single alerts of 32 connections", (engine) => found[engine]);
}

function compare(name: string, perSecond: (engine: Engine) => number): void {
  const ratio = perSecond("PostgreSQL") / perSecond("SQLite");
  columns(
    name,
    ...ENGINES.map((engine) => `${engine} ${perSecond(engine).toFixed(0)}/s`),
    `${ratio.toFixed(2)} of ${RATIO_BUDGET.toFixed(2)}  ${verdict(ratio >= RATIO_BUDGET)}`,
  );
}

const rules = defaultRules({ publishPrivate: false });
const decided = (line: string): Decision =>
  decideItem(readLine(line, "the bench")[0]!, rules, Date.now());

/** @returns microseconds an alert, of those that come from known sources */
async function costs(buffer: Buffer, sources: number, first: number): Promise<number> {
  const lines = alertLines({ percent: 100, sources }, first);
  const times: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const decisions: Decision[] = [];
    while (decisions.length < BATCH) {
      decisions.push(decided(lines.next().value));
    }
    const start = performance.now();
    await buffer.intake.accept(decisions, { maxUsernames: 100 }, Date.now());
    times.push((performance.now() - start) / BATCH * 1000);
  }
  return median(times);
}

/** Makes an attack of each of so many sources. */
async function know(buffer: Buffer, sources: number): Promise<void> {
  const [line] = alertLines({ percent: 100, sources: 1 }, 0);
  const one = decided(line!);
  if (one.kind !== "attempts") throw new Error("no alert");
  for (let at = 0; at < sources; at += BATCH) {
    const some = Array.from({ length: Math.min(BATCH, sources - at) }, (_, index) => ({
      ...one,
      key: { ...one.key, id: `1700000000.${at + index}` },
      attempts: one.attempts.map((attempt) => ({
        ...attempt,
        sourceIp: addressOf(at + index),
        pid: at + index,
      })),
    }));
    await buffer.intake.accept(some, { maxUsernames: 100 }, Date.now());
  }
}

async function growth(engine: Engine): Promise<void> {
  const open = (): Buffer =>
    engine === "SQLite"
      ? new SqliteBuffer(`${folder}/${freshSchema()}.db`, Date.now(), { bulk: true })
      : new PostgresBuffer({
        server: serverOf(urlOf(server, freshSchema())),
        ...{ password: undefined, caCertificate: undefined },
        ...{ connectMs: 5_000, statementMs: 60_000 },
      });
  const found: number[] = [];
  let bytes = 0;
  for (const sources of [FEW, MANY]) {
    using buffer = open();
    await know(buffer, sources);
    const before = (await buffer.views.status()).bytes;
    found.push(await costs(buffer, FEW, 10_000_000));
    bytes = before / sources;
  }
  const ratio = found[1]! / found[0]!;
  columns(
    `an alert, ${engine}`,
    `${found[0]!.toFixed(0)} µs of ${FEW}`,
    `${found[1]!.toFixed(0)} µs of ${MANY}`,
    `${ratio.toFixed(2)} of ${GROWTH_BUDGET.toFixed(2)}  ${verdict(ratio <= GROWTH_BUDGET)}`,
    `${bytes.toFixed(0)} bytes a source`,
  );
}

try {
  console.log(`Deno ${Deno.version.deno}, ${KIND}`);
  await compareBatches();
  await compareSingles();
  for (const engine of ENGINES) await growth(engine);
} finally {
  await Deno.remove(folder, { recursive: true });
}
