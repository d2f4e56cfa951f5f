/**
 * The buffer of a command that only reads.
 *
 * @module
 */
import { bufferExists } from "../../../buffer/sqlite/open.ts";
import { SqliteBuffer } from "../../../buffer/sqlite/sqlite_buffer.ts";
import type { Config } from "../../../config/config.ts";
import { loadStartConfig, type Start } from "../../wiring/context.ts";

/** A configuration and its buffer, which must be closed. */
export interface Reading {
  readonly config: Config;
  readonly buffer: SqliteBuffer;
}

/**
 * Opens the buffer of a start, or an empty one where there is none yet. A command that only reads must
 * not create a buffer: as root, Wazuh's user could not write it.
 *
 * @throws {ConfigError}
 */
export function openReading(start: Start): Reading {
  const { config } = loadStartConfig(start);
  const path = bufferExists(config.buffer.path) ? config.buffer.path : ":memory:";
  return { config, buffer: new SqliteBuffer(path, Date.now(), { keepDamaged: true }) };
}
