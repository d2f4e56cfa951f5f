/**
 * Writes a spill file: what an integration call does with an alert that the buffer cannot take, since
 * integratord never comes again with it. Loaded only then.
 *
 * @module
 */
import { join } from "node:path";
import { faultPoint } from "../../fault_point.ts";
import { giveToOwner } from "../../file_owner.ts";
import { spillFiles, spillFolder, spillName, unfinishedSpillFiles } from "./files.ts";

/**
 * Writes the bytes of an alert file beside the buffer. When it returns, they are on disk.
 *
 * @param buffer path of the buffer
 * @param now milliseconds UTC
 * @returns path of the file
 * @throws the error of the file system; nothing is left then
 */
export function writeSpillFile(buffer: string, bytes: Uint8Array, now: number): string {
  const folder = spillFolder(buffer);
  makeFolder(folder);
  const path = join(folder, spillName(now));
  const unfinished = `${path}.part`;
  try {
    writeSynced(unfinished, bytes);
    giveToOwner(unfinished);
    faultPoint("spill-part-before-rename");
    Deno.renameSync(unfinished, path);
  } catch (error) {
    remove(unfinished);
    throw error;
  }
  syncFolder(folder);
  return path;
}

/**
 * What all spill files of a buffer have together, bytes.
 *
 * @throws what the file system says
 */
export function spilledBytes(buffer: string): number {
  let bytes = 0;
  for (const { path } of [...spillFiles(buffer), ...unfinishedSpillFiles(buffer)]) {
    try {
      bytes += Deno.lstatSync(path).size;
    } catch (error) {
      // It was taken in meanwhile.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return bytes;
}

/** The first call of all may be the one that cannot make the buffer. */
function makeFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o750 });
  } catch (error) {
    // Deno asks for a permission of the folder above even where this one is there.
    if (!Deno.statSync(folder).isDirectory) throw error;
  }
}

function writeSynced(path: string, bytes: Uint8Array): void {
  using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o640 });
  for (let written = 0; written < bytes.length;) {
    written += file.writeSync(bytes.subarray(written));
  }
  file.syncSync();
}

/** Some file systems cannot sync a folder; the file itself is on disk. */
function syncFolder(folder: string): void {
  try {
    using opened = Deno.openSync(folder);
    opened.syncSync();
  } catch {
    return;
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It was not made; or it remains, and counts against the limit until it is removed.
    return;
  }
}
