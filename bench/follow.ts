/**
 * How fast an alerts.json is followed, from the bytes of the file to the commit, against a bare loop
 * of `JSON.parse()` and one SQLite upsert a line in the same run; what an alert costs when more and
 * more sources are known; and what the command itself, the binary where one can be compiled, does and
 * takes over millions of lines.
 *
 * `bench/follow.ts 10000000` takes so many lines for the memory; without it two millions.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { V8_FLAGS } from "../deploy/startup/v8.ts";
import { SqliteBuffer } from "../src/buffer/sqlite/sqlite_buffer.ts";
import { decideLines } from "../src/intake/decide_lines.ts";
import { followSteps } from "../src/follow/follower.ts";
import { StepBatch } from "../src/follow/step_batch.ts";
import { createProgram, KIND } from "../tests/e2e/program.ts";
import { defaultRules } from "../tests/support/fixtures.ts";
import { peakMemory } from "./peak_memory.ts";
import { addressOf, writeAlertsJson } from "./alerts_json.ts";

const LINES = 300_000;
const ROUNDS = 3;
const SOURCES = 20_000;
const RATIO_BUDGET = 0.5;
const ALERTS_BUDGET = 60_000;
const LINES_BUDGET = 300_000;

const KNOWN = [1_000, 100_000, 1_000_000];
const GROWTH_BUDGET = 1.3;

const COMMAND_LINES = 1_000_000;
const MEMORY_LINES = Number(Deno.args[0] ?? 2_000_000);
const MEMORY_PERCENT = 20;
const MEMORY_BUDGET_MIB = 150;

/** As `buffer.max_bytes` and `privacy.max_usernames` are by default. */
const LIMITS = { maxUsernames: 100, maxBytes: 2 ** 30 };
const BLOCK = 4 * 1024 * 1024;

const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "bench-follow-" });
const file = `${folder}/alerts.json`;
const rules = defaultRules({ publishPrivate: false });

/** Follows the whole file, as the command does. @returns seconds */
async function followAll(database: string): Promise<number> {
  using buffer = new SqliteBuffer(database, Date.now(), { bulk: true, asyncSync: true });
  let isOver = false;
  const start = performance.now();
  const steps = followSteps({
    ...{ folder, file: "alerts.json", stream: "alerts", checkpoint: undefined, beginning: "start" },
    wait: () => Promise.resolve(void (isOver = true)),
    isOver: () => isOver,
    log: (_, message) => {
      throw new Error(message);
    },
  });
  const batch = new StepBatch();
  const store = async () => {
    const taken = batch.take();
    if (taken !== undefined) {
      await buffer.intake.accept(taken.decisions, LIMITS, Date.now(), taken.followed);
    }
  };
  for await (const step of steps) {
    batch.add(step, decideLines(step, rules, -Infinity, Date.now()), performance.now());
    if (batch.isEnough(performance.now())) await store();
  }
  await store();
  return (performance.now() - start) / 1000;
}

/**
 * The bare loop: all lines are parsed, those of our rules are stored. Reading and splitting the file
 * is not in its time.
 *
 * @returns seconds, and how many alerts it stored
 */
function bareLoop(database: string): { readonly seconds: number; readonly alerts: number } {
  using db = new DatabaseSync(database);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  db.exec(
    `CREATE TABLE source (source_ip TEXT PRIMARY KEY, alerts INTEGER, last_seen TEXT)
     STRICT, WITHOUT ROWID`,
  );
  const upsert = db.prepare(
    `INSERT INTO source VALUES (?, 1, ?)
     ON CONFLICT DO UPDATE SET alerts = alerts + 1, last_seen = excluded.last_seen`,
  );
  let milliseconds = 0;
  let alerts = 0;
  for (const lines of thousands()) {
    const start = performance.now();
    db.exec("BEGIN IMMEDIATE");
    for (const line of lines) {
      const alert = JSON.parse(line);
      if (!rules.ruleIds.has(alert.rule.id)) continue;
      upsert.run(alert.data.srcip, alert.timestamp);
      alerts++;
    }
    db.exec("COMMIT");
    milliseconds += performance.now() - start;
  }
  return { seconds: milliseconds / 1000, alerts };
}

function* thousands(): Generator<readonly string[]> {
  using opened = Deno.openSync(file);
  const decoder = new TextDecoder();
  const block = new Uint8Array(BLOCK);
  let rest = "";
  for (let read = opened.readSync(block); read !== null; read = opened.readSync(block)) {
    const lines = (rest + decoder.decode(block.subarray(0, read), { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (let start = 0; start < lines.length; start += 1000) yield lines.slice(start, start + 1000);
  }
}

function removeDatabase(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) {
    try {
      Deno.removeSync(path + suffix);
    } catch {
      // SQLite removed it itself.
    }
  }
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const columns = (...cells: readonly string[]) =>
  console.log(cells.map((cell, at) => cell.padEnd(at === 0 ? 36 : 20)).join("").trimEnd());
const verdict = (isOk: boolean) => isOk ? "ok" : "NOT OK";

/** The loop and the follower in turns, so that a busy machine slows both. */
async function rate(percent: number): Promise<void> {
  await writeAlertsJson(file, { lines: LINES, percent, sources: SOURCES });
  const database = `${folder}/buffer.db`;
  const limits: number[] = [];
  const figures: number[] = [];
  let alerts = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const limit = bareLoop(database);
    removeDatabase(database);
    const figure = await followAll(database);
    removeDatabase(database);
    alerts = limit.alerts;
    // The first round warms up the compiler.
    if (round === 0) continue;
    limits.push(LINES / limit.seconds);
    figures.push(LINES / figure);
  }
  const [limit, figure] = [median(limits), median(figures)];
  const relevant = figure * alerts / LINES;
  const ratio = figure / limit;
  const isOk = ratio >= RATIO_BUDGET &&
    (percent === 1 ? figure >= LINES_BUDGET : relevant >= ALERTS_BUDGET || percent < 100);
  columns(
    `${percent} % relevant`,
    `${figure.toFixed(0)} lines/s`,
    `${relevant.toFixed(0)} alerts/s`,
    `${limit.toFixed(0)} lines/s`,
    ratio.toFixed(2),
    `${RATIO_BUDGET.toFixed(2)}` +
      (percent === 1
        ? `, ${LINES_BUDGET} lines/s`
        : percent === 100
        ? `, ${ALERTS_BUDGET} alerts/s`
        : ""),
    verdict(isOk),
  );
}

/**
 * Sources that were here before, each with its event.
 *
 * @param areOpen whether each has an attack that is open, too: so many come within the hour that an
 * attack is held at most, which is far from every day
 */
function fill(database: string, known: number, areOpen: boolean): void {
  new SqliteBuffer(database, Date.now())[Symbol.dispose]();
  using db = new DatabaseSync(database);
  db.exec("PRAGMA synchronous = OFF; BEGIN");
  const now = Date.now();
  const detail =
    '{"services":["ssh"],"usernames":{"root":7},"furtherUsernames":0,"sensors":[],"techniques":[]}';
  const record = db.prepare(
    `INSERT INTO source_record (source_ip, event_uuid, publisher, opened_on, first_seen, last_seen,
       alerts, pam, sshd, connect, attempts, reports, detail, snapshot_at)
     VALUES (?, ?, 'wazuh', '2026-11-23', ?, ?, 60, 0, 60, 0, 60, 3, ?, ?)`,
  );
  const attack = db.prepare(
    `INSERT INTO attack (source_ip, first_seen, last_seen, opened_at, touched_at, alerts, manager,
       services) VALUES (?, ?, ?, ?, ?, 5, 'wazuh-manager-01', 1)`,
  );
  for (let number = 0; number < known; number++) {
    const address = addressOf(number);
    const at = now - (known - number);
    const uuid = `00000000-0000-5000-8000-${number.toString().padStart(12, "0")}`;
    record.run(address, uuid, at, at, detail, at);
    if (areOpen) attack.run(address, at, at, at, at);
  }
  db.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}

/** The same alerts each time, of sources that lie anywhere among a million. */
async function growth(): Promise<void> {
  const most = KNOWN.at(-1)!;
  const sourceAt = (place: number) => Math.imul(place, 7919) % most;
  await writeAlertsJson(file, { lines: LINES, percent: 100, sources: SOURCES, sourceAt });
  const rows = [false, true].flatMap((areOpen) => KNOWN.map((known) => ({ known, areOpen })));
  const costs = rows.map(() => [] as number[]);
  for (const [at, { known, areOpen }] of rows.entries()) {
    fill(`${folder}/known-${at}.db`, known, areOpen);
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const at of rows.keys()) {
      const database = `${folder}/buffer.db`;
      await Deno.copyFile(`${folder}/known-${at}.db`, database);
      costs[at]!.push(await followAll(database) * 1e6 / LINES);
      removeDatabase(database);
    }
  }
  let first = 0;
  for (const [at, { known, areOpen }] of rows.entries()) {
    const cost = median(costs[at]!);
    if (known === KNOWN[0]) first = cost;
    const ratio = cost / first;
    columns(
      `${known} known${areOpen ? ", attacks open" : " sources"}`,
      `${cost.toFixed(1)} µs an alert`,
      ratio.toFixed(2),
      GROWTH_BUDGET.toFixed(2),
      verdict(ratio <= GROWTH_BUDGET),
    );
    removeDatabase(`${folder}/known-${at}.db`);
  }
}

/** The command itself, over a long file, from its start to its last line. */
async function command(lines: number, percent: number): Promise<void> {
  await using program = await createProgram(KIND);
  const log = `${program.root}/logs/alerts/alerts.json`;
  await Deno.mkdir(log.slice(0, log.lastIndexOf("/")));
  await writeAlertsJson(log, { lines, percent, sources: SOURCES });
  const start = performance.now();
  const child = program.command(["follow", "--from-start", "--json"], {
    // As in the binary.
    DENO_V8_FLAGS: V8_FLAGS.replace("--v8-flags=", ""),
  }).spawn();
  const peak = () => peakMemory(child.pid);
  const { size } = await Deno.stat(log);
  const checkpoint = () => {
    try {
      using db = new DatabaseSync(program.buffer, { readOnly: true });
      return Number(db.prepare("SELECT offset FROM checkpoint").get()?.offset ?? 0);
    } catch {
      // It is not there yet.
      return 0;
    }
  };
  for (const output of [child.stdout, child.stderr]) {
    void output.pipeTo(new WritableStream()).catch(() => undefined);
  }
  let atHalf: number | undefined;
  for (let read = 0; read < size; read = checkpoint()) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (read > size / 2) atHalf ??= await peak();
  }
  const seconds = (performance.now() - start) / 1000;
  const whole = await peak();
  child.kill("SIGTERM");
  await child.status;
  columns(
    `${lines} lines, ${percent} % relevant`,
    `${(lines / seconds).toFixed(0)} lines/s`,
    `${(lines * percent / 100 / seconds).toFixed(0)} alerts/s`,
    `${atHalf?.toFixed(0)} MiB at half`,
    `${whole.toFixed(0)} MiB`,
    `${MEMORY_BUDGET_MIB} MiB`,
    verdict(whole < MEMORY_BUDGET_MIB),
  );
}

try {
  console.log(
    `Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, ${LINES} lines, ` +
      `${SOURCES} sources, median of ${ROUNDS} rounds\n`,
  );
  columns("follow", "lines", "alerts", "limit: bare loop", "ratio", "budget", "");
  for (const percent of [100, 20, 1]) await rate(percent);
  console.log();
  columns("growth", "figure", "ratio to 1000", "budget", "");
  await growth();
  console.log();
  columns(`${KIND}, with its start`, "lines", "alerts", "peak memory", "", "budget", "");
  for (const lines of [LINES, COMMAND_LINES]) await command(lines, 100);
  await command(MEMORY_LINES, MEMORY_PERCENT);
} finally {
  await Deno.remove(folder, { recursive: true });
}
