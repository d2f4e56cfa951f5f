/**
 * How long each command takes to start, or to do its work on a buffer with one attack, and how many
 * bytes the buffer needs for a source. It runs the binary where it can compile one, else `deno run`.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { SqliteBuffer } from "../src/buffer/sqlite/sqlite_buffer.ts";
import { decideLines } from "../src/intake/decide_lines.ts";
import { CAN_COMPILE, createProgram, type Program } from "../tests/e2e/program.ts";
import { defaultRules, fixture } from "../tests/support/fixtures.ts";
import { writeAlertsJson } from "./alerts_json.ts";

const ROUNDS = 5;
const LINES = 100_000;
const SOURCES = 20_000;

/** Commands that end by themselves. */
const ENDING: readonly string[] = [
  ...["version", "help", "completions bash", "config", "status", "report list", "doctor"],
  ...["flush", "replay -", "retract 192.0.2.1", "--test"],
];

/** Commands that run until a signal, and a word that they log once they are ready. */
const RUNNING: readonly (readonly [command: string, word: string])[] = [
  ["follow", "following"],
  ["serve --listen 127.0.0.1:8787", "listening"],
];

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const columns = (...cells: readonly string[]) =>
  console.log(cells.map((cell, at) => cell.padEnd(at === 0 ? 36 : 20)).join("").trimEnd());

/** @returns milliseconds */
async function untilEnded(program: Program, command: string): Promise<number> {
  const start = performance.now();
  await program.command(command.split(" ")).output();
  return performance.now() - start;
}

/** @returns milliseconds */
async function untilReady(program: Program, command: string, word: string): Promise<number> {
  const start = performance.now();
  const child = program.command(command.split(" ")).spawn();
  let text = "";
  let milliseconds = NaN;
  for await (const piece of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (!text.includes(word) || !Number.isNaN(milliseconds)) continue;
    milliseconds = performance.now() - start;
    child.kill("SIGKILL");
  }
  await Promise.all([child.status, child.stdout.cancel()]);
  if (Number.isNaN(milliseconds)) throw new Error(`${command}: ${text}`);
  return milliseconds;
}

/** Prints the bytes of the buffer for each source and each alert. */
async function bytesPerSource(folder: string): Promise<void> {
  const file = `${folder}/alerts.json`;
  await writeAlertsJson(file, { lines: LINES, percent: 100, sources: SOURCES });
  const text = await Deno.readTextFile(file);
  const path = `${folder}/buffer.db`;
  const rules = defaultRules({ publishPrivate: false });
  {
    using buffer = new SqliteBuffer(path, Date.now());
    const { decisions } = decideLines({ text, tooLong: 0 }, rules, -Infinity, Date.now());
    await buffer.intake.accept(decisions, { maxUsernames: 100 }, Date.now());
  }
  using db = new DatabaseSync(path);
  const sources = Number(db.prepare("SELECT count(*) AS n FROM attack").get()?.n);
  const of = (where: string) =>
    Number(db.prepare(`SELECT sum(pgsize) AS n FROM dbstat WHERE name ${where}`).get()?.n ?? NaN);
  const ids = of("LIKE 'seen_alert%'");
  const rest = of("NOT LIKE 'seen_alert%'");
  columns(`${sources} open attacks`, `${(rest / sources).toFixed(0)} bytes a source`);
  columns(`${LINES} alert ids`, `${(ids / LINES).toFixed(0)} bytes an alert`);
}

const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "bench-starts-" });
try {
  await using program = await createProgram(CAN_COMPILE ? "binary" : "deno run");
  await Deno.mkdir(`${program.root}/logs/alerts`);
  await program.feedInput(["replay", "-"], JSON.stringify(fixture("04-5760-failed-password")));
  console.log(
    `Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, ${program.kind}, median of ` +
      `${ROUNDS} rounds\n`,
  );
  columns("start", "figure");
  const times = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const command of ENDING) {
      times.set(command, [...times.get(command) ?? [], await untilEnded(program, command)]);
    }
    for (const [command, word] of RUNNING) {
      times.set(command, [...times.get(command) ?? [], await untilReady(program, command, word)]);
    }
  }
  for (const [command, found] of times) columns(command, `${median(found).toFixed(0)} ms`);
  console.log();
  columns("buffer", "figure");
  await bytesPerSource(folder);
} finally {
  await Deno.remove(folder, { recursive: true });
}
