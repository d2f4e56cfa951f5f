/**
 * The start of a body decides how the rest is read.
 *
 * @module
 */
import { beginsOverLines, inParts } from "../../intake/items.ts";
import { readAlertValue } from "../../wazuh/alert_file.ts";

/** A body up to this size is read as a whole, whatever its shape; bytes. */
const SHORT = 16 * 1024;
const LINE_FEED = 10;
const OPEN_LIST = 91;

/**
 * How a body is read: `short` and `value` are whole in `bytes`, `array`, `lines` and `values` over many
 * lines come from `rest`, which includes the start.
 */
export interface Beginning {
  readonly shape: "short" | "value" | "array" | "lines" | "values" | "too long";
  readonly bytes: Uint8Array;
  readonly rest: AsyncIterable<Uint8Array>;
}

/**
 * Reads until the shape of a body is known.
 *
 * @param most bytes of the longest body that is one value
 */
export async function beginningOf(
  pieces: AsyncGenerator<Uint8Array>,
  most: number,
): Promise<Beginning> {
  // Not a list of pieces: a sender may send a million chunks of one byte.
  let memory: Uint8Array = new Uint8Array();
  let length = 0;
  let hasLine = false;
  let isChecked = false;
  let first: number | undefined;
  const found = (shape: Beginning["shape"]): Beginning => {
    const bytes = memory.subarray(0, length);
    return { shape, bytes, rest: joined(bytes, pieces) };
  };
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) return found(length > SHORT ? "value" : "short");
    memory = length === 0 ? value : appended(memory, length, value);
    length += value.length;
    first ??= firstByte(value);
    hasLine ||= value.includes(LINE_FEED);
    if (length > Math.min(SHORT, most)) {
      if (first === OPEN_LIST) return found("array");
      if (hasLine && !isChecked) {
        isChecked = true;
        if (beginsWithLine(memory.subarray(0, length))) return found("lines");
      }
    }
    if (length <= most) continue;
    if (isSeveralValues(memory.subarray(0, length))) return found("values");
    await pieces.return(undefined);
    return found("too long");
  }
}

function appended(memory: Uint8Array, length: number, piece: Uint8Array): Uint8Array {
  const whole = length + piece.length;
  let target = memory;
  if (whole > memory.length) {
    target = new Uint8Array(Math.max(whole, 2 * memory.length));
    target.set(memory.subarray(0, length));
  }
  target.set(piece, length);
  return target;
}

async function* joined(
  bytes: Uint8Array,
  pieces: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* inParts(bytes);
    yield* pieces;
  } finally {
    // Also where storing failed before the rest was read.
    await pieces.return(undefined);
  }
}

/** The first byte that is neither white space nor of a byte order mark. */
function firstByte(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => byte > 32 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf);
}

/** Whether a text is values over many lines, of which at least the first is whole. */
function isSeveralValues(bytes: Uint8Array): boolean {
  return beginsOverLines(bytes) && /\n[{[]/.test(new TextDecoder().decode(bytes));
}

/** Whether the first line is one whole JSON value. */
function beginsWithLine(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes).trimStart();
  const line = text.slice(0, Math.max(0, text.indexOf("\n")));
  return line.trim() !== "" && readAlertValue(line) !== undefined;
}
