/**
 * The bytes of a file as UTF-8 text that is not packed. Its first bytes say what it is, since files that
 * people hand over have any name.
 *
 * @module
 */
import { createGunzip } from "node:zlib";
import { encodingOf } from "../wazuh/alert_file.ts";

/** Bytes that are read at a time: larger blocks cost memory, and are not faster. */
const BLOCK = 256 * 1024;
/** The same of a packed file: a byte of it can become a thousand, and those of a block are kept at once. */
const PACKED_BLOCK = 16 * 1024;

/** Is called with each number of bytes of the file as it is, packed or not. */
type OnRead = (bytes: number) => void;

type Blocks = AsyncGenerator<Uint8Array>;

/**
 * Opens a file, or standard input for `-`.
 *
 * @returns its text, as UTF-8; each block changes when the next one is asked for
 * @throws what the file system says
 */
export async function plainBlocks(source: string, onRead: OnRead): Promise<Blocks> {
  if (source === "-") return asUtf8(asUnpacked(readAhead(Deno.stdin, onRead)));
  // A folder can be opened, and only reading it fails: here that is not damage of a file.
  if ((await Deno.stat(source)).isDirectory) await Deno.readFile(source);
  return asUtf8(asUnpacked(readAhead(await Deno.open(source), onRead)));
}

/** The first two bytes or more, unless there are fewer, and the same blocks again. */
export async function peeked(
  blocks: Blocks,
): Promise<{ readonly start: Uint8Array; readonly all: Blocks }> {
  let start: Uint8Array = new Uint8Array();
  while (start.length < 2) {
    const { done, value } = await blocks.next();
    if (done) break;
    const first = start[0];
    start = value;
    if (first === undefined) continue;
    start = new Uint8Array(1 + value.length);
    start[0] = first;
    start.set(value, 1);
  }
  return { start, all: startingWith(start, blocks) };
}

async function* startingWith(start: Uint8Array, rest: Blocks): Blocks {
  try {
    if (start.length > 0) yield start;
    yield* rest;
  } finally {
    // Also where nobody asks for the rest.
    await rest.return(undefined);
  }
}

/** gzip by its magic number (RFC 1952), whatever the file is called. */
export function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

async function* asUnpacked(blocks: Blocks): Blocks {
  const { start, all } = await peeked(blocks);
  yield* isGzip(start) ? unpacked(all) : all;
}

/** The same text as UTF-8, where it has the mark of UTF-16. */
export async function* asUtf8(blocks: Blocks): Blocks {
  const { start, all } = await peeked(blocks);
  const encoding = encodingOf(start);
  if (encoding === "utf-8") {
    yield* all;
    return;
  }
  const decoder = new TextDecoder(encoding);
  const encoder = new TextEncoder();
  for await (const block of all) yield encoder.encode(decoder.decode(block, { stream: true }));
  yield encoder.encode(decoder.decode());
}

async function* smaller(blocks: Blocks): Blocks {
  for await (const block of blocks) {
    for (let at = 0; at < block.length; at += PACKED_BLOCK) {
      yield block.subarray(at, at + PACKED_BLOCK);
    }
  }
}

/** The next block is on its way while somebody works on this one. */
async function* readAhead(
  file: Pick<Deno.FsFile, "read" | "close">,
  onRead: OnRead,
): AsyncGenerator<Uint8Array> {
  const blocks = [new Uint8Array(BLOCK), new Uint8Array(BLOCK)] as const;
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
async function* unpacked(packedBlocks: Blocks): AsyncGenerator<Uint8Array> {
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
    for await (const packed of smaller(packedBlocks)) {
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
