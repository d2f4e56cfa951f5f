/**
 * Replaces a file: a reader sees the old content or the new content, never a part of it.
 *
 * @module
 */
import { faultPoint } from "../fault_point.ts";
import { followed, giveToOwner } from "../file_owner.ts";

/**
 * Writes a temporary file beside it, syncs that, and renames it.
 *
 * @throws the error of the file system, after the temporary file is removed
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.part`;
  try {
    // A killed process may have left one, and a link that somebody put there must not be followed.
    await Deno.remove(temporary).catch(() => undefined);
    const file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o640 });
    try {
      const bytes = new TextEncoder().encode(text);
      for (let written = 0; written < bytes.length;) {
        written += await file.write(bytes.subarray(written));
      }
      await file.sync();
      giveToOwner(temporary);
    } finally {
      file.close();
    }
    faultPoint("feed-temp-before-rename");
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => undefined);
    throw error;
  }
}

/**
 * Reads a file.
 *
 * @returns undefined where there is none
 * @throws {ForeignLink} it is a link that Wazuh's user made to a file of another user
 */
export async function readOwned(path: string): Promise<string | undefined> {
  return followed(path) === undefined ? undefined : await Deno.readTextFile(path);
}

/** Syncs a folder, so that the renames in it survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path);
  await folder.sync();
}

/**
 * Makes a folder. When root makes it, it gets the owner of the parent folder: Wazuh's own user must be able
 * to write there later.
 *
 * @throws {ForeignLink} it is a link that Wazuh's user made to a folder of another user
 */
export async function makeFolder(path: string): Promise<void> {
  if (followed(path)?.isDirectory) return;
  try {
    await Deno.mkdir(path, { mode: 0o750 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(path, { recursive: true, mode: 0o750 });
  }
  giveToOwner(path);
}
