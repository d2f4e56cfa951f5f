/**
 * Takes spill files into the buffer: each process that publishes or stores does so when it looks.
 *
 * @module
 */
import type { Buffer } from "../../buffer/buffer.ts";
import { type SpillFile, spillFiles, unfinishedSpillFiles } from "../../buffer/spill/files.ts";
import {
  markDamaged,
  readSpillFile,
  removeSpillFile,
  UNFINISHED_FOR_MS,
} from "../../buffer/spill/read.ts";
import { isNamed } from "../../buffer/sqlite/errors.ts";
import type { Loaded } from "../../config/load.ts";
import { messageOf } from "../../errors.ts";
import { faultPoint } from "../../fault_point.ts";
import { decideFile, type IntakeRules } from "../../intake/decide.ts";
import type { Decision } from "../../model.ts";
import type { Log } from "../terminal/log.ts";
import { intakeRules, limitsOf } from "./context.ts";

/** Files that are stored in one transaction, and their alerts: one file may hold many. */
const MOST_FILES = 100;
const MOST_ALERTS = 1000;

/** The spill files of one process's buffer. */
export class SpillIntake {
  readonly #loaded: Loaded;
  readonly #buffer: Pick<Buffer, "intake">;
  readonly #log: Log;
  #rules: IntakeRules | undefined;
  /** Those that can be neither removed nor renamed: what is stored must not be stored at each look. */
  readonly #finished = new Set<string>();
  /** What kept files from being read, by name: each is said once, not at each look. */
  readonly #unread = new Map<string, string>();

  constructor(loaded: Loaded, buffer: Pick<Buffer, "intake">, log: Log) {
    this.#loaded = loaded;
    this.#buffer = buffer;
    this.#log = log;
  }

  /**
   * Stores what waits, then removes it. The ids of its alerts let two processes do the same.
   *
   * @returns how many files were stored
   * @throws what the buffer or the file system says; what is not stored waits for the next look
   */
  async take(): Promise<number> {
    const { path } = this.#loaded.config.buffer;
    const waiting = spillFiles(path).filter(({ name }) => !this.#finished.has(name));
    if (waiting.length === 0) return 0;
    this.#removeUnfinished(path);
    this.#rules ??= await intakeRules(this.#loaded);
    let stored = 0;
    let files: SpillFile[] = [];
    let batches: (readonly Decision[])[] = [];
    let alerts = 0;
    const store = async () => {
      if (files.length > 0) stored += await this.#store(files, batches);
      files = [];
      batches = [];
      alerts = 0;
    };
    for (const file of waiting) {
      const decisions = this.#decide(file, this.#rules);
      if (decisions === undefined) continue;
      files.push(file);
      batches.push(decisions);
      alerts += decisions.length;
      if (files.length >= MOST_FILES || alerts >= MOST_ALERTS) await store();
    }
    await store();
    if (stored > 0) this.#log("info", `spill files: ${stored} taken into the buffer`);
    return stored;
  }

  /** @returns how many of the files were stored */
  async #store(
    files: readonly SpillFile[],
    batches: readonly (readonly Decision[])[],
  ): Promise<number> {
    const limits = limitsOf(this.#loaded.config);
    try {
      await this.#buffer.intake.acceptTogether(batches, limits, Date.now());
    } catch (error) {
      if (!isNamed(error, "Unstorable")) throw error;
      if (files.length === 1) {
        this.#refuse(files[0]!, messageOf(error));
        return 0;
      }
      // One that cannot be stored must not keep the others waiting.
      let stored = 0;
      for (const [index, file] of files.entries()) {
        stored += await this.#store([file], [batches[index]!]);
      }
      return stored;
    }
    faultPoint("spill-stored-before-remove");
    for (const file of files) this.#finish(file, removeSpillFile);
    return files.length;
  }

  #decide(file: SpillFile, rules: IntakeRules): readonly Decision[] | undefined {
    const read = this.#read(file);
    if (read === undefined) return undefined;
    let reason = "it holds no alert";
    if (read instanceof Uint8Array) {
      const decisions = decideFile(read, rules, Math.min(file.at, Date.now()));
      const isAlert = decisions.some((one) => one.kind === "attempts" || one.key !== undefined);
      if (isAlert) return decisions;
    } else reason = read.reason;
    this.#refuse(file, reason);
    return undefined;
  }

  #refuse(file: SpillFile, reason: string): void {
    this.#log("error", `spill file ${file.path}: ${reason}; it is kept as ${file.name}.damaged`);
    this.#finish(file, markDamaged);
  }

  /** A file that cannot be read now may well hold an alert: it waits. */
  #read(file: SpillFile): ReturnType<typeof readSpillFile> {
    try {
      const read = readSpillFile(file);
      this.#unread.delete(file.name);
      return read;
    } catch (error) {
      const reason = messageOf(error);
      if (this.#unread.get(file.name) !== reason) {
        this.#unread.set(file.name, reason);
        this.#log("error", `spill file ${file.path}: it cannot be read, and waits: ${reason}`);
      }
      return undefined;
    }
  }

  #finish(file: SpillFile, finish: (file: SpillFile) => void): void {
    try {
      finish(file);
    } catch (error) {
      this.#finished.add(file.name);
      this.#log("error", `spill file ${file.path}: it cannot be removed: ${messageOf(error)}`);
    }
  }

  /** A call that died while it wrote one has not said that its alert is stored. */
  #removeUnfinished(path: string): void {
    for (const file of unfinishedSpillFiles(path)) {
      if (Math.abs(Date.now() - file.at) > UNFINISHED_FOR_MS) this.#finish(file, removeSpillFile);
    }
  }
}
