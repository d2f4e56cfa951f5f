/**
 * Files that keys of the configuration name.
 *
 * @module
 */
import { ConfigError } from "../config/values.ts";
import { messageOf } from "../errors.ts";

/**
 * Reads the file that a configuration key names; undefined where it names none.
 *
 * @throws {ConfigError} the file cannot be read
 */
export function readSetting(key: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotCapable
      ? "this binary may not read there; put it into the configuration folder"
      : messageOf(error);
    throw new ConfigError(`${key} ${path}: ${reason}`);
  }
}
