/**
 * Files that a process of root makes or writes in folders of Wazuh's user: they must belong to that
 * user, and that user must not choose by a link what root writes (docs/security.md).
 *
 * @module
 */
import { dirname } from "node:path";

/** A symbolic link that is not followed. One line. */
export class ForeignLink extends Error {
  override name = "ForeignLink";
  readonly what: string;
  readonly hint: string;

  constructor(what: string, hint: string) {
    super(`${what}; ${hint}`);
    this.what = what;
    this.hint = hint;
  }
}

/**
 * Looks at what a path leads to. A link of root's may lead anywhere; one of another user only to what
 * belongs to that user. The binary may not ask which user it runs as.
 *
 * @returns undefined where there is nothing
 * @throws {ForeignLink} the link leads elsewhere
 */
export function followed(path: string): Deno.FileInfo | undefined {
  const named = orMissing(() => Deno.lstatSync(path));
  if (!named?.isSymlink) return named;
  const target = orMissing(() => Deno.statSync(path));
  if (named.uid === 0 || target !== undefined && target.uid === named.uid) return target;
  if (target === undefined) {
    throw new ForeignLink(
      `${path} is a link to nowhere`,
      "make that folder and an empty file in it, or remove the link",
    );
  }
  throw new ForeignLink(
    `${path} is a symbolic link of user ${named.uid} to what belongs to user ${target.uid}`,
    "remove it, or let root make it",
  );
}

/**
 * Whether there is a file to read. Of nothing else is it tried: to open a pipe would wait for its writer,
 * and a device may never end.
 *
 * @throws {ForeignLink} see {@link followed}
 * @throws {Error} it is something else; the message has the next step
 */
export function isFileThere(path: string): boolean {
  const info = followed(path);
  if (info === undefined || info.isFile) return info !== undefined;
  throw new Error(`${path} is a folder, a pipe or a device; remove it, and it is made again`);
}

/** A rotation may replace the file between the look and the opening, but not each time. */
const TRIES = 5;

/**
 * Opens a file for writing, makes it where it is missing, and compares what was opened with what was
 * looked at: a link that was put there in between is not written through.
 *
 * @throws {ForeignLink} see {@link followed}
 */
export function openOwned(path: string, how: "append" | "write"): Deno.FsFile {
  for (let tries = TRIES;; tries--) {
    const known = followed(path);
    try {
      const file = Deno.openSync(path, {
        [how]: true,
        ...(known === undefined ? { createNew: true, mode: 0o640 } : {}),
      });
      if (known === undefined) giveToOwner(path);
      const { dev, ino } = file.statSync();
      const named = known ?? followed(path);
      if (dev === named?.dev && ino === named.ino) return file;
      file.close();
    } catch (error) {
      const isReplaced = error instanceof Deno.errors.AlreadyExists ||
        error instanceof Deno.errors.NotFound;
      if (!isReplaced || tries === 0) throw error;
    }
    if (tries === 0) throw new Error(`${path} was replaced during each attempt to open it`);
  }
}

/** Appends a text to a file, as {@link openOwned} opens it. */
export function appendText(path: string, text: string): void {
  using file = openOwned(path, "append");
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += file.writeSync(bytes.subarray(written));
  }
}

/**
 * A file made by root belongs to the owner of its folder, or Wazuh's own user could not write it later.
 * Only root can give files away, and only root needs to.
 */
export function giveToOwner(path: string): void {
  const folder = ownerOf(dirname(path));
  if (folder === undefined) return;
  const made = Deno.lstatSync(path);
  // Of a folder of root's, Wazuh's group still has to read the files.
  if (folder.uid === made.uid && folder.gid === made.gid) return;
  // Deno.chown() would follow a link that was put there meanwhile, and give away what it leads to.
  const { lchownSync } = process.getBuiltinModule("node:fs");
  try {
    lchownSync(path, folder.uid!, folder.gid!);
  } catch (error) {
    const isDenied = error instanceof Deno.errors.PermissionDenied ||
      error instanceof Error && "code" in error && error.code === "EPERM";
    if (!isDenied) throw error;
  }
}

function ownerOf(folder: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    // Of Wazuh's logs the binary may look at this folder alone, which has the same owner.
    return orMissing(() => Deno.statSync(`${folder}/alerts`));
  }
}

function orMissing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
