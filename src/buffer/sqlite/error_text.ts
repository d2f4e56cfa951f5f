/**
 * What is wrong with the buffer's file, in words that say what to do.
 *
 * @module
 */
import { dirname } from "node:path";
import {
  BufferError,
  BUSY_TIMEOUT_MS,
  isBusy,
  isDamage,
  isNamed,
  type Problem,
  Unusable,
} from "./errors.ts";
import { messageOf } from "../../errors.ts";
import type { ForeignLink } from "../../file_owner.ts";

/**
 * Says on one line which file cannot be used, why, and what to do.
 *
 * @param lockTimeoutMs how long a lock was waited for, milliseconds
 */
export function toBufferError(
  path: string,
  error: unknown,
  lockTimeoutMs = BUSY_TIMEOUT_MS,
): BufferError {
  if (isNamed(error, "BufferError")) return error as BufferError;
  return new BufferError(path, problemOf(path, error, lockTimeoutMs), { cause: error });
}

/** Says that a damaged file was replaced, and what brings its content back. */
export function replaced(path: string, movedAside: string): BufferError {
  return new BufferError(path, {
    what: `it was damaged; it is kept as ${movedAside}, a new one was started`,
    hint: "`replay` of kept alert files fills it again",
  });
}

export function noFile(): Unusable {
  const what = "it is a folder, a pipe or a device";
  return new Unusable(what, "move it away, or set buffer.path to a file");
}

function problemOf(path: string, error: unknown, lockTimeoutMs: number): Problem {
  const message = messageOf(error);
  if (isDamage(error)) {
    return {
      what: `it is damaged (${message})`,
      hint: "`replay` of kept alert files moves it aside and fills a new one",
    };
  }
  if (isBusy(error)) {
    return {
      what: `another process has kept it locked for ${lockTimeoutMs / 1000} s (${message})`,
      hint: `\`fuser ${path}\` shows which`,
    };
  }
  // Without an inode the system says that there is no space.
  if (/disk is full|No space left/.test(message)) {
    return known(path, probe(path)) ?? KNOWN_PROBLEMS.ENOSPC!;
  }
  return known(path, error) ?? known(path, probe(path)) ??
    (/disk I\/O error/.test(message) ? KNOWN_PROBLEMS.EIO : undefined) ??
    { what: message, hint: "`doctor` looks at folder and file" };
}

const THEN = "and it goes on by itself";

/** By the system's codes: SQLite's words are the same for most of them. */
const KNOWN_PROBLEMS: Readonly<Record<string, Problem>> = {
  ENOSPC: { what: "the disk is full", hint: `free some space, ${THEN}` },
  EDQUOT: { what: "the disk quota is used up", hint: `free some space, ${THEN}` },
  EFBIG: {
    what: "a file may not grow any more",
    hint: "`ulimit -f` or the unit's LimitFSIZE limits its size; raise it",
  },
  EROFS: { what: "the file system is read-only", hint: `mount it writable again, ${THEN}` },
  EIO: { what: "the disk cannot be read or written", hint: "`dmesg` shows the cause" },
};

function known(path: string, error: unknown): Problem | undefined {
  if (isNamed(error, "Unusable")) return (error as Unusable).problem;
  if (isNamed(error, "ForeignLink")) return error as ForeignLink;
  if (error instanceof Deno.errors.NotCapable) {
    return {
      what: "this binary may not write there",
      hint: "keep buffer.path in the folder it was compiled for",
    };
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return { what: "permission denied", hint: hintOfOwner(dirname(path)) };
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return KNOWN_PROBLEMS[code] ?? (error === undefined ? undefined : spaceProblem(error));
}

/** A command only for the folder of this program: another one has an owner of its own. */
function hintOfOwner(folder: string): string {
  return folder.endsWith("/queue/custom-misp")
    ? `\`chown -R wazuh:wazuh ${folder}\` gives it to Wazuh's user`
    : "let Wazuh's user own the file and write its folder";
}

/** What is wrong where nothing more can be written; undefined for any other error. */
export function spaceProblem(error: unknown): Problem | undefined {
  const message = messageOf(error);
  if (/No space left/.test(message)) return KNOWN_PROBLEMS.ENOSPC;
  if (/quota exceeded/i.test(message)) return KNOWN_PROBLEMS.EDQUOT;
  return /File too large/.test(message) ? KNOWN_PROBLEMS.EFBIG : undefined;
}

/**
 * Asks the file system what is wrong with a path that SQLite could not use.
 *
 * @returns its error, undefined when it has none
 */
function probe(path: string): unknown {
  const trial = `${path}.probe-${Deno.pid}`;
  try {
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      const info = statOf(file);
      // Opening a pipe would wait for its reader.
      if (info !== undefined && !info.isFile) return noFile();
      if (info !== undefined) Deno.openSync(file, { read: true, write: true }).close();
    }
    try {
      Deno.openSync(trial, { write: true, createNew: true, mode: 0o600 }).close();
    } catch (error) {
      return messageOf(error).startsWith("No space left")
        ? new Unusable("no inode left on its disk", `remove files, ${THEN}`)
        : error;
    }
    Deno.writeFileSync(trial, new Uint8Array(PROBE_BYTES));
    // No larger file may be allowed. It is all hole, and takes no space.
    const sizes = [path, `${path}-wal`].map((file) => statOf(file)?.size ?? 0);
    Deno.truncateSync(trial, Math.max(...sizes) + PROBE_BYTES);
    return isLink(path) && statOf(path) === undefined
      ? new Unusable("it is a link to nowhere", "make that folder, or remove the link")
      : undefined;
  } catch (error) {
    return error;
  } finally {
    remove(trial);
  }
}

/** As much as SQLite's shared memory and a transaction need. */
export const PROBE_BYTES = 128 * 1024;

const isLink = (path: string) => Deno.lstatSync(path).isSymlink;

export function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It was not made; or it remains, and does no harm.
    return;
  }
}
