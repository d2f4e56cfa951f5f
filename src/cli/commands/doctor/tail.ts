/**
 * Reads files of Wazuh, which may be anything, and only as far as they may be read.
 *
 * @module
 */

/**
 * The last bytes of a file as text, from the beginning of a line.
 *
 * @returns undefined when it cannot be read, or is not a file: to open a pipe would wait for its writer
 */
export function tailOf(path: string, most: number): string | undefined {
  try {
    if (!Deno.statSync(path).isFile) return undefined;
    using file = Deno.openSync(path);
    const { size } = file.statSync();
    const start = Math.max(0, size - most);
    file.seekSync(start, Deno.SeekMode.Start);
    const bytes = new Uint8Array(Math.min(size, most));
    let length = 0;
    while (length < bytes.length) {
      const read = file.readSync(bytes.subarray(length));
      if (read === null) break;
      length += read;
    }
    const text = new TextDecoder().decode(bytes.subarray(0, length));
    return start === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } catch {
    return undefined;
  }
}
