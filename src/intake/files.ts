/**
 * Decides on files of alerts that do not grow, in batches: used by `replay`. A file of lines goes the
 * way of a file that is followed; only a file that holds one value, or an array, is read as a whole.
 *
 * @module
 */
import { createGunzip } from "node:zlib";
import { decideFile, type IntakeRules } from "./decide.ts";
import { ignored } from "./decide_alert.ts";
import { decideLines } from "./decide_lines.ts";
import { DecisionBatch } from "./decision_batch.ts";
import { LineCutter, type Lines } from "./lines.ts";
import type { Decision } from "../model.ts";
import { readLine } from "../wazuh/alert_file.ts";

/** Files up to this size are read whole, so that they may hold an array; bytes. */
const READ_WHOLE = 16 * 1024 * 1024;
/** Bytes that are read at a time: larger blocks cost memory, and are not faster. */
const BLOCK = 256 * 1024;
/** The same of a packed file: a byte of it can become a thousand, and those of a block are kept at once. */
const PACKED_BLOCK = 16 * 1024;
/** Decisions of an array that are stored in one transaction. */
const BATCH = 1000;
/** Characters to be forwarded that are stored in one transaction: the last one may exceed the buffer. */
const ENOUGH_TEXT = 1024 * 1024;
/** Lines of other rules that are counted in one transaction: they cost next to nothing. */
const MOST_SKIPPED = 100_000;
const LINE_FEED = 10;

/** A path, or `-` for standard input. */
export type Source = string;

/** Is called with each number of bytes of the file as it is, packed or not. */
type OnRead = (bytes: number) => void;

type Blocks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Decides on the alerts of a file: one JSON value, an array, one value a line; `.gz` is unpacked.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 * @yields decisions of one transaction, of which a process can have several in memory
 * @throws what the file system says; {@link NotAFile}; {@link DamagedStream} after what came before the damage
 */
export async function* decisionsOf(
  source: Source,
  rules: IntakeRules,
  now: number,
  onRead: OnRead = () => {},
): AsyncGenerator<readonly Decision[]> {
  const info = source === "-" ? undefined : await Deno.stat(source);
  // To open a pipe would wait for its writer, and a device may never end.
  if (info?.isFile === false) throw new NotAFile(source);
  const isSmall = info !== undefined && !source.endsWith(".gz") && info.size <= READ_WHOLE;
  if (!isSmall) {
    yield* decideBlocks(await open(source, onRead), rules, now);
    return;
  }
  const bytes = await Deno.readFile(source);
  if (beginsWithLine(bytes)) {
    yield* decideBlocks(partsOf(bytes, onRead), rules, now);
    return;
  }
  const decisions = decideFile(bytes, rules, now);
  for (let start = 0; start < decisions.length; start += BATCH) {
    // Reading takes a moment, storing takes long: the progress goes along with the latter.
    onRead(bytes.length * Math.min(BATCH, decisions.length - start) / decisions.length);
    yield decisions.slice(start, start + BATCH);
  }
}

/** A path that leads to something else than a file. */
export class NotAFile extends Error {
  override name = "NotAFile";

  constructor(path: string) {
    super(`${path}: it is a folder, a pipe or a device, not a file of alerts`);
  }
}

/** A stream that ends in damage; what came before it was yielded. */
export class DamagedStream extends Error {
  override name = "DamagedStream";
}

/** Whether the first line holds alerts, and further lines follow. */
function beginsWithLine(bytes: Uint8Array): boolean {
  const end = bytes.indexOf(LINE_FEED);
  if (end < 0 || end === bytes.length - 1) return false;
  const line = new TextDecoder().decode(bytes.subarray(0, end)).trim();
  return readLine(line, "line").some((item) => !("reason" in item));
}

async function* decideBlocks(
  blocks: Blocks,
  rules: IntakeRules,
  now: number,
): AsyncGenerator<readonly Decision[]> {
  const cutter = new LineCutter();
  const batch = new DecisionBatch(ENOUGH_TEXT);
  let skipped = 0;
  const add = (lines: Lines) => {
    const decided = decideLines(lines, rules, -Infinity, now);
    batch.add(decided.decisions);
    skipped += decided.skipped;
  };
  const take = () => {
    const decisions = [...batch.take(), ...Array<Decision>(skipped).fill(SKIPPED)];
    skipped = 0;
    return decisions;
  };
  let damage: unknown;
  for await (const block of untilDamage(blocks, (error) => damage = error)) {
    add(cutter.take(block));
    if (batch.isEnough || skipped >= MOST_SKIPPED) yield take();
  }
  add(cutter.takeRest());
  const rest = take();
  if (rest.length > 0) yield rest;
  if (damage !== undefined) throw new DamagedStream(String(damage), { cause: damage });
}

/** The decision on a line of another rule that was not read: all share it. */
const SKIPPED: Decision = ignored("other_rule", undefined);

async function* untilDamage(
  blocks: Blocks,
  onDamage: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* blocks;
  } catch (error) {
    onDamage(error);
  }
}

function* partsOf(bytes: Uint8Array, onRead: OnRead): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += BLOCK) {
    const part = bytes.subarray(start, start + BLOCK);
    onRead(part.length);
    yield part;
  }
}

/**
 * Opens a file or standard input.
 *
 * @returns its bytes, unpacked; each block changes when the next one is asked for
 */
async function open(source: Source, onRead: OnRead): Promise<AsyncIterable<Uint8Array>> {
  if (source === "-") return readAhead(Deno.stdin, onRead);
  const file = await Deno.open(source);
  return source.endsWith(".gz") ? unpacked(file, onRead) : readAhead(file, onRead);
}

/** The next block is on its way while somebody works on this one. */
async function* readAhead(
  file: Pick<Deno.FsFile, "read" | "close">,
  onRead: OnRead,
  size = BLOCK,
): AsyncGenerator<Uint8Array> {
  const blocks = [new Uint8Array(size), new Uint8Array(size)] as const;
  const read = async (block: Uint8Array) => {
    const length = await file.read(block);
    return length === null ? undefined : block.subarray(0, length);
  };
  let reading = read(blocks[0]);
  try {
    for (let number = 1;; number++) {
      const block = await reading;
      if (block === undefined) return;
      reading = read(blocks[number % 2 as 0 | 1]);
      // It is asked about later, or never where the reading ends before.
      reading.catch(() => undefined);
      onRead(block.length);
      yield block;
    }
  } finally {
    file.close();
  }
}

/**
 * Unpacks a file bit by bit, and yields all that comes before any damage: a stream that is iterated
 * throws away what it has unpacked when it meets damage.
 */
async function* unpacked(file: Deno.FsFile, onRead: OnRead): AsyncGenerator<Uint8Array> {
  // Unlike DecompressionStream it reads on behind a first member: rotated files are joined so.
  const unpacker = createGunzip();
  let blocks: Uint8Array[] = [];
  let damage: unknown;
  let isOver = false;
  let step = Promise.withResolvers<void>();
  unpacker.on("data", (block: Uint8Array) => blocks.push(block));
  // Zeros behind the last member end it before the file ends, and the write that has them never does.
  unpacker.on("end", () => {
    isOver = true;
    step.resolve();
  });
  unpacker.on("error", (error) => {
    damage = error;
    step.resolve();
  });
  const unpack = async (work: () => void) => {
    step = Promise.withResolvers();
    work();
    await step.promise;
    const found = blocks;
    blocks = [];
    return found;
  };
  try {
    for await (const packed of readAhead(file, onRead, PACKED_BLOCK)) {
      yield* await unpack(() => unpacker.write(packed, () => step.resolve()));
      if (damage !== undefined) throw damage;
      if (isOver) return;
    }
    yield* await unpack(() => unpacker.end());
    if (damage !== undefined) throw damage;
  } finally {
    unpacker.destroy();
  }
}
