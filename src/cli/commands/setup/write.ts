/**
 * Writes files into Wazuh's `etc/`, as `deploy/install.sh` does: Wazuh's user may write that folder, so
 * each file is made whole in a folder that only root can write, and renamed. A rename follows no link.
 *
 * @module
 */
import { dirname } from "node:path";
import { fileReason } from "../../../errors.ts";
import { EXIT, Failure } from "../../exit.ts";

/** Owner and permission bits of a file. */
export interface Owner {
  readonly uid: number | null;
  readonly gid: number | null;
  readonly mode: number;
}

/** The owner of new files: that of the folder of secrets, root and Wazuh's group. */
export function secretsOwner(folder: string): Owner {
  try {
    const { uid, gid, isDirectory } = Deno.lstatSync(folder);
    if (isDirectory) return { uid, gid, mode: 0o640 };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new Failure(EXIT.failed, `${folder}: ${fileReason(error)}`);
    }
  }
  throw new Failure(EXIT.failed, `there is no folder ${folder}; run deploy/install.sh first`);
}

/**
 * Puts a file at a path, in the place of what is there.
 *
 * @param staging a folder on the same disk that only root can write
 * @throws {Failure} it cannot be written; what was there is as it was
 */
export function putFile(path: string, bytes: Uint8Array, owner: Owner, staging: string): void {
  const staged = `${staging}/.setup-${crypto.randomUUID()}`;
  try {
    {
      using file = Deno.openSync(staged, { write: true, createNew: true, mode: 0o600 });
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      file.syncSync();
      const now = file.statSync();
      if (now.uid !== owner.uid || now.gid !== owner.gid) {
        Deno.chownSync(staged, owner.uid, owner.gid);
      }
    }
    Deno.chmodSync(staged, owner.mode & 0o777);
    Deno.renameSync(staged, path);
  } catch (error) {
    removeIfThere(staged);
    throw new Failure(
      EXIT.failed,
      `${path} cannot be written: ${fileReason(error)}; ${hintOf(error)}`,
    );
  }
}

function hintOf(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) return "run setup as root";
  if (error instanceof Deno.errors.NotCapable) {
    return "leave out --config, or compile the binary with --root for another folder";
  }
  if (error instanceof Deno.errors.NotFound) return "run deploy/install.sh first";
  return "nothing was changed there; run setup again once that is fixed";
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It was renamed, or never made.
  }
}

/** A file that is read through no link: its bytes and its owner. */
export interface Found {
  readonly bytes: Uint8Array;
  readonly owner: Owner;
}

/**
 * Reads a file that Wazuh's user could replace by a link to what only root may read.
 *
 * @returns undefined where there is nothing
 * @throws {Failure} it is a link or not a file, or cannot be read
 */
export function readNoLink(path: string): Found | undefined {
  try {
    const named = Deno.lstatSync(path);
    if (!named.isFile) {
      throw new Failure(EXIT.failed, `${path} is not a file; setup follows no link`);
    }
    using file = Deno.openSync(path);
    const { dev, ino, uid, gid, mode } = file.statSync();
    if (dev !== named.dev || ino !== named.ino) {
      throw new Failure(EXIT.failed, `${path} was replaced while it was opened; run setup again`);
    }
    const bytes = new Uint8Array(named.size);
    let length = 0;
    while (length < bytes.length) {
      const read = file.readSync(bytes.subarray(length));
      if (read === null) break;
      length += read;
    }
    return { bytes: bytes.subarray(0, length), owner: { uid, gid, mode: mode ?? 0o640 } };
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Failure(EXIT.failed, `${path} cannot be read: ${fileReason(error)}`);
  }
}

/** Whether a path lies in a folder or below it. */
export const isBelow = (path: string, folder: string): boolean =>
  dirname(path) === folder || path.startsWith(`${folder}/`);
