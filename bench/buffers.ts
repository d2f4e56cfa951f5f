/**
 * What a buffer in PostgreSQL costs beside one in SQLite, in the same run: bodies of lines and single
 * alerts into one `serve`, and into two on one database; the processor time of both sides; and what an
 * alert costs where few sources are known and where many are.
 *
 * The server of the tests is started, with its own settings: each commit reaches the disk. All take turns
 * in short rounds, so that a busy machine slows all of them, and ratios are those of the same round.
 * `bench/buffers.ts ROW…` measures only those of the rows `batches`, `single` and `growth`.
 *
 * @module
 */
import { Connection } from "../src/buffer/postgres/connection.ts";
import { PostgresBuffer } from "../src/buffer/postgres/postgres_buffer.ts";
import { serverOf } from "../src/buffer/postgres/server.ts";
import { decideItem } from "../src/intake/decide.ts";
import type { Decision } from "../src/model.ts";
import { readLine } from "../src/wazuh/alert_file.ts";
import { CAN_COMPILE, type Program } from "../tests/e2e/program.ts";
import { defaultRules } from "../tests/support/fixtures.ts";
import { freshSchema, ownServer, urlOf } from "../tests/support/postgres.ts";
import { alertLines, writeAlertsJson } from "./alerts_json.ts";
import { cpuTime } from "./peak_memory.ts";
import { CONNECTIONS, single, startServe } from "./serving.ts";

const KIND: Program["kind"] = CAN_COMPILE ? "binary" : "deno run";
const LINES = 60_000;
const ROUNDS = 5;
const SECONDS = 4;
const RATIO_BUDGET = 0.5;

const KNOWN = [1_000, 100_000, 1_000_000];
const BATCH = 2_000;
const BATCHES = 40;
const SOURCES = 20_000;
const GROWTH_BUDGET = 1.3;

/** What takes turns, by name: how many `serve` on which engine. */
const SETUPS = {
  "SQLite": { serves: 1, onPostgres: false },
  "PostgreSQL": { serves: 1, onPostgres: true },
  "two on PostgreSQL": { serves: 2, onPostgres: true },
} as const;
type Setup = keyof typeof SETUPS;
const NAMES = Object.keys(SETUPS) as Setup[];

/** What a setup did in a round; processor time is microseconds an alert. */
interface Figure {
  readonly perSecond: number;
  readonly serveCpu: number;
  readonly databaseCpu: number;
  readonly medianMs?: number;
  readonly p99Ms?: number;
}

using server = ownServer(["max_wal_size = 4GB"]);
const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "bench-buffers-" });

const quantile = (values: readonly number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? 0;
const median = (values: readonly number[]) => quantile(values, 0.5);
const range = (values: readonly number[], digits: number) =>
  `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
const columns = (...cells: readonly string[]) =>
  console.log(cells.map((cell, at) => cell.padEnd(at === 0 ? 34 : 22)).join("").trimEnd());
const verdict = (isOk: boolean) => isOk ? "ok" : "NOT OK";

type Service = Awaited<ReturnType<typeof startServe>>;

/** The `serve` of a setup on an empty buffer; they go with their scope. */
async function start(setup: Setup) {
  const { serves, onPostgres } = SETUPS[setup];
  const hosts = { bufferHost: `127.0.0.1:${server.port}` };
  const environment = onPostgres ? { WM_BUFFER_URL: urlOf(server, freshSchema()) } : {};
  const services: Service[] = [];
  for (let count = 0; count < serves; count++) {
    const service = await startServe(KIND, environment, hosts);
    services.push(service);
    // The first connection makes the tables.
    const ready = await fetch(`${service.url}/readyz`);
    if (!ready.ok) throw new Error(await ready.text());
    await ready.body?.cancel();
  }
  return {
    services,
    async [Symbol.asyncDispose]() {
      for (const service of services) await service[Symbol.asyncDispose]();
    },
  };
}

/** Processor time of the database, seconds: of its processes, and of those that have ended. */
async function databaseCpu(): Promise<number> {
  const [postmaster] = Deno.readTextFileSync(`${server.folder}/data/postmaster.pid`).split("\n");
  // Deno reads of /proc only with all permissions.
  const { stdout } = await new Deno.Command("sh", {
    args: [
      "-c",
      'for stat in /proc/[0-9]*/stat; do cat "$stat" 2>/dev/null; done',
    ],
  }).output();
  let ticks = 0;
  for (const line of new TextDecoder().decode(stdout).trim().split("\n")) {
    const fields = line.split(") ").at(-1)!.split(" ").map(Number);
    if (line.startsWith(`${postmaster} `)) {
      for (const field of [11, 12, 13, 14]) ticks += fields[field]!;
    } else if (fields[1] === Number(postmaster)) ticks += fields[11]! + fields[12]!;
  }
  return ticks / 100;
}

/** Measures work of so many alerts. */
async function measured(
  services: readonly Service[],
  work: () => Promise<{ readonly alerts: number; readonly seconds: number }>,
): Promise<Figure> {
  const used = async () => {
    const each = await Promise.all(services.map(({ pid }) => cpuTime(pid)));
    return [each.reduce((sum, one) => sum + one, 0), await databaseCpu()] as const;
  };
  const before = await used();
  const { alerts, seconds } = await work();
  const after = await used();
  return {
    perSecond: alerts / seconds,
    serveCpu: (after[0] - before[0]) / alerts * 1e6,
    databaseCpu: (after[1] - before[1]) / alerts * 1e6,
  };
}

/** One body of lines for each `serve`, at once. */
async function batches(setup: Setup, lines: Uint8Array<ArrayBuffer>): Promise<Figure> {
  await using started = await start(setup);
  const { services } = started;
  const bodies = services.length === 1 ? [lines] : halves(lines);
  return await measured(services, async () => {
    const start = performance.now();
    await Promise.all(services.map(async ({ url }, at) => {
      const response = await fetch(`${url}/alerts`, { method: "POST", body: bodies[at]! });
      const { accepted } = await response.json() as { accepted: number };
      if (accepted !== LINES / services.length) {
        throw new Error(`${response.status}: ${accepted} accepted`);
      }
    }));
    return { alerts: LINES, seconds: (performance.now() - start) / 1000 };
  });
}

function halves(lines: Uint8Array<ArrayBuffer>): readonly Uint8Array<ArrayBuffer>[] {
  let end = 0;
  for (let line = 0; line < LINES / 2; line++) end = lines.indexOf(10, end) + 1;
  return [lines.slice(0, end), lines.slice(end)];
}

async function compareBatches(): Promise<void> {
  await writeAlertsJson(`${folder}/lines`, { lines: LINES, percent: 100, sources: SOURCES });
  const body = await Deno.readFile(`${folder}/lines`);
  const found: Record<Setup, Figure>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    found.push(await inTurns(round, (setup) => batches(setup, body)));
  }
  compare(`bodies of ${LINES} lines`, found);
}

async function compareSingles(): Promise<void> {
  await using sqlite = await start("SQLite");
  await using postgres = await start("PostgreSQL");
  await using two = await start("two on PostgreSQL");
  const services = {
    ...{ "SQLite": sqlite.services, "PostgreSQL": postgres.services },
    "two on PostgreSQL": two.services,
  };
  const found: Record<Setup, Figure>[] = [];
  let first = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const figures = await inTurns(round, async (setup) => {
      const each = services[setup];
      let times = { median: 0, p99: 0 };
      const figure = await measured(each, async () => {
        const loads = await Promise.all(
          each.map(({ url }) =>
            single(url, first += 1_000_000, CONNECTIONS / each.length, SECONDS)
          ),
        );
        times = loads[0]!;
        return { alerts: loads.reduce((sum, { sent }) => sum + sent, 0), seconds: SECONDS };
      });
      return { ...figure, medianMs: times.median, p99Ms: times.p99 };
    });
    // The first round warms up.
    if (round > 0) found.push(figures);
  }
  compare(`single alerts, ${CONNECTIONS} connections`, found);
}

/** All setups in turns, each round in another order. */
async function inTurns(
  round: number,
  work: (setup: Setup) => Promise<Figure>,
): Promise<Record<Setup, Figure>> {
  const figures: Partial<Record<Setup, Figure>> = {};
  for (const setup of round % 2 === 0 ? NAMES : NAMES.toReversed()) {
    figures[setup] = await work(setup);
  }
  return figures as Record<Setup, Figure>;
}

function compare(name: string, found: readonly Record<Setup, Figure>[]): void {
  columns(name, "alerts/s", "of SQLite", "serve, database", "answers");
  for (const setup of NAMES) {
    const of = (value: (figure: Figure) => number) => found.map((round) => value(round[setup]));
    const rates = of(({ perSecond }) => perSecond);
    const ratios = found.map((round) => round[setup].perSecond / round.SQLite.perSecond);
    const ratio = median(ratios);
    const cpu = [of(({ serveCpu }) => serveCpu), of(({ databaseCpu }) => databaseCpu)]
      .map((values) => median(values).toFixed(0)).join(", ");
    const ms = of(({ medianMs = 0 }) => medianMs);
    const p99 = of(({ p99Ms = 0 }) => p99Ms);
    columns(
      `  ${setup}`,
      `${median(rates).toFixed(0)} (${range(rates, 0)})`,
      setup === "SQLite" ? "" : `${ratio.toFixed(2)} (${range(ratios, 2)})`,
      `${cpu} µs`,
      median(ms) === 0 ? "" : `${median(ms).toFixed(1)} ms, p99 ${median(p99).toFixed(1)}`,
      setup === "PostgreSQL"
        ? `of ${RATIO_BUDGET.toFixed(2)}  ${verdict(ratio >= RATIO_BUDGET)}`
        : "",
    );
  }
}

const rules = defaultRules({ publishPrivate: false });
const decided = (line: string): Decision =>
  decideItem(readLine(line, "the bench")[0]!, rules, Date.now());

/** `bench/alerts_json.ts`, `addressOf()`. */
const ADDRESS = `(60 + (n >> 18)) || '.' || ((n >> 10) & 255) || '.' || ((n >> 2) & 255) || '.' ||
  (10 + (n & 3))`;

/**
 * A buffer of so many sources that were here before, each with its event.
 *
 * @param areOpen whether each has an attack that is open, too: so many come within the hour that an
 * attack is held at most, which is far from every day
 */
async function know(known: number, areOpen: boolean) {
  const access = {
    ...{ server: serverOf(urlOf(server, freshSchema())), password: undefined },
    ...{ caCertificate: undefined, connectMs: 5_000, statementMs: 600_000 },
  };
  const buffer = new PostgresBuffer(access);
  await buffer.views.status();
  const connection = await Connection.open(access);
  const now = Date.now();
  await connection.script(`
    SET search_path TO ${access.server.schema};
    INSERT INTO source_record (source_ip, event_uuid, publisher, opened_on, first_seen, last_seen,
      alerts, pam, sshd, connect, attempts, reports, detail, snapshot_at)
    SELECT ${ADDRESS}, gen_random_uuid(), 'wazuh', '2026-11-23', ${now} - n, ${now} - n, 60, 0, 60, 0,
      60, 3, '{"services":["ssh"],"usernames":{"root":7},"furtherUsernames":0,"sensors":[],' ||
      '"techniques":[]}', ${now} - n FROM generate_series(0, ${known - 1}) AS n`);
  if (areOpen) {
    await connection.script(`
      INSERT INTO attack (source_ip, first_seen, last_seen, opened_at, touched_at, alerts, manager,
        services) SELECT source_ip, first_seen, last_seen, snapshot_at, snapshot_at, 5,
        'wazuh-manager-01', 1 FROM source_record`);
  }
  // Autovacuum would do it in the middle of the measurement.
  for (const table of ["source_record", "attack"]) {
    await connection.script(`VACUUM ANALYZE ${access.server.schema}.${table}`);
  }
  connection.close();
  return { buffer, schema: access.server.schema };
}

async function growth(): Promise<void> {
  columns("growth", "figure", "ratio to 1000", "budget", "bytes a source, an id");
  for (const areOpen of [false, true]) {
    const costs = KNOWN.map(() => [] as number[]);
    const buffers: Awaited<ReturnType<typeof know>>[] = [];
    const bytes: number[] = [];
    for (const known of KNOWN) {
      const before = await sizeOfAll();
      buffers.push(await know(known, areOpen));
      bytes.push((await sizeOfAll() - before) / known);
    }
    const most = KNOWN.at(-1)!;
    const sourceAt = (place: number) => Math.imul(place, 7919) % most;
    const lines = alertLines({ percent: 100, sources: SOURCES, sourceAt });
    await checkpoint();
    for (let batch = 0; batch < BATCHES; batch++) {
      const decisions = Array.from({ length: BATCH }, () => decided(lines.next().value));
      // The same alerts for each, and each is the first as often as the others.
      for (let turn = 0; turn < KNOWN.length; turn++) {
        const at = (batch + turn) % KNOWN.length;
        const start = performance.now();
        await buffers[at]!.buffer.intake.accept(decisions, { maxUsernames: 100 }, Date.now());
        costs[at]!.push((performance.now() - start) / BATCH * 1000);
      }
    }
    for (const [at, known] of KNOWN.entries()) {
      const { schema } = buffers[at]!;
      const ratio = median(costs[at]!.map((cost, batch) => cost / costs[0]![batch]!));
      columns(
        `${known} known${areOpen ? ", attacks open" : " sources"}`,
        `${median(costs[at]!).toFixed(1)} µs an alert`,
        ratio.toFixed(2),
        `${GROWTH_BUDGET.toFixed(2)}  ${verdict(ratio <= GROWTH_BUDGET)}`,
        `${bytes[at]!.toFixed(0)}, ${(await sizeOfIds(schema) / BATCHES / BATCH).toFixed(0)}`,
      );
    }
    for (const { buffer } of buffers) buffer[Symbol.dispose]();
  }
}

async function asOwner<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.open({
    ...{ server: serverOf(urlOf(server, "public")), password: undefined },
    ...{ caCertificate: undefined, connectMs: 5_000, statementMs: 600_000 },
  });
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}

const checkpoint = () => asOwner((connection) => connection.query("CHECKPOINT"));

/** Bytes of all tables and indexes. */
const sizeOfAll = () => bytesOf("SELECT pg_database_size('postgres') AS bytes");

/** Bytes of the ids of alerts, which are kept for `buffer.dedupe_days`: of all tables that hold them. */
const sizeOfIds = (schema: string) =>
  bytesOf(
    `SELECT sum(pg_relation_size(c.oid)) AS bytes FROM pg_class c JOIN pg_namespace n
     ON n.oid = c.relnamespace AND n.nspname = '${schema}' WHERE c.relname LIKE 'seen_alert%'`,
  );

const bytesOf = (text: string) =>
  asOwner(async (connection) => Number((await connection.query(text)).rows[0]!.bytes));

const ROWS: Readonly<Record<string, () => Promise<void>>> = {
  batches: compareBatches,
  single: compareSingles,
  growth,
};

try {
  console.log(`Deno ${Deno.version.deno}, ${KIND}, median of ${ROUNDS} rounds and their range`);
  for (const [name, row] of Object.entries(ROWS)) {
    if (Deno.args.length === 0 || Deno.args.includes(name)) await row();
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
