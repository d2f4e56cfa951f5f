/**
 * Stores the alerts of alerts.json in the buffer until the end is asked for: `follow` and `serve --follow`
 * share it.
 *
 * @module
 */
import type { Buffer } from "../../buffer/buffer.ts";
import type { Loaded } from "../../config/load.ts";
import { decideLines } from "../../intake/decide_lines.ts";
import { type Beginning, followSteps, type Step } from "../../follow/follower.ts";
import { StepBatch, type ToStore } from "../../follow/step_batch.ts";
import { ALERTS_STREAM } from "../../publish/names.ts";
import { intakeRules, limitsOf } from "./context.ts";
import { momentOf } from "../terminal/times.ts";
import { EXIT, Failure } from "../exit.ts";
import type { Log } from "../terminal/log.ts";
import { messageOf } from "../../errors.ts";

/** Wazuh writes once a second (docs/contracts/wazuh.md 1.1): the file is read so often at least. Milliseconds. */
const LOOK_MS = 1_000;
/** Pause before decisions are stored again that could not be stored, milliseconds. */
const STORE_AGAIN_MS = 5_000;

/** The wish to end. */
export interface Ending {
  readonly isAsked: boolean;
  /** Resolves when the end is asked for. */
  readonly woken: Promise<void>;
}

/** An end that an `AbortController` asks for. */
export function endingAt(signal: AbortSignal): Ending {
  return {
    get isAsked() {
      return signal.aborted;
    },
    woken: new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
  };
}

/** What is followed, and what that needs. */
export interface FollowingParts {
  readonly path: string;
  /** Under which name its checkpoint is kept; alerts.json by default. */
  readonly stream?: string;
  readonly beginning: Beginning;
  readonly buffer: Pick<Buffer, "intake">;
  readonly loaded: Loaded;
  readonly ending: Ending;
  readonly log: Log;
  /** Is called with each step and its number of lines, before they are stored. */
  readonly onStep?: (step: Step, lines: number) => void;
}

/** Where Wazuh writes its alerts. */
export function alertsPath(root: string): string {
  return `${root}/logs/alerts/alerts.json`;
}

/**
 * Where a follower begins, by its options.
 *
 * @throws {Failure} they contradict each other, or there is no such time
 */
export function beginningOf(isFromStart: boolean, since: string | undefined): Beginning {
  if (since === undefined) return isFromStart ? "start" : "end";
  if (isFromStart) throw new Failure(EXIT.usage, "use --from-start or --since, not both");
  const at = momentOf(since);
  if (at !== undefined) return { since: at };
  const example = "2026-11-23 or 2026-11-23T06:00:00Z";
  throw new Failure(
    EXIT.usage,
    `--since "${since}" is not a valid time; use one such as ${example}`,
  );
}

/** Stores in the buffer what is followed, until the end is asked for; then what was read is stored. */
export async function storeFollowed(parts: FollowingParts): Promise<void> {
  const { path, stream = ALERTS_STREAM, beginning, buffer, loaded, ending, log } = parts;
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/"))) || ".";
  using changes = new Changes(folder, ending);
  const rules = await intakeRules(loaded);
  const since = typeof beginning === "object" ? beginning.since : -Infinity;
  const batch = new StepBatch();
  const store = async () => {
    const steps = batch.take();
    if (steps !== undefined) await storeUntilAccepted(parts, steps);
  };
  const steps = followSteps({
    folder,
    file: path.slice(path.lastIndexOf("/") + 1),
    stream,
    checkpoint: await buffer.intake.followState(stream),
    beginning,
    wait: async () => {
      // The follower has read all that there is.
      await store();
      await changes.next();
    },
    isOver: () => ending.isAsked,
    log,
  });
  log("info", `following ${path}${isThere(path) ? "" : ", once it is there"}`);
  for await (const step of steps) {
    const decided = decideLines(step, rules, since, Date.now());
    batch.add(step, decided, performance.now());
    parts.onStep?.(step, decided.lines);
    if (batch.isEnough(performance.now())) await store();
    if (ending.isAsked) break;
  }
  await store();
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

/** A full disk stops the reading and loses nothing, since the file keeps the alerts. */
async function storeUntilAccepted(
  { buffer, loaded: { config }, ending, log }: FollowingParts,
  { decisions, followed }: ToStore,
): Promise<void> {
  for (let logged = "";;) {
    try {
      await buffer.intake.accept(decisions, limitsOf(config), Date.now(), followed);
      return;
    } catch (error) {
      const reason = messageOf(error);
      if (reason !== logged) log("error", `${reason}; reading waits`);
      logged = reason;
      await orWoken(STORE_AGAIN_MS, ending);
      if (ending.isAsked) return;
    }
  }
}

async function orWoken(milliseconds: number, { woken }: Ending): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([promise, woken]);
  clearTimeout(timer);
}

/** Waits until something changes in the folder, the end is asked for, or a second has passed. */
class Changes implements Disposable {
  readonly #ending: Ending;
  #watcher: Deno.FsWatcher | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(folder: string, ending: Ending) {
    this.#ending = ending;
    try {
      this.#watcher = Deno.watchFs(folder, { recursive: false });
      void this.#watch(this.#watcher);
    } catch {
      // The folder is not there yet, or its file system has no watching: a look each second is enough.
      this.#watcher = undefined;
    }
  }

  async #watch(watcher: Deno.FsWatcher): Promise<void> {
    for await (const _ of watcher) this.#changed.resolve();
  }

  async next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LOOK_MS);
    await Promise.race([promise, this.#changed.promise, this.#ending.woken]);
    clearTimeout(timer);
    this.#changed = Promise.withResolvers();
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
  }
}
