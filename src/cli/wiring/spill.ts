/**
 * What becomes of an alert that an integration call could not store: a spill file, where there can be
 * one. Loaded only then.
 *
 * @module
 */
import { BACKGROUND_LEASE } from "../../publish/names.ts";
import { spilledBytes, writeSpillFile } from "../../buffer/spill/write.ts";
import { openReady } from "../../buffer/sqlite/connect.ts";
import { isNamed } from "../../buffer/sqlite/errors.ts";
import type { Loaded } from "../../config/load.ts";
import { messageOf } from "../../errors.ts";
import type { Decision } from "../../model.ts";
import { EXIT, Failure } from "../exit.ts";
import type { Log } from "../terminal/log.ts";
import { startBackgroundPublisher } from "./background_publisher.ts";
import type { Start } from "./context.ts";

/** The call, and what it was to store. */
export interface Unstored {
  readonly start: Start;
  readonly loaded: Loaded;
  /** The alert file as it is. */
  readonly bytes: Uint8Array;
  readonly decisions: readonly Decision[];
  readonly log: Log;
  /** Milliseconds UTC. */
  readonly now: number;
}

/**
 * Spills an alert that the buffer's file cannot take now. A spool that is full says no by itself.
 *
 * @param error why it was not stored
 * @returns the exit code of a call whose alert is on disk
 * @throws {Failure} the alert is lost
 */
export function spillOrFail(unstored: Unstored, error: unknown): number {
  const { start, loaded: { config }, bytes, decisions, log, now } = unstored;
  const reason = messageOf(error);
  const isAlert = decisions.some((one) => one.kind === "attempts" || one.key !== undefined);
  if (!isAlert || !isNamed(error, "BufferError")) throw notStored(reason);
  const { path: buffer, maxBytes } = config.buffer;
  if (isFull(buffer, bytes.length, maxBytes)) {
    throw notStored(`${reason}; and spill files fill buffer.max_bytes ${maxBytes}`);
  }
  const path = written(buffer, bytes, now);
  if (path === undefined) throw notStored(reason);
  log("warning", `the alert is kept as ${path} until the buffer can be written: ${reason}`);
  if (!hasPublisher(buffer, now)) startBackgroundPublisher(start, unstored.loaded, log);
  return EXIT.ok;
}

const notStored = (reason: string) =>
  new Failure(EXIT.failed, `the alert was not stored: ${reason}`);

function isFull(buffer: string, incoming: number, maxBytes: number): boolean {
  try {
    return spilledBytes(buffer) + incoming > maxBytes;
  } catch {
    // Writing meets the same error.
    return false;
  }
}

/** What keeps the buffer from being written mostly keeps the folder, too: the first error says it. */
function written(buffer: string, bytes: Uint8Array, now: number): string | undefined {
  try {
    return writeSpillFile(buffer, bytes, now);
  } catch {
    return undefined;
  }
}

/** A lock of another process does not keep it from being read. */
function hasPublisher(path: string, now: number): boolean {
  try {
    const db = openReady(path);
    if (db === undefined) return false;
    try {
      const held = "SELECT 1 FROM lease WHERE name = ? AND expires_at > ?";
      return db.prepare(held).get(BACKGROUND_LEASE, now) !== undefined;
    } finally {
      db.close();
    }
  } catch {
    return false;
  }
}
