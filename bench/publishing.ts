/**
 * How fast reports get into MISP, against one-by-one delivery in the same run, and what they cost in
 * requests and memory: `flush --now` of the binary, and a fake MISP in another process.
 *
 * The whole run takes about eight minutes, most of it waiting for a MISP that takes 100 ms an answer:
 * `bench/publishing.ts 1000` goes up to 1,000 sources only.
 *
 * @module
 */
import { V8_FLAGS } from "../deploy/startup/v8.ts";
import { EXIT } from "../src/cli/exit.ts";
import { SqliteBuffer } from "../src/buffer/sqlite/sqlite_buffer.ts";
import { CAN_COMPILE, createProgram } from "../tests/e2e/program.ts";
import { decide } from "../src/intake/decide.ts";
import { record as cowrieRecord, sessionRules } from "../tests/cowrie/session_rig.ts";
import { decideDefault, sshdAlert } from "../tests/support/fixtures.ts";

const COUNTS = [100, 1000, 5000];
/** Sources that bring one and the same file: ten times as many may take so much longer. */
const SAME_FILE_COUNTS = [1000, 10_000];
const SAME_FILE_BUDGET = 13;
const MISP_LATENCY_MS = 100;
/** One by one, more sources take longer and say no more. */
const ONE_BY_ONE_SOURCES = 100;
/** What a second flush costs in requests does not depend on how long they take. */
const MOST_SLOW_RETURNS = 1000;

/** A report; the two requests of the first contact, once an hour, are no report's. */
const REQUESTS_BUDGET = 2;
const CAPABILITY_REQUESTS = 2;
const MEMORY_BUDGET_MIB = 120;
const RATIO_BUDGET = 3;

/** Sources of a line that loses answers, and how long an answer takes there, milliseconds. */
const LOSSY_SOURCES = 1000;
const LOSSY_LATENCY_MS = 20;
/** Each so many answers one is lost: a third, and five of a hundred. */
const EVERY_THIRD = 3;
const EVERY_TWENTIETH = 20;
const LOSSY_REQUESTS_BUDGET = 3;
const LOSSY_ROUNDS_BUDGET = 2;
const LOSSY_TIME_BUDGET = 1.2;
/** More rounds are not worth waiting for. */
const MOST_ROUNDS = 20;

/** Sources of one day's event, and how many of them come back. */
const DAY_SOURCES = 3000;
const DAY_RETURNS = 1500;
const DAY_REQUESTS_BUDGETS = [50, 40];

const MAIN = new URL("../main.ts", import.meta.url).pathname;

/** Sources handed over at once. */
const BATCH = 100;

/** A fake MISP as a child; it goes with its scope. */
class Misp implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  url = "";
  key = "";

  private constructor(...args: readonly number[]) {
    const script = new URL("fake_misp.ts", import.meta.url).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-P=bench", script, ...args.map(String)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#input = this.#child.stdin.getWriter();
  }

  /** @param lostOf one answer of so many is lost; 0: none, without kept connections either */
  static async start(latencyMs: number, lostOf?: number): Promise<Misp> {
    const misp = new Misp(latencyMs, ...(lostOf === undefined ? [] : [lostOf]));
    const { url, key } = JSON.parse(await misp.#line()) as { url: string; key: string };
    Object.assign(misp, { url, key });
    return misp;
  }

  /** How many requests it has received. */
  async requests(): Promise<number> {
    await this.#input.write(new TextEncoder().encode("?\n"));
    return Number(await this.#line());
  }

  async #line(): Promise<string> {
    let text = "";
    while (!text.endsWith("\n")) {
      const { value } = await this.#output.read();
      if (value === undefined) throw new Error(`the fake MISP ended: ${text}`);
      text += value;
    }
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#output.cancel();
    await this.#child.status;
  }
}

interface Flush {
  readonly seconds: number;
  readonly requests: number;
  /** How often `flush --now` was started until nothing waited. */
  readonly rounds: number;
  readonly perSecond: number;
  readonly requestsPerReport: number;
  readonly isWithinRequests: boolean;
  /** Most memory the process ever had (VmHWM), MiB. */
  readonly memory: number;
}

/** GNU time writes the peak as its last line; the program itself is its child. */
const MEASURE = ["-f", "%M"];

/** One buffer file and the settings it is published with. */
class Site implements Disposable {
  readonly #misp: Misp;
  readonly #sources: number;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #decide: typeof guess;

  constructor(
    misp: Misp,
    sources: number,
    settings: Readonly<Record<string, string>> = {},
    decideOf = guess,
  ) {
    this.#decide = decideOf;
    this.#misp = misp;
    this.#sources = sources;
    this.#settings = { WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.key, ...settings };
  }

  [Symbol.dispose](): void {
    for (const suffix of ["", "-wal", "-shm"]) {
      try {
        Deno.removeSync(program.buffer + suffix);
      } catch {
        // SQLite removes the others itself.
      }
    }
  }

  /**
   * Every source guesses once, all at one sensor; then `flush --now` publishes everything, as often as
   * something is left.
   */
  async flush(hour: number, sources = this.#sources): Promise<Flush> {
    await this.#guessAll(hour, sources);
    const before = await this.#misp.requests();
    const start = performance.now();
    let delivered = 0;
    let rounds = 0;
    let said = "";
    while (delivered < sources) {
      const { code, stdout, stderr } = await new Deno.Command("/usr/bin/time", {
        args: [...MEASURE, ...PROGRAM, "flush", "--now", "--json"],
        env: { ...this.#settings },
      }).output();
      const text = new TextDecoder();
      said = text.decode(stdout) + text.decode(stderr);
      delivered += Number(/"delivered":(\d+),/.exec(said)?.[1] ?? 0);
      rounds++;
      if (code !== 0 && code !== EXIT.waiting || rounds > MOST_ROUNDS) throw new Error(said);
    }
    const seconds = (performance.now() - start) / 1000;
    const requests = await this.#misp.requests() - before;
    return {
      seconds,
      requests,
      rounds,
      perSecond: sources / seconds,
      requestsPerReport: requests / sources,
      isWithinRequests: requests <= REQUESTS_BUDGET * sources + CAPABILITY_REQUESTS,
      memory: Number(said.trim().split("\n").at(-1)) / 1024,
    };
  }

  async #guessAll(hour: number, sources: number): Promise<void> {
    using buffer = new SqliteBuffer(program.buffer, Date.now());
    for (let first = 0; first < sources; first += BATCH) {
      const count = Math.min(BATCH, sources - first);
      const decisions = Array.from({ length: count }, (_, at) => this.#decide(first + at, hour))
        .flat();
      await buffer.intake.accept(decisions, { maxUsernames: 100 }, Date.now());
    }
  }
}

function guess(source: number, hour: number) {
  return [decideDefault(sshdAlert({
    time: `2026-08-23T${String(hour).padStart(2, "0")}:14:07.412+0000`,
    pid: 1000 + source,
    message: `Failed password for root from ${addressOf(source)} port 51676 ssh2`,
  }))];
}

const SESSIONS = sessionRules();

/** A source that brings the file that all of them bring. */
function guessAndBring(source: number, hour: number) {
  const download = cowrieRecord({
    ...{ eventid: "cowrie.session.file_download", src_ip: addressOf(source) },
    ...{ session: `s${source}`, shasum: "a1".repeat(32), url: "http://203.0.113.9/bot.sh" },
    outfile: "var/lib/cowrie/downloads/a1",
  });
  return [...guess(source, hour), decide(download, SESSIONS, Date.now())];
}

function addressOf(source: number): string {
  return `82.${source >> 16}.${(source >> 8) & 255}.${source & 255}`;
}

const columns = (...cells: readonly string[]) =>
  console.log(cells.map((cell, at) => cell.padEnd(at === 0 ? 36 : 20)).join("").trimEnd());
const verdict = (isOk: boolean) => isOk ? "ok" : "NOT OK";

function row(name: string, flush: Flush): void {
  const { perSecond, requestsPerReport, isWithinRequests, memory } = flush;
  const isOk = isWithinRequests && memory < MEMORY_BUDGET_MIB;
  columns(
    name,
    `${perSecond.toFixed(1)} sources/s`,
    requestsPerReport.toFixed(2),
    `${memory.toFixed(0)} MiB`,
    verdict(isOk),
  );
}

const limit = Number(Deno.args[0] ?? Infinity);
if (!(limit >= ONE_BY_ONE_SOURCES)) {
  throw new Error(`the most sources: a number from ${ONE_BY_ONE_SOURCES}, not ${Deno.args[0]}`);
}
await using program = await createProgram(CAN_COMPILE ? "binary" : "deno run", {
  mispHost: "127.0.0.1",
});
const PROGRAM = program.kind === "binary"
  ? [`${program.root}/integrations/custom-misp_ssh_bruteforce-publish`]
  : [Deno.execPath(), "run", "--quiet", V8_FLAGS, "-P=bench", MAIN, "--root", program.root];
const counts = COUNTS.filter((count) => count <= limit);

console.log(
  `Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores; budgets: ` +
    `${REQUESTS_BUDGET} requests a report, ${MEMORY_BUDGET_MIB} MiB, ${program.kind}\n`,
);
columns("flush", "rate", "requests/report", "peak memory", "");
let fastest = 0;
for (const latencyMs of [0, MISP_LATENCY_MS]) {
  for (const sources of counts) {
    await using misp = await Misp.start(latencyMs);
    using site = new Site(misp, sources);
    const name = `${sources} at ${latencyMs} ms`;
    const first = await site.flush(6);
    if (latencyMs > 0) fastest = Math.max(fastest, first.perSecond);
    row(`${name}, new`, first);
    if (latencyMs > 0 && sources > MOST_SLOW_RETURNS) continue;
    row(`${name}, back again`, await site.flush(7));
  }
}
if (limit >= SAME_FILE_COUNTS[0]!) await benchSameFile();
if (limit >= LOSSY_SOURCES) await benchLosses();
if (limit >= LOSSY_SOURCES) await benchDay();

/** The same reports over a line that loses none, some and many of the answers. */
async function benchLosses(): Promise<void> {
  const flushLosing = async (lostOf: number) => {
    await using misp = await Misp.start(LOSSY_LATENCY_MS, lostOf);
    using site = new Site(misp, LOSSY_SOURCES);
    return await site.flush(6);
  };
  const clean = await flushLosing(0);
  console.log("");
  columns("answers lost", "time", "requests", "rounds", "");
  const show = (name: string, flush: Flush, isOk: boolean) =>
    columns(
      `${LOSSY_SOURCES} at ${LOSSY_LATENCY_MS} ms, ${name}`,
      `${flush.seconds.toFixed(1)} s (${(flush.seconds / clean.seconds).toFixed(2)})`,
      `${flush.requests} (${(flush.requests / clean.requests).toFixed(2)})`,
      String(flush.rounds),
      verdict(isOk),
    );
  show("none", clean, clean.rounds === 1);
  const some = await flushLosing(EVERY_TWENTIETH);
  show("5 %", some, some.seconds <= LOSSY_TIME_BUDGET * clean.seconds);
  const many = await flushLosing(EVERY_THIRD);
  const isWithin = many.requests <= LOSSY_REQUESTS_BUDGET * clean.requests &&
    many.rounds <= LOSSY_ROUNDS_BUDGET * clean.rounds;
  show("33 %", many, isWithin);
}

/** Many sources in the event of a day, and half of them again. */
async function benchDay(): Promise<void> {
  await using misp = await Misp.start(MISP_LATENCY_MS);
  using site = new Site(misp, DAY_SOURCES, { WM_MISP_EVENT_PER: "day" });
  console.log("");
  columns("event_per: day", "time", "requests", "peak memory", "");
  for (const [at, sources] of [DAY_SOURCES, DAY_RETURNS].entries()) {
    const { seconds, requests, memory } = await site.flush(6 + at, sources);
    columns(
      `${sources} at ${MISP_LATENCY_MS} ms, ${at === 0 ? "new" : "back again"}`,
      `${seconds.toFixed(1)} s`,
      String(requests),
      `${memory.toFixed(0)} MiB`,
      verdict(requests <= DAY_REQUESTS_BUDGETS[at]!),
    );
  }
}

/** Many sources that bring one and the same file: ten times as many take ten times as long. */
async function benchSameFile(): Promise<void> {
  const took: number[] = [];
  console.log("");
  columns("sources with the same file", "rate", "requests/report", "peak memory", "");
  for (const count of SAME_FILE_COUNTS) {
    const sources = limit >= 10_000 ? count : count / 10;
    await using misp = await Misp.start(0);
    using site = new Site(misp, sources, {}, guessAndBring);
    const flush = await site.flush(6);
    row(`${sources}, new`, flush);
    took.push(flush.seconds);
  }
  const ratio = took[1]! / took[0]!;
  columns(
    "ten times as many",
    `${ratio.toFixed(2)} times as long`,
    `budget ${SAME_FILE_BUDGET}`,
    "",
    verdict(ratio <= SAME_FILE_BUDGET),
  );
}

await using misp = await Misp.start(MISP_LATENCY_MS);
using site = new Site(misp, ONE_BY_ONE_SOURCES, { WM_MISP_MAX_PARALLEL: "1" });
const oneByOne = await site.flush(6);
row(`${ONE_BY_ONE_SOURCES} at ${MISP_LATENCY_MS} ms, one by one`, oneByOne);
const ratio = fastest / oneByOne.perSecond;
console.log(
  `\nat ${MISP_LATENCY_MS} ms ${ratio.toFixed(2)} times as fast as one by one, budget ` +
    `${RATIO_BUDGET.toFixed(2)}  ${verdict(ratio >= RATIO_BUDGET)}`,
);
