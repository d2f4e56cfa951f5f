/**
 * The buffer of a process: the file, or the database that `buffer.url` names. Where alerts are forwarded,
 * they wait in the file of their own machine. What a database needs is loaded only where there is one.
 *
 * @module
 */
import type { Buffer } from "../../../buffer/buffer.ts";
import type { OpenOptions } from "../../../buffer/sqlite/connect.ts";
import { bufferExists } from "../../../buffer/sqlite/open.ts";
import { SqliteBuffer } from "../../../buffer/sqlite/sqlite_buffer.ts";
import type { Config } from "../../../config/config.ts";
import { databaseOf } from "./database.ts";

/**
 * Opens the buffer. A database is connected to when it is first used.
 *
 * @param options of the file
 * @throws {BufferError} the file cannot be used
 * @throws {ConfigError} a password or certificate file cannot be read
 */
export async function openBuffer(config: Config, options: OpenOptions = {}): Promise<Buffer> {
  if (databaseOf(config) === undefined) {
    return new SqliteBuffer(config.buffer.path, Date.now(), options);
  }
  const { openDatabaseBuffer } = await import("./database_buffer.ts");
  return await openDatabaseBuffer(config);
}

/** A buffer that a command only looks into, and what it is called. */
export interface LookedInto {
  readonly buffer: Buffer;
  readonly name: string;
  /** Whether there is one yet. */
  readonly isThere: boolean;
}

/** Opens the buffer for a command that only looks: as root, Wazuh's user could not write a new one. */
export async function lookIntoBuffer(config: Config): Promise<LookedInto> {
  if (databaseOf(config) !== undefined) {
    const { databaseName, openDatabaseBuffer } = await import("./database_buffer.ts");
    return { buffer: await openDatabaseBuffer(config), name: databaseName(config), isThere: true };
  }
  const { path } = config.buffer;
  const isThere = bufferExists(path);
  const buffer = new SqliteBuffer(isThere ? path : ":memory:", Date.now(), { keepDamaged: true });
  return { buffer, name: isThere ? path : `${path} (not made yet)`, isThere };
}
