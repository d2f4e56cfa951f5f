/**
 * From the bytes of a long body to groups of items, of which each is decided on within a turn of the
 * event loop.
 *
 * @module
 */
import { ElementCutter } from "../../intake/elements.ts";
import { LineCutter, type Lines } from "../../intake/lines.ts";
import { type Item, readLine } from "../../wazuh/alert_file.ts";
import { inParts } from "./beginning.ts";
import { MOST_BAD } from "./tally.ts";

/** Lines or items that are read without a look at the clock. */
const GROUP = 64;

/** Cuts items into groups. */
export function* groupsOf(items: readonly Item[]): Generator<readonly Item[]> {
  if (items.length <= GROUP) return yield items;
  for (let at = 0; at < items.length; at += GROUP) yield items.slice(at, at + GROUP);
}

/**
 * The items of lines. A group is empty where lines were blank.
 *
 * @param longest bytes of the longest line
 * @param before how many lines were read before
 */
export async function* itemsOfLines(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  longest: number,
  before = 0,
): AsyncGenerator<readonly Item[]> {
  const cutter = new LineCutter({ longest });
  let number = before;
  function* itemsOf({ text, tooLong }: Lines): Generator<readonly Item[]> {
    let group: Item[] = [];
    if (tooLong > 0) group.push({ reason: "too_large", where: `line ${++number}` });
    let read = 0;
    for (let start = 0; start < text.length;) {
      const end = text.indexOf("\n", start);
      const line = text.slice(start, end);
      start = end + 1;
      const where = `line ${++number}`;
      if (isLonger(line, longest)) group.push({ reason: "too_large", where });
      else if (line.trim() !== "") {
        const items = readLine(line, where);
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
  longest: number,
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

/** Looks for a line that is JSON, group by group; false until it is found. */
export async function* hasGoodLine(bytes: Uint8Array): AsyncGenerator<boolean> {
  let read = 0;
  for await (const group of itemsOfLines(inParts(bytes), bytes.length)) {
    yield group.some((item) => !("reason" in item));
    read += group.length;
    if (read > MOST_BAD) return;
  }
}

/** Whether a line has more bytes; a character has 3 at most, as JavaScript counts characters. */
function isLonger(line: string, bytes: number): boolean {
  if (line.length * 3 <= bytes) return false;
  return line.length > bytes || new TextEncoder().encode(line).length > bytes;
}
