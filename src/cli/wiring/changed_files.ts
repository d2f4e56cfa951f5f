/**
 * What a publisher that was left behind leaves for.
 *
 * @module
 */

/** What became of the files that a process works with. */
export type Change = "buffer" | "settings" | undefined;

/**
 * Notes what the files are now.
 *
 * @returns tells what was changed since: the buffer is another file or gone, or settings are others
 */
export async function noteFiles(
  buffer: string,
  settings: readonly string[],
): Promise<() => Promise<Change>> {
  const bufferBefore = await inodeOf(buffer);
  const settingsBefore = await stampsOf(settings);
  return async () => {
    const inode = await inodeOf(buffer);
    // One that was gone before it could be noted never comes back.
    if (inode === undefined || inode !== bufferBefore) return "buffer";
    return await stampsOf(settings) === settingsBefore ? undefined : "settings";
  };
}

const inodeOf = async (path: string) => (await Deno.stat(path).catch(() => undefined))?.ino;

async function stampsOf(files: readonly string[]): Promise<string> {
  const found = await Promise.all(files.map((file) => Deno.stat(file).catch(() => undefined)));
  return found.map((info) => `${info?.ino} ${info?.size} ${info?.mtime?.getTime()}`).join("\n");
}
