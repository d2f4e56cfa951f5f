/**
 * Replaces a file: a reader sees the old content or the new content, never a part of it.
 *
 * @module
 */
import { dirname } from "node:path";
import { faultPoint } from "../fault_point.ts";
import { followed, giveToOwner, isFileThere } from "../file_owner.ts";

/**
 * Writes a temporary file beside it, syncs that, and renames it.
 *
 * @throws the error of the file system, after the temporary file is removed
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  await using next = await Replacement.begin(path);
  await next.write(text);
  await next.commit();
}

/**
 * The next content of a file, written part by part. Without a commit it is removed. Every method throws the
 * error of the file system.
 */
export class Replacement implements AsyncDisposable {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: Deno.FsFile;
  readonly #encoder = new TextEncoder();
  #isOpen = true;
  #isCommitted = false;

  private constructor(path: string, temporary: string, file: Deno.FsFile) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  /** Makes the temporary file beside the file. */
  static async begin(path: string): Promise<Replacement> {
    const temporary = `${path}.part`;
    // A killed process may have left one, and a link that somebody put there must not be followed.
    await Deno.remove(temporary).catch(() => undefined);
    const file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o640 });
    return new Replacement(path, temporary, file);
  }

  /** Appends a text. */
  async write(text: string): Promise<void> {
    const bytes = this.#encoder.encode(text);
    for (let written = 0; written < bytes.length;) {
      written += await this.#file.write(bytes.subarray(written));
    }
  }

  /** Puts it in the place of the file. */
  async commit(): Promise<void> {
    await this.#file.sync();
    giveToOwner(this.#temporary);
    this.#close();
    faultPoint("feed-temp-before-rename");
    await Deno.rename(this.#temporary, this.#path);
    this.#isCommitted = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    if (!this.#isCommitted) await Deno.remove(this.#temporary).catch(() => undefined);
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#file.close();
  }
}

/**
 * Reads a file.
 *
 * @returns undefined where there is none
 * @throws {ForeignLink} it is a link that Wazuh's user made to a file of another user
 * @throws {Error} it is not a file
 */
export async function readOwned(path: string): Promise<string | undefined> {
  return isFileThere(path) ? await Deno.readTextFile(path) : undefined;
}

/** Syncs a folder, so that the renames in it survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path);
  await folder.sync();
}

/**
 * Makes a folder, and those above it. When root makes one, it gets the owner of the parent folder: Wazuh's own user must be able
 * to write there later.
 *
 * @throws {ForeignLink} it is a link that Wazuh's user made to a folder of another user
 */
export async function makeFolder(path: string): Promise<void> {
  if (followed(path)?.isDirectory) return;
  try {
    await Deno.mkdir(path, { mode: 0o750 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await makeFolder(dirname(path));
    await Deno.mkdir(path, { mode: 0o750 });
  }
  giveToOwner(path);
}
