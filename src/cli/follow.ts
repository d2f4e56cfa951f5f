/**
 * `follow`: alerts from alerts.json as Wazuh writes it, and their publisher, in one process.
 *
 * @module
 */
import { SqliteBuffer } from "../buffer/sqlite.ts";
import type { Loaded } from "../config/load.ts";
import { decideStep } from "../follow/decide_step.ts";
import { type Beginning, follow as followFile, type Step } from "../follow/follower.ts";
import { lagOf } from "../follow/lag.ts";
import { ALERTS_STREAM } from "../publish/names.ts";
import { publishDue } from "../publish/publisher.ts";
import type { Decision } from "../types.ts";
import { parseTimestamp } from "../wazuh/time.ts";
import { intakeRules, limitsOf, loadStartConfig, ownerName, type Start } from "./context.ts";
import { EXIT, Failure } from "./exit.ts";
import {
  createForwarding,
  type ForwardingRounds,
  pruneBuffer,
  requireMispOfIntegratord,
} from "./flush.ts";
import { createLog, type Log, logMovedAside, oneLine } from "./log.ts";
import { parse } from "./options.ts";
import { Progress } from "./progress.ts";
import { createPublisher, type Publisher } from "./publisher_parts.ts";

/** Wazuh writes once a second (contracts/wazuh.md 1.1): this often is looked without word of a change. */
const LOOK_MS = 1_000;
/** How often is looked for what is due, milliseconds. */
const PUBLISH_MS = 5_000;
const PRUNE_MS = 60_000;
/** How long a storing that fails is left alone before it is tried again, milliseconds. */
const STORE_AGAIN_MS = 5_000;
/** How long the last round of publishing may take, milliseconds. */
const GRACE_MS = 800;

/** What `parseArgs` takes. */
export const OPTIONS = {
  "from-start": { type: "boolean" },
  since: { type: "string" },
  json: { type: "boolean" },
} as const;

/** Runs `follow [FILE] [--from-start | --since TIME] [--json]` until SIGTERM or SIGINT. */
export async function follow(start: Start): Promise<number> {
  const { values, positionals } = parse("follow", {
    args: start.args,
    allowPositionals: true,
    options: OPTIONS,
  });
  if (positionals.length > 1) throw new Failure(EXIT.usage, "follow takes one file");
  const path = positionals[0] ?? `${start.root}/logs/alerts/alerts.json`;
  const beginning = beginningOf(values["from-start"] ?? false, values.since);
  const signals = new Signals();
  let loaded = loadStartConfig(start);
  for (;;) {
    const end = await followWith(loaded, path, beginning, values.json ?? false, signals);
    if (end === "over") return EXIT.ok;
    loaded = reload(start, loaded);
  }
}

function beginningOf(isFromStart: boolean, since: string | undefined): Beginning {
  if (since === undefined) return isFromStart ? "start" : "end";
  if (isFromStart) throw new Failure(EXIT.usage, "take --from-start or --since, not both");
  const at = parseTimestamp(since.length === 10 ? `${since}T00:00:00Z` : since);
  if (at !== undefined) return { since: at };
  const example = "2026-11-23 or 2026-11-23T06:00:00Z";
  throw new Failure(EXIT.usage, `--since "${since}" is no time; allowed is one such as ${example}`);
}

/** A configuration that cannot be used leaves the one that could. */
function reload(start: Start, loaded: Loaded): Loaded {
  const log = createLog(loaded.config.log, true);
  try {
    const next = loadStartConfig(start);
    log("info", "the configuration was read again");
    return next;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log("error", `the configuration was not read again, the old one stays: ${reason}`);
    return loaded;
  }
}

/** What signals ask for. */
class Signals {
  asked: "over" | "reload" | undefined;
  #wake = Promise.withResolvers<void>();

  constructor() {
    for (const name of ["SIGTERM", "SIGINT"] as const) {
      Deno.addSignalListener(name, () => this.#ask("over"));
    }
    Deno.addSignalListener("SIGHUP", () => this.#ask(this.asked ?? "reload"));
  }

  #ask(what: "over" | "reload"): void {
    this.asked = what;
    this.#wake.resolve();
  }

  /** Resolves when something is asked for. */
  get woken(): Promise<void> {
    return this.#wake.promise;
  }

  /** What was asked for, which is then taken care of. */
  take(): "over" | "reload" {
    const asked = this.asked ?? "over";
    this.asked = undefined;
    this.#wake = Promise.withResolvers();
    return asked;
  }
}

async function followWith(
  loaded: Loaded,
  path: string,
  beginning: Beginning,
  isJson: boolean,
  signals: Signals,
): Promise<"over" | "reload"> {
  const { config } = loaded;
  using buffer = new SqliteBuffer(config.buffer.path, Date.now(), { takesFloods: true });
  using display = new Display(path, isJson);
  const logged = createLog(config.log, true);
  const log: Log = (level, message) => {
    display.makeRoom();
    logged(level, message);
  };
  if (buffer.movedAside !== undefined) logMovedAside(log, buffer.movedAside);
  await requireMispOfIntegratord(buffer, config);
  using publisher = createPublisher(config, buffer, log);
  using forwarding = await createForwarding(config, buffer, log);
  using publishing = new Publishing(publisher, forwarding, loaded, log);
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/"))) || ".";
  using changes = new Changes(folder, signals);
  const rules = intakeRules(loaded);
  const state = await buffer.followState(ALERTS_STREAM);
  const since = typeof beginning === "object" ? beginning.since : -Infinity;
  const steps = followFile({
    folder,
    file: path.slice(path.lastIndexOf("/") + 1),
    stream: ALERTS_STREAM,
    checkpoint: state,
    beginning,
    wait: () => changes.next(),
    isOver: () => signals.asked !== undefined,
    log,
  });
  log("info", `following ${path}`);
  for await (const step of steps) {
    const { decisions, skipped } = decideStep(step, rules, since, Date.now());
    await storePatiently(buffer, loaded, decisions, step, skipped, signals, log);
    display.show(step);
    if (signals.asked !== undefined) break;
  }
  await publishing.end();
  return signals.take();
}

/** A full disk stops the reading, and loses nothing: the file waits. */
async function storePatiently(
  buffer: SqliteBuffer,
  { config }: Loaded,
  decisions: readonly Decision[],
  step: Step,
  skipped: number,
  signals: Signals,
  log: Log,
): Promise<void> {
  const { checkpoint, rotations, lines } = step;
  const followed = { checkpoint, rotations, skipped, lines: lines.length };
  for (let told = "";;) {
    try {
      await buffer.accept(decisions, limitsOf(config), Date.now(), followed);
      return;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== told) log("error", `buffer ${config.buffer.path}: ${reason}; reading waits`);
      told = reason;
      await orWoken(STORE_AGAIN_MS, signals);
      if (signals.asked !== undefined) return;
    }
  }
}

async function orWoken(milliseconds: number, signals: Signals): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([promise, signals.woken]);
  clearTimeout(timer);
}

/** Waits until something changed in the folder, a signal came, or a second has passed. */
class Changes implements Disposable {
  readonly #signals: Signals;
  #watcher: Deno.FsWatcher | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(folder: string, signals: Signals) {
    this.#signals = signals;
    try {
      this.#watcher = Deno.watchFs(folder, { recursive: false });
      void this.#watch(this.#watcher);
    } catch {
      // Not there yet, or no watching on this file system: the look of each second will do.
      this.#watcher = undefined;
    }
  }

  async #watch(watcher: Deno.FsWatcher): Promise<void> {
    for await (const _ of watcher) this.#changed.resolve();
  }

  async next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LOOK_MS);
    await Promise.race([promise, this.#changed.promise, this.#signals.woken]);
    clearTimeout(timer);
    this.#changed = Promise.withResolvers();
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
  }
}

/** Forwards what waits and publishes what is due, beside the reading. */
class Publishing implements Disposable {
  readonly #publisher: Publisher;
  readonly #forwarding: ForwardingRounds | undefined;
  readonly #loaded: Loaded;
  readonly #log: Log;
  readonly #owner = ownerName();
  readonly #timer: ReturnType<typeof setInterval>;
  #round: Promise<void> | undefined;
  #prunedAt = -Infinity;

  constructor(
    publisher: Publisher,
    forwarding: ForwardingRounds | undefined,
    loaded: Loaded,
    log: Log,
  ) {
    this.#publisher = publisher;
    this.#forwarding = forwarding;
    this.#loaded = loaded;
    this.#log = log;
    this.#timer = setInterval(() => {
      const round = async () => {
        await this.#forward();
        await this.#publish();
      };
      this.#round ??= round().finally(() => this.#round = undefined);
    }, PUBLISH_MS);
  }

  async #forward(): Promise<void> {
    try {
      const next = this.#forwarding && await this.#publisher.buffer.forwardDueAt(Date.now());
      if (next !== undefined && next <= Date.now()) await this.#forwarding?.forward();
    } catch (error) {
      this.#log("error", `forwarding: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #publish(): Promise<void> {
    const { buffer, due } = this.#publisher;
    try {
      const next = await buffer.nextDueAt(due);
      if (next !== undefined && next <= Date.now()) await publishDue(this.#publisher, this.#owner);
      if (performance.now() - this.#prunedAt < PRUNE_MS) return;
      await pruneBuffer(buffer, this.#loaded.config, this.#log);
      this.#prunedAt = performance.now();
    } catch (error) {
      this.#log("error", `publishing: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Lets a round that goes on end, but not for long: what it did not mark is sent again. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GRACE_MS);
    await Promise.race([this.#round ?? Promise.resolve(), promise]);
    clearTimeout(timer);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** One line about what goes on: redrawn on a terminal, a JSON object a second with `--json`. */
class Display implements Disposable {
  readonly #path: string;
  readonly #isJson: boolean;
  readonly #line: Progress;
  #lines = 0;
  #rotations = 0;
  #shownAt = performance.now();
  #shownLines = 0;

  constructor(path: string, isJson: boolean) {
    this.#path = path;
    this.#isJson = isJson;
    this.#line = new Progress(!isJson);
  }

  show({ lines, rotations, checkpoint }: Step): void {
    this.#lines += lines.length;
    this.#rotations += rotations;
    const elapsed = performance.now() - this.#shownAt;
    if (elapsed < 1000 || !(this.#isJson || this.#line.isShown)) return;
    const rate = Math.round((this.#lines - this.#shownLines) / elapsed * 1000);
    this.#shownAt = performance.now();
    this.#shownLines = this.#lines;
    const lag = lagOf(this.#path, checkpoint);
    const file = checkpoint.name === "" ? this.#path : checkpoint.name;
    if (this.#isJson) {
      const { offset } = checkpoint;
      const shown = { file, offset, lag_bytes: lag ?? null, lines: this.#lines };
      console.log(JSON.stringify({ ...shown, lines_per_second: rate, rotations: this.#rotations }));
      return;
    }
    const { offset } = checkpoint;
    const behind = lag === undefined ? "in an older file" : `${lag} bytes behind`;
    this.#line.show(() => ({
      done: offset,
      // A bar for the way to the end of the file; who is there sees none that is always full.
      total: lag === undefined || lag === 0 ? undefined : offset + lag,
      text: `${this.#lines} lines, ${rate}/s, ${behind}: ${oneLine(file)}`,
    }));
  }

  /** Takes the line away, for a message to stand there. */
  makeRoom(): void {
    this.#line.clear();
  }

  [Symbol.dispose](): void {
    this.#line.clear();
  }
}
