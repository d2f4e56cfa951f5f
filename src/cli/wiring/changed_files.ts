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
    if (inode === undefined || inode !== bufferBefore) return "buffer";
    return await stampsOf(settings) === settingsBefore ? undefined : "settings";
  };
}

const inodeOf = async (path: string) => (await Deno.stat(path).catch(() => undefined))?.ino;

async function stampsOf(files: readonly string[]): Promise<string> {
  const found = await Promise.all(files.map((file) => Deno.stat(file).catch(() => undefined)));
  return found.map((info) => `${info?.ino} ${info?.size} ${info?.mtime?.getTime()}`).join("\n");
}
