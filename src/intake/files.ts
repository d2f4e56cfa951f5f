/**
 * Files of alerts, in batches of decisions.
 *
 * @module
 */
import { decideItem, type IntakeRules } from "./decide.ts";
import type { Decision } from "../model.ts";
import { readAlertFile, readLine } from "../wazuh/alert_file.ts";

/** Files up to this size are read whole, so that they may hold an array; bytes. */
const READ_WHOLE = 16 * 1024 * 1024;
/** Decisions committed in one transaction. */
const BATCH = 1000;
/** Longest line that is kept while its end has not come, bytes. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** Something to read: a path, `-` for standard input. */
export type Source = string;

/**
 * Reads alerts from a file: one JSON value, an array, one value a line; `.gz` is unpacked.
 *
 * @param onRead is told of bytes of the file as it is, packed or not
 * @yields decisions, at most {@link BATCH} at a time
 * @throws what the file system says
 */
export async function* decisionsOf(
  source: Source,
  rules: IntakeRules,
  now: number,
  onRead?: (bytes: number) => void,
): AsyncGenerator<readonly Decision[]> {
  const isSmall = source !== "-" && !source.endsWith(".gz") &&
    (await Deno.stat(source)).size <= READ_WHOLE;
  if (isSmall) {
    const bytes = await Deno.readFile(source);
    const items = readAlertFile(bytes);
    for (let start = 0; start < items.length; start += BATCH) {
      // Reading takes a moment, storing takes long: what is told goes along with the latter.
      onRead?.(bytes.length * Math.min(BATCH, items.length - start) / items.length);
      yield items.slice(start, start + BATCH).map((item) => decideItem(item, rules, now));
    }
    return;
  }
  let batch: Decision[] = [];
  let damage: unknown;
  for await (const text of linesOf(await open(source, onRead), (error) => damage = error)) {
    if (text.trim() === "") continue;
    const items = text.length > LONGEST_LINE
      ? [{ reason: "too_large" as const, where: "line" }]
      : readLine(text, "line");
    for (const item of items) {
      batch.push(decideItem(item, rules, now));
    }
    if (batch.length >= BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
  if (damage !== undefined) throw new DamagedStream(String(damage), { cause: damage });
}

/** A stream that ends in damage; what came before it was yielded. */
export class DamagedStream extends Error {
  override name = "DamagedStream";
}

async function open(
  source: Source,
  onRead: ((bytes: number) => void) | undefined,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const raw = source === "-" ? Deno.stdin.readable : (await Deno.open(source)).readable;
  const readable = onRead === undefined ? raw : counting(raw, onRead);
  if (!source.endsWith(".gz")) return readable;
  // Unlike DecompressionStream it reads on behind a first member: rotated files are joined so.
  const { createGunzip } = await import("node:zlib");
  const { Readable } = await import("node:stream");
  const unpacked = Readable.from(readable).pipe(createGunzip());
  return Readable.toWeb(unpacked) as ReadableStream<Uint8Array<ArrayBuffer>>;
}

function counting(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onRead: (bytes: number) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return stream.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        onRead(chunk.length);
        controller.enqueue(chunk);
      },
    }),
  );
}

/** Splits a stream into lines; one that is longer than any alert is handed over cut. */
async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onDamage: (error: unknown) => void,
): AsyncGenerator<string> {
  let rest = "";
  try {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LONGEST_LINE) rest = rest.slice(0, LONGEST_LINE + 1);
      yield* lines;
    }
  } catch (error) {
    onDamage(error);
    return;
  }
  if (rest !== "") yield rest;
}
