/**
 * Whether the files that a process works with were changed.
 *
 * @module
 */

/** What was changed: the buffer is another file or gone, or settings differ; undefined: nothing. */
export type Change = "buffer" | "settings" | undefined;

/**
 * Notes what the files are now.
 *
 * @returns what was changed since
 */
export async function noteFiles(
  buffer: string,
  settings: readonly string[],
): Promise<() => Promise<Change>> {
  const bufferBefore = await inodeOf(buffer);
  const settingsBefore = await stampsOf(settings);
  return async () => {
    const inode = await inodeOf(buffer);
    // A buffer that was gone before it could be noted counts as changed.
    if (inode === undefined) return "buffer";
    if (inode !== UNREADABLE && inode !== bufferBefore) return "buffer";
    return await stampsOf(settings) === settingsBefore ? undefined : "settings";
  };
}

/** What is known of a buffer that another process shut away for a while: that it is still there. */
const UNREADABLE = -1;

async function inodeOf(path: string): Promise<number | null | undefined> {
  try {
    return (await Deno.stat(path)).ino;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? undefined : UNREADABLE;
  }
}

async function stampsOf(files: readonly string[]): Promise<string> {
  const found = await Promise.all(files.map((file) => Deno.stat(file).catch(() => undefined)));
  return found.map((info) => `${info?.ino} ${info?.size} ${info?.mtime?.getTime()}`).join("\n");
}
