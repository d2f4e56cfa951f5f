/**
 * Decides on files of alerts that do not grow, in batches: used by `replay`. A file of lines goes the
 * way of a file that is followed. A file of another shape is read as a whole if it is short, else item
 * by item.
 *
 * @module
 */
import { decideFile, decideItem, type IntakeRules, placed } from "./decide.ts";
import { ignored } from "./decide_alert.ts";
import { decideLines } from "./decide_lines.ts";
import { DecisionBatch } from "./decision_batch.ts";
import { type OnRead, openFile, type Source } from "./file_start.ts";
import { itemsOfArray, itemsOfValues } from "./items.ts";
import { LineCutter, type Lines } from "./lines.ts";
import type { Decision } from "../model.ts";
import type { Item } from "../wazuh/alert_file.ts";

/** Decisions of an array that are stored in one transaction. */
const BATCH = 1000;
/** Characters to be forwarded that are stored in one transaction: the last one may exceed the buffer. */
const ENOUGH_TEXT = 1024 * 1024;
/** Lines of other rules that are counted in one transaction: they cost next to nothing. */
const MOST_SKIPPED = 100_000;

/**
 * Decides on the alerts of a file: one JSON value, an array, one value a line, or several values over many
 * lines; packed by gzip or not, in UTF-8 or in UTF-16 with a mark.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 * @yields decisions of one transaction, of which a process can have several in memory
 * @throws what the file system says; {@link NotAFile} of file_start.ts; {@link DamagedStream} after what came before the damage
 */
export async function* decisionsOf(
  source: Source,
  rules: IntakeRules,
  now: number,
  onRead: OnRead = () => {},
): AsyncGenerator<readonly Decision[]> {
  const { shape, start, blocks } = await openFile(source, onRead);
  if (shape === "whole") {
    const decisions = decideFile(start, rules, now);
    for (let at = 0; at < decisions.length; at += BATCH) yield decisions.slice(at, at + BATCH);
    return;
  }
  let damage: unknown;
  const good = untilDamage(blocks, (error) => damage = error);
  if (shape === "lines") yield* decideBlocks(good, rules, now);
  else {yield* decideGroups(
      shape === "array" ? itemsOfArray(good) : itemsOfValues(good),
      rules,
      now,
    );}
  if (damage !== undefined) throw new DamagedStream(String(damage), { cause: damage });
}

async function* decideGroups(
  groups: AsyncIterable<readonly Item[]>,
  rules: IntakeRules,
  now: number,
): AsyncGenerator<readonly Decision[]> {
  const batch = new DecisionBatch(ENOUGH_TEXT);
  for await (const group of groups) {
    batch.add(group.map((item) => placed(decideItem(item, rules, now), item.where)));
    if (batch.isEnough) yield batch.take();
  }
  const rest = batch.take();
  if (rest.length > 0) yield rest;
}

/** A stream that ends in damage; what came before it was yielded. */
export class DamagedStream extends Error {
  override name = "DamagedStream";
}

async function* decideBlocks(
  blocks: AsyncIterable<Uint8Array>,
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
  for await (const block of blocks) {
    add(cutter.take(block));
    if (batch.isEnough || skipped >= MOST_SKIPPED) yield take();
  }
  add(cutter.takeRest());
  const rest = take();
  if (rest.length > 0) yield rest;
}

/** The decision on a line of another rule that was not read: all share it. */
const SKIPPED: Decision = ignored("other_rule", undefined);

/** The blocks that come before damage. */
export async function* untilDamage(
  blocks: AsyncIterable<Uint8Array>,
  onDamage: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* blocks;
  } catch (error) {
    onDamage(error);
  }
}
