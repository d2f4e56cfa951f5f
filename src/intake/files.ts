/**
 * Decides on files of alerts that do not grow, in batches: used by `replay`. A file of lines goes the
 * way of a file that is followed; only a file that holds one value, or an array, is read as a whole.
 *
 * @module
 */
import { decideFile, type IntakeRules } from "./decide.ts";
import { ignored } from "./decide_alert.ts";
import { decideLines } from "./decide_lines.ts";
import { DecisionBatch } from "./decision_batch.ts";
import { LineCutter, type Lines } from "./lines.ts";
import { plainBlocks } from "./plain_blocks.ts";
import type { Decision } from "../model.ts";
import { readLine } from "../wazuh/alert_file.ts";

/** Files up to this size are read whole, so that they may hold an array; bytes. */
const READ_WHOLE = 16 * 1024 * 1024;
/** Bytes of a file that was read already that are decided on at a time. */
const BLOCK = 256 * 1024;
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
 * Decides on the alerts of a file: one JSON value, an array, one value a line, or several values over many
 * lines in at most 16 MiB; packed by gzip or not, in UTF-8 or in UTF-16 with a mark.
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
  // To open a pipe would wait for its writer, and a device may never end.
  if (source !== "-" && !(await Deno.stat(source)).isFile) throw new NotAFile(source);
  const { start, rest, isWhole } = await startOf(await plainBlocks(source, onRead));
  if (!isWhole) {
    yield* decideBlocks(both(start, rest), rules, now);
    return;
  }
  const decisions = decideFile(start, rules, now);
  for (let at = 0; at < decisions.length; at += BATCH) yield decisions.slice(at, at + BATCH);
}

/** The start of a file decides how the rest is read. */
interface Start {
  readonly start: Uint8Array;
  /** The file is over, and does not begin with a line that holds alerts. */
  readonly isWhole: boolean;
  readonly rest: AsyncIterable<Uint8Array>;
}

async function startOf(blocks: AsyncGenerator<Uint8Array>): Promise<Start> {
  const parts: Uint8Array[] = [];
  let length = 0;
  let hasLine = false;
  const joined = () => joinedBytes(parts, length);
  for (;;) {
    const next = await nextOf(blocks);
    // Damage is met again by whoever reads the rest.
    if ("damage" in next) return { start: joined(), isWhole: false, rest: throwing(next.damage) };
    if (next.done) break;
    parts.push(next.value.slice());
    length += next.value.length;
    if (!hasLine && next.value.includes(LINE_FEED)) {
      hasLine = true;
      if (beginsWithLine(joined(), false)) return { start: joined(), isWhole: false, rest: blocks };
    }
    if (length > READ_WHOLE) return { start: joined(), isWhole: false, rest: blocks };
  }
  const start = joined();
  return { start, isWhole: !beginsWithLine(start, true), rest: blocks };
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
function beginsWithLine(bytes: Uint8Array, isWhole: boolean): boolean {
  const end = bytes.indexOf(LINE_FEED);
  if (end < 0 || (isWhole && end === bytes.length - 1)) return false;
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
  let before = 0;
  const add = (lines: Lines) => {
    const decided = decideLines(lines, rules, -Infinity, now, before);
    before += lines.tooLong + decided.lines;
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
