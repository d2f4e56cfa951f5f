/**
 * From blocks of bytes to groups of items, for lines, arrays and values of any number: a group is read
 * within a few milliseconds. Pure, but for what the blocks come from.
 *
 * @module
 */
import { ElementCutter } from "./elements.ts";
import { LineCutter, type Lines, LONGEST_LINE } from "./lines.ts";
import { type Item, readLine } from "../wazuh/alert_file.ts";
import { valuesOf } from "../wazuh/json_values.ts";

type Blocks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Lines or items that are read without a look at the clock. */
const GROUP = 64;

/** Bytes of a block that was read already. */
const PART = 64 * 1024;

/** Cuts items into groups. */
export function* groupsOf(items: readonly Item[]): Generator<readonly Item[]> {
  if (items.length <= GROUP) return yield items;
  for (let at = 0; at < items.length; at += GROUP) yield items.slice(at, at + GROUP);
}

/** Cuts bytes into parts, each of which is read within a turn. */
export function* inParts(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PART) yield bytes.subarray(at, at + PART);
}

/**
 * The items of lines. A group is empty where lines were blank.
 *
 * @param longest bytes of the longest line
 * @param before how many lines were read before
 */
export async function* itemsOfLines(
  pieces: Blocks,
  longest: number = LONGEST_LINE,
  before = 0,
): AsyncGenerator<readonly Item[]> {
  const cutter = new LineCutter({ longest });
  let number = before;
  function* itemsOf({ text, tooLong }: Lines): Generator<readonly Item[]> {
    let group: Item[] = [];
    if (tooLong > 0) group.push({ reason: "too_large", where: `line ${++number}` });
    // A disk that lost its power leaves NULs where a line was to be.
    const hasNul = text.includes("\0");
    let read = 0;
    for (let start = 0; start < text.length;) {
      const end = text.indexOf("\n", start);
      const whole = text.slice(start, end);
      const line = hasNul ? whole.replaceAll("\0", "") : whole;
      start = end + 1;
      const where = `line ${++number}`;
      if (isLonger(line, longest)) group.push({ reason: "too_large", where });
      else if (line.trim() !== "") {
        const items = readLine(line.trim(), where);
        if (items.length === 1) group.push(items[0]!);
        else {
          yield group;
          group = [];
          yield* groupsOf(items);
        }
      }
      if (++read % GROUP !== 0) continue;
      yield group;
      group = [];
    }
    if (group.length > 0) yield group;
  }
  for await (const piece of pieces) yield* itemsOf(cutter.take(piece));
  yield* itemsOf(cutter.takeRest());
}

/** The items of an array, and of lines that follow it. */
export async function* itemsOfArray(
  pieces: AsyncIterable<Uint8Array>,
  longest: number = LONGEST_LINE,
): AsyncGenerator<readonly Item[]> {
  const cutter = new ElementCutter(longest);
  const iterator = pieces[Symbol.asyncIterator]();
  let number = 0;
  let group: Item[] = [];
  const read = (text: string | undefined): readonly Item[] => {
    const where = `item ${++number}`;
    return text === undefined ? [{ reason: "too_large", where }] : readLine(text.trim(), where);
  };
  try {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) break;
      const elements = cutter.take(value);
      let next = elements.next();
      for (; !next.done; next = elements.next()) {
        const items = read(next.value);
        if (items.length === 1) group.push(items[0]!);
        else yield* groupsOf(items);
        if (group.length < GROUP) continue;
        yield group;
        group = [];
      }
      yield group;
      group = [];
      if (next.value === undefined) continue;
      const rest = followedBy(next.value, iterator);
      return yield* itemsOfLines(rest, longest, cutter.lines);
    }
    const last = cutter.takeRest();
    const where = "the end of the array";
    // An object that is whole is an alert, whatever is missing behind it.
    if (last?.trimEnd().endsWith("}")) yield read(last);
    yield [{ reason: "not_json", where }];
  } finally {
    await iterator.return?.();
  }
}

async function* followedBy(
  bytes: Uint8Array,
  pieces: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* inParts(bytes);
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
}

/** How a value begins that is written over many lines. */
const OVER_LINES = /^\s*\{[^\n]{0,1000}\n[ \t]/;

/** Whether a text begins with a value over many lines. */
export function beginsOverLines(bytes: Uint8Array): boolean {
  return OVER_LINES.test(new TextDecoder().decode(bytes.subarray(0, 4096)));
}

/** A value begins with its bracket in the first column; what is inside of it is indented. */
const VALUE_STARTS = ["\n{", "\n["];

/**
 * The items of values over many lines, as `jq .` writes them, in the memory of the longest one.
 *
 * @param longest characters of the longest value
 */
export async function* itemsOfValues(
  pieces: Blocks,
  longest: number = LONGEST_LINE,
): AsyncGenerator<readonly Item[]> {
  const decoder = new TextDecoder();
  let kept = "";
  let before = 0;
  /** The line at which a value began that is too long. */
  let tooLongAt: number | undefined;
  function* itemsOf(text: string): Generator<readonly Item[]> {
    if (tooLongAt !== undefined) yield [{ reason: "too_large", where: `line ${tooLongAt}` }];
    else {
      for (const found of valuesOf(text)) {
        const where = `line ${before + found.line}`;
        if (found.text === undefined) yield [{ reason: "not_json", where }];
        else yield* groupsOf(readLine(found.text, where));
      }
    }
    tooLongAt = undefined;
  }
  for await (const piece of pieces) {
    const text = decoder.decode(piece, { stream: true });
    // The line feed may have come with the block before.
    const looked = kept.slice(-1) + text;
    const found = Math.max(...VALUE_STARTS.map((start) => looked.lastIndexOf(start)));
    if (found < 0) kept += text;
    else {
      const end = found + 1 - (kept === "" ? 0 : 1);
      const whole = kept + text.slice(0, end);
      yield* itemsOf(whole);
      before += lineFeeds(whole);
      kept = text.slice(end);
    }
    if (kept.length <= longest) continue;
    tooLongAt ??= before + 1;
    before += lineFeeds(kept);
    kept = "";
  }
  yield* itemsOf(kept + decoder.decode());
}

function lineFeeds(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** Whether a line has more bytes; a character has 3 at most, as JavaScript counts characters. */
function isLonger(line: string, bytes: number): boolean {
  if (line.length * 3 <= bytes) return false;
  return line.length > bytes || new TextEncoder().encode(line).length > bytes;
}
