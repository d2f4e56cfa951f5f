/**
 * Reads spill files, whoever may have put one there: a link, a pipe or a file that is too large is never
 * opened as an alert.
 *
 * @module
 */
import { LONGEST_SPILL_FILE, type SpillFile } from "./files.ts";

/** A file is in nobody's way for so long while its call may still write it, milliseconds. */
export const UNFINISHED_FOR_MS = 60 * 60_000;

/** Why a spill file is not an alert file. */
export interface Unreadable {
  readonly reason: string;
}

/**
 * Reads a spill file.
 *
 * @returns undefined where another process has taken it in
 * @throws what the file system says
 */
export function readSpillFile({ path }: SpillFile): Uint8Array | Unreadable | undefined {
  try {
    const before = Deno.lstatSync(path);
    if (!before.isFile) return { reason: "it is not a regular file" };
    if (before.size > LONGEST_SPILL_FILE) return { reason: `it has ${before.size} bytes` };
    using file = Deno.openSync(path);
    const { ino, dev } = file.statSync();
    // Somebody put another file in its place between the two calls.
    if (ino !== before.ino || dev !== before.dev) return { reason: "it is a link" };
    return readAtMost(file, before.size);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function readAtMost(file: Deno.FsFile, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const read = file.readSync(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

/** Keeps a file that is not an alert, under a name that nobody takes in. A link is renamed, not followed. */
export function markDamaged({ path }: SpillFile): void {
  ifThere(() => Deno.renameSync(path, `${path}.damaged`));
}

/** Removes a file whose alerts are stored. */
export function removeSpillFile({ path }: SpillFile): void {
  ifThere(() => Deno.removeSync(path));
}

function ifThere(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
