/**
 * What waiting reports cost those that do not publish them: `status`, a `flush` while MISP is paused, an
 * integration call and a POST, with 10, 10,000 and 250,000 of them in the buffer, in turns in one run.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { SqliteBuffer } from "../src/buffer/sqlite/sqlite_buffer.ts";
import { CAN_COMPILE, createProgram, integratordArgs, type Program } from "../tests/e2e/program.ts";
import { freePort } from "../tests/support/ports.ts";
import { sshdAlert } from "../tests/support/fixtures.ts";

const WAITING = [10, 10_000, 250_000];
const ROUNDS = Number(Deno.args[0] ?? 30);
const BUDGET = 1.3;
/** Of an event of an attacker with some user names. */
const BODY_BYTES = 5000;
const HOUR = 60 * 60_000;

const kind: Program["kind"] = CAN_COMPILE ? "binary" : "deno run";

/** Reports that wait for a MISP that is paused for an hour. */
function fill(path: string, waiting: number): void {
  const now = Date.now();
  new SqliteBuffer(path, now)[Symbol.dispose]();
  const db = new DatabaseSync(path);
  db.exec("PRAGMA synchronous = OFF; BEGIN");
  const report = db.prepare(
    `INSERT INTO report (uuid, sink, source_ip, event_uuid, state, attempts, snapshot_at, next_try_at)
     VALUES (?, 'misp', ?, ?, 'pending', 7, ?, ?)`,
  );
  const body = db.prepare("INSERT INTO report_body (uuid, sink, body) VALUES (?, 'misp', ?)");
  const text = JSON.stringify({ Event: { info: "x".repeat(BODY_BYTES) } });
  for (let number = 0; number < waiting; number++) {
    const uuid = `00000000-0000-5000-8000-${number.toString().padStart(12, "0")}`;
    const source = `82.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    report.run(uuid, source, uuid, now, now);
    body.run(uuid, text);
  }
  db.prepare("INSERT INTO sink_pause (sink, failures, until, reason, since) VALUES (?, 1, ?, ?, ?)")
    .run("misp", now + HOUR - 60_000, "no answer", now);
  db.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}

interface Scene extends AsyncDisposable {
  readonly program: Program;
  readonly url: string;
}

async function startScene(waiting: number): Promise<Scene> {
  const listen = `127.0.0.1:${freePort()}`;
  const environment = {
    // Nobody listens there: it must not be asked.
    WM_MISP_URL: "http://127.0.0.1:9",
    WM_MISP_API_KEY: "0123456789012345678901234567890123456789",
    WM_SERVER_LISTEN: listen,
    WM_SERVER_MAX_REQUESTS_PER_MINUTE: "0",
    WM_BUFFER_MAX_BYTES: String(8 * 1024 ** 3),
  };
  const program = await createProgram(kind, { listen, mispHost: "127.0.0.1:9", environment });
  fill(program.buffer, waiting);
  const child = program.command(["serve"]).spawn();
  void child.stdout.cancel();
  const listening = Promise.withResolvers<void>();
  void (async () => {
    let said = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      said += text;
      if (said.includes("listening")) listening.resolve();
    }
    listening.reject(new Error(said));
  })();
  await listening.promise;
  return {
    program,
    url: `http://${listen}/alerts`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await program[Symbol.asyncDispose]();
    },
  };
}

let made = 0;
const newAlert = () => JSON.stringify(sshdAlert({ id: `1787465647.${++made}` }));

const WORK: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  "status": ({ program }) => expectCode(program.run(["status"]), 0),
  "flush, MISP paused": ({ program }) => expectCode(program.run(["flush"]), 3),
  "integration call": async ({ program }) => {
    const file = `${program.alerts}/x.alert`;
    await Deno.writeTextFile(file, newAlert());
    await expectCode(program.run(integratordArgs(file)), 0);
  },
  "POST": async ({ url }) => {
    const response = await fetch(url, { method: "POST", body: newAlert() });
    if (!response.ok) throw new Error(await response.text());
    await response.body?.cancel();
  },
};

async function expectCode(run: ReturnType<Program["run"]>, code: number): Promise<void> {
  const result = await run;
  if (result.code !== code) throw new Error(`exit ${result.code}: ${result.stderr}`);
}

const scenes: Scene[] = [];
try {
  for (const waiting of WAITING) scenes.push(await startScene(waiting));
  const times = new Map(Object.keys(WORK).map((name) => [name, scenes.map(() => [] as number[])]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(WORK)) {
      for (const [at, scene] of scenes.entries()) {
        const start = performance.now();
        await work(scene);
        times.get(name)![at]!.push(performance.now() - start);
      }
    }
  }
  const median = (values: readonly number[]) =>
    values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
  const columns = (...cells: readonly string[]) =>
    console.log(cells.map((cell, at) => cell.padEnd(at === 0 ? 24 : 16)).join("").trimEnd());
  console.log(`Deno ${Deno.version.deno}, ${kind}, ${ROUNDS} rounds, medians\n`);
  columns("waiting reports", ...WAITING.map((n) => n.toLocaleString("en")), "ratio", "budget", "");
  for (const [name, found] of times) {
    const figures = found.map(median);
    const ratio = Math.max(...figures.slice(1)) / figures[0]!;
    const verdict = ratio <= BUDGET ? "ok" : "NOT OK";
    columns(name, ...figures.map((n) => `${n.toFixed(1)} ms`), ratio.toFixed(2), "1.30", verdict);
  }
} finally {
  for (const scene of scenes) await scene[Symbol.asyncDispose]();
}
