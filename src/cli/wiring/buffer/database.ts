/**
 * Whether a database holds the buffer of this machine. Pure.
 *
 * @module
 */
import type { Config } from "../../../config/config.ts";

/** The `buffer.url` that is heeded; undefined: the buffer is a file. */
export function databaseOf({ buffer, forward }: Config): string | undefined {
  return forward.url === undefined ? buffer.url : undefined;
}

/** The file whose folder holds what belongs to the buffer; `:memory:` where replicas share a database. */
export function bufferFile(config: Config): string {
  return databaseOf(config) === undefined ? config.buffer.path : ":memory:";
}
