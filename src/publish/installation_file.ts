/**
 * The file beside the buffer that says whose events the buffer's are. A buffer that was damaged, moved
 * aside or deleted finds its events by it, and a folder that was copied is noticed by it.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { messageOf } from "../errors.ts";
import { giveToOwner, isFileThere } from "../file_owner.ts";
import { type Fields, isFields } from "../json.ts";
import type { Installation } from "../misp/uuid.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The path of the file for a buffer; undefined: that buffer is in memory, and has none. */
export function installationPath(buffer: string): string | undefined {
  return buffer === ":memory:" ? undefined : join(dirname(buffer), "installation.json");
}

/** What a file holds, and whether it is a copy of the file that the program wrote. */
export interface InstallationFile {
  readonly installation: Installation;
  readonly isCopy: boolean;
}

/**
 * Reads the file.
 *
 * @param path undefined: there is none
 * @returns undefined where there is none
 * @throws {Error} it cannot be read, or holds something else; the message has the next step
 */
export function readInstallation(path: string | undefined): InstallationFile | undefined {
  if (path === undefined) return undefined;
  let text: string;
  try {
    if (!isFileThere(path)) return undefined;
    text = Deno.readTextFileSync(path);
  } catch (error) {
    throw new Error(`${path} cannot be read: ${messageOf(error)}`);
  }
  const installation = parseInstallation(text);
  if (installation === undefined) {
    throw new Error(`${path} is not a file of this program; delete it, and it is made again`);
  }
  // A copy is another file: it has another number, on this machine as on any other.
  const { inode } = JSON.parse(text) as Fields;
  return { installation, isCopy: inode !== inodeOf(path) };
}

/** Reads the text of an installation; undefined: it is something else. */
export function parseInstallation(text: string): Installation | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isFields(parsed)) return undefined;
  const { id, organisation } = parsed;
  if (!isUuidOrNull(id) || !isUuidOrNull(organisation)) return undefined;
  return { id: id ?? undefined, organisation: organisation ?? undefined };
}

/** The text of an installation. */
export function installationText({ id, organisation }: Installation): string {
  return JSON.stringify(fieldsOf({ id, organisation }));
}

const fieldsOf = ({ id, organisation }: Installation) => ({
  id: id ?? null,
  organisation: organisation ?? null,
});

const isUuidOrNull = (value: unknown): value is string | null =>
  value === null || typeof value === "string" && UUID.test(value);

/**
 * Writes the file in one step: another process sees all of it or none.
 *
 * @throws {Error} it cannot be written; the message names the file
 */
export function writeInstallation(path: string | undefined, installation: Installation): void {
  if (path === undefined) return;
  const temporary = `${path}.part`;
  try {
    // A process that was killed may have left one.
    removeIfThere(temporary);
    try {
      using file = Deno.openSync(temporary, { write: true, createNew: true, mode: 0o640 });
      const inode = inodeOf(temporary);
      const bytes = new TextEncoder().encode(
        `${JSON.stringify({ ...fieldsOf(installation), inode }, undefined, 2)}\n`,
      );
      for (let written = 0; written < bytes.length;) {
        written += file.writeSync(bytes.subarray(written));
      }
      file.syncSync();
      giveToOwner(temporary);
      Deno.renameSync(temporary, path);
    } catch (error) {
      removeIfThere(temporary);
      throw error;
    }
    using folder = Deno.openSync(dirname(path));
    folder.syncSync();
  } catch (error) {
    throw new Error(`${path} cannot be written: ${messageOf(error)}`);
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The number of a file in its file system; null where the system has none. */
const inodeOf = (path: string) => Deno.lstatSync(path).ino;
