/**
 * What an update of one event costs in a feed of 1,000 and of 100,000 events, while 10 events a second
 * change. The manifest is written whole: the larger it is, the longer reports gather for it.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { FeedSink } from "../src/feed/feed_sink.ts";
import { buildEvent } from "../src/misp/event.ts";
import { eventUuid } from "../src/misp/uuid.ts";
import type { Report } from "../src/model.ts";
import { DEFAULT_TAGS } from "../src/config/defaults.ts";
import { PLAIN_SNAPSHOT_RULES } from "../tests/support/snapshots.ts";
import { firstReport, sourceRecord } from "../tests/support/source_record.ts";

const SIZES = [1000, 10_000, 100_000];
const PER_SECOND = 10;
/** As often as a process looks for what is due, milliseconds. */
const LOOK_MS = 1000;
const UPDATES = 800;
/** Sizes are measured in turns, and medians are compared: this machine is not always as fast. */
const TURNS = 5;
const BUDGET = 1.5;

const addressOf = (n: number) => `${20 + (n >> 16)}.${n >> 8 & 255}.${n & 255}.7`;

function reportOf(number: number, attempts: number): Report {
  const sourceIp = addressOf(number);
  const uuid = eventUuid("wazuh-manager-01", sourceIp, "2026-08-23");
  const record = sourceRecord({ sourceIp, eventUuid: uuid, attempts });
  const event = buildEvent(record, { ...PLAIN_SNAPSHOT_RULES, tags: DEFAULT_TAGS });
  return firstReport({ sourceIp, eventUuid: uuid, attempts }, event, { sink: "feed" });
}

async function deliver(sink: FeedSink, reports: readonly Report[], now: number): Promise<void> {
  for await (const { outcome } of sink.deliver(reports, () => now)) {
    if (outcome.kind !== "delivered") throw new Error(JSON.stringify(outcome));
  }
}

/** Entries as the sink itself would write them; the files of events that do not change are left out. */
async function fill(directory: string, events: number): Promise<void> {
  const sink = new FeedSink(directory, () => ORGANISATION);
  const first = reportOf(0, 1);
  await deliver(sink, [first], Date.now());
  const manifest = JSON.parse(Deno.readTextFileSync(`${directory}/manifest.json`));
  const [hash] = Deno.readTextFileSync(`${directory}/hashes.csv`).split(",");
  const entry = JSON.stringify(manifest[first.eventUuid]);
  const uuids = Array.from(
    { length: events },
    (_, n) => eventUuid("wazuh-manager-01", addressOf(n), "2026-08-23"),
  );
  Deno.writeTextFileSync(
    `${directory}/manifest.json`,
    `{\n${uuids.map((uuid) => `"${uuid}":${entry}`).join(",\n")}\n}\n`,
  );
  Deno.writeTextFileSync(
    `${directory}/hashes.csv`,
    uuids.map((uuid) => `${hash},${uuid}\n`).join(""),
  );
}

const ORGANISATION = { name: "honeypots", uuid: "372029bf-485a-504c-8f75-0ba5cf9baddf" };

interface Cost {
  readonly cpuMs: number;
  readonly clockMs: number;
  readonly alone: number;
  readonly restMs: number;
  readonly manifestMiB: number;
}

async function costOf(events: number): Promise<Cost> {
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "bench-feed-" });
  try {
    await fill(directory, events);
    const sink = new FeedSink(directory, () => ORGANISATION);
    // The first manifest that a process reads is checked.
    await deliver(sink, [reportOf(1, 2)], Date.now());
    const alone = performance.now();
    await deliver(sink, [reportOf(1, 3)], Date.now());
    const aloneMs = performance.now() - alone;
    const atOnce = Math.max(LOOK_MS, sink.restMs) / 1000 * PER_SECOND;
    let cpu = 0;
    let clock = 0;
    let updates = 0;
    for (let round = 0; updates < UPDATES; round++) {
      const reports = Array.from(
        { length: atOnce },
        (_, n) => reportOf((updates + n) * 7 % 999, 10 + round),
      );
      const before = cpuUsage();
      const started = performance.now();
      await deliver(sink, reports, Date.now());
      clock += performance.now() - started;
      const { user, system } = cpuUsage(before);
      cpu += (user + system) / 1000;
      updates += reports.length;
    }
    return {
      cpuMs: cpu / updates,
      clockMs: clock / updates,
      alone: aloneMs,
      restMs: sink.restMs,
      manifestMiB: Deno.statSync(`${directory}/manifest.json`).size / 2 ** 20,
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The turn in the middle, by the processor's time. */
const middle = (turns: readonly Cost[]) =>
  turns.toSorted((one, other) => one.cpuMs - other.cpuMs)[turns.length >> 1]!;

console.log(
  `Deno ${Deno.version.deno}, ${PER_SECOND} updates a second, the same ${UPDATES} in each feed, ` +
    `the median of ${TURNS} turns`,
);
const turns: Cost[][] = SIZES.map(() => []);
// The first turn warms up the compiler.
await costOf(SIZES[0]!);
for (let turn = 0; turn < TURNS; turn++) {
  for (const [at, events] of SIZES.entries()) turns[at]!.push(await costOf(events));
}
const base = middle(turns[0]!);
let isOver = false;
for (const [at, events] of SIZES.entries()) {
  const cost = middle(turns[at]!);
  const ratio = cost.cpuMs / base.cpuMs;
  isOver ||= ratio > BUDGET;
  const all = turns[at]!.map(({ cpuMs }) => cpuMs.toFixed(2)).join(", ");
  console.log(
    `${events} events`.padEnd(15) +
      `${cost.cpuMs.toFixed(2)} ms an update (clock ${cost.clockMs.toFixed(2)}; turns ${all}), ` +
      `ratio to 1000 ${ratio.toFixed(2)}, budget ${BUDGET}  ${
        ratio <= BUDGET ? "ok" : "NOT OK"
      }  ` +
      `(manifest ${cost.manifestMiB.toFixed(0)} MiB every ${
        (Math.max(LOOK_MS, cost.restMs) / 1000).toFixed(0)
      } s; one update by itself ${cost.alone.toFixed(0)} ms)`,
  );
}
if (isOver) Deno.exit(1);
