/**
 * One file that is followed: plain, as it grows, or packed, as it was left.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Checkpoint } from "../buffer/intake.ts";
import { NotAFile } from "../intake/file_start.ts";
import { LineCutter, TAIL } from "../intake/lines.ts";

/**
 * Bytes that are read at a time. A block has some copies while it is read, and a text that V8 does not
 * drop while it is new remains in memory until the next full collection: larger blocks cost memory.
 */
const BLOCK = 256 * 1024;

/** A file, and how far it is read. */
export interface Source extends AsyncDisposable {
  /** Name among the dated files; empty when it has none. */
  readonly name: string;
  readonly device: string;
  readonly inode: string;
  readonly cutter: LineCutter;
  /** The next bytes, which change with the next call; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Whether the file still has the bytes that were read last: it may be cut and filled again. */
  isUnchanged(): Promise<boolean>;
}

/** A short text of the latest bytes: it differs where two files had the same inode, one after the other. */
export function fingerprintOf(tail: Uint8Array): string {
  return tail.length === 0 ? "" : createHash("sha256").update(tail).digest("hex").slice(0, 16);
}

/** How far a source is read. */
export function checkpointOf(stream: string, { name, device, inode, cutter }: Source): Checkpoint {
  const { offset, tail } = cutter;
  return { stream, name, device, inode, offset, fingerprint: fingerprintOf(tail) };
}

/** The device and inode of a file, which no other file has at the same time. */
export function identityOf({ dev, ino }: Deno.FileInfo) {
  return { device: String(dev), inode: String(ino) };
}

/**
 * Opens a file that may grow.
 *
 * @param nameOf its name among the dated files: asked once it is open, since it may be rotated meanwhile
 * @param offset of the beginning of a line
 * @throws what the file system says
 */
export async function openPlain(
  path: string,
  nameOf: (info: Deno.FileInfo) => string | Promise<string>,
  offset: number,
): Promise<Source> {
  // To open a pipe would wait for its writer, and a device may never end.
  if (!(await Deno.stat(path)).isFile) throw new NotAFile(path);
  const file = await Deno.open(path);
  try {
    const info = await file.stat();
    const identity = identityOf(info);
    const name = await nameOf(info);
    const tail = await readTail(file, offset);
    await file.seek(offset, Deno.SeekMode.Start);
    return new PlainSource(file, name, identity, new LineCutter({ offset, tail }));
  } catch (error) {
    file.close();
    throw error;
  }
}

async function readTail(file: Deno.FsFile, offset: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.min(TAIL, offset));
  await file.seek(offset - bytes.length, Deno.SeekMode.Start);
  let length = 0;
  while (length < bytes.length) {
    const read = await file.read(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

class PlainSource implements Source {
  readonly name: string;
  readonly device: string;
  readonly inode: string;
  readonly cutter: LineCutter;
  readonly #file: Deno.FsFile;
  readonly #block = new Uint8Array(BLOCK);
  #at: number;

  constructor(
    file: Deno.FsFile,
    name: string,
    identity: ReturnType<typeof identityOf>,
    cutter: LineCutter,
  ) {
    this.#file = file;
    this.name = name;
    this.device = identity.device;
    this.inode = identity.inode;
    this.cutter = cutter;
    this.#at = cutter.offset;
  }

  async read(): Promise<Uint8Array | undefined> {
    const read = await this.#file.read(this.#block);
    if (read === null || read === 0) return undefined;
    this.#at += read;
    return this.#block.subarray(0, read);
  }

  async isUnchanged(): Promise<boolean> {
    if ((await this.#file.stat()).size < this.#at) return false;
    const { offset, tail } = this.cutter;
    const found = await readTail(this.#file, offset);
    await this.#file.seek(this.#at, Deno.SeekMode.Start);
    return fingerprintOf(found) === fingerprintOf(tail);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#file.close();
    return Promise.resolve();
  }
}

/**
 * Opens a packed file behind what was read of it before it was packed.
 *
 * @returns undefined when it is shorter
 */
export async function openPacked(
  path: string,
  name: string,
  offset: number,
): Promise<Source | undefined> {
  const { readable } = await Deno.open(path);
  const unpacked = Readable.from(readable).pipe(createGunzip());
  const source = new PackedSource(unpacked, name);
  return await source.skip(offset) ? source : undefined;
}

class PackedSource implements Source {
  readonly name: string;
  readonly device = "";
  readonly inode = "";
  cutter = new LineCutter();
  readonly #stream: Readable;
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array | undefined;

  constructor(stream: Readable, name: string) {
    this.#stream = stream;
    this.#pieces = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    this.name = name;
  }

  async skip(offset: number): Promise<boolean> {
    let tail = new Uint8Array();
    let skipped = 0;
    while (skipped < offset) {
      const { done, value } = await this.#pieces.next();
      if (done) return false;
      const wanted = Math.min(value.length, offset - skipped);
      const both = new Uint8Array(tail.length + wanted);
      both.set(tail);
      both.set(value.subarray(0, wanted), tail.length);
      tail = both.slice(-TAIL);
      skipped += wanted;
      if (wanted < value.length) this.#rest = value.subarray(wanted);
    }
    this.cutter = new LineCutter({ offset, tail });
    return true;
  }

  async read(): Promise<Uint8Array | undefined> {
    const rest = this.#rest;
    this.#rest = undefined;
    return rest ?? (await this.#pieces.next()).value as Uint8Array | undefined;
  }

  isUnchanged(): Promise<boolean> {
    return Promise.resolve(true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stream.destroy();
    return Promise.resolve();
  }
}
