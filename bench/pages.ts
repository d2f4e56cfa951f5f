/**
 * What each page costs the service with many known sources, against its budget: 100,000, or as many as
 * the first argument says; the second is the number of rounds. Judged is the time of the processor,
 * since that of the clock tells as much about what else the machine does. With `postgres` as the third,
 * the rows are copied into a database, whose own time only the clock has.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { DatabaseSync } from "node:sqlite";
import { copyBuffer } from "../src/buffer/copy/copy.ts";
import { PostgresEnd } from "../src/buffer/postgres/copy_end.ts";
import { PostgresBuffer } from "../src/buffer/postgres/postgres_buffer.ts";
import { SqliteEnd } from "../src/buffer/sqlite/copy_end.ts";
import { SqliteBuffer } from "../src/buffer/sqlite/sqlite_buffer.ts";
import { DAY } from "../src/clock.ts";
import { PageScene, SCENE_START } from "../tests/support/page_scene.ts";
import { accessTo, freshSchema, ownServer, urlOf } from "../tests/support/postgres.ts";

const SOURCES = Number(Deno.args[0] ?? 100_000);
const OPEN = Math.min(20_000, SOURCES / 10);
const REPORTS = Math.min(300_000, SOURCES / 2);
const ROUNDS = Number(Deno.args[1] ?? 200);
const ON_POSTGRES = Deno.args[2] === "postgres";
const WARM_UP = 20;
const BUDGET_MS = 50;

const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "bench-pages-" });
try {
  const path = `${folder}/buffer.db`;
  // Makes the tables.
  new SqliteBuffer(path, SCENE_START)[Symbol.dispose]();
  const filled = fill(path, SCENE_START);
  using server = ON_POSTGRES ? ownServer(["max_wal_size = 4GB"]) : undefined;
  const buffer = server === undefined
    ? new SqliteBuffer(path, SCENE_START)
    : await copied(path, urlOf(server, freshSchema()));
  using scene = new PageScene({}, {}, buffer);
  console.log(
    `Deno ${Deno.version.deno}, ${SOURCES} known sources, ${OPEN} open attacks, ${REPORTS} reports, ` +
      `${(Deno.statSync(path).size / 2 ** 20).toFixed(0)} MiB, filled in ${filled.toFixed(0)} s`,
  );
  // As the first rounds of pruning after an upgrade do.
  const keep = { seenMs: DAY, recordMs: 30 * DAY, connectionMs: DAY };
  const before = cpuUsage();
  let longest = 0;
  let rounds = 0;
  for (let isMore = true; isMore; rounds++) {
    const start = performance.now();
    isMore = await scene.buffer.retention.prune(keep, scene.now);
    longest = Math.max(longest, performance.now() - start);
  }
  const { user, system } = cpuUsage(before);
  console.log(
    `days summed up in ${
      ((user + system) / 1e6).toFixed(1)
    } s of the processor, ${rounds} rounds, ` +
      `the longest ${longest.toFixed(0)} ms`,
  );
  const [top] = (await scene.buffer.views.overview(scene.now, "day")).sources;
  const pages: readonly (readonly [name: string, path: string])[] = [
    ["overview", "/"],
    ["overview, 30 days", "/?span=month"],
    ["source, open attack", `/sources/${top!.sourceIp}`],
    ["source, reported", `/sources/${addressOf(SOURCES / 2)}`],
    ["unknown source", "/sources/1.1.1.1"],
    ["sources", "/sources"],
    ["sources of a country", "/sources?country=NL&order=last_seen"],
    ["sources of a name", "/sources?username=user17"],
    ["sources of a network", "/sources?address=21.0.0.0/8&order=last_seen"],
    ["sources that logged in", "/sources?state=compromised&order=compromised"],
    ["sensor", "/sensors/fra1%40wazuh"],
    ["refused reports", "/refused"],
  ];
  for (const [name, path] of pages) {
    const costs: number[] = [];
    const clock: number[] = [];
    let bytes = 0;
    for (let round = 0; round < WARM_UP + ROUNDS; round++) {
      // Between two looks at a page something arrives.
      await scene.attack({ source: addressOf(SOURCES - 100 - round), pid: round + 100 });
      const start = performance.now();
      const before = cpuUsage();
      bytes = (await scene.page(path)).length;
      const { user, system } = cpuUsage(before);
      costs.push((user + system) / 1000);
      clock.push(performance.now() - start);
    }
    // The compiler's work in the first rounds is not that of the page.
    const first = costs[0]!;
    costs.splice(0, WARM_UP);
    clock.splice(0, WARM_UP);
    const [median, p99] = quantiles(costs);
    const [clockMedian, clockP99] = quantiles(clock);
    console.log(
      `${name.padEnd(22)} median ${median.toFixed(1)} ms, p99 ${p99.toFixed(1)}, first ${
        first.toFixed(1)
      } (clock ${clockMedian.toFixed(1)}, ${clockP99.toFixed(1)}), ${
        (bytes / 1024).toFixed(0)
      } KiB, budget ${BUDGET_MS}, ratio ${(p99 / BUDGET_MS).toFixed(2)}  ${
        p99 <= BUDGET_MS ? "ok" : "NOT OK"
      }`,
    );
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function copied(path: string, url: string): Promise<PostgresBuffer> {
  await copyBuffer(new SqliteEnd(path), new PostgresEnd(accessTo(url)), () => {});
  return new PostgresBuffer(accessTo(url));
}

function quantiles(costs: number[]): readonly [median: number, p99: number] {
  costs.sort((a, b) => a - b);
  return [costs[costs.length >> 1]!, costs[Math.floor(costs.length * 0.99)]!];
}

/** A word of its own for each number: the worst case, where no two refusals have the same reason. */
function wordOf(index: number): string {
  return [...index.toString(26)].map((digit) => String.fromCharCode(97 + parseInt(digit, 26)))
    .join("");
}

function addressOf(index: number): string {
  return `${20 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.7`;
}

/** Rows as the buffer itself would write them, by the hundred thousand. */
function fill(path: string, now: number): number {
  const started = performance.now();
  using db = new DatabaseSync(path);
  db.exec("PRAGMA synchronous = OFF; BEGIN");
  const names = Array.from({ length: 40 }, (_, index) => [`user${index}`, 40 - index]);
  const detail = JSON.stringify({
    services: ["ssh"],
    sourceLocation: { country: "Netherlands", countryCode: "NL" },
    usernames: Object.fromEntries(names),
    furtherUsernames: 0,
    sensors: ["fra1", "ams2", "nyc1"].map((name) => ({
      ...{ sensor: `${name}@wazuh`, name: `honeypot-${name}`, alerts: 20 },
      ...{ firstSeen: now - 86_400_000, lastSeen: now - 60_000 },
    })),
    techniques: [{ id: "T1110.001", name: "Password Guessing" }, { id: "T1021.004", name: "SSH" }],
  });
  const record = db.prepare(
    `INSERT INTO source_record (source_ip, event_uuid, publisher, opened_on, first_seen, last_seen,
       alerts, pam, sshd, connect, attempts, reports, detail, snapshot_at)
     VALUES (?, ?, 'wazuh', '2026-11-23', ?, ?, 60, 0, 60, 0, 60, 3, ?, ?)`,
  );
  const report = db.prepare(
    `INSERT INTO report (uuid, sink, source_ip, event_uuid, state, attempts, snapshot_at, tries,
       next_try_at, last_error, ended_at) VALUES (?, 'misp', ?, ?, ?, 60, ?, 1, ?, ?, ?)`,
  );
  const bodies = db.prepare("INSERT INTO report_body (uuid, sink, body) VALUES (?, 'misp', ?)");
  const delivered = db.prepare(
    "INSERT INTO delivery VALUES (?, 'misp', ?, ?, '')",
  );
  const activity = db.prepare(
    `INSERT INTO activity (kind, span, name, bucket, attempts) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts`,
  );
  const named = db.prepare("INSERT OR IGNORE INTO source_name VALUES (?, ?, ?)");
  const body = JSON.stringify({ Event: { info: "x".repeat(6000) } });
  for (let index = 0; index < SOURCES; index++) {
    const source = addressOf(index);
    const uuid = `00000000-0000-5000-8000-${index.toString().padStart(12, "0")}`;
    const snapshot = now - (SOURCES - index) * 100;
    record.run(
      source,
      uuid,
      snapshot - 1e6,
      snapshot,
      index % 100 === 0 || index > SOURCES - 1000
        ? detail
        : '{"services":[],"usernames":{},"furtherUsernames":0,"sensors":[],"techniques":[]}',
      snapshot,
    );
    delivered.run(uuid, source, snapshot);
    // A few sources try much, most try little; each is seen in an hour of the last month.
    const attempts = Math.ceil(1000 / (1 + index % 997));
    const hour = Math.floor(now / 3_600_000) - index % 720;
    const day = Math.floor(hour / 24);
    const name = `user${Math.floor((index % 1009) ** 1.5)}`;
    for (const [kind, of] of [["source", source], ["username", name], ["country", "NL"]] as const) {
      activity.run(kind, 24, of, day, attempts);
      if (index % 720 < 26) activity.run(kind, 1, of, hour, attempts);
      if (kind !== "source") named.run(kind, of, source);
    }
    if (index < SOURCES - REPORTS) continue;
    const state = index % 15 === 1 ? "refused" : index % 15 === 0 ? "pending" : "delivered";
    const isDone = state === "delivered";
    report.run(
      ...[uuid, source, uuid, state, snapshot, snapshot],
      ...[isDone ? null : `MISP said ${wordOf(index)}`, snapshot],
    );
    if (!isDone) bodies.run(uuid, body);
  }
  const attack = db.prepare(
    `INSERT INTO attack (source_ip, first_seen, last_seen, opened_at, touched_at, alerts, manager,
       services, techniques)
     VALUES (?, ?, ?, ?, ?, ?, 'wazuh', 1, '[{"id":"T1110.001","name":"Guessing"}]')`,
  );
  const connection = db.prepare(
    `INSERT INTO attack_connection (source_ip, sensor, pid, location, sshd, pam_error, pam, connect,
       touched_at) VALUES (?, 'fra1@wazuh', ?, 'journald', 1, 0, 1, 0, ?)`,
  );
  const username = db.prepare(
    "INSERT INTO attack_username VALUES (?, ?, 'journald', 1, 0, 1, 0)",
  );
  const sensor = db.prepare(
    `INSERT INTO attack_sensor (source_ip, sensor, hour, name, alerts, first_seen, last_seen)
     VALUES (?, 'fra1@wazuh', ${Math.floor(now / 3_600_000)}, 'honeypot-fra1', ?, ?, ?)`,
  );
  for (let index = 0; index < OPEN; index++) {
    const source = addressOf(SOURCES - 1 - index);
    // Those that try most are the busiest an hour knows.
    const connections = index < 20 ? 20_000 : 5;
    const opened = now - 1_800_000;
    attack.run(source, opened, now - index * 10, opened, now - index * 10, connections);
    for (let pid = 1; pid <= connections; pid++) connection.run(source, pid, now);
    for (let name = 0; name < (index < 200 ? 100 : 3); name++) username.run(source, `name${name}`);
    sensor.run(source, connections, opened, now);
  }
  const minute = db.prepare("INSERT OR REPLACE INTO minute VALUES (?, 500, 400, 0, 400, 20)");
  for (let at = 0; at < 1500; at++) minute.run(Math.floor(now / 60_000) - at);
  db.exec(`INSERT OR REPLACE INTO counter VALUES ('known_sources', ${SOURCES}), ('accepted', 1)`);
  // Of these records, an older version has not left the names out.
  db.exec("INSERT OR REPLACE INTO setting (name, value) VALUES ('names noted up to', '~')");
  db.exec("COMMIT");
  return (performance.now() - started) / 1000;
}
