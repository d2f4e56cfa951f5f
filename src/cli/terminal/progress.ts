/**
 * One line about work that takes long, redrawn on a terminal's standard error. Where that is no
 * terminal, nothing is said: logs and mails of timers are read by nobody who waits.
 *
 * @module
 */
import { cut, screenOf, widthOf } from "./screen.ts";

/** How often the line is drawn at most, milliseconds. */
const DRAW_MS = 100;

/** Work shorter than this shows nothing, milliseconds. */
const SILENT_MS = 300;

const LONGEST_BAR = 30;
const SHORTEST_BAR = 8;

/** What is done of what is to do. */
export interface Done {
  readonly done: number;
  /** Undefined: nobody knows. */
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

  /** Whether it is worth the while to find out what could be shown. */
  get isShown(): boolean {
    return this.#isShown;
  }

  /** Draws the line, unless it was drawn a moment ago. */
  show(what: () => Done): void {
    if (!this.#isShown || performance.now() - this.#drawnAt < DRAW_MS) return;
    this.#drawnAt = performance.now();
    this.#isDrawn = true;
    // A window may have been drawn wider or narrower meanwhile.
    write(`\r\x1b[K${progressLine(what(), screenOf(Deno.stderr).columns ?? 0)}`);
  }

  /** Takes the line away, for other words to stand there. */
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
    // A terminal that went away must not end the work.
  }
}

/**
 * The line for a terminal of so many columns: percent, a bar where there is room for one, and words.
 * The last column stays empty: some terminals begin a new line behind it.
 */
export function progressLine({ done, total, text }: Done, columns: number): string {
  const room = columns - 1;
  if (total === undefined || total <= 0) return cut(text, room);
  // A file that grows meanwhile is no more than read.
  const share = Math.min(1, Math.max(0, done / total));
  const percent = `${String(Math.floor(share * 100)).padStart(3)}%`;
  const bar = Math.min(LONGEST_BAR, room - percent.length - widthOf(text) - 5);
  if (bar < SHORTEST_BAR) return cut(`${percent}  ${text}`, room);
  const full = Math.round(share * bar);
  return `${percent} [${"=".repeat(full)}${" ".repeat(bar - full)}]  ${text}`;
}

/** How much is done in a second, from the start on. */
export function perSecond(done: number, startedAt: number): number {
  return Math.round(done / Math.max(0.001, (performance.now() - startedAt) / 1000));
}

const MEBIBYTE = 1024 * 1024;

/** `12.3 of 40.0 MiB` */
export function bytesText(done: number, total: number | undefined): string {
  const read = (done / MEBIBYTE).toFixed(1);
  return total === undefined ? `${read} MiB` : `${read} of ${(total / MEBIBYTE).toFixed(1)} MiB`;
}
