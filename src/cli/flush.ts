/**
 * `flush`: publishes what is due.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { SqliteBuffer } from "../buffer/sqlite.ts";
import type { Config } from "../config/load.ts";
import { SETTLE_MS } from "../publish/home.ts";
import { publishDue, type Round } from "../publish/publisher.ts";
import { stayAndPublish } from "../publish/stay.ts";
import { loadStartConfig, ownerName, type Start } from "./context.ts";
import { EXIT, Failure } from "./exit.ts";
import { createLog } from "./log.ts";
import { parse } from "./options.ts";
import { createPublisher, type Publisher } from "./publisher_parts.ts";

/** How long a flush waits for another one to end, milliseconds. */
const PATIENCE_MS = 30_000;

/** Runs `flush [--now] [--json] [--stay]`. */
export async function flush(start: Start): Promise<number> {
  const { values } = parse(() =>
    parseArgs({
      args: [...start.args],
      options: {
        now: { type: "boolean" },
        json: { type: "boolean" },
        stay: { type: "boolean" },
      },
    })
  );
  const { config } = loadStartConfig(start);
  using buffer = new SqliteBuffer(config.buffer.path, Date.now());
  const log = createLog(config.log, false);
  if (buffer.movedAside !== undefined) {
    log(
      "error",
      `the buffer was damaged; it is kept as ${buffer.movedAside}, a new one was started`,
    );
  }
  using publisher = createPublisher(config, buffer, log);
  if (values.stay) {
    await stay(publisher, config);
    return EXIT.ok;
  }
  const round = await publishWithPatience(publisher, values.now ?? false);
  await pruneBuffer(buffer, config);
  console.log(values.json ? JSON.stringify(round) : describe(round));
  if (round.refused > 0) return EXIT.refused;
  return round.waiting > 0 ? EXIT.waiting : EXIT.ok;
}

async function publishWithPatience(publisher: Publisher, everything: boolean): Promise<Round> {
  const owner = ownerName();
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const round = await publishDue(publisher, owner, everything);
    if (round !== undefined) return round;
    if (performance.now() > deadline) {
      throw new Failure(EXIT.waiting, "another flush is at work; try again when it is done");
    }
    await sleep(100);
  }
}

const sleep = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

async function stay(publisher: Publisher, config: Config): Promise<void> {
  const { path, maxHoldMs, periodMs } = config.buffer;
  const opened = Deno.statSync(path).ino;
  await stayAndPublish({
    ...publisher,
    worthMs: Math.max(maxHoldMs, periodMs) + 5 * 60_000,
    sleep,
    isThere: async () => {
      const found = await Deno.stat(path).catch(() => undefined);
      return found?.ino === opened;
    },
    prune: () => pruneBuffer(publisher.buffer, config),
  }, ownerName());
}

/** Forgets what is older than the configuration keeps it. */
export async function pruneBuffer(buffer: Publisher["buffer"], config: Config): Promise<void> {
  const keep = {
    seenMs: config.buffer.dedupeMs,
    homeMs: config.misp.reopenAfterMs,
    connectionMs: SETTLE_MS,
  };
  await buffer.prune(keep, Date.now());
}

function describe(round: Round): string {
  const { delivered, waiting, refused } = round;
  const lines = [`delivered ${delivered}, waiting ${waiting}, refused ${refused}`];
  for (const problem of round.problems) lines.push(`waiting because: ${problem}`);
  if (refused > 0) lines.push("`status` tells why MISP refused");
  return lines.join("\n");
}
