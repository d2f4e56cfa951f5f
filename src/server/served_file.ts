/**
 * A file that is served whole, and not again to who has it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Context as RequestContext } from "@hono/hono";
import type { Context } from "./context.ts";

const CHUNK = 64 * 1024;

/** The hashes of files that were read, so that a file that has not changed needs not be read. */
export class KnownHashes {
  readonly #known = new Map<string, { readonly stamp: string; readonly etag: string }>();

  /** Of the file that is open, where it is known; else it is read to its end, and set to its beginning. */
  async etagOf(path: string, file: Deno.FsFile): Promise<string> {
    const stamp = stampOf(await file.stat());
    const known = this.#known.get(path);
    if (known?.stamp === stamp) return known.etag;
    const etag = await digest(file);
    this.#known.set(path, { stamp, etag });
    return etag;
  }
}

/** Each content is another file: whoever writes one never writes into it, and renames it. */
const stampOf = ({ dev, ino, size, mtime }: Deno.FileInfo) =>
  `${dev} ${ino} ${size} ${mtime?.getTime()}`;

/**
 * Answers with a file, or with 304.
 *
 * @param hashes undefined: the file is read for its hash each time
 * @returns undefined: the path is missing, or is a link
 * @throws the error of the file system
 */
export async function serveFile(
  context: RequestContext<Context>,
  path: string,
  type: string,
  hashes?: KnownHashes,
): Promise<Response | undefined> {
  const file = await open(path);
  if (file === undefined) return undefined;
  let isKept = false;
  try {
    const { size, mtime } = await file.stat();
    const etag = await (hashes?.etagOf(path, file) ?? digest(file));
    const headers = {
      "ETag": etag,
      // If-Modified-Since is not supported: it would miss a second change within one second.
      ...(mtime === null ? {} : { "Last-Modified": mtime.toUTCString() }),
      "Cache-Control": "private, no-cache",
    };
    if (matches(context.req.header("If-None-Match"), etag)) {
      return context.body(null, 304, headers);
    }
    const all = { ...headers, "Content-Type": type, "Content-Length": String(size) };
    if (context.req.method === "HEAD") return context.body(null, 200, all);
    isKept = true;
    // An open file keeps its content: the publisher never writes into a file, it replaces it.
    return context.body(file.readable, 200, all);
  } finally {
    if (!isKept) file.close();
  }
}

/** The publisher may replace the file between the check and the open, but not each time. */
const TRIES = 5;

/** Opens a regular file at its beginning; undefined: the path is missing, or is a link. */
async function open(path: string): Promise<Deno.FsFile | undefined> {
  for (let tries = TRIES;; tries--) {
    let file: Deno.FsFile;
    let named: Deno.FileInfo;
    try {
      // A link must not be opened, wherever it leads; opening a pipe would never end.
      named = await Deno.lstat(path);
      if (!named.isFile) return undefined;
      file = await Deno.open(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
    try {
      const { dev, ino } = await file.stat();
      if (dev === named.dev && ino === named.ino) return file;
      if (tries === 0) throw new Error("the file was replaced during each attempt to open it");
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
  }
}

/** Reads a file to its end, and goes back to its beginning. @returns a strong ETag: of the content */
async function digest(file: Deno.FsFile): Promise<string> {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(CHUNK);
  for (let read = await file.read(chunk); read !== null; read = await file.read(chunk)) {
    hash.update(chunk.subarray(0, read));
  }
  await file.seek(0, Deno.SeekMode.Start);
  return `"${hash.digest("base64url")}"`;
}

/** Compares as If-None-Match does: weak validators match, since a compressing proxy makes them. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" ||
    header.split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
}
