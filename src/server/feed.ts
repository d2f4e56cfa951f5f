/**
 * The feed folder by HTTP, for a MISP that pulls it. Only the files of a feed are served, each complete.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { App } from "./context.ts";
import { type AccessRules, onlyViewers } from "./middleware/senders.ts";
import { messageOf } from "../errors.ts";

/** What the route of the feed needs. */
export interface FeedParts {
  /** Undefined: there is none. */
  readonly feedDirectory: string | undefined;
  readonly log: (level: "warning" | "error", message: string) => void;
}

/** The name of each file that a feed has. */
export const FEED_FILE =
  /^(manifest\.json|hashes\.csv|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json)$/;

const CHUNK = 64 * 1024;

/** Adds `GET /feed/manifest.json`, `/feed/hashes.csv` and `/feed/UUID.json`. */
export function addFeed(app: App, parts: AccessRules & FeedParts): void {
  app.get("/feed/:file", onlyViewers(parts), async (context) => {
    const name = context.req.param("file");
    const absent = () => context.json({ error: "the feed has no such file" }, 404);
    if (parts.feedDirectory === undefined || !FEED_FILE.test(name)) return absent();
    let opened: Opened | undefined;
    try {
      opened = await open(`${parts.feedDirectory}/${name}`);
    } catch (error) {
      parts.log("error", `GET /feed: ${messageOf(error)}`);
      return context.json({ error: "the feed cannot be read" }, 503);
    }
    if (opened === undefined) return absent();
    const { file, size, changedAt, etag } = opened;
    const headers = {
      "ETag": etag,
      // If-Modified-Since is not supported: it would miss a second change within one second.
      ...(changedAt === undefined ? {} : { "Last-Modified": changedAt.toUTCString() }),
      "Cache-Control": "private, no-cache",
    };
    const isKnown = matches(context.req.header("If-None-Match"), etag);
    if (isKnown || context.req.method === "HEAD") file.close();
    if (isKnown) return context.body(null, 304, headers);
    const type = name.endsWith(".csv") ? "text/csv; charset=utf-8" : "application/json";
    const all = { ...headers, "Content-Type": type, "Content-Length": String(size) };
    if (context.req.method === "HEAD") return context.body(null, 200, all);
    // An open file keeps its content: the publisher never writes into a file, it replaces it.
    return context.body(file.readable, 200, all);
  });
}

interface Opened {
  /** At its beginning. */
  readonly file: Deno.FsFile;
  readonly size: number;
  readonly changedAt: Date | undefined;
  /** Strong: of the content. */
  readonly etag: string;
}

/** The publisher may replace the file between the check and the open, but not each time. */
const TRIES = 5;

/** Opens a regular file; undefined: the path is missing, or is a link. */
async function open(path: string): Promise<Opened | undefined> {
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
      const { dev, ino, mtime } = await file.stat();
      if (dev === named.dev && ino === named.ino) {
        return { file, ...await digest(file), changedAt: mtime ?? undefined };
      }
      if (tries === 0) throw new Error("the file was replaced during each attempt to open it");
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
  }
}

/** Reads a file to its end, and goes back to its beginning. */
async function digest(file: Deno.FsFile): Promise<Pick<Opened, "size" | "etag">> {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(CHUNK);
  let size = 0;
  for (let read = await file.read(chunk); read !== null; read = await file.read(chunk)) {
    hash.update(chunk.subarray(0, read));
    size += read;
  }
  await file.seek(0, Deno.SeekMode.Start);
  return { size, etag: `"${hash.digest("base64url")}"` };
}

/** Compares as If-None-Match does: weak validators match, since a compressing proxy makes them. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" ||
    header.split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
}
