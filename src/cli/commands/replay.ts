/**
 * `replay`: stores the alerts of files in the buffer, or shows the events that they would make.
 *
 * @module
 */
import { replaced } from "../../buffer/sqlite/error_text.ts";
import type { IgnoreReason } from "../../model.ts";
import { intakeRules, limitsOf, loadStartConfig, type Start } from "../wiring/context.ts";
import { NotUnderstood, unreadable } from "./alert_files.ts";
import { previewEvents } from "./events_preview.ts";
import { EXIT, Failure } from "../exit.ts";
import { decisionsOf } from "../../intake/files.ts";
import { createLog, logMovedAside } from "../terminal/log.ts";
import { parse } from "../terminal/options.ts";
import { bytesText, perSecond, Progress } from "../terminal/progress.ts";
import { SqliteBuffer } from "../../buffer/sqlite/sqlite_buffer.ts";
import { openBuffer } from "../wiring/buffer/open.ts";
import { SpillIntake } from "../wiring/spilled.ts";
import { tuneForBulk } from "../wiring/v8_tuning.ts";

/** Runs `replay [--dry-run] [--json] FILE…`. */
export async function replay(start: Start): Promise<number> {
  const { values, positionals: files } = parse("replay", start.args);
  if (files.length === 0) {
    throw new Failure(EXIT.usage, "replay needs files of alerts, or - for standard input");
  }
  const loaded = loadStartConfig(start);
  const { config } = loaded;
  const dryRun = values["dry-run"] ?? false;
  // Damage that is met half-way would cost the alerts that were stored before it.
  tuneForBulk();
  using buffer = dryRun
    ? new SqliteBuffer(":memory:", Date.now(), { bulk: true })
    : await openBuffer(config, { fullCheck: true, bulk: true });
  const log = createLog(config.log, false);
  const { movedAside } = buffer;
  if (movedAside !== undefined) {
    logMovedAside(log, movedAside);
    console.error(`the buffer was damaged; it is kept as ${movedAside}, a new one is filled`);
  }
  // A dry run forwards nothing.
  const rules = { ...await intakeRules(loaded), ...(dryRun ? { keepsText: false } : {}) };
  using progress = new ReplayProgress(files, !values.json);
  if (!dryRun) await new SpillIntake(loaded, buffer, log).take();
  const total = { accepted: 0, duplicate: 0, ignored: new Map<IgnoreReason, number>() };
  const notUnderstood = new NotUnderstood();
  for (const file of files) {
    try {
      const now = Date.now();
      for await (const decisions of decisionsOf(file, rules, now, progress.onRead)) {
        const outcome = await buffer.intake.accept(decisions, limitsOf(config), now);
        if (buffer.movedAside !== undefined && buffer.movedAside !== movedAside) {
          logMovedAside(log, buffer.movedAside);
          throw replaced(config.buffer.path, buffer.movedAside);
        }
        total.accepted += outcome.accepted;
        total.duplicate += outcome.duplicate;
        for (const [reason, n] of outcome.ignored) {
          total.ignored.set(reason, (total.ignored.get(reason) ?? 0) + n);
        }
        for (const one of decisions) {
          if (one.kind === "attempts" || one.where === undefined) continue;
          notUnderstood.add(file, one.where, one.reason);
        }
        progress.stored(decisions.length);
      }
    } catch (error) {
      throw unreadable(file, error, "replay");
    }
  }
  progress.clear();
  const summary = { ...total, ignored: Object.fromEntries(total.ignored) };
  if (dryRun) {
    console.log(
      JSON.stringify(
        await previewEvents(buffer, config, log),
        undefined,
        2,
      ),
    );
    return notUnderstood.report();
  }
  console.log(values.json ? JSON.stringify(summary) : describe(summary));
  return notUnderstood.report();
}

/** How far the files were read. */
class ReplayProgress implements Disposable {
  readonly #line: Progress;
  readonly #total: number | undefined;
  readonly #startedAt = performance.now();
  #read = 0;
  #alerts = 0;
  /** Counts bytes that were read; undefined where nothing is shown. */
  readonly onRead: ((bytes: number) => void) | undefined;

  constructor(files: readonly string[], isWanted: boolean) {
    // A user who types alerts sees the progress anyway.
    const isTyped = files.includes("-") && Deno.stdin.isTerminal();
    this.#line = new Progress(isWanted && !isTyped);
    this.#total = this.#line.isShown ? sizeOf(files) : undefined;
    this.onRead = this.#line.isShown ? (bytes) => void (this.#read += bytes) : undefined;
  }

  stored(alerts: number): void {
    this.#alerts += alerts;
    this.#line.show(() => ({
      done: this.#read,
      total: this.#total,
      text: `${bytesText(this.#read, this.#total)}, ${this.#alerts} alerts, ` +
        `${perSecond(this.#alerts, this.#startedAt)}/s`,
    }));
  }

  clear(): void {
    this.#line.clear();
  }

  [Symbol.dispose](): void {
    this.#line.clear();
  }
}

/** Bytes of all files; undefined where the size of one is not known. */
function sizeOf(files: readonly string[]): number | undefined {
  try {
    const sizes = files.map((file) => file === "-" ? 0 : Deno.statSync(file).size);
    return files.includes("-") ? undefined : sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    // Reading the file reports the error.
    return undefined;
  }
}

function describe(
  summary: { accepted: number; duplicate: number; ignored: Record<string, number> },
): string {
  const ignored = Object.entries(summary.ignored).map(([reason, n]) => `${n} ${reason}`);
  return `accepted ${summary.accepted}, duplicate ${summary.duplicate}, ignored ${
    ignored.length === 0 ? 0 : ignored.join(", ")
  }`;
}
