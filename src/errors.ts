/**
 * What was thrown, in words.
 *
 * @module
 */

/** How Deno names an access that is not permitted. */
const REQUIRES = /^Requires (\w+) access to (?:"([^"]*)"|(.*?)), /;

const ACCESS: Readonly<Record<string, string>> = {
  read: "read",
  write: "write",
  net: "connect to or listen on",
  run: "run",
  env: "read the variable",
};

/** The system's own words, without its number and without Deno's name of the call behind them. */
const OF_SYSTEM = /^(.*?) \(os error \d+\)(?::.*)?$/s;

/**
 * The message of what was thrown, whatever that is. Of the system's errors only the system's words remain,
 * and of an access that was not compiled in what it was.
 */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error;
  const [, access = "", target, other] = REQUIRES.exec(message) ?? [];
  if (access !== "") {
    const does = ACCESS[access] ?? `use ${access} of`;
    return `this binary was compiled without permission to ${does} ${target ?? other}`;
  }
  return OF_SYSTEM.exec(message)?.[1] ?? message;
}

/** What the system says of a disk, and what this program does. */
const OF_DISK: readonly (readonly [RegExp, string])[] = [
  [/^No space left/, "the disk is full"],
  [/quota exceeded/i, "the disk quota is used up"],
  [/^Read-only file system/, "the file system is read-only"],
];

/** The same of a file that the caller names, with the next step. */
export function fileReason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.NotCapable) {
    return "this binary was compiled without permission for it";
  }
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  if (error instanceof Deno.errors.NotADirectory) return "a part of its path is not a folder";
  const message = messageOf(error);
  return OF_DISK.find(([pattern]) => pattern.test(message))?.[1] ?? message;
}
