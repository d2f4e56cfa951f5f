/**
 * The spill files beside the buffer: alert files that an integration call could not store.
 *
 * @module
 */
import { dirname, join } from "node:path";

/** Longest spill file, bytes: as long as the longest alert file. */
export const LONGEST_SPILL_FILE = 16 * 1024 * 1024;

/** Its name has the time of the call, milliseconds UTC. No other file is ever touched. */
const SPILL_FILE = /^spill-(\d{13})-[0-9a-f]{8}\.json$/;
const UNFINISHED = /^spill-(\d{13})-[0-9a-f]{8}\.json\.part$/;

/** A spill file that waits. */
export interface SpillFile {
  readonly name: string;
  readonly path: string;
  /** When the alert came, milliseconds UTC. */
  readonly at: number;
}

/** A new name, that no other call chooses. */
export function spillName(now: number): string {
  const random = crypto.getRandomValues(new Uint8Array(4)).toHex();
  return `spill-${String(now).padStart(13, "0")}-${random}.json`;
}

/** The folder of the spill files of a buffer. */
export const spillFolder = (buffer: string) => dirname(buffer);

/**
 * The spill files that wait, oldest first.
 *
 * @param buffer path of the buffer
 * @returns none where there is no such folder
 * @throws what the file system says
 */
export function spillFiles(buffer: string): readonly SpillFile[] {
  return filesLike(buffer, SPILL_FILE);
}

/** Files of calls that write one, or that died before it was whole. */
export function unfinishedSpillFiles(buffer: string): readonly SpillFile[] {
  return filesLike(buffer, UNFINISHED);
}

function filesLike(buffer: string, pattern: RegExp): readonly SpillFile[] {
  if (buffer === ":memory:") return [];
  const folder = spillFolder(buffer);
  try {
    return [...Deno.readDirSync(folder)].flatMap(({ name }) => {
      const at = pattern.exec(name)?.[1];
      return at === undefined ? [] : [{ name, path: join(folder, name), at: Number(at) }];
    }).sort((one, other) => one.name < other.name ? -1 : 1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
