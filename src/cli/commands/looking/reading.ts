/**
 * The buffer of a command that only reads.
 *
 * @module
 */
import type { Buffer } from "../../../buffer/buffer.ts";
import type { Config } from "../../../config/config.ts";
import { lookIntoBuffer } from "../../wiring/buffer/open.ts";
import { loadStartConfig, type Start } from "../../wiring/context.ts";

/** A configuration and its buffer, which must be closed. */
export interface Reading {
  readonly config: Config;
  readonly buffer: Buffer;
}

/**
 * Opens the buffer of a start, or an empty one where there is none yet.
 *
 * @throws {ConfigError}
 */
export async function openReading(start: Start): Promise<Reading> {
  const { config } = loadStartConfig(start);
  const { buffer } = await lookIntoBuffer(config);
  return { config, buffer };
}
