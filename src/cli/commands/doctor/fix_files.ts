/**
 * `doctor --fix` on this machine: owner and mode of the folder of this program's state, and of what the
 * program makes in it. docs/security.md says why nothing else is touched.
 *
 * Wazuh's user may put anything into that folder at any time, while root fixes it. No link is followed, a
 * file with a second name is not touched, and what is changed is the very file that was looked at. What is
 * in a folder below is changed only where nobody but root can put something else there meanwhile.
 *
 * @module
 */
// Deno 2.5.7 exports lchownSync only as a part of the whole module.
import fs from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Config } from "../../../config/config.ts";
import { fileReason } from "../../../errors.ts";
import { shellWord } from "../../../text.ts";
import { type Check, ok, warning } from "../../terminal/checks.ts";
import { counted } from "../../terminal/counted.ts";

const NAME = "files";

/** Of the state folder, as deploy/install.sh makes it. */
const STATE_MODE = 0o750;
/** Bits that the owner of a folder and of a file needs. */
const LEAST_OF_FOLDER = 0o700;
const LEAST_OF_FILE = 0o600;
/** Bits that nobody else may have. */
const WRITE_OF_OTHERS = 0o002;
/** Bits by which somebody other than the owner may write. */
const WRITE_OF_ANYBODY = 0o022;

/** Entries of a folder below that are looked at. */
const MOST_ENTRIES = 100_000;

/** Folders that the program makes in its own: of the feed and of lists. */
const FOLDERS: readonly string[] = ["feed", "lists"];
/** Names of other files of the program, beside the buffer's. */
const OTHER_NAMES = /^(installation\.json|spill-\d{13}-[0-9a-f]{8}\.json)(\.(part|damaged))?$/;

const NOBODY = "neither the alerts nor the log show which user Wazuh runs as";
const AS_ROOT = "run `doctor --fix` as root";

/** User and group by their numbers. */
interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Fixes the state folder of Wazuh's folder. Says each thing that was done, and each that was not. */
export function fixFiles(config: Pick<Config, "buffer">, root: string): readonly Check[] {
  const state = `${root}/queue/custom-misp`;
  // The folder of the logs, which the binary may not look at, is of Wazuh's user, as these are.
  const wazuh = ownerOf(`${root}/logs/alerts`) ?? ownerOf(`${root}/logs/integrations.log`);
  const checks = new Fixing(state, wazuh, basename(config.buffer.path)).run();
  return checks.length > 0 ? checks : [ok(NAME, `nothing to fix in ${state}`)];
}

/** The owner of a file or folder; undefined: it is not there, or root's, who is not Wazuh's user. */
function ownerOf(path: string): Owner | undefined {
  const found = lstatOf(path);
  if (found === undefined || found.isSymlink || found.uid === null || found.gid === null) {
    return undefined;
  }
  return found.uid === 0 ? undefined : { uid: found.uid, gid: found.gid };
}

function lstatOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
      return undefined;
    }
    throw error;
  }
}

class Fixing {
  readonly #state: string;
  readonly #wazuh: Owner | undefined;
  readonly #buffer: string;
  readonly #checks: Check[] = [];

  constructor(state: string, wazuh: Owner | undefined, buffer: string) {
    this.#state = state;
    this.#wazuh = wazuh ?? ownerOf(state);
    this.#buffer = buffer;
  }

  run(): readonly Check[] {
    const found = lstatOf(this.#state);
    if (found === undefined) this.#make();
    else if (found.isDirectory) this.#fixState(found);
    else this.#leave(this.#state, found, "put a folder there");
    return this.#checks;
  }

  #make(): void {
    const path = this.#state;
    try {
      Deno.mkdirSync(path, { mode: STATE_MODE });
      const made = Deno.lstatSync(path);
      if (made.uid === 0 && this.#wazuh === undefined) {
        Deno.removeSync(path);
        this.#checks.push(warning(
          NAME,
          `not made: ${path}: ${NOBODY}`,
          `install -o wazuh -g wazuh -m 750 -d ${shellWord(path)}`,
        ));
        return;
      }
      const { uid, gid } = this.#wazuh ?? made;
      // Root owns the folder above, so that nobody else replaces the new one meanwhile.
      if (made.uid !== uid || made.gid !== gid) fs.lchownSync(path, uid!, gid!);
      this.#checks.push(ok(NAME, `made ${path} (0750, ${ownerText({ uid, gid })})`));
    } catch (error) {
      const reason = error instanceof Deno.errors.NotFound
        ? `there is no folder ${dirname(path)}`
        : reasonOf(error);
      this.#checks.push(warning(NAME, `not made: ${path}: ${reason}`, AS_ROOT));
    }
  }

  #fixState(found: Deno.FileInfo): void {
    const entries = this.#entriesOf(this.#state).filter((name) => this.#isOurs(name));
    // While only root can write here, nobody else can replace what is looked at.
    const isSafe = isOfRootAlone(found);
    for (const name of entries) {
      const path = join(this.#state, name);
      const entry = lstatOf(path);
      if (entry === undefined) continue;
      if (entry.isDirectory && FOLDERS.includes(name)) {
        this.#fixBelow(path, isSafe && isOfRootAlone(entry));
      }
      this.#fix(path, entry);
    }
    this.#fix(this.#state, found, STATE_MODE);
    if (this.#wazuh === undefined && found.uid === 0) {
      this.#checks.push(warning(
        NAME,
        `not fixed: ${this.#state}: ${NOBODY}`,
        `chown -hR wazuh:wazuh ${shellWord(this.#state)}`,
      ));
    }
  }

  /** What is in a folder of the state folder. */
  #fixBelow(folder: string, isSafe: boolean): void {
    let others = 0;
    for (const name of this.#entriesOf(folder)) {
      const path = join(folder, name);
      const entry = lstatOf(path);
      if (entry === undefined || !entry.isFile) continue;
      if (isSafe) this.#fix(path, entry);
      else if (this.#isOfOther(entry)) others++;
    }
    if (others === 0) return;
    this.#checks.push(warning(
      NAME,
      `not touched: ${counted(others, "file")} of another user in ${folder}`,
      `chown -hR ${this.#wazuh!.uid}:${this.#wazuh!.gid} ${shellWord(folder)}`,
    ));
  }

  #entriesOf(folder: string): readonly string[] {
    const names: string[] = [];
    try {
      for (const { name } of Deno.readDirSync(folder)) {
        names.push(name);
        if (names.length === MOST_ENTRIES) break;
      }
    } catch (error) {
      this.#checks.push(warning(NAME, `not read: ${folder}: ${reasonOf(error)}`, AS_ROOT));
    }
    return names.sort();
  }

  /** Whether the program makes files or folders of this name. */
  #isOurs(name: string): boolean {
    return name === this.#buffer || name.startsWith(`${this.#buffer}-`) ||
      name.startsWith(`${this.#buffer}.`) || FOLDERS.includes(name) || OTHER_NAMES.test(name);
  }

  #isOfOther({ uid, gid }: Deno.FileInfo): boolean {
    return this.#wazuh !== undefined && (uid !== this.#wazuh.uid || gid !== this.#wazuh.gid);
  }

  /** Gives one file or folder its owner and its mode. @param mode by default what its kind needs */
  #fix(path: string, entry: Deno.FileInfo, mode?: number): void {
    if (!entry.isFile && !entry.isDirectory) {
      return this.#leave(path, entry, "look at it; the program makes its own where it is removed");
    }
    if (entry.isFile && entry.nlink !== 1) {
      return this.#leave(path, entry, "look at it; remove the other name, or this one");
    }
    const bits = (entry.mode ?? 0) & 0o777;
    const least = entry.isDirectory ? LEAST_OF_FOLDER : LEAST_OF_FILE;
    const wanted = mode ?? ((bits | least) & ~WRITE_OF_OTHERS);
    const isOfOther = this.#isOfOther(entry);
    if (wanted === bits && !isOfOther) return;
    try {
      this.#change(path, entry, isOfOther ? this.#wazuh : undefined, wanted);
      if (isOfOther) {
        this.#checks.push(
          ok(NAME, `gave ${path} to ${ownerText(this.#wazuh!)}; it was of ${ownerText(entry)}`),
        );
      }
      if (wanted !== bits) {
        this.#checks.push(ok(NAME, `set ${path} to ${octal(wanted)}; it was ${octal(bits)}`));
      }
    } catch (error) {
      this.#checks.push(warning(NAME, `not fixed: ${path}: ${reasonOf(error)}`, AS_ROOT));
    }
  }

  /** @throws {Error} the system refuses it, or another file is there now */
  #change(path: string, entry: Deno.FileInfo, owner: Owner | undefined, mode: number): void {
    const fd = openedAt(path);
    if (fd === undefined) {
      // Whoever may not open it is not root, and can change only what is its own.
      if (owner !== undefined) fs.lchownSync(path, owner.uid, owner.gid);
      return Deno.chmodSync(path, mode);
    }
    try {
      const { dev, ino, nlink } = fs.fstatSync(fd);
      if (dev !== entry.dev || ino !== entry.ino || entry.isFile && nlink !== 1) {
        throw new Error("it was replaced meanwhile; run it again");
      }
      if (owner !== undefined) fs.fchownSync(fd, owner.uid, owner.gid);
      // After the owner: that change clears bits.
      fs.fchmodSync(fd, mode);
    } finally {
      fs.closeSync(fd);
    }
  }

  #leave(path: string, entry: Deno.FileInfo, hint: string): void {
    const found = `not touched: ${path} is ${kindOf(entry)}`;
    // An administrator may have put the folder or the buffer on another disk.
    const isOfRoot = entry.isSymlink && entry.uid === 0;
    this.#checks.push(isOfRoot ? ok(NAME, `${found} of root`) : warning(NAME, found, hint));
  }
}

/** Opens what is there, through no link and without waiting; undefined: that is not permitted. */
function openedAt(path: string): number | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  try {
    return fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === "EACCES") return undefined;
    throw error;
  }
}

const codeOf = (error: unknown) =>
  error instanceof Error && "code" in error ? error.code : undefined;

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return code === "EPERM" || code === "EACCES" ? "permission denied" : fileReason(error);
}

/** Whether nobody but root can put something else into a folder. */
const isOfRootAlone = ({ uid, mode }: Deno.FileInfo) =>
  uid === 0 && ((mode ?? WRITE_OF_ANYBODY) & WRITE_OF_ANYBODY) === 0;

const ownerText = ({ uid, gid }: Pick<Deno.FileInfo, "uid" | "gid">) => `user ${uid}, group ${gid}`;

const octal = (bits: number) => bits.toString(8).padStart(4, "0");

/** What is there instead of a file or a folder. */
const kindOf = ({ isSymlink, isFile, nlink }: Deno.FileInfo) =>
  isSymlink
    ? "a link"
    : !isFile
    ? "a pipe, a socket or a device"
    : nlink === 1
    ? "a file"
    : "a file with a second name";
