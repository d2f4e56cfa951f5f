/**
 * One line about long work, redrawn on a terminal's standard error. Where standard error is not a
 * terminal, nothing is drawn: nobody waits in front of a log or a timer's mail.
 *
 * @module
 */
import { cut, screenOf, widthOf } from "./screen.ts";

/** Least time between two drawings, milliseconds. */
const DRAW_MS = 100;

/** Work shorter than this draws nothing, milliseconds. */
const SILENT_MS = 300;

const LONGEST_BAR = 30;
const SHORTEST_BAR = 8;

/** How far the work is. */
export interface Done {
  readonly done: number;
  /** Undefined: not known. */
  readonly total: number | undefined;
  readonly text: string;
}

/** The line. */
export class Progress implements Disposable {
  readonly #isShown: boolean;
  #drawnAt = performance.now() + SILENT_MS - DRAW_MS;
  #isDrawn = false;

  /** @param isWanted false: never a line, whatever standard error is */
  constructor(isWanted: boolean) {
    this.#isShown = isWanted && Deno.stderr.isTerminal();
  }

  /** Whether anything is drawn; where not, the caller need not count. */
  get isShown(): boolean {
    return this.#isShown;
  }

  /** Draws the line, unless it was drawn less than {@link DRAW_MS} ago. */
  show(what: () => Done): void {
    if (!this.#isShown || performance.now() - this.#drawnAt < DRAW_MS) return;
    this.#drawnAt = performance.now();
    this.#isDrawn = true;
    // The user may have resized the window meanwhile.
    write(`\r\x1b[K${progressLine(what(), screenOf(Deno.stderr).columns ?? 0)}`);
  }

  /** Erases the line, so that other text can take its row. */
  clear(): void {
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    write("\r\x1b[K");
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}

function write(text: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  } catch {
    // A terminal that was closed must not end the work.
  }
}

/**
 * The line for a terminal of so many columns: percent, a bar where it fits, and words. The last
 * column remains empty: some terminals begin a new line after it.
 */
export function progressLine({ done, total, text }: Done, columns: number): string {
  const width = columns - 1;
  if (total === undefined || total <= 0) return cut(text, width);
  // A file may grow meanwhile.
  const share = Math.min(1, Math.max(0, done / total));
  const percent = `${String(Math.floor(share * 100)).padStart(3)}%`;
  const bar = Math.min(LONGEST_BAR, width - percent.length - widthOf(text) - 5);
  if (bar < SHORTEST_BAR) return cut(`${percent}  ${text}`, width);
  const full = Math.round(share * bar);
  return `${percent} [${"=".repeat(full)}${" ".repeat(bar - full)}]  ${text}`;
}

/** How much was done a second. @param startedAt of `performance.now()` */
export function perSecond(done: number, startedAt: number): number {
  return Math.round(done / Math.max(0.001, (performance.now() - startedAt) / 1000));
}

const MEBIBYTE = 1024 * 1024;

/** `12.3 of 40.0 MiB` */
export function bytesText(done: number, total: number | undefined): string {
  const read = (done / MEBIBYTE).toFixed(1);
  return total === undefined ? `${read} MiB` : `${read} of ${(total / MEBIBYTE).toFixed(1)} MiB`;
}
