/**
 * The kinds of errors of the buffer's file. error_text.ts says what to do about them; it is loaded when
 * one occurs.
 *
 * @module
 */
import { messageOf } from "../../errors.ts";

/** How long a writer waits for another, milliseconds. */
export const BUSY_TIMEOUT_MS = 10_000;

/** What is wrong with a file, and what to do about it. */
export interface Problem {
  readonly what: string;
  readonly hint: string;
}

/** The buffer cannot be used: which file, what is wrong, what to do. One line. */
export class BufferError extends Error implements Problem {
  override name = "BufferError";
  readonly what: string;
  readonly hint: string;

  constructor(path: string, { what, hint }: Problem, options?: ErrorOptions) {
    super(`buffer ${path}: ${what}; ${hint}`, options);
    this.what = what;
    this.hint = hint;
  }
}

/**
 * Whether an error is of a class of that name. In the binary, what is loaded later brings classes of its
 * own (deploy/startup/README.md).
 */
export function isNamed(error: unknown, name: string): error is Error {
  return error instanceof Error && error.name === name;
}

/** What was read is not what was once written, whatever SQLite thinks of it. */
export class Damage extends Error {
  override name = "Damage";
}

/** What SQLite does not find: still without the file's name. */
export class Unusable extends Error {
  override name = "Unusable";
  readonly problem: Problem;

  constructor(what: string, hint: string) {
    super(what);
    this.problem = { what, hint };
  }
}

/** A value does not fit its column: the next try meets it again, and others have no part in it. */
export class Unstorable extends Error {
  override name = "Unstorable";

  /** @param reason what the database says */
  constructor(reason: string, options?: ErrorOptions) {
    super(`the buffer cannot hold such a value (${reason}); please report it`, options);
  }
}

/**
 * Whether SQLite refuses a value: SQLITE_TOOBIG, SQLITE_CONSTRAINT and SQLITE_MISMATCH, in the lower byte of
 * an extended code.
 */
export function isOfValue(error: unknown): boolean {
  return error instanceof Error && "errcode" in error &&
    [18, 19, 20].includes(Number(error.errcode) & 0xff);
}

/**
 * Whether an error is SQLITE_CORRUPT or SQLITE_NOTADB, which node:sqlite names by their texts only. A
 * table is missing where another process moved a damaged file away between its opening and its use,
 * or where the database is another program's; Deno 2.5 says only that a statement cannot be prepared.
 */
export function isDamage(error: unknown): boolean {
  return isNamed(error, "Damage") ||
    /malformed|not a database|no such (table|column)|failed to prepare/i.test(messageOf(error));
}

/**
 * Whether an error of a connection that was opened just now says for certain that the file is not a
 * buffer. A statement that cannot be prepared may be due to a disk that was not read.
 */
export function isProvenDamage(error: unknown): boolean {
  return isDamage(error) && !/failed to prepare/i.test(messageOf(error));
}

/** Whether an error came from the file, not from what was to be written into it. */
export function isOfFile(error: unknown): boolean {
  return isNamed(error, "Damage") ||
    error instanceof Error && "code" in error &&
      /^ERR_(SQLITE|INVALID_STATE)/.test(`${error.code}`);
}

/**
 * Reads a JSON text that this program wrote.
 *
 * @throws {Damage} it is none
 */
export function storedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Damage("a stored text is not JSON", { cause: error });
  }
}

export const isBusy = (error: unknown) => /locked|busy/i.test(messageOf(error));
