/**
 * `follow`: alerts from alerts.json as Wazuh writes it, and their publisher, in one process.
 *
 * @module
 */
import { BUSY_TIMEOUT_MS } from "../../buffer/sqlite/errors.ts";
import { LockWait } from "../../buffer/sqlite/lock_wait.ts";
import { MINUTE, SECOND } from "../../clock.ts";
import type { Loaded } from "../../config/load.ts";
import type { Step } from "../../follow/follower.ts";
import { lagOf } from "../../follow/lag.ts";
import { NotAFile } from "../../intake/file_start.ts";
import { loadStartConfig, type Start } from "../wiring/context.ts";
import { EXIT, Failure } from "../exit.ts";
import { ALERTS_STREAM, COWRIE_STREAM } from "../../publish/names.ts";
import {
  alertsPath,
  beginningOf,
  type Ending,
  type FollowingParts,
  storeFollowed,
} from "../wiring/following.ts";
import { createLog, type Log, logMovedAside, oneLine } from "../terminal/log.ts";
import { parse } from "../terminal/options.ts";
import { Progress } from "../terminal/progress.ts";
import { openBuffer } from "../wiring/buffer/open.ts";
import { databaseOf } from "../wiring/buffer/database.ts";
import { createEngine } from "../wiring/engine.ts";
import { createForwarding } from "../wiring/forwarding.ts";
import { createPublisher } from "../wiring/publisher.ts";
import { requireMispOfIntegratord } from "../wiring/rounds.ts";
import { SpillIntake } from "../wiring/spilled.ts";
import { tuneForBulk } from "../wiring/v8_tuning.ts";
import { messageOf } from "../../errors.ts";

/** How often the engine looks whether something is due, milliseconds. */
const LOOK_MS = 5 * SECOND;
const PRUNE_MS = MINUTE;
/** How often the progress is shown, milliseconds. */
const SHOW_MS = SECOND;
/** How long the last round of publishing may take, milliseconds. */
export const GRACE_MS = 800;

/** Where the checkpoint of each format is kept. */
const STREAMS: ReadonlyMap<string, string> = new Map([
  ["wazuh", ALERTS_STREAM],
  ["cowrie", COWRIE_STREAM],
]);

/**
 * Runs `follow [FILE] [--from-start | --since TIME] [--format FORMAT] [--json]` until SIGTERM or SIGINT.
 */
export async function follow(start: Start): Promise<number> {
  const { values, positionals } = parse("follow", start.args);
  if (positionals.length > 1) throw new Failure(EXIT.usage, "follow takes one file");
  const { format = "wazuh", json = false } = values;
  const stream = STREAMS.get(format);
  if (stream === undefined) {
    throw new Failure(
      EXIT.usage,
      `--format "${format}" is not a valid format; use wazuh or cowrie`,
    );
  }
  if (stream === COWRIE_STREAM && positionals.length === 0) {
    throw new Failure(
      EXIT.usage,
      "follow --format cowrie needs the file that the Cowrie writes, such as cowrie.json",
    );
  }
  const path = positionals[0] ?? alertsPath(start.root);
  requireFile(path, stream, start.root);
  const beginning = beginningOf(values["from-start"] ?? false, values.since);
  const signals = new Signals();
  let loaded = loadStartConfig(start);
  for (;;) {
    const end = await followWith(loaded, { path, stream, beginning }, json, signals);
    if (end === "over") return EXIT.ok;
    loaded = reload(start, loaded);
  }
}

/** A file that is missing is waited for; anything else never becomes one. */
function requireFile(path: string, stream: string, root: string): void {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      const hint = stream === COWRIE_STREAM
        ? "compile it with --cowrie FOLDER"
        : `it may read files in ${root}/logs/alerts`;
      throw new Failure(EXIT.noFile, `${path}: this binary may not read there; ${hint}`);
    }
    // The follower says what is wrong, and waits until it is over.
    return;
  }
  if (!info.isFile) throw new Failure(EXIT.noFile, new NotAFile(path).message);
}

/** Where the new configuration cannot be used, the former one remains in use. */
function reload(start: Start, loaded: Loaded): Loaded {
  const log = createLog(loaded.config.log, true);
  try {
    const next = loadStartConfig(start);
    log("info", "the configuration was read again");
    return next;
  } catch (error) {
    const reason = messageOf(error);
    log("error", `the configuration was not read again; the former one remains in use: ${reason}`);
    return loaded;
  }
}

/** What signals ask for. */
class Signals implements Ending {
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

  get isAsked(): boolean {
    return this.asked !== undefined;
  }

  /** Resolves when something is asked for. */
  get woken(): Promise<void> {
    return this.#wake.promise;
  }

  /** Returns what was asked for, and waits for the next signal. */
  take(): "over" | "reload" {
    const asked = this.asked ?? "over";
    this.asked = undefined;
    this.#wake = Promise.withResolvers();
    return asked;
  }
}

async function followWith(
  loaded: Loaded,
  followed: Pick<FollowingParts, "path" | "stream" | "beginning">,
  isJson: boolean,
  signals: Signals,
): Promise<"over" | "reload"> {
  const { config } = loaded;
  tuneForBulk();
  using buffer = await openBuffer(config, {
    bulk: true,
    asyncSync: true,
    lockWait: new LockWait(BUSY_TIMEOUT_MS),
  });
  using display = new Display(followed.path, isJson);
  const logged = createLog(config.log, true);
  const log: Log = (level, message) => {
    display.clear();
    logged(level, message);
  };
  if (buffer.movedAside !== undefined) logMovedAside(log, buffer.movedAside);
  // No integration call writes into a database, which may be away now.
  if (databaseOf(config) === undefined) await requireMispOfIntegratord(buffer, config);
  using publisher = createPublisher(config, buffer, log);
  using forwarding = await createForwarding(config, buffer, log);
  const spilled = new SpillIntake(loaded, buffer, log);
  using engine = createEngine(publisher, config, {
    ...{ lookMs: LOOK_MS, pruneMs: PRUNE_MS, graceMs: GRACE_MS, forwarding },
    takeIn: () => spilled.take(),
  });
  engine.start();
  await storeFollowed({
    ...{ ...followed, buffer, loaded, log },
    ending: signals,
    onStep: (step, lines) => display.show(step, lines),
  });
  await engine.end();
  return signals.take();
}

/** One line about the progress: redrawn on a terminal, a JSON object a second with `--json`. */
class Display implements Disposable {
  readonly #path: string;
  readonly #isJson: boolean;
  readonly #line: Progress;
  #lines = 0;
  #rotations = 0;
  #checkpoint: Step["checkpoint"] | undefined;
  #shownAt = performance.now();
  #shownLines = 0;
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(path: string, isJson: boolean) {
    this.#path = path;
    this.#isJson = isJson;
    this.#line = new Progress(!isJson);
    if (isJson || this.#line.isShown) this.#timer = setInterval(() => this.#show(), SHOW_MS);
  }

  /** Notes what to show next. A reader that never pauses starves the timer: then this shows it. */
  show({ rotations, checkpoint }: Step, lines: number): void {
    this.#lines += lines;
    this.#rotations += rotations;
    this.#checkpoint = checkpoint;
    if (this.#timer !== undefined && performance.now() - this.#shownAt >= SHOW_MS) this.#show();
  }

  #show(): void {
    const checkpoint = this.#checkpoint;
    const elapsed = performance.now() - this.#shownAt;
    // The timer and show() may both come here.
    if (checkpoint === undefined || elapsed < SHOW_MS / 2) return;
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
      // A bar shows the way to the end of the file; at the end it would always be full.
      total: lag === undefined || lag === 0 ? undefined : offset + lag,
      text: `${this.#lines} lines, ${rate}/s, ${behind}: ${oneLine(file)}`,
    }));
  }

  /** Clears the line, so that a message can be written there. */
  clear(): void {
    this.#line.clear();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#line.clear();
  }
}
