/**
 * How many bytes a follower still has to read.
 *
 * @module
 */
import type { Checkpoint } from "../buffer/intake.ts";

/**
 * Bytes behind a checkpoint.
 *
 * @param path of `alerts.json`
 * @returns undefined when the follower is in another file, or nothing can be read there
 */
export function lagOf(
  path: string,
  { inode, offset }: Pick<Checkpoint, "inode" | "offset">,
): number | undefined {
  try {
    const { ino, size } = Deno.statSync(path);
    return String(ino) === inode ? Math.max(0, size - offset) : undefined;
  } catch {
    return undefined;
  }
}
