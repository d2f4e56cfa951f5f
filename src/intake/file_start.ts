/**
 * The start of a file decides how the rest is read: as lines, as an array, as values over many lines, or
 * as a whole.
 *
 * @module
 */
import { beginsOverLines } from "./items.ts";
import { plainBlocks } from "./plain_blocks.ts";
import { readLine } from "../wazuh/alert_file.ts";

/** Files up to this size are read whole, so that they may have any shape; bytes. */
const READ_WHOLE = 16 * 1024 * 1024;
/** Bytes of a file that was read already that are read at a time. */
const BLOCK = 256 * 1024;
const LINE_FEED = 10;

/** A path, or `-` for standard input. */
export type Source = string;

/** Is called with each number of bytes of the file as it is, packed or not. */
export type OnRead = (bytes: number) => void;

/** A file whose shape is known: `whole` is all in `start`, the others come from `blocks`. */
export interface OpenFile {
  readonly shape: "whole" | "lines" | "array" | "values";
  readonly start: Uint8Array;
  /** All of it, as UTF-8; each block changes when the next one is asked for. */
  readonly blocks: AsyncGenerator<Uint8Array>;
}

/** A path that leads to something else than a file. */
export class NotAFile extends Error {
  override name = "NotAFile";

  constructor(path: string) {
    super(`${path}: it is a folder, a pipe or a device, not a file of alerts`);
  }
}

/**
 * Opens a file of alerts and reads until its shape is known.
 *
 * @throws what the file system says; {@link NotAFile}
 */
export async function openFile(source: Source, onRead: OnRead = () => {}): Promise<OpenFile> {
  // To open a pipe would wait for its writer, and a device may never end.
  if (source !== "-" && !(await Deno.stat(source)).isFile) throw new NotAFile(source);
  const blocks = await plainBlocks(source, onRead);
  const parts: Uint8Array[] = [];
  let length = 0;
  let hasLine = false;
  const found = (shape: OpenFile["shape"] | undefined, rest = blocks): OpenFile => {
    const start = joinedBytes(parts, length);
    return { shape: shape ?? shapeOf(start), start, blocks: both(start, rest) };
  };
  for (;;) {
    const next = await nextOf(blocks);
    // Damage is met again by whoever reads the rest.
    if ("damage" in next) return found(undefined, throwing(next.damage));
    if (next.done) break;
    parts.push(next.value.slice());
    length += next.value.length;
    if (!hasLine && next.value.includes(LINE_FEED)) {
      hasLine = true;
      if (beginsWithLine(joinedBytes(parts, length), false)) return found("lines");
    }
    if (length > READ_WHOLE) return found(undefined);
  }
  return found(beginsWithLine(joinedBytes(parts, length), true) ? "lines" : "whole");
}

function joinedBytes(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function nextOf(blocks: AsyncGenerator<Uint8Array>) {
  try {
    const { done, value } = await blocks.next();
    return done ? { done: true } as const : { done: false, value } as const;
  } catch (damage) {
    return { damage } as const;
  }
}

// deno-lint-ignore require-yield -- it has nothing but its error
async function* throwing(damage: unknown): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  throw damage;
}

async function* both(
  start: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < start.length; at += BLOCK) yield start.subarray(at, at + BLOCK);
  yield* rest;
}

/** Whether the first line holds alerts, and further lines follow. */
function beginsWithLine(bytes: Uint8Array, isWhole: boolean): boolean {
  const end = bytes.indexOf(LINE_FEED);
  if (end < 0 || (isWhole && end === bytes.length - 1)) return false;
  const line = new TextDecoder().decode(bytes.subarray(0, end)).trim();
  return readLine(line, "line").some((item) => !("reason" in item));
}

/** The shape of a file that is too long to be read whole, or damaged. */
function shapeOf(start: Uint8Array): OpenFile["shape"] {
  const text = new TextDecoder().decode(start.subarray(0, 4096));
  if (text.trimStart().startsWith("[") && !beginsWithLine(start, false)) return "array";
  return beginsOverLines(start) ? "values" : "lines";
}
