/**
 * Replaces a file so that a reader sees the old content or the new one, never a part.
 *
 * @module
 */
import { faultPoint } from "../fault_point.ts";

/**
 * Writes beside the file, syncs, renames.
 *
 * @throws what the file system says; the temporary file is gone then
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.part`;
  try {
    // What a killed process left; a link that somebody put there must not be followed.
    await Deno.remove(temporary).catch(() => undefined);
    const file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o640 });
    try {
      const bytes = new TextEncoder().encode(text);
      for (let written = 0; written < bytes.length;) {
        written += await file.write(bytes.subarray(written));
      }
      await file.sync();
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

/** Makes what was renamed in a folder outlast a power cut. */
export async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path);
  await folder.sync();
}

/**
 * Makes a folder. One that root makes belongs to whoever owns the folder above, or Wazuh's own user
 * could not write there later.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { mode: 0o750 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(path, { recursive: true, mode: 0o750 });
  }
  const above = await Deno.stat(path.replace(/\/[^/]+\/*$/, "") || "/");
  if (above.uid === (await Deno.stat(path)).uid) return;
  await Deno.chown(path, above.uid, above.gid).catch((error: unknown) => {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  });
}
